"""The order book: schedule lines as rows, a page at a time, and what they come to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Light, Side
from contracts.production import Prediction
from contracts.values import Money
from services.orders.domain.lights import Outlook, State
from services.orders.domain.schedule_lines import ChangeState, ScheduleLineNotFound
from services.orders.models import Change, Relationship, ScheduleLine
from services.orders.schemas.schedule_lines import (
    BookSort,
    BookView,
    OpenChangeOut,
    ScheduleLineOut,
)
from shared.auth import Caller
from shared.paging import Paging, Rows, keyset
from shared.settings import settings

SUNDAY = 6


def today_of(at: datetime) -> date:
    """Return the calendar day of a moment where the platform stands."""
    return at.astimezone(settings().calendar).date()


def outlook_of(row: Any) -> Outlook | None:  # noqa: ANN401  a row, or an entity
    """Return what production told last about when a schedule line will be completed."""
    if row.prediction is None or row.known_on is None:
        return None
    told = Prediction.model_validate(row.prediction)
    return Outlook(told.early_50_on, told.late_90_on, row.known_on)


def on_side(caller: Caller, side: Side) -> ColumnElement[bool]:
    """Say which rows are the caller's on one side, in words the planner has an index for."""
    party = ScheduleLine.buyer_id if side is Side.BUYER else ScheduleLine.supplier_id
    return party == caller.organization_id


def is_late(today: date) -> ColumnElement[bool]:
    """Say which open lines are red, as `domain.lights` has it."""
    return and_(ScheduleLine.state == State.CONFIRMED, ScheduleLine.late_from <= today)


def is_at_risk(today: date) -> ColumnElement[bool]:
    """Say which open lines are amber, as `domain.lights` has it."""
    return and_(
        ScheduleLine.state == State.CONFIRMED,
        ScheduleLine.at_risk_from <= today,
        ScheduleLine.late_from > today,
    )


def open_light(today: date) -> ColumnElement[str]:
    """Tell how an open line stands."""
    return case(
        (ScheduleLine.state == State.UNCONFIRMED, Light.UNCONFIRMED.value),
        (is_late(today), Light.LATE.value),
        (is_at_risk(today), Light.AT_RISK.value),
        else_=Light.ON_TIME.value,
    )


def light(today: date) -> ColumnElement[str]:
    """Tell how any line stands, as `domain.lights` does."""
    return case(
        (ScheduleLine.state == State.CANCELLED, Light.CANCELLED.value),
        (~ScheduleLine.open, Light.COMPLETED.value),
        else_=open_light(today),
    )


def days_late(today: date) -> ColumnElement[int]:
    """Tell by how many days a line was, is or will be late; 0 where it is not."""
    day = literal(today)
    promised = func.coalesce(ScheduleLine.promised_on, ScheduleLine.due_on)
    completed_on = func.date(func.timezone(settings().zone, ScheduleLine.completed_at))
    ends = case(
        (ScheduleLine.open, func.greatest(ScheduleLine.predicted_on, day)), else_=completed_on
    )
    late = func.greatest(type_coerce(ends - promised, Integer), 0)
    return type_coerce(
        case((ScheduleLine.state == State.CANCELLED, 0), else_=func.coalesce(late, 0)), Integer
    )


def urgency(today: date) -> tuple[ColumnElement[int], ...]:
    """Order lines, descending, by how soon somebody should look at them.

    Late ones by days, then those at risk, then what is open by due day, then what is closed.
    """
    rank = case((~ScheduleLine.open, 0), (is_late(today), 3), (is_at_risk(today), 2), else_=1)
    days = case((rank > 1, days_late(today)), else_=0)
    until_due = type_coerce(literal(today) - ScheduleLine.due_on, Integer)
    return type_coerce(rank, Integer), type_coerce(days, Integer), until_due


def book(today: date) -> Select[Any]:
    """Select rows of the order book with names, light and open change."""
    parties = and_(
        Relationship.buyer_id == ScheduleLine.buyer_id,
        Relationship.supplier_id == ScheduleLine.supplier_id,
    )
    return (
        select(
            *ScheduleLine.__table__.columns,
            Relationship.buyer_name,
            Relationship.supplier_name,
            light(today).label("light"),
            days_late(today).label("days_late"),
            Change,
        )
        .join(Relationship, parties)
        .outerjoin(Change, Change.id == ScheduleLine.open_change_id)
    )


