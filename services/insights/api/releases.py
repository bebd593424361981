"""What is published, over HTTP. Every look and every download is written down."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from contracts.scopes import Scope
from services.insights.api.exports import MEDIA_TYPES, exported
from services.insights.api.shown import TABLES, shown_catalog, shown_release, shown_table
from services.insights.commands import looks
from services.insights.commands import releases as commands
from services.insights.domain.content import EDITION
from services.insights.domain.method import NOTES
from services.insights.domain.problems import (
    AlreadyReleased,
    AnotherCameFirst,
    NotAudited,
    PreviewNotFound,
    ReleaseNotFound,
)
from services.insights.queries import releases as queries
from services.insights.schemas.releases import (
    CatalogTableOut,
    MethodOut,
    NoteOut,
    PointOut,
    ReleaseIn,
    ReleaseLookOut,
    ReleaseOut,
    SeriesOut,
    TableOut,
)
from shared.auth import Caller, requires, requires_any
from shared.database import Now, SystemTransaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked
from shared.problem import problems
from shared.types import Code

router = APIRouter(tags=["Releases"], route_class=Route)

Operator = Annotated[Caller, requires(Scope.INSIGHTS_OPERATE)]
Regulator = Annotated[Caller, requires_any(Scope.INSIGHTS_REGULATE, Scope.INSIGHTS_OPERATE)]
Format = Literal["csv", "xlsx", "json"]
Place = Annotated[Code, Query(description="`*` stands for all.")]
POOL = ThreadPoolExecutor(1, "exports")  # more at once wait


@router.get("/method")
async def show_method(_: Regulator) -> MethodOut:
    """Show how the published figures come about and what they cannot tell, in both languages."""
    notes = [NoteOut(**note._asdict()) for note in NOTES]
    return MethodOut(edition=EDITION, notes=notes)


@router.get("/tables")
async def list_tables(_: Regulator) -> Page[CatalogTableOut]:
    """List the tables that a release has; there is no other way to ask."""
    return Page(items=shown_catalog())


@router.get("/tables/{table_id}/series", responses=problems(ReleaseNotFound))
async def show_series(  # noqa: PLR0913  each is a parameter
    table_id: Code,
    caller: Regulator,
    session: SystemTransaction,
    now: Now,
    *,
    region: Place = "*",
    industry: Place = "*",
) -> SeriesOut:
    """Show what releases say of one place in one table, the earliest month first."""
    if table_id not in TABLES:
        raise ReleaseNotFound("There is no such table.")
    found = await queries.series(session, table_id, region=region, industry=industry)
    detail = f"{table_id} {region} {industry}"
    for release, _, _ in found:
        await looks.note_release_look(
            session, release.id, kind="series", detail=detail, by=caller, at=now
        )
    points = [
        PointOut(
            release_id=release.id,
            month=release.month,
            value=None if number is None else table.value(number),
        )
        for release, table, number in found
    ]
    return SeriesOut(
        name=table_id, unit=TABLES[table_id], region=region, industry=industry, cells=points
    )


@router.post(
    "/releases",
    status_code=201,
    responses=problems(PreviewNotFound, NotAudited, AlreadyReleased, AnotherCameFirst),
)
async def publish_release(
    body: ReleaseIn, caller: Operator, session: SystemTransaction, now: Now
) -> ReleaseOut:
    """Publish a preview that passed the audit: for good, under its SHA-256."""
    return shown_release(await commands.release(session, body.preview_id, by=caller, at=now))


@router.get("/releases")
async def list_releases(
    _: Regulator, session: SystemTransaction, paging: PageAsked
) -> Page[ReleaseOut]:
    """List what was published, the latest month first."""
    rows = await queries.releases(session, paging=paging)
    return Page(items=[shown_release(row) for row in rows.items], next=rows.next)


@router.get("/releases/{release_id}", responses=problems(ReleaseNotFound))
async def show_release(
    release_id: UUID, caller: Regulator, session: SystemTransaction, now: Now
) -> ReleaseOut:
    """Show which tables a release has, and its SHA-256."""
    found = await queries.release(session, release_id)
    await looks.note_release_look(session, found.id, kind="release", detail="", by=caller, at=now)
    return shown_release(found)


@router.get("/releases/{release_id}/tables/{table_id}", responses=problems(ReleaseNotFound))
async def show_table(
    release_id: UUID, table_id: Code, caller: Regulator, session: SystemTransaction, now: Now
) -> TableOut:
    """Show one table: the places of which something is published, totals under `*`."""
    found, table = await queries.table(session, release_id, table_id)
    await looks.note_release_look(
        session, found.id, kind="table", detail=table_id, by=caller, at=now
    )
    return shown_table(found, table)


@router.get(
    "/releases/{release_id}/export",
    response_class=Response,
    responses={
        200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}},
        **problems(ReleaseNotFound),
    },
)
async def export_release(
    release_id: UUID,
    caller: Regulator,
    session: SystemTransaction,
    now: Now,
    format: Format = "xlsx",  # noqa: A002  as it is called in the address
) -> Response:
    """Download all tables of a release; the JSON file is what its SHA-256 is of."""
    found = await queries.release(session, release_id)
    await looks.note_release_look(
        session, found.id, kind="download", detail=format, by=caller, at=now
    )
    file = await asyncio.get_running_loop().run_in_executor(POOL, exported, found, format)
    name = f"lianqiao-{found.month:%Y-%m}-{found.sha256[:8]}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(file, media_type=MEDIA_TYPES[format], headers=headers)


@router.get("/releases/{release_id}/looks", responses=problems(ReleaseNotFound))
async def list_release_looks(
    release_id: UUID, _: Operator, session: SystemTransaction, paging: PageAsked
) -> Page[ReleaseLookOut]:
    """List who read or downloaded a release, the latest first."""
    rows = await queries.looks(session, release_id, paging=paging)
    shown = [
        ReleaseLookOut(
            id=row.id,
            reader_id=row.reader_id,
            organization=row.reader_name,
            reader=row.person,
            kind=row.kind,
            detail=row.detail,
            at=row.created_at,
        )
        for row in rows.items
    ]
    return Page(items=shown, next=rows.next)
