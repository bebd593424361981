"""What happens in a chain: orders, promises and reports, drawn from a seed around a day.

The plan knows no platform: the same seed and day give the same plan, whoever plays it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import Enum, auto
from random import Random
from zoneinfo import ZoneInfo

from lianqiao.simulation.chain import (
    FORGE,
    MAKER,
    SUPPLIERS,
    TIER_TWO,
    Company,
    Item,
    neighborhood,
    suppliers,
)
from lianqiao.simulation.history import Deal, draw_history, draw_owed
from lianqiao.simulation.pace import Report, run, wide, working_times

FIRST_NUMBER = 4500082090
LINES_PER_ORDER_MAX = 3
FORGE_LINES = 4
BIG_LOT = 12_000


class Fate(Enum):
    """What becomes of a line by the day on which the story is told."""

    COMPLETED = auto()
    ON_TIME = auto()
    AT_RISK = auto()
    LATE = auto()
    OVERDUE = auto()  # its day has passed
    NOT_STARTED = auto()
    PARTLY = auto()  # a part is promised, the rest waits for an answer
    COUNTERED = auto()  # promised for a later day than was asked
    UNANSWERED = auto()


DECK = (
    *[Fate.ON_TIME] * 17,
    *[Fate.COMPLETED] * 8,
    *[Fate.UNANSWERED] * 6,
    *[Fate.NOT_STARTED] * 6,
    *[Fate.AT_RISK] * 6,
    *[Fate.COUNTERED] * 3,
    *[Fate.PARTLY] * 3,
    *[Fate.LATE] * 2,
    Fate.OVERDUE,
)  # with the lines that are told on purpose, and the forge's: 60


@dataclass(frozen=True)
class Promise:
    """What the supplier answered, and when."""

    at: datetime
    quantity: int
    promised_on: date


@dataclass
class Line:
    position: int
    item: Item
    quantity: int
    due_on: date
    fate: Fate
    promise: Promise | None = None
    reports: list[Report] = field(default_factory=list)


@dataclass
class Order:
    number: str
    buyer: Company
    supplier: Company
    placed_at: datetime
    lines: list[Line]


@dataclass(frozen=True)
class Plan:
    """A chain and its history up to a moment."""

    now: datetime
    companies: list[Company]
    relations: list[tuple[Company, Company]]  # buyer, supplier
    orders: list[Order]
    talked_about: Order  # the one that both sides write about
    deals: list[Deal] = field(default_factory=list)  # what came before, and what is owed

    def lines(self) -> Iterator[tuple[Order, Line]]:
        for order in self.orders:
            for line in order.lines:
                yield order, line


def draw_plan(  # noqa: PLR0913  a chain has many sides
    chance: Random,
    *,
    now: datetime,
    zone: ZoneInfo,
    supplier_count: int,
    line_count: int,
    months: int = 0,
) -> Plan:
    """Draw a chain of a car maker, its suppliers and the forge of one of them.

    Before it lie `months` of history. Two orders are told on purpose; the fates of the others come
    from one deck, so that every part of an order book has something in it.
    """
    now = now.astimezone(zone)
    chosen = list(suppliers(supplier_count, chance))
    talked_about, orders = _orders(chance, now, chosen, line_count)
    relations = [*((MAKER, supplier) for supplier in chosen), (TIER_TWO, FORGE)]
    deals = draw_history(chance, now=now, relations=relations, months=months)
    others = neighborhood() if months else []
    if months:
        deals += draw_history(chance, now=now, relations=others, months=months, tag="N")
        deals += draw_owed(chance, now=now, buyer=MAKER, its=chosen)
    beside = dict.fromkeys(one for pair in others for one in pair if one != MAKER)
    return Plan(
        now=now,
        companies=[MAKER, *chosen, FORGE, *beside],
        relations=[*relations, *others],
        orders=orders,
        talked_about=talked_about,
        deals=deals,
    )


def _orders(
    chance: Random, now: datetime, chosen: Sequence[Company], line_count: int
) -> tuple[Order, list[Order]]:
    """Draw the order that is talked about, and all orders with it."""
    talked_about = _talked_about(chance, now)
    orders = [talked_about, _big_and_late(chance, now)]
    left = line_count - sum(len(order.lines) for order in orders) - FORGE_LINES
    deck = _shuffled(chance, left)
    while deck:
        some = chance.randint(1, LINES_PER_ORDER_MAX)
        hand, deck = deck[:some], deck[some:]
        supplier = chosen[len(orders) % len(chosen)]
        orders.append(_order(chance, now, MAKER, supplier, hand))
    orders.sort(key=lambda order: order.placed_at)
    for turn, order in enumerate(orders):
        order.number = str(FIRST_NUMBER + turn)
    forged = _order(chance, now, TIER_TWO, FORGE, _shuffled(chance, FORGE_LINES))
    forged.number = f"HY-{now:%y%m}-01"
    return talked_about, [*orders, forged]


def _shuffled(chance: Random, count: int) -> list[Fate]:
    deck = [fate for _ in range(count // len(DECK) + 1) for fate in chance.sample(DECK, len(DECK))]
    return deck[:count]


def _talked_about(chance: Random, now: datetime) -> Order:
    """Draw the order that both sides write about: a line late, one well on, one to be moved."""
    fates = Fate.LATE, Fate.ON_TIME, Fate.NOT_STARTED
    wanted = [(item, item.lot) for item in TIER_TWO.items]
    return _order(chance, now, MAKER, TIER_TWO, fates, wanted)


def _big_and_late(chance: Random, now: datetime) -> Order:
    """Draw the order that makes up most of what will be late."""
    supplier = SUPPLIERS[1]
    return _order(chance, now, MAKER, supplier, [Fate.LATE], [(supplier.items[0], BIG_LOT)])


def _order(  # noqa: PLR0913, PLR0917  one order has many sides
    chance: Random,
    now: datetime,
    buyer: Company,
    supplier: Company,
    fates: Sequence[Fate],
    wanted: Sequence[tuple[Item, int]] = (),
) -> Order:
    order = Order("", buyer, supplier, now, [])
    items = chance.sample(supplier.items, min(len(supplier.items), len(fates)))
    for turn, fate in enumerate(fates):
        item = items[turn % len(items)]
        quantity = _rounded(item.lot * chance.uniform(0.4, 1.1))
        if wanted:
            item, quantity = wanted[turn]
        order.lines.append(Line(10 * (turn + 1), item, quantity, now.date(), fate))
    starts = [_fulfil(chance, now, order.supplier, line) for line in order.lines]
    answered = min(starts) - timedelta(days=chance.randint(2, 5))
    order.placed_at = _at_work(chance, answered - timedelta(days=chance.randint(1, 5)))
    for line in order.lines:
        if line.promise:
            at = _at_work(chance, answered)
            line.promise = Promise(at, line.promise.quantity, line.promise.promised_on)
    return order


def _fulfil(chance: Random, now: datetime, supplier: Company, line: Line) -> datetime:
    """Let a line's fate happen; return when work on it began, or would."""
    today, fate = now.date(), line.fate
    promised_in = {  # days from today
        Fate.COMPLETED: (-12, 6),
        Fate.ON_TIME: (1, 35),
        Fate.AT_RISK: (3, 14),
        Fate.LATE: (2, 9),
        Fate.OVERDUE: (-5, -1),
        Fate.NOT_STARTED: (9, 42),
        Fate.PARTLY: (8, 30),
        Fate.COUNTERED: (8, 28),
        Fate.UNANSWERED: (12, 42),
    }[fate]
    promised_on = today + timedelta(days=chance.randint(*promised_in))
    line.due_on = promised_on
    if fate is Fate.UNANSWERED:
        return now - timedelta(days=chance.randint(0, 3))
    quantity = line.quantity
    if fate is Fate.PARTLY:
        quantity = _rounded(quantity * chance.uniform(0.4, 0.7))
    if fate is Fate.COUNTERED:
        line.due_on = promised_on - timedelta(days=chance.randint(2, 7))
    line.promise = Promise(now, quantity, promised_on)
    if fate is Fate.NOT_STARTED:
        return now - timedelta(days=chance.randint(0, 6))
    first = now - timedelta(days=chance.uniform(9, 24))
    if fate is Fate.COMPLETED:
        first -= timedelta(days=8)
    _work(chance, now, supplier, line, first)
    return line.reports[0].at