def row_of(found: Row[Any]) -> ScheduleLineOut:
    """Read a row of `book` as what the wire carries."""
    values = dict(found._mapping)  # noqa: SLF001  the documented way to its names
    return ScheduleLineOut.model_validate(
        values
        | {
            "amount": Money.of(found.amount_minor, found.currency),
            "predicted": found.prediction,
            "completed_at": found.completed_at if found.light == Light.COMPLETED else None,
            "open_change": found.Change and OpenChangeOut.model_validate(found.Change),
        }
    )


def _in_view(view: BookView, side: Side, today: date) -> ColumnElement[bool]:
    monday = today - timedelta(days=today.weekday())
    sunday = monday + timedelta(days=SUNDAY)
    return {
        BookView.ALL: true(),
        BookView.OPEN: and_(ScheduleLine.open),
        BookView.UNCONFIRMED: and_(ScheduleLine.open, ScheduleLine.state == State.UNCONFIRMED),
        BookView.LATE: and_(ScheduleLine.open, is_late(today)),
        BookView.AT_RISK: and_(ScheduleLine.open, is_at_risk(today)),
        BookView.DUE_THIS_WEEK: and_(
            ScheduleLine.open, ScheduleLine.due_on.between(monday, sunday)
        ),
        BookView.CHANGES: and_(
            ScheduleLine.open_change_id.is_not(None),
            Change.state == ChangeState.OPEN,
            Change.proposed_by != side,
        ),
    }[view]


def _matching(q: str, side: Side) -> ColumnElement[bool]:
    name = Relationship.supplier_name if side is Side.BUYER else Relationship.buyer_name
    return or_(
        ScheduleLine.order_number.istartswith(q, autoescape=True),
        ScheduleLine.item_number.istartswith(q, autoescape=True),
        ScheduleLine.item_name.icontains(q, autoescape=True),
        name.icontains(q, autoescape=True),
    )


@dataclass(frozen=True)
class Asked:
    """Which part of the order book, and in which order."""

    side: Side
    view: BookView
    sort: BookSort
    q: str | None
    counterparty_id: UUID | None


async def schedule_lines(
    session: AsyncSession, *, caller: Caller, asked: Asked, at: datetime, paging: Paging
) -> Rows[ScheduleLineOut]:
    """Return a page of one side's order book."""
    today, side = today_of(at), asked.side
    rows = book(today).where(on_side(caller, side), _in_view(asked.view, side, today))
    if asked.counterparty_id:
        other = ScheduleLine.supplier_id if side is Side.BUYER else ScheduleLine.buyer_id
        rows = rows.where(other == asked.counterparty_id)
    if asked.q:
        rows = rows.where(_matching(asked.q, side))
    order: dict[BookSort, tuple[ColumnElement[Any] | Any, ...]] = {
        BookSort.DUE: (ScheduleLine.due_on,),
        BookSort.LATENESS: urgency(today),
        BookSort.VALUE: (ScheduleLine.amount_minor,),
    }
    page = await keyset(
        session,
        rows,
        order=(*order[asked.sort], ScheduleLine.id),
        paging=paging,
        descending=asked.sort is not BookSort.DUE,
    )
    return Rows([row_of(row) for row in page.items], page.next)


async def schedule_line(
    session: AsyncSession, *, caller: Caller, schedule_line_id: UUID, at: datetime
) -> ScheduleLineOut:
    """Return one row of the order book."""
    rows = await rows_by_id(session, caller=caller, ids=[schedule_line_id], at=at)
    if not rows:
        raise ScheduleLineNotFound("There is no such schedule line among yours.")
    return rows[0]


async def rows_by_id(
    session: AsyncSession, *, caller: Caller, ids: Sequence[UUID], at: datetime
) -> list[ScheduleLineOut]:
    """Return rows of the order book by their ids, in the order of the ids."""
    party = caller.organization_id
    rows = book(today_of(at)).where(
        ScheduleLine.id.in_(ids),
        or_(ScheduleLine.buyer_id == party, ScheduleLine.supplier_id == party),
    )
    found = {row.id: row_of(row) for row in await session.execute(rows)}
    return [found[id_] for id_ in ids if id_ in found]
