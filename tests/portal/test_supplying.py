"""What the pages for suppliers work out themselves: packing, whose days, the way through a form."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from contracts.orders import Light, Side
from contracts.values import Money
from services.portal.domain.chain import chain_of
from services.portal.domain.joining import (
    FIELDS,
    OPTIONAL,
    Step,
    before,
    following,
    nested,
    step_of,
    way_through,
)
from services.portal.domain.owing import days_of, notable, spent_axis, spent_picture
from services.portal.domain.packing import as_asked, spread
from services.portal.schemas.owing import Segment

QUANTITIES = st.lists(
    st.decimals(min_value="0.001", max_value=10**6, places=3), min_size=1, max_size=6
)
DAY = date(2026, 11, 23)


@given(QUANTITIES, st.integers(1, 50))
def test_packing_loses_nothing(quantities: list[Decimal], packages: int) -> None:
    packed = spread(quantities, packages)
    assert len(packed) <= packages
    for line, quantity in enumerate(quantities, start=1):
        assert sum(package.get(line, Decimal(0)) for package in packed) == quantity
    assert all(part > 0 for package in packed for part in package.values())


def test_whole_pieces_stay_whole() -> None:
    assert spread([Decimal(10)], 3) == [{1: Decimal(4)}, {1: Decimal(3)}, {1: Decimal(3)}]
    assert spread([Decimal(2), Decimal(3)], 3)[2] == {2: Decimal(1)}
    asked = as_asked(spread([Decimal(5)], 1), "pallet")
    assert asked == [{"kind": "pallet", "lines": [{"line": 1, "quantity": "5"}]}]


def test_the_way_leads_through_all_screens_and_back() -> None:
    steps = list(Step)
    assert [following(step) for step in steps] == [*steps[1:], None]
    assert [before(step) for step in steps] == [None, *steps[:-1]]
    filled = {name: "x" for names in FIELDS.values() for name in names if name not in OPTIONAL}
    assert way_through(filled).is_complete
    for step in steps:
        wanted = next(name for name in FIELDS[step] if name not in OPTIONAL)
        assert way_through({**filled, wanted: None}).next is step


def test_a_note_leads_to_its_screen() -> None:
    assert step_of("bank.account") is step_of("bank") is Step.BANK
    assert step_of("uscc") is Step.COMPANY
    assert step_of("no.such") is None


def test_fields_become_the_profile_s_form() -> None:
    given_ = {"contact.name": "周岚", "contact.phone": "", "region": "330110"}
    assert nested(given_, list(given_)) == {"contact": {"name": "周岚"}, "region": "330110"}


def segment(who: str, reason: str, first: int, last: int) -> Segment:
    days = {"first_on": DAY + timedelta(days=first), "last_on": DAY + timedelta(days=last)}
    return Segment(who=who, reason=reason, **days)


SEGMENTS = [
    segment("buyer", "inspecting", -40, -38),
    segment("buyer", "inspecting_late", -37, -30),
    segment("law", "month_running", -29, -25),
    segment("supplier", "to_invoice", -24, -20),
    segment("buyer", "overdue", -19, 0),
]


def test_each_side_sees_its_own_days_as_its_own() -> None:
    mine = spent_picture(SEGMENTS, Side.SUPPLIER, promised=DAY, legal=None)
    theirs = spent_picture(SEGMENTS, Side.BUYER, promised=DAY, legal=DAY)
    assert [whose for whose, *_ in mine.spent] == ["theirs", "theirs", "both", "ours", "over"]
    assert [whose for whose, *_ in theirs.spent] == ["ours", "ours", "both", "theirs", "over"]
    assert "data-legal" not in mine.attributes
    assert theirs.attributes["data-legal"] == str(DAY)
    spans = [(a, b) for _whose, a, b in mine.spent]
    assert all(end == start for (_, end), (start, _) in pairwise(spans))


def test_what_held_it_up_comes_with_its_days_the_longest_first() -> None:
    assert notable(SEGMENTS) == [
        ("buyer", "overdue", 20),
        ("buyer", "inspecting_late", 8),
        ("supplier", "to_invoice", 5),
    ]
    assert days_of({"buyer": 31, "supplier": 5, "law": 5}, Side.SUPPLIER) == (31, 5, 5)
    assert days_of({"buyer": 31, "supplier": 5}, Side.BUYER) == (5, 31, 0)


def test_the_axis_stays_readable() -> None:
    now = spent_axis([spent_picture(SEGMENTS, Side.BUYER, promised=DAY, legal=None)], today=DAY)
    assert now.start <= DAY - timedelta(days=40)
    assert now.end >= DAY + timedelta(days=30)
    past = spent_picture([], Side.BUYER, promised=date(2019, 1, 5), legal=None)
    assert spent_axis([past], today=DAY).end < date(2020, 1, 1)
    assert spent_axis([], today=DAY).every > 0


@dataclass
class Line:
    """A schedule line of the chain."""

    id: UUID
    quantity: Decimal
    good: Decimal
    amount: Money
    light: Light


@dataclass
class Sent:
    """What became of its goods."""

    schedule_line_id: UUID
    shipped: Decimal
    accepted: Decimal


def test_the_chain_counts_by_value_and_says_100_only_of_all() -> None:
    dear, cheap = uuid4(), uuid4()
    rows = [
        Line(dear, Decimal(100), Decimal(100), Money.of(99_900, "CNY"), Light.ON_TIME),
        Line(cheap, Decimal(10), Decimal(0), Money.of(100, "CNY"), Light.UNCONFIRMED),
        Line(uuid4(), Decimal(5), Decimal(5), Money.of(7_000, "CNY"), Light.CANCELLED),
    ]
    goods = {dear: Sent(dear, Decimal(50), Decimal(25))}
    stations = {one.name: one.percent for one in chain_of(rows, goods, (100_000, 50_000))}
    assert stations == {
        "confirmed": 99,  # not rounded up to all of it
        "made": 99,
        "shipped": 50,
        "accepted": 25,
        "invoiced": 100,
        "paid": 50,
    }
    assert [one.name for one in chain_of(rows, None, None)] == ["confirmed", "made"]
    assert chain_of([], None, None) == []