def _work(chance: Random, now: datetime, supplier: Company, line: Line, first: datetime) -> None:
    """Let reports be made at a pace that leads to the line's fate."""
    assert line.promise
    count, last = chance.randint(10, 26), now - timedelta(minutes=chance.randint(5, 300))
    if line.fate is Fate.COMPLETED:
        ended = min(line.promise.promised_on, now.date()) - timedelta(days=chance.randint(1, 4))
        last = datetime.combine(ended, time(17), now.tzinfo)
        first = min(first, last - timedelta(days=6))
    times = working_times(chance, first=first, last=last, count=count)
    rest = timedelta(0)
    if line.fate is not Fate.COMPLETED:
        rest = _rest(chance, line, times)
    operations, quantity = len(supplier.routing), line.promise.quantity
    line.reports = run(chance, quantity=quantity, operations=operations, times=times, rest=rest)


def _rest(chance: Random, line: Line, times: Sequence[datetime]) -> timedelta:
    """Return how long the rest should take at the pace so far."""
    assert line.promise
    promised = datetime.combine(line.promise.promised_on, time(12), times[-1].tzinfo)
    left = promised - times[-1]
    if line.fate is Fate.LATE:
        return left + timedelta(days=chance.uniform(6, 12))
    if line.fate is Fate.OVERDUE:
        return timedelta(days=chance.uniform(1.5, 4))
    if line.fate is Fate.AT_RISK:
        return left * chance.uniform(0.85, 0.95)
    return left * chance.uniform(0.3, 0.7) / wide(len(times))


def _rounded(number: float) -> int:
    """Order a number that people order: 2,000 and not 1,987."""
    step: int = 10 ** max(len(str(int(number))) - 2, 0)
    return max(int(number / step) * step, 1)


def _at_work(chance: Random, moment: datetime) -> datetime:
    """Move a moment into office hours."""
    at = time(chance.randint(8, 17), chance.randrange(60))
    return datetime.combine(moment.date(), at, moment.tzinfo)
