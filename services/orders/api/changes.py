"""Changes of what was ordered or promised."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from contracts.orders import Side
from services.orders.api.callers import Reader, Speaker
from services.orders.commands import changes as commands
from services.orders.commands.changes import Wish
from services.orders.domain.schedule_lines import (
    AlreadyDecided,
    ChangeIsOpen,
    ChangeNotFound,
    ChangeState,
    LessThanMade,
    MoreThanAsked,
    NothingChanges,
    NothingLeft,
    NotYourSide,
    OwnProposal,
    ScheduleLineNotFound,
)
from services.orders.queries import partners as queries
from services.orders.schemas.schedule_lines import ChangeIn, ChangeOut, DecisionIn
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked, Rows
from shared.problem import problems

router = APIRouter(route_class=Route, tags=["Changes"])

IMPOSSIBLE = NothingLeft, ChangeIsOpen, MoreThanAsked, LessThanMade, NothingChanges
UNDECIDABLE = ChangeNotFound, NotYourSide, AlreadyDecided, OwnProposal


@router.post(
    "/schedule-lines/{schedule_line_id}/changes",
    status_code=201,
    responses=problems(ScheduleLineNotFound, NotYourSide, *IMPOSSIBLE),
)
async def propose_change(
    schedule_line_id: UUID, body: ChangeIn, caller: Speaker, session: Transaction, now: Now
) -> ChangeOut:
    """Propose another quantity or day, or a cancellation.

    What the buyer changes before it was promised holds at once (`agreed`); everything else waits
    for the other side (`open`).
    """
    wish = Wish(body.kind, body.quantity, body.promised_on, body.reason)
    change = await commands.propose_change(
        session, caller=caller, schedule_line_id=schedule_line_id, wish=wish, at=now
    )
    return await queries.change(session, change=change)


@router.post(
    "/changes/{change_id}/decision",
    responses=problems(*UNDECIDABLE, NothingLeft, LessThanMade),
)
async def decide_change(
    change_id: UUID, body: DecisionIn, caller: Speaker, session: Transaction, now: Now
) -> ChangeOut:
    """Agree to what the other side proposed, which then holds, or decline it."""
    change = await commands.decide(
        session, caller=caller, change_id=change_id, agrees=body.agree, reason=body.reason, at=now
    )
    return await queries.change(session, change=change)


@router.post("/changes/{change_id}/withdrawal", responses=problems(*UNDECIDABLE))
async def withdraw_change(
    change_id: UUID, caller: Speaker, session: Transaction, now: Now
) -> ChangeOut:
    """Take back what one's own side proposed."""
    change = await commands.withdraw(session, caller=caller, change_id=change_id, at=now)
    return await queries.change(session, change=change)


@router.get("/changes", response_model=Page[ChangeOut])
async def list_changes(
    caller: Reader,
    session: Transaction,
    paging: PageAsked,
    side: Side = Side.BUYER,
    state: Annotated[ChangeState | None, Query(description="all if not given")] = None,
) -> Rows[ChangeOut]:
    """List the changes on the caller's orders, on one side, the newest first."""
    return await queries.changes(session, caller=caller, side=side, state=state, paging=paging)
