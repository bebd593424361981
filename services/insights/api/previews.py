"""Previews over HTTP: asked for here, worked out beside the API, published by `/releases`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from contracts.scopes import Scope
from services.insights.api.shown import shown_tables
from services.insights.commands import previews as commands
from services.insights.domain.problems import AlreadyReleased, MonthIsNotOver, PreviewNotFound
from services.insights.models import Preview
from services.insights.queries import releases as queries
from services.insights.schemas.releases import PreviewIn, PreviewOut, PreviewWithTablesOut
from shared.auth import Caller, requires
from shared.database import Now, SystemTransaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked
from shared.problem import problems

router = APIRouter(prefix="/previews", tags=["Releases"], route_class=Route)

Operator = Annotated[Caller, requires(Scope.INSIGHTS_OPERATE)]


@router.post("", status_code=202, responses=problems(MonthIsNotOver, AlreadyReleased))
async def ask_for_preview(
    body: PreviewIn, caller: Operator, session: SystemTransaction, now: Now
) -> PreviewOut:
    """Have a month's tables worked out and audited; ask for the preview to see how far that is."""
    row = await commands.ask(session, body.month, by=caller, at=now)
    return PreviewOut.model_validate(row)


@router.get("")
async def list_previews(
    _: Operator, session: SystemTransaction, paging: PageAsked
) -> Page[PreviewOut]:
    """List previews, the latest first."""
    rows = await queries.previews(session, paging=paging)
    return Page(items=[PreviewOut.model_validate(row) for row in rows.items], next=rows.next)


@router.get("/{preview_id}", responses=problems(PreviewNotFound))
async def show_preview(
    preview_id: UUID, _: Operator, session: SystemTransaction
) -> PreviewWithTablesOut:
    """Show what would be published, what withheld and why; or why nothing may be."""
    row: Preview = await queries.preview(session, preview_id)
    known = PreviewOut.model_validate(row).model_dump()
    return PreviewWithTablesOut(**known, tables=shown_tables(row))
