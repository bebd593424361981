"""The order book in numbers, each leading to the list that it counts."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    cast,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Light, Side
from contracts.values import Money
from services.orders.domain.lights import State
from services.orders.domain.schedule_lines import ChangeState
from services.orders.models import Change, Entry, ScheduleLine
from services.orders.queries.book import on_side, today_of
from services.orders.queries.lights import is_late, open_light
from services.orders.schemas.schedule_lines import BookView, SinceOut, SummaryOut, Tally
from services.orders.schemas.stories import EntryKind
from shared.auth import Caller

CLOSED_MAX = 10_000  # so many are counted: who has more wants a report, not a number on a tab
SINCE_MAX = 10_000


async def summary(
    session: AsyncSession, *, caller: Caller, side: Side, since: datetime | None, at: datetime
) -> SummaryOut:
    """Count one side's order book by light and by view, and what has changed since a moment."""
    today = today_of(at)
    mine = on_side(caller, side)
    counts: Counter[Light] = Counter()
    values: defaultdict[Light, Counter[str]] = defaultdict(Counter)
    due = 0
    for found in await session.execute(union_all(_open(mine, today), *_closed(mine))):
        counts[Light(found.light)] += found.lines
        values[Light(found.light)][found.currency] += int(found.amount_minor)
        due += found.due
    lights = {
        light: Tally(
            count=counts[light],
            value=[Money.of(minor, code) for code, minor in sorted(values[light].items())],
        )
        for light in Light
    }
    views = _views(counts) | {
        BookView.DUE_THIS_WEEK: due,
        BookView.CHANGES: await _changes_to_answer(session, caller, side),
    }
    return SummaryOut(
        side=side,
        today=today,
        lights=lights,
        views=views,
        closed_count_max=CLOSED_MAX,
        since=await _since(session, caller, side, since, today) if since else None,
    )


def _views(counts: Counter[Light]) -> dict[BookView, int]:
    closed = counts[Light.COMPLETED] + counts[Light.CANCELLED]
    return {
        BookView.ALL: counts.total(),
        BookView.OPEN: counts.total() - closed,
        BookView.UNCONFIRMED: counts[Light.UNCONFIRMED],
        BookView.LATE: counts[Light.LATE],
        BookView.AT_RISK: counts[Light.AT_RISK],
    }


def _open(mine: ColumnElement[bool], today: date) -> Select[str, str, int, int, int]:
    monday = today - timedelta(days=today.weekday())
    light = open_light(today).label("light")
    this_week = ScheduleLine.due_on.between(monday, monday + timedelta(days=6))
    return (
        select(
            light,
            ScheduleLine.currency,
            func.count().label("lines"),
            func.sum(ScheduleLine.amount_minor).label("amount_minor"),
            func.count().filter(this_week).label("due"),
        )
        .where(mine, ScheduleLine.open)
        .group_by(light, ScheduleLine.currency)
    )


def _closed(mine: ColumnElement[bool]) -> list[Select[str, str, int, int, int]]:
    """Count completed and cancelled lines, each up to a limit."""
    counted = []
    for state, light in (
        (State.CONFIRMED, Light.COMPLETED),
        (State.CANCELLED, Light.CANCELLED),
    ):
        some = (
            select(ScheduleLine.currency, ScheduleLine.amount_minor)
            .where(mine, ~ScheduleLine.open, ScheduleLine.state == state)
            .limit(CLOSED_MAX)
            .subquery()
        )
        counted.append(
            select(
                cast(literal(light.value), String).label("light"),
                some.c.currency,
                func.count().label("lines"),
                func.sum(some.c.amount_minor).label("amount_minor"),
                cast(literal(0), BigInteger).label("due"),
            ).group_by(some.c.currency)
        )
    return counted


async def _changes_to_answer(session: AsyncSession, caller: Caller, side: Side) -> int:
    party = Change.buyer_id if side is Side.BUYER else Change.supplier_id
    waiting = select(func.count()).where(
        party == caller.organization_id,
        Change.state == ChangeState.OPEN,
        Change.proposed_by != side,
    )
    return await session.scalar(waiting) or 0


async def _since(
    session: AsyncSession, caller: Caller, side: Side, since: datetime, today: date
) -> SinceOut:
    party = Entry.buyer_id if side is Side.BUYER else Entry.supplier_id
    told = (
        select(Entry.kind, Entry.side, Entry.values["kind"].astext.label("change"))
        .where(party == caller.organization_id, Entry.recorded_at >= since, ~Entry.imported)
        .limit(SINCE_MAX)
        .subquery()
    )
    counts: Counter[str] = Counter()
    counted = select(told, func.count().label("lines")).group_by(*told.c)
    for found in await session.execute(counted):
        from_me = found.kind in (EntryKind.MESSAGE, EntryKind.REMINDER) and found.side == side
        agreed = found.kind == EntryKind.CHANGE_AGREED
        kind = f"{found.kind} {found.change}" if agreed else found.kind
        counts["mine" if from_me else kind] += found.lines
    return SinceOut(
        since=since,
        placed=counts[EntryKind.PLACED],
        confirmed=counts[EntryKind.CONFIRMED],
        promised_anew=counts[f"{EntryKind.CHANGE_AGREED} reschedule"],
        turned_late=counts[EntryKind.TURNED_LATE]
        + await _late_by_calendar(session, caller, side, today_of(since), today),
        recovered=counts[EntryKind.RECOVERED],
        completed=counts[EntryKind.COMPLETED],
        cancelled=counts[EntryKind.CANCELLED] + counts[f"{EntryKind.CHANGE_AGREED} cancel"],
        messages=counts[EntryKind.MESSAGE] + counts[EntryKind.REMINDER],
    )


async def _late_by_calendar(
    session: AsyncSession, caller: Caller, side: Side, since: date, today: date
) -> int:
    """Count lines whose promised day has gone by since; no event tells that."""
    passed = select(func.count()).where(
        on_side(caller, side),
        ScheduleLine.open,
        is_late(today),
        ScheduleLine.late_from > since,
        ScheduleLine.late_from > ScheduleLine.promised_on,
    )
    return await session.scalar(passed) or 0
