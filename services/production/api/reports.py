"""Progress reports over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Response
from uuid_utils.compat import uuid7

from contracts.scopes import Scope
from services.production import commands, queries
from services.production.api.gathered import Gathered, report_with_others
from services.production.api.shown import (
    circumstances,
    shown_outcome,
    shown_report,
    shown_result,
)
from services.production.domain.problems import (
    AlreadyReversed,
    LaterOperationsNeedIt,
    MoreThanCameBefore,
    MoreThanOrdered,
    NoSuchOperation,
    NothingReported,
    NotTheSupplier,
    ReferenceTaken,
    ReportNotFound,
    WorkOrderCancelled,
    WorkOrderNotFound,
)
from services.production.domain.reports import Made, Outcome
from services.production.schemas import (
    BulkReportIn,
    BulkReportsIn,
    OwnReportOut,
    PastReportsIn,
    ReportedOut,
    ReportIn,
    ReportOut,
    ResultsOut,
    ReversalIn,
)
from shared.auth import Caller, requires
from shared.database import KeyedTransaction, Now, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked, Rows
from shared.problem import problems

router = APIRouter(tags=["Reports"], route_class=Route)

Reader = Annotated[Caller, requires(Scope.PRODUCTION_READ)]
Writer = Annotated[Caller, requires(Scope.PRODUCTION_WRITE)]
Importer = Annotated[Caller, requires(Scope.PRODUCTION_IMPORT)]

REFUSALS = (
    WorkOrderNotFound,
    NotTheSupplier,
    NoSuchOperation,
    NothingReported,
    MoreThanOrdered,
    MoreThanCameBefore,
    WorkOrderCancelled,
    ReferenceTaken,
)


@router.post("/work-orders/{work_order_id}/reports", status_code=201, responses=problems(*REFUSALS))
async def report_progress(  # noqa: PLR0913, PLR0917  FastAPI hands each over by its name
    work_order_id: UUID,
    report: ReportIn,
    caller: Writer,
    gathered: Gathered,
    session: KeyedTransaction,
    now: Now,
) -> ReportedOut:
    """Report what newly left an operation; counted once however often a reference is sent."""
    made = Made(uuid7(), work_order_id, occurred_at=now, **dict(report))
    if session is None:
        return shown_outcome(await report_with_others(gathered, made, by=caller))
    under = circumstances(caller, now)
    [outcome] = await commands.report_progress(session, [made], by=caller, under=under)
    return shown_outcome(outcome)


@router.post("/reports", response_model=ResultsOut)
async def report_much_progress(
    body: BulkReportsIn, caller: Writer, session: Transaction, now: Now
) -> Response:
    """Report what newly left many operations; each counts, or is refused, as if sent alone."""
    reports = [_made(report, at=now) for report in body.reports]
    under = circumstances(caller, now)
    outcomes = await commands.report_progress(session, reports, by=caller, under=under)
    return _results(reports, outcomes)


@router.post("/reports/import", response_model=ResultsOut)
async def import_reports(
    body: PastReportsIn, caller: Importer, session: Transaction, now: Now
) -> Response:
    """Take in reports of the past with the time at which they happened; nobody is warned of them.

    With a `reference` in each, sending them again changes nothing.
    """
    reports = [_made(report, at=report.occurred_at) for report in body.reports]
    under = circumstances(caller, now, imported=True)
    outcomes = await commands.report_progress(session, reports, by=caller, under=under)
    return _results(reports, outcomes)


@router.post(
    "/reports/{report_id}/reversal",
    status_code=201,
    responses=problems(
        ReportNotFound,
        NotTheSupplier,
        AlreadyReversed,
        LaterOperationsNeedIt,
    ),
)
async def reverse_report(
    report_id: UUID, body: ReversalIn, caller: Writer, session: Transaction, now: Now
) -> ReportedOut:
    """Take a wrong report back; it stays on record, beside a reversal of the opposite sign."""
    reversal = await commands.reverse_report(
        session, report_id, by=caller, reason=body.reason, under=circumstances(caller, now)
    )
    return shown_outcome(reversal)


@router.get("/work-orders/{work_order_id}/reports", responses=problems(WorkOrderNotFound))
async def list_reports(
    work_order_id: UUID, caller: Reader, session: Transaction, paging: PageAsked
) -> Page[OwnReportOut | ReportOut]:
    """List the reports of a work order, the latest first."""
    rows = await queries.reports(session, caller=caller, paging=paging, work_order_id=work_order_id)
    return _page(rows, caller)


@router.get("/reports")
async def list_reports_of_order(
    order_id: UUID, caller: Reader, session: Transaction, paging: PageAsked
) -> Page[OwnReportOut | ReportOut]:
    """List the reports on all lines of an order, the latest first."""
    return _page(
        await queries.reports(session, caller=caller, paging=paging, order_id=order_id), caller
    )


def _made(report: BulkReportIn, *, at: datetime) -> Made:
    return Made(
        uuid7(),
        report.work_order_id,
        report.operation,
        report.good,
        report.scrapped,
        at,
        report.scrap_reason,
        report.reference,
    )


def _results(reports: Sequence[Made], outcomes: Sequence[Outcome]) -> Response:
    """Answer in ready bytes: there may be thousands, and each is as `ResultOut` has it."""
    results = [
        shown_result(index, made.work_order_id, outcome)
        for index, (made, outcome) in enumerate(zip(reports, outcomes, strict=True))
    ]
    return Response(orjson.dumps({"results": results}), media_type="application/json")


def _page(rows: Rows[Any], caller: Caller) -> Page[OwnReportOut | ReportOut]:
    return Page(items=[shown_report(row, caller=caller) for row in rows.items], next=rows.next)
