"""What may be published: cases worked out by hand, and what holds of all."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.insights.domain.disclosure import (
    CATALOG,
    TOTAL,
    Axis,
    Figures,
    Measure,
    Node,
    Policy,
    Question,
    Reason,
    Refused,
    Release,
    Row,
    audit,
    protect,
)
from services.insights.domain.disclosure.pools import Entry, Pool, margins
from tests.insights.disclosure_worlds import world

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
REGIONS, INDUSTRIES = Axis.flat(("A", "B", "C")), Axis.flat(("X", "Y", "Z"))
P = Fraction(15)


def deal(
    cell: str,
    supplier: str,
    *values: int,
    measure: Measure = Measure.ORDERED,
    month: date = JANUARY,
) -> list[Row]:
    """Give a supplier's values with the buyers b0, b1 and so on."""
    return [
        Row((f"b{index}",), supplier, month, cell[0], cell[1], measure, value)
        for index, value in enumerate(values)
        if value
    ]


def crowd(
    cell: str, *, firms: int = 6, value: int = 1_000_000, measure: Measure = Measure.ORDERED
) -> list[Row]:
    """Fill a cell with so many equal suppliers, each with three buyers, that it is safe."""
    return [
        row
        for firm in range(firms)
        for row in deal(cell, f"{cell}{firm}", *[value + firm] * 3, measure=measure)
    ]


def release(
    rows: Iterable[Row],
    *months: tuple[date, ...],
    earlier: tuple[Figures, ...] = (),
    policy: Policy | None = None,
) -> Release:
    asked = Question(REGIONS, INDUSTRIES, months or ((JANUARY,),), policy or Policy(P), earlier)
    answer = protect(rows, asked)
    assert isinstance(answer, Release), answer
    return answer


def at(region: str, industry: str, *months: date) -> Node:
    return Node(months or (JANUARY,), region, industry)


def ordered(answer: Release) -> set[str]:
    """Name the places where the ordered amount is shown: AX, A*, **."""
    return {node.region + node.industry for node in answer.figures["ordered_amount"]}


def everywhere(*, value: int = 1_000_000, measure: Measure = Measure.ORDERED) -> list[Row]:
    return [
        row
        for region in "ABC"
        for industry in "XYZ"
        for row in crowd(region + industry, value=value, measure=measure)
    ]


class TestOneSum:
    def test_the_rule_is_that_of_the_handbook(self) -> None:
        # 100 + 60 + 12: the second knows 60 and places the first at 112, within 15 %
        pool = Pool([Entry((f"b{i}",), f"s{i}", value) for i, value in enumerate((100, 60, 12))])
        dangers = {(d.target, d.attacker): d.rise for d in pool.dangers(P / 100, frozenset())}
        assert dangers["s0", "s1"] == 100 + 15 + 1 - 112
        assert ("s0", "s2") not in dangers
        assert ("s1", "s0") not in dangers  # 60 + 12 is 20 % above

    def test_a_buyer_knows_what_its_suppliers_get_from_it(self) -> None:
        # without what b0 pays, s0 has 50 of 55
        rows = [("b0", "s1", 900), ("b0", "s2", 900), ("b1", "s0", 50), ("b1", "s3", 5)]
        pool = Pool([Entry((buyer,), supplier, value) for buyer, supplier, value in rows])
        found = {(d.target, d.attacker) for d in pool.dangers(P / 100, frozenset())}
        assert ("s0", "b0") in found
        assert ("s0", None) not in found

    def test_firms_of_one_group_are_one(self) -> None:
        entries = [Entry((f"b{i}",), "group", 100) for i in range(5)]
        assert Pool(entries).is_few(3, frozenset())

    def test_who_has_waived_is_no_target_but_still_an_attacker(self) -> None:
        pool = Pool([Entry(("b0",), f"s{i}", 100) for i in range(5)])
        assert {d.target for d in pool.dangers(P / 100, frozenset())} == {"b0"}
        assert not list(pool.dangers(P / 100, frozenset({"b0"})))
        assert not pool.is_few(3, frozenset({"b0"}))

    @given(
        figure=st.integers(1, 10**14),
        unknown=st.integers(1, 10**14),
        beside=st.integers(0, 10**14),
        percent=st.integers(10, 20),
    )
    def test_the_margins_are_those_of_the_definition(
        self, figure: int, unknown: int, beside: int, percent: int
    ) -> None:
        figure, unknown = max(figure, unknown), min(figure, unknown)
        p, rest, known = Fraction(percent, 100), unknown + beside, figure - unknown
        rise, fall = margins(p, figure, unknown, rest)
        base, floor = (unknown, 0) if known >= (1 - p) * figure else (figure, known)
        if rise:
            assert floor + rest <= (1 + p) * base < floor + rest + rise
        else:
            assert floor + rest > (1 + p) * base
        if fall:
            assert floor + rest >= (1 - p) * base > floor + rest - fall
        assert fall <= rest


