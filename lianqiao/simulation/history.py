"""What was ordered, delivered and paid before the story begins, and what is owed in it.

Most of it is past and entered as such. A few deliveries are told as they happen, so that the
payment clock runs for them: their days are chosen so that terms end around the story's day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import NamedTuple

from contracts.onboarding import TermFrom, Terms
from lianqiao.simulation.chain import Company, Item

TERMS = Terms(
    payment_days=60,
    payment_from=TermFrom.DELIVERY,
    acceptance_working_days=3,
    pledged_60_days=True,
)
BUYERS = 4  # of a firm: as one delivery of each so many is late, each firm has one a month
WORTH = 240_000  # CNY, of an order, about: none makes up most of a table
DUE_IN = 9, -6, 24, 41, 55  # days until the law's last day, of what is owed in the story
MADE_DAYS, AGREED_DAYS = 4, 24  # from the order to the promise's day, and to the order before


@dataclass(frozen=True)
class Deal:
    """One order of one line, from the order to the money."""

    number: str
    buyer: Company
    supplier: Company
    item: Item
    quantity: int
    placed_at: datetime
    promised_on: date
    delivered_on: date
    paid_on: date | None = None
    due_in: int | None = None  # days; the delivery is told as it happens, and the clock runs

    @property
    def amount(self) -> Decimal:
        """What it costs, in CNY."""
        return (self.quantity * self.item.price).quantize(Decimal("0.01"), ROUND_HALF_UP)

    @property
    def delivered_at(self) -> datetime:
        return datetime.combine(self.delivered_on, time(10), self.placed_at.tzinfo)


class Fate(NamedTuple):
    """What becomes of a delivery and of its payment."""

    late: bool
    overdue: bool


def draw_history(
    chance: Random,
    *,
    now: datetime,
    relations: Sequence[tuple[Company, Company]],
    months: int,
    tag: str = "",
) -> list[Deal]:
    """Draw an order a month of each pair of companies: all delivered, most of them paid."""
    drawn: list[Deal] = []
    late, overdue = _spread(chance), _spread(chance)
    for ago in range(months, 0, -1):
        first = _months_before(now.date(), ago)
        for buyer, supplier in relations:
            number = f"{first:%y%m}-{tag}{len(drawn) + 1:04d}"
            day = first + timedelta(days=chance.randint(8, 20))
            fate = Fate(late=next(late), overdue=next(overdue))
            drawn.append(_past(chance, now, number, (buyer, supplier), day, fate))
    return drawn


def _spread(chance: Random) -> Iterator[bool]:
    """Strike one of each firm's deliveries to its buyers, each time another buyer's, for ever.

    So nobody has most of what is late in a table, and it need not be withheld.
    """
    while True:
        for struck in chance.sample(range(BUYERS), BUYERS):
            yield from (turn == struck for turn in range(BUYERS))


def draw_owed(
    chance: Random, *, now: datetime, buyer: Company, its: Sequence[Company]
) -> list[Deal]:
    """Draw a delivery of each of some suppliers whose term ends so many days from now."""
    return list(_owed(chance, now, buyer, its))


def _past(  # noqa: PLR0913, PLR0917  a deal has many sides
    chance: Random,
    now: datetime,
    number: str,
    pair: tuple[Company, Company],
    day: date,
    fate: Fate,
) -> Deal:
    buyer, supplier = pair
    delivered = day + timedelta(days=chance.randint(1, 6) if fate.late else -chance.randint(0, 4))
    delivered = min(delivered, now.date() - timedelta(days=1))
    took = chance.randint(61, 64) if fate.overdue else chance.randint(30, 58)
    paid = delivered + timedelta(days=took)
    item = chance.choice(supplier.items)
    return Deal(
        number=number,
        buyer=buyer,
        supplier=supplier,
        item=item,
        quantity=max(round(WORTH * chance.uniform(0.7, 1.3) / float(item.price)), 1),
        placed_at=_at(day - timedelta(days=chance.randint(MADE_DAYS, MADE_DAYS + 3)), now),
        promised_on=day,
        delivered_on=delivered,
        paid_on=paid if paid < now.date() else None,
    )


def _owed(chance: Random, now: datetime, buyer: Company, its: Sequence[Company]) -> Iterator[Deal]:
    for turn, (due_in, supplier) in enumerate(zip(DUE_IN, its, strict=False), start=1):
        item = supplier.items[0]
        delivered = delivered_for(now.date() + timedelta(days=due_in))
        yield Deal(
            number=f"{delivered:%y%m}-9{turn:03d}",
            buyer=buyer,
            supplier=supplier,
            item=item,
            quantity=max(round(item.lot * chance.uniform(0.1, 0.3)), 2),
            placed_at=_at(delivered - timedelta(days=AGREED_DAYS), now),
            promised_on=delivered,
            delivered_on=delivered,
            due_in=due_in,
        )


def delivered_for(due_on: date) -> date:
    """Return the delivery day whose term ends on a workday, or on the first one after a holiday."""
    return due_on - timedelta(days=TERMS.payment_days)


def _months_before(day: date, months: int) -> date:
    """Return the first day of the month so many months before a day's."""
    turn = day.year * 12 + day.month - 1 - months
    return date(turn // 12, turn % 12 + 1, 1)


def _at(day: date, now: datetime) -> datetime:
    return datetime.combine(day, time(9, 30), now.tzinfo)
