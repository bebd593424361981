"""Change what was ordered or promised, with the other side's consent where it is needed."""

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.orders import Side
from contracts.scopes import Scope
from contracts.values import plain
from services.orders.commands import announcements
from services.orders.commands.confirmations import as_line, hold
from services.orders.commands.stories import tell
from services.orders.domain.lights import State, turns
from services.orders.domain.schedule_lines import (
    AlreadyDecided,
    ChangeKind,
    ChangeNotFound,
    ChangeState,
    NotYourSide,
    OwnProposal,
    Proposal,
    ScheduleLineNotFound,
    agree,
    holds_at_once,
    propose,
)
from services.orders.domain.schedule_lines import ScheduleLine as Line
from services.orders.models import Change, Order, Promise, ScheduleLine
from services.orders.queries.book import outlook_of
from services.orders.schemas.stories import EntryKind
from shared.auth import Caller

SPEAKS = {Side.BUYER: Scope.ORDERS_PLACE, Side.SUPPLIER: Scope.ORDERS_CONFIRM}


class Wish(NamedTuple):
    """What somebody wants a schedule line to be, and why."""

    kind: ChangeKind
    quantity: Decimal | None
    promised_on: date | None
    reason: str


async def propose_change(
    session: AsyncSession, *, caller: Caller, schedule_line_id: UUID, wish: Wish, at: datetime
) -> Change:
    """Ask the other side for another quantity or day, or to give a schedule line up.

    What a buyer changes before anybody promised it holds at once. Announces what was proposed or
    holds. Refused where nothing is left to agree on, or where another proposal is open.
    """
    row = await _hold_line(session, caller, schedule_line_id)
    side = _speaking(caller, row.buyer_id)
    line = as_line(row)
    proposal = propose(
        line, by=side, kind=wish.kind, quantity=wish.quantity, promised_on=wish.promised_on
    )
    change = _change(row, proposal, caller, wish.reason, at)
    session.add(change)
    if not holds_at_once(line, side):
        row.open_change_id, row.updated_at = change.id, at
        announcements.proposed(session, change, at=at)
        _tell(session, EntryKind.CHANGE_PROPOSED, change, row, caller, text=wish.reason, at=at)
        return change
    _decide(change, ChangeState.AGREED, caller, None, at)
    cancelled = proposal.kind is ChangeKind.CANCEL
    told = EntryKind.CANCELLED if cancelled else EntryKind.RESCHEDULED
    _tell(session, told, change, row, caller, text=wish.reason, at=at)
    if cancelled:
        row.state, row.updated_at = State.CANCELLED, at
        announcements.cancelled(session, row, reason=wish.reason, at=at)
    else:
        await _apply(session, row, proposal, change, at)
    return change


async def decide(  # noqa: PLR0913  who says what to which, why and when
    session: AsyncSession,
    *,
    caller: Caller,
    change_id: UUID,
    agrees: bool,
    reason: str | None,
    at: datetime,
) -> Change:
    """Say yes or no to what the other side proposed, and announce it.

    Yes is refused when more is finished by now than the change would leave.
    """
    change, row = await _hold_change(session, caller, change_id)
    if _speaking(caller, row.buyer_id) == change.proposed_by:
        raise OwnProposal("Wait for the other side to answer, or withdraw your proposal.")
    state = ChangeState.AGREED if agrees else ChangeState.DECLINED
    _decide(change, state, caller, reason, at)
    row.open_change_id, row.updated_at = None, at
    if not agrees:
        announcements.declined(session, change, reason=reason or "", at=at)
        _tell(session, EntryKind.CHANGE_DECLINED, change, row, caller, text=reason, at=at)
        return change
    proposal = Proposal(
        ChangeKind(change.kind), Side(change.proposed_by), change.quantity, change.promised_on
    )
    _tell(session, EntryKind.CHANGE_AGREED, change, row, caller, text=reason, at=at)
    await _apply(session, row, proposal, change, at)
    return change


async def withdraw(
    session: AsyncSession, *, caller: Caller, change_id: UUID, at: datetime
) -> Change:
    """Take back what one's own side proposed, before the other has answered."""
    change, row = await _hold_change(session, caller, change_id)
    if _speaking(caller, row.buyer_id) != change.proposed_by:
        raise OwnProposal("The other side proposed this; agree or decline.")
    _decide(change, ChangeState.WITHDRAWN, caller, None, at)
    row.open_change_id, row.updated_at = None, at
    announcements.withdrawn(session, change, at=at)
    _tell(session, EntryKind.CHANGE_WITHDRAWN, change, row, caller, text=None, at=at)
    return change


async def _apply(
    session: AsyncSession, row: ScheduleLine, proposal: Proposal, change: Change, at: datetime
) -> None:
    """Put an agreed change into the books: the line, its rest, its promise; and announce it."""
    before = as_line(row)
    line, rest = agree(before, proposal)
    _write(row, line, at)
    left = await _add_rest(session, row, rest, at) if rest else None
    if line.state is State.CONFIRMED:
        assert line.promised_on
        session.add(
            Promise(
                schedule_line_id=row.id,
                buyer_id=row.buyer_id,
                supplier_id=row.supplier_id,
                quantity=line.quantity,
                promised_on=line.promised_on,
                change_id=change.id,
                occurred_at=at,
                recorded_at=at,
                imported=False,
            )
        )
    announcements.agreed(session, change, rest=left, at=at)
    if before.state is State.UNCONFIRMED and line.state is State.CONFIRMED:
        announcements.confirmed(session, row, at=at)
    if left and left.state == State.CANCELLED:
        announcements.cancelled(session, left, reason=change.reason, at=at)
    held = await session.get_one(Order, row.order_id)
    held.updated_at = at