class TestByHand:
    def test_a_full_table_is_published_whole(self) -> None:
        answer = release(everywhere())
        assert len(ordered(answer)) == 16
        assert answer.figures["ordered_amount"][at("A", "X")] == 18_000_000  # to 1,000 yuan

    def test_two_suppliers_are_too_few(self) -> None:
        rows = [r for r in everywhere() if r.region + r.industry != "AX"]
        rows += [
            *deal("AX", "s1", 500_000, 500_000, 500_000),
            *deal("AX", "s2", 400_000, 600_000, 1),
        ]
        answer = release(rows)
        assert "AX" not in ordered(answer)
        assert answer.withheld["ordered_amount"][at("A", "X")] is Reason.FEW

    def test_two_buyers_are_too_few(self) -> None:
        rows = [r for r in everywhere() if r.region + r.industry != "AX"]
        rows += [row for i in range(9) for row in deal("AX", f"s{i}", 700_000, 800_000)]
        assert "AX" not in ordered(release(rows))
        assert "AX" in ordered(release(rows, policy=Policy(P, waivers=frozenset({"b0", "b1"}))))

    def test_one_that_dominates_is_hidden_and_others_with_it(self) -> None:
        rows = [*everywhere(), *deal("AX", "giant", 40_000_000, 50_000_000, 60_000_000)]
        answer = release(rows)
        shown = ordered(answer)
        assert "AX" not in shown
        assert answer.withheld["ordered_amount"][at("A", "X")] is Reason.DOMINATED
        # neither its row nor its column is left with one unknown
        assert sum(f"A{i}" in shown for i in "XYZ*") < 3
        assert sum(f"{r}X" in shown for r in "ABC*") < 3

    def test_a_lone_cell_in_a_row_takes_the_total_with_it(self) -> None:
        rows = [r for r in everywhere() if r.region != "A"]
        rows += deal("AX", "alone", 3_000_000, 2_000_000, 1_000_000)
        shown = ordered(release(rows))
        assert "AX" not in shown
        assert "A*" not in shown

    def test_two_hidden_cells_of_one_group_do_not_protect_each_other(self) -> None:
        rows = [r for r in everywhere() if r.region != "A"]
        rows += [row for i in "XY" for row in deal(f"A{i}", "alone", 3_000_000, 2_000_000, 900_000)]
        rows += crowd("AZ", firms=9, value=4_000_000)
        shown = ordered(release(rows))
        assert {"AX", "AY"}.isdisjoint(shown)
        assert not {"A*", "AZ"} <= shown  # their difference is one group's figure

    def test_a_ratio_waits_for_what_is_between_its_parts(self) -> None:
        rows = [
            *everywhere(measure=Measure.DUE, value=50),
            *everywhere(measure=Measure.ON_TIME, value=40),
        ]
        assert len(release(rows).figures["on_time_in_full"]) == 16
        late = [row for row in rows if row.measure is Measure.DUE or row.supplier != "AX0"]
        answer = release(late + deal("AX", "AX0", 50, 50, 50, measure=Measure.ON_TIME))
        assert at("A", "X") in answer.figures["on_time_in_full"]
        # where all but one are never late, a share tells how late that one is
        strict = [
            row._replace(value=50) if row.region + row.industry == "AX" else row
            for row in rows
            if (row.measure, row.supplier) != (Measure.ON_TIME, "AX0")
        ]
        answer = release(strict)
        assert at("A", "X") not in answer.figures["on_time_in_full"]
        assert answer.withheld["on_time_in_full"][at("A", "X")] in {Reason.FEW, Reason.DOMINATED}

    def test_nothing_is_told_where_nobody_owes(self) -> None:
        rows = everywhere(measure=Measure.OVERDUE)
        rows = [r._replace(value=0) if r.region + r.industry == "AX" else r for r in rows]
        shown = {n.region + n.industry for n in release(rows).figures["overdue_amount"]}
        assert "AX" not in shown
        assert not {"AY", "AZ", "A*"} <= shown


