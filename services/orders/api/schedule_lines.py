"""The order book, and the promises in it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Side
from services.orders.api.callers import Confirmer, Importer, Reader
from services.orders.commands.confirmations import Confirmed, confirm
from services.orders.domain.schedule_lines import (
    AlreadyConfirmed,
    ChangeIsOpen,
    Confirmation,
    MoreThanAsked,
    NothingLeft,
    NotYourSide,
    ScheduleLineNotFound,
)
from services.orders.queries import book, summary
from services.orders.schemas.schedule_lines import (
    BookSort,
    BookView,
    BulkConfirmationIn,
    ConfirmationIn,
    ConfirmationOut,
    ConfirmationResult,
    ConfirmationResults,
    ConfirmationsIn,
    ImportedConfirmationsIn,
    ScheduleLineOut,
    SummaryOut,
)
from shared.auth import Caller
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked, Rows
from shared.problem import Problem, problems
from shared.types import Instant, Search

router = APIRouter(route_class=Route, tags=["Schedule lines"])

REFUSALS = problems(
    ScheduleLineNotFound, NotYourSide, AlreadyConfirmed, NothingLeft, ChangeIsOpen, MoreThanAsked
)


@router.get("/schedule-lines", response_model=Page[ScheduleLineOut])
async def list_schedule_lines(  # noqa: PLR0913, PLR0917  what one may filter by
    caller: Reader,
    session: Transaction,
    paging: PageAsked,
    now: Now,
    side: Side = Side.BUYER,
    view: BookView = BookView.ALL,
    sort: BookSort = BookSort.DUE,
    q: Annotated[Search | None, Query(description="order, item or counterparty")] = None,
    counterparty_id: UUID | None = None,
) -> Rows[ScheduleLineOut]:
    """List the order book of the caller as buyer or, on the other side, as supplier."""
    return await book.schedule_lines(
        session,
        caller=caller,
        asked=book.Asked(side, view, sort, q, counterparty_id),
        at=now,
        paging=paging,
    )


@router.get("/schedule-lines/summary")
async def summarize_schedule_lines(
    caller: Reader,
    session: Transaction,
    now: Now,
    side: Side = Side.BUYER,
    since: Instant | None = None,
) -> SummaryOut:
    """Count the order book by light and by view, and what has changed since a moment."""
    return await summary.summary(session, caller=caller, side=side, since=since, at=now)


@router.get("/schedule-lines/{schedule_line_id}", responses=problems(ScheduleLineNotFound))
async def read_schedule_line(
    schedule_line_id: UUID, caller: Reader, session: Transaction, now: Now
) -> ScheduleLineOut:
    """Read one row of the order book."""
    return await book.schedule_line(
        session, caller=caller, schedule_line_id=schedule_line_id, at=now
    )


@router.post("/schedule-lines/{schedule_line_id}/confirmation", status_code=201, responses=REFUSALS)
async def confirm_schedule_line(
    schedule_line_id: UUID, body: ConfirmationIn, caller: Confirmer, session: Transaction, now: Now
) -> ConfirmationOut:
    """Promise a schedule line, or a part of it; said again, it is answered as it stands."""
    said = Confirmation(schedule_line_id, body.quantity, body.promised_on)
    [outcome] = await confirm(session, caller=caller, confirmations=[said], at=now)
    if isinstance(outcome, Problem):
        raise outcome
    ids = [schedule_line_id, *([outcome.rest_id] if outcome.rest_id else [])]
    line, *rest = await book.rows_by_id(session, caller=caller, ids=ids, at=now)
    return ConfirmationOut(
        status="confirmed" if outcome.new else "unchanged",
        schedule_line=line,
        rest=rest[0] if rest else None,
    )


@router.post("/confirmations")
async def confirm_many_schedule_lines(
    body: ConfirmationsIn, caller: Confirmer, session: Transaction, now: Now
) -> ConfirmationResults:
    """Promise many schedule lines, each as if alone; the answers are in the same order."""
    return await _confirmed(session, caller, body.confirmations, now)


@router.post("/confirmations/import")
async def import_confirmations(
    body: ImportedConfirmationsIn, caller: Importer, session: Transaction, now: Now
) -> ConfirmationResults:
    """Take in promises of the past, each as if alone; nobody is reminded of them."""
    history = [confirmation.occurred_at for confirmation in body.confirmations]
    return await _confirmed(session, caller, body.confirmations, now, history)


async def _confirmed(
    session: AsyncSession,
    caller: Caller,
    confirmations: Sequence[BulkConfirmationIn],
    at: datetime,
    history: Sequence[datetime] | None = None,
) -> ConfirmationResults:
    said = [Confirmation(c.schedule_line_id, c.quantity, c.promised_on) for c in confirmations]
    outcomes = await confirm(session, caller=caller, confirmations=said, at=at, history=history)
    return ConfirmationResults(
        results=[_result(n, c.schedule_line_id, outcomes[n]) for n, c in enumerate(said)]
    )


def _result(n: int, schedule_line_id: UUID, outcome: Confirmed | Problem) -> ConfirmationResult:
    if isinstance(outcome, Problem):
        return ConfirmationResult(
            index=n,
            schedule_line_id=schedule_line_id,
            status="refused",
            problem=outcome.details(),
        )
    return ConfirmationResult(
        index=n,
        schedule_line_id=schedule_line_id,
        status="confirmed" if outcome.new else "unchanged",
        rest_id=outcome.rest_id,
    )
