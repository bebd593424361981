"""The order book by urgency: late lines, then those at risk, then what is open, then the rest.

Where a line belongs depends on the day, so no index has this order. But each of the four groups is
found and ordered by an index of its own, and a page reads only the groups that it shows.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, and_, not_, true, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from services.orders.models import ScheduleLine
from services.orders.queries.lights import days_late, is_at_risk, is_late
from services.orders.schemas.schedule_lines import BookView
from shared.paging import Paging, Rows, keyset

LATE, AT_RISK, OPEN, CLOSED = range(4)
SHOWN = {
    BookView.LATE: (LATE,),
    BookView.AT_RISK: (AT_RISK,),
    BookView.UNCONFIRMED: (OPEN,),
    BookView.OPEN: (LATE, AT_RISK, OPEN),
    BookView.DUE_THIS_WEEK: (LATE, AT_RISK, OPEN),
}
CURSOR = "cursor="


class Group(NamedTuple):
    """Lines that are equally urgent, and what decides among them, ascending."""

    lines: ColumnElement[bool]
    order: Sequence[ColumnElement[Any] | Any]


async def by_urgency(
    session: AsyncSession,
    ids: Select[UUID],
    *,
    view: BookView,
    today: date,
    paging: Paging,
) -> Rows[UUID]:
    """Return a page of the ids of chosen lines, the most urgent first."""
    groups = _groups(today)
    begins, cursor = _place(paging.cursor)
    found: list[UUID] = []
    for number in SHOWN.get(view, range(CLOSED + 1)):
        if number < begins:
            continue
        left = paging.limit - len(found)
        rows = ids.where(groups[number].lines)
        inside = cursor if number == begins else None
        page = await keyset(
            session, rows, order=groups[number].order, paging=Paging(left or 1, inside)
        )
        if page.items and not left:  # what follows a full page begins here
            return Rows(found, paging.link(str(number)))
        found += page.items
        if page.next:
            return Rows(found, paging.link(f"{number}{page.next.removeprefix(CURSOR)}"))
    return Rows(found, None)


def _place(cursor: str | None) -> tuple[int, str | None]:
    """Return in which group a page begins, and where in it; what is no cursor stays none."""
    if cursor is None:
        return LATE, None
    if cursor[:1] in {"0", "1", "2", "3"}:
        return int(cursor[0]), cursor[1:] or None
    return LATE, cursor


def _groups(today: date) -> Sequence[Group]:
    late, at_risk = is_late(today), is_at_risk(today)
    behind = type_coerce(-days_late(today), Integer)
    by_days, by_due = (behind, ScheduleLine.due_on), (ScheduleLine.due_on,)
    calm = and_(late.is_not(true()), at_risk.is_not(true()))
    return (
        Group(and_(ScheduleLine.open, late), (*by_days, ScheduleLine.id)),
        Group(and_(ScheduleLine.open, at_risk), (*by_days, ScheduleLine.id)),
        Group(and_(ScheduleLine.open, calm), (*by_due, ScheduleLine.id)),
        Group(not_(ScheduleLine.open), (*by_due, ScheduleLine.id)),
    )