class TestMonths:
    def test_who_comes_alone_is_not_the_difference_of_two_months(self) -> None:
        january = everywhere()
        february = [row._replace(month=FEBRUARY) for row in january]
        first = release(january)
        same = release(january + february, (FEBRUARY,), earlier=(first.figures,))
        assert len(ordered(same)) == 16  # that nothing has changed is no group's figure
        newcomer = deal("AX", "new", 900_000, 900_000, 900_000, month=FEBRUARY)
        answer = release(january + february + newcomer, (FEBRUARY,), earlier=(first.figures,))
        hidden = answer.withheld["ordered_amount"]
        assert hidden[at("A", "X", FEBRUARY)] is Reason.DIFFERENCE
        assert {"AX", "A*", "*X", "**"}.isdisjoint(ordered(answer))

    def test_many_who_come_hide_each_other(self) -> None:
        january = everywhere()
        february = [row._replace(month=FEBRUARY) for row in [*january, *crowd("AX", value=700_000)]]
        first = release(january)
        answer = release(january + february, (FEBRUARY,), earlier=(first.figures,))
        assert len(ordered(answer)) == 16

    def test_what_was_published_stays_and_hides_nothing(self) -> None:
        rows = [*everywhere(), *deal("AX", "giant", 40_000_000, 50_000_000, 60_000_000)]
        first = release(rows)
        again = release(rows, earlier=(first.figures,))
        assert again.figures["ordered_amount"].items() >= first.figures["ordered_amount"].items()
        # had another pattern been published, the two together would tell
        everything = dict.fromkeys(first.withheld["ordered_amount"], 0)
        leak = {"ordered_amount": {**first.figures["ordered_amount"], **everything}}
        asked = Question(REGIONS, INDUSTRIES, ((JANUARY,),), Policy(P))
        assert {f.target for f in audit(rows, leak, asked)} >= {"giant"}

    def test_a_month_that_changed_after_its_release_is_refused(self) -> None:
        first = release(everywhere())
        late = [*everywhere(), *deal("AX", "late", 100_000, 100_000, 100_000)]
        asked = Question(REGIONS, INDUSTRIES, ((JANUARY,),), Policy(P), (first.figures,))
        answer = protect(late, asked)
        assert isinstance(answer, Refused)
        assert "changed" in answer.findings[0].why

    def test_a_sum_of_months_does_not_tell_the_month_that_is_hidden(self) -> None:
        giant = deal("AX", "giant", 40_000_000, 50_000_000, 60_000_000)
        january, rest = (
            [*everywhere(), *giant],
            [row._replace(month=FEBRUARY) for row in everywhere()],
        )
        first = release(january)
        both = (JANUARY, FEBRUARY)
        answer = release([*january, *rest], (FEBRUARY,), both, earlier=(first.figures,))
        figures = answer.figures["ordered_amount"]
        assert not {at("A", "X", *both), at("A", "X", FEBRUARY)} <= figures.keys()


class TestAlways:
    def test_the_same_rows_give_the_same_release(self) -> None:
        small = world(3)
        asked = Question(small.regions, small.industries, small.periods[0], Policy(P))
        one, other = protect(small.rows, asked), protect(small.rows[::-1], asked)
        assert isinstance(one, Release)
        assert isinstance(other, Release)
        assert (one.figures, one.withheld) == (other.figures, other.withheld)

    @settings(max_examples=15, deadline=None)
    @given(seed=st.integers(1_000, 9_999))
    def test_a_figure_is_shown_or_withheld_never_both(self, seed: int) -> None:
        small = world(seed)
        policy = Policy(Fraction(small.percent))
        asked = Question(small.regions, small.industries, small.periods[0], policy)
        answer = protect(small.rows, asked)
        assert isinstance(answer, Release)
        for family in CATALOG:
            places = [set(answer.figures[table.name]) for table in family.tables]
            assert all(place == places[0] for place in places)
            for table in family.tables:
                assert places[0].isdisjoint(answer.withheld[table.name])
                assert set(answer.intervals[table.name]) == set(answer.withheld[table.name])
        assert audit(small.rows, answer.figures, asked) == ()

    @settings(max_examples=15, deadline=None)
    @given(seed=st.integers(1_000, 9_999), data=st.data())
    def test_publishing_less_is_safe_as_well(self, seed: int, data: st.DataObject) -> None:
        small = world(seed)
        asked = Question(
            small.regions, small.industries, small.periods[0], Policy(Fraction(small.percent))
        )
        answer = protect(small.rows, asked)
        assert isinstance(answer, Release)
        fewer = {
            table: {node: value for node, value in nodes.items() if data.draw(st.booleans())}
            for table, nodes in answer.figures.items()
        }
        assert audit(small.rows, fewer, asked) == ()

    def test_intervals_hold_the_truth(self) -> None:
        rows = [*everywhere(), *deal("AX", "giant", 40_000_000, 50_000_000, 60_000_000)]
        (bounds,) = release(rows).intervals["ordered_amount"][at("A", "X")]
        truth = sum(r.value for r in rows if (r.region, r.industry) == ("A", "X"))
        assert bounds.low < truth
        assert bounds.high is None or bounds.high > truth

    def test_the_percentage_is_never_written(self) -> None:
        policy = Policy(Fraction(1373, 100))
        asked = Question(REGIONS, INDUSTRIES, ((JANUARY,),), policy)
        assert "13" not in repr(policy)
        assert "1373" not in repr(asked)
        with pytest.raises(ValueError, match="outside"):
            Policy(Fraction(9))

    @pytest.mark.parametrize(
        "rows",
        [
            deal("AX", "s", -1),
            [
                *deal("AX", "s", 3, measure=Measure.DUE),
                *deal("AX", "s", 4, measure=Measure.ON_TIME),
            ],
        ],
    )
    def test_impossible_rows_are_an_error(self, rows: list[Row]) -> None:
        with pytest.raises(ValueError, match=r"never negative|More on_time than due"):
            protect(rows, Question(REGIONS, INDUSTRIES, ((JANUARY,),), Policy(P)))

    def test_regions_stand_below_their_provinces(self) -> None:
        axis = Axis.regions(("440300", "440000", "110000"))
        assert axis.path("440300") == ("440300", "440000", TOTAL)
        assert axis.path("110000") == ("110000", TOTAL)
