"""Progress reports by spreadsheet over HTTP."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from uuid_utils.compat import uuid7

from contracts.scopes import Scope
from services.production import commands, queries
from services.production.api import workbook
from services.production.api.shown import circumstances
from services.production.api.workbook import Said, SheetRow
from services.production.domain.reports import Made, Outcome, Recorded, Unchanged
from services.production.schemas import SheetOut, SheetRowOut
from shared.auth import Caller, requires
from shared.database import Now, Transaction
from shared.guard import TooLarge
from shared.idempotency import Route
from shared.problem import problems
from shared.settings import settings
from shared.sheet import MEDIA_TYPE, XLSX, UnusableSheet, in_pool, uploaded

router = APIRouter(prefix="/reports/sheet", tags=["Reports"], route_class=Route)

Writer = Annotated[Caller, requires(Scope.PRODUCTION_WRITE)]
STATUSES = "recorded", "unchanged", "refused"


@router.get("", response_class=Response, responses={200: {"content": {MEDIA_TYPE: XLSX}}})
async def download_sheet(caller: Writer, session: Transaction, now: Now) -> Response:
    """Download the caller's open work orders as a spreadsheet in which to report.

    Each download is good for one report of each row: sent again, it counts no second time.
    """
    open_ones = await queries.open_work_orders(session, caller=caller)
    file = await in_pool(lambda: workbook.written(open_ones, ticket=uuid7()))
    today = now.astimezone(settings().calendar)
    name = f"lianqiao-progress-{today:%Y-%m-%d}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(file, media_type=MEDIA_TYPE, headers=headers)


@router.post(
    "",
    responses=problems(UnusableSheet, TooLarge),
    openapi_extra={"requestBody": {"required": True, "content": {MEDIA_TYPE: XLSX}}},
)
async def report_by_sheet(
    request: Request, caller: Writer, session: Transaction, now: Now, *, dry_run: bool
) -> SheetOut:
    """Report what a spreadsheet says or, in a dry run, show what that would bring about.

    Each row counts, or is refused, as if sent alone; rows that say nothing are left out.
    """
    file = await uploaded(request)
    rows = await in_pool(lambda: workbook.read(file))
    told = {row.row: _made(row.said, now) for row in rows if isinstance(row.said, Said)}
    act = commands.preview if dry_run else commands.report_progress
    under = circumstances(caller, now)
    outcomes = await act(session, list(told.values()), by=caller, under=under)
    by_row = dict(zip(told, outcomes, strict=True))
    shown = [_shown(row, by_row.get(row.row), dry_run=dry_run) for row in rows]
    counts = {status: sum(row.status == status for row in shown) for status in STATUSES}
    return SheetOut(dry_run=dry_run, rows=shown, **counts)


def _made(said: Said, at: datetime) -> Made:
    work_order_id, operation, good, scrapped, scrap_reason, reference = said
    quantities = operation, good, scrapped
    return Made(uuid7(), work_order_id, *quantities, at, scrap_reason, reference)


def _shown(row: SheetRow, outcome: Outcome | None, *, dry_run: bool) -> SheetRowOut:
    place = {name: getattr(row, name) for name in ("row", "cell", "order_number", "item_name")}
    if not isinstance(row.said, Said):
        return SheetRowOut(**place, status="refused", problem=row.said.details())
    place |= row.said._asdict()
    if not isinstance(outcome, Recorded | Unchanged):
        assert outcome
        return SheetRowOut(**place, status="refused", problem=outcome.details())
    recorded = isinstance(outcome, Recorded)
    return SheetRowOut(
        **place,
        report_id=None if recorded and dry_run else outcome.report.report_id,
        status="recorded" if recorded else "unchanged",
        completed=outcome.after.progress.completed,
        ordered=outcome.after.progress.ordered,
    )
