"""What was published, and who looked at it. As the system role: it concerns no one organization."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from services.insights.domain.content import TableSpec, cells, tables
from services.insights.domain.problems import PreviewNotFound, ReleaseNotFound
from services.insights.models import Preview, Release, ReleaseLook
from shared.paging import Paging, Rows, keyset

SERIES_MAX = 36  # months


async def previews(session: AsyncSession, *, paging: Paging) -> Rows[Preview]:
    """Return a page of previews, the latest first."""
    asked = select(Preview).options(defer(Preview.rows, raiseload=True))
    return await keyset(session, asked, order=(Preview.id,), paging=paging, descending=True)


async def preview(session: AsyncSession, preview_id: UUID) -> Preview:
    """Return a preview."""
    asked = select(Preview).where(Preview.id == preview_id).options(defer(Preview.rows))
    if found := (await session.scalars(asked)).first():
        return found
    raise PreviewNotFound("There is no such preview.")


async def releases(session: AsyncSession, *, paging: Paging) -> Rows[Release]:
    """Return a page of releases, the latest month first."""
    order = (Release.month,)
    return await keyset(session, select(Release), order=order, paging=paging, descending=True)


async def release(session: AsyncSession, release_id: UUID) -> Release:
    """Return a release."""
    if found := await session.get(Release, release_id):
        return found
    raise ReleaseNotFound("There is no such release.")


async def table(session: AsyncSession, release_id: UUID, name: str) -> tuple[Release, TableSpec]:
    """Return a release and one of its tables."""
    found = await release(session, release_id)
    if known := tables(found.content).get(name):
        return found, known
    raise ReleaseNotFound("It has no such table.")


async def series(
    session: AsyncSession, name: str, *, region: str, industry: str
) -> list[tuple[Release, TableSpec, int | None]]:
    """Return what releases show of one place in one table, the earliest month first."""
    latest = select(Release).order_by(Release.month.desc()).limit(SERIES_MAX)
    found = []
    for one in reversed((await session.scalars(latest)).all()):
        if known := tables(one.content).get(name):
            here = [s for r, i, s in cells(one.content, name) if (r, i) == (region, industry)]
            found.append((one, known, here[0] if here else None))
    return found


async def looks(session: AsyncSession, release_id: UUID, *, paging: Paging) -> Rows[Any]:
    """Return a page of who read or downloaded a release, the latest first."""
    await release(session, release_id)
    asked = select(ReleaseLook).where(ReleaseLook.release_id == release_id)
    return await keyset(session, asked, order=(ReleaseLook.id,), paging=paging, descending=True)
