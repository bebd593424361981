"""Publish a month for good."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.insights import ReleasePublished
from services.insights.domain import content
from services.insights.domain.problems import AlreadyReleased, AnotherCameFirst, NotAudited
from services.insights.models import Contributor, Preview, Release
from services.insights.queries.releases import preview
from shared.auth import Caller
from shared.events import publish

ONE_AT_A_TIME = func.hashtext("insights.releases")


async def release(session: AsyncSession, preview_id: UUID, *, by: Caller, at: datetime) -> Release:
    """Publish what a preview shows, and announce it; nothing of it can be changed afterwards.

    Refused, with the reason, when the audit did not pass it, when the month was published before,
    and when another release came in between, with which it was not audited.
    """
    await session.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
    found = await preview(session, preview_id)
    if found.state != "passed" or found.content is None or found.sha256 is None:
        raise NotAudited(found.reason or "It is not worked out yet: wait until it has passed.")
    if await session.scalar(select(Release.id).where(Release.month == found.month)):
        raise AlreadyReleased("A release is never changed; publish another month.")
    last = select(Release.id).order_by(Release.id.desc()).limit(1)
    if await session.scalar(last) != found.after_id:
        raise AnotherCameFirst("Ask for a new preview, which is audited with all releases.")
    row = Release(
        id=uuid7(),
        month=found.month,
        preview_id=found.id,
        content=found.content,
        sha256=found.sha256,
        published_by=by.name,
        published_at=at,
        created_at=at,
    )
    session.add(row)
    await session.flush()
    await _name_contributors(session, row, found)
    event = ReleasePublished(
        release_id=row.id,
        month=row.month,
        tables=sorted(content.tables(row.content)),
        sha256=row.sha256,
        published_at=at,
    )
    publish(session, event)
    return row


async def _name_contributors(session: AsyncSession, row: Release, found: Preview) -> None:
    named = [{"release_id": row.id, "organization_id": id_} for id_ in found.contributor_ids or ()]
    if named:
        await session.execute(insert(Contributor), named)
