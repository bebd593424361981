"""The order book: schedule lines as rows, a page at a time, and what they come to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Light, Side
from contracts.production import Prediction
from contracts.values import Money
from services.orders.domain.lights import Outlook, State
from services.orders.domain.schedule_lines import ChangeState, ScheduleLineNotFound
from services.orders.models import Change, Relationship, ScheduleLine
from services.orders.queries.lights import days_late, is_at_risk, is_late, light
from services.orders.queries.search import matching
from services.orders.queries.urgent import by_urgency
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
PARTIES = and_(
    Relationship.buyer_id == ScheduleLine.buyer_id,
    Relationship.supplier_id == ScheduleLine.supplier_id,
)


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


def book(today: date) -> Select[Any]:
    """Select rows of the order book with names, light and open change."""
    return (
        select(
            *ScheduleLine.__table__.columns,
            Relationship.buyer_name,
            Relationship.supplier_name,
            light(today).label("light"),
            days_late(today).label("days_late"),
            Change,
        )
        .join(Relationship, PARTIES)
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
    today = today_of(at)
    meant: list[ColumnElement[bool]] = []
    if asked.q:
        meant = await matching(session, asked.q, caller=caller, side=asked.side)
    ids = _chosen(_joined(select(ScheduleLine.id), asked), caller, asked, today)
    if asked.sort is BookSort.LATENESS:
        ids = ids.where(or_(*meant)) if meant else ids
        found = await by_urgency(session, ids, view=asked.view, today=today, paging=paging)
    else:
        order = ScheduleLine.due_on if asked.sort is BookSort.DUE else ScheduleLine.amount_minor
        found = await keyset(
            session,
            ids,
            order=(order, ScheduleLine.id),
            paging=paging,
            descending=asked.sort is not BookSort.DUE,
            sides=meant,
        )
    rows = await rows_by_id(session, caller=caller, ids=found.items, at=at)
    return Rows(rows, found.next)


def _joined(rows: Select[Any], asked: Asked) -> Select[Any]:
    """Join what the conditions are about, and no more: the rest comes when the rows are chosen."""
    if asked.view is BookView.CHANGES:
        rows = rows.join(Change, Change.id == ScheduleLine.open_change_id)
    return rows


def _chosen(rows: Select[Any], caller: Caller, asked: Asked, today: date) -> Select[Any]:
    rows = rows.where(on_side(caller, asked.side), _in_view(asked.view, asked.side, today))
    if asked.counterparty_id:
        mine = asked.side is Side.BUYER
        other = ScheduleLine.supplier_id if mine else ScheduleLine.buyer_id
        rows = rows.where(other == asked.counterparty_id)
    return rows


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