def _write(row: ScheduleLine, line: Line, at: datetime) -> None:
    row.state, row.quantity, row.amount_minor = line.state, line.quantity, line.amount_minor
    row.due_on, row.promised_on, row.updated_at = line.due_on, line.promised_on, at
    if row.first_promised_on is None and line.first:
        row.first_promised_on = line.first.promised_on
        row.first_promised_quantity = line.first.quantity
    if line.promised_on:
        turning = turns(
            line.promised_on, started=row.started_at is not None, outlook=outlook_of(row)
        )
        row.at_risk_from, row.late_from = turning.at_risk_from, turning.late_from
    if line.completed and row.completed_at is None:
        row.completed_at = at


async def _add_rest(
    session: AsyncSession, row: ScheduleLine, rest: Line, at: datetime
) -> ScheduleLine:
    last = select(func.max(ScheduleLine.sequence)).where(ScheduleLine.line_id == row.line_id)
    left = ScheduleLine(
        id=uuid7(),
        order_id=row.order_id,
        line_id=row.line_id,
        buyer_id=row.buyer_id,
        supplier_id=row.supplier_id,
        order_number=row.order_number,
        position=row.position,
        sequence=(await session.scalar(last) or 0) + 1,
        item_number=row.item_number,
        item_name=row.item_name,
        plant=row.plant,
        unit=row.unit,
        currency=row.currency,
        imported=row.imported,
        state=rest.state,
        quantity=rest.quantity,
        amount_minor=rest.amount_minor,
        due_on=rest.due_on,
        updated_at=at,
    )
    session.add(left)
    return left


async def _hold_line(session: AsyncSession, caller: Caller, id_: UUID) -> ScheduleLine:
    """Lock a schedule line, and before it its order."""
    if not await hold(session, caller, [id_]):
        raise ScheduleLineNotFound("There is no such schedule line among yours.")
    return await session.get_one(
        ScheduleLine, id_, with_for_update={"key_share": True}, populate_existing=True
    )


async def _hold_change(
    session: AsyncSession, caller: Caller, id_: UUID
) -> tuple[Change, ScheduleLine]:
    """Lock an open change, and before it its line and order."""
    party = caller.organization_id
    mine = or_(Change.buyer_id == party, Change.supplier_id == party)
    about = select(Change.schedule_line_id).where(Change.id == id_, mine)
    schedule_line_id = await session.scalar(about)
    if schedule_line_id is None:
        raise ChangeNotFound("There is no such change on your orders.")
    row = await _hold_line(session, caller, schedule_line_id)
    change = await session.get_one(Change, id_, with_for_update={"key_share": True})
    if change.state != ChangeState.OPEN:
        raise AlreadyDecided(f"It was {change.state} before. Propose another if need be.")
    return change, row


def _speaking(caller: Caller, buyer_id: UUID) -> Side:
    """Return the side that the caller is on, if the token lets its holder speak for it."""
    side = Side.BUYER if caller.organization_id == buyer_id else Side.SUPPLIER
    if not caller.may(SPEAKS[side]):
        raise NotYourSide(f"To speak for the {side} here, the token needs {SPEAKS[side]}.")
    return side


def _change(
    row: ScheduleLine, proposal: Proposal, caller: Caller, reason: str, at: datetime
) -> Change:
    return Change(
        id=uuid7(),
        order_id=row.order_id,
        schedule_line_id=row.id,
        buyer_id=row.buyer_id,
        supplier_id=row.supplier_id,
        kind=proposal.kind,
        state=ChangeState.OPEN,
        proposed_by=proposal.by,
        by=caller.name,
        was_quantity=row.quantity,
        was_on=row.promised_on or row.due_on,
        quantity=proposal.quantity,
        promised_on=proposal.promised_on,
        reason=reason,
        proposed_at=at,
    )


def _decide(
    change: Change, state: ChangeState, caller: Caller, reason: str | None, at: datetime
) -> None:
    change.state, change.decided_by = state, caller.name
    change.decision_reason, change.decided_at = reason, at


def _tell(  # noqa: PLR0913  what an entry says
    session: AsyncSession,
    kind: EntryKind,
    change: Change,
    row: ScheduleLine,
    caller: Caller,
    *,
    text: str | None,
    at: datetime,
) -> None:
    side = Side.BUYER if caller.organization_id == row.buyer_id else Side.SUPPLIER
    values = {
        "change_id": str(change.id),
        "kind": change.kind,
        "was_quantity": plain(change.was_quantity),
        "was_on": change.was_on.isoformat(),
        "quantity": plain(change.quantity),
        "promised_on": change.promised_on.isoformat() if change.promised_on else None,
    }
    tell(session, kind, caller=caller, side=side, line=row, values=values, text=text, at=at)
