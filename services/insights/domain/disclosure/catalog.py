"""What the monthly tables hold, what goes into them and what comes out.

Amounts are minor units of one currency, everything else is counted; all are whole and never
negative. Groups are enterprise groups: the firms of one group know each other's figures.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

TOTAL = "*"  # the code of all regions, and of all industries
PERCENT_MIN, PERCENT_MAX = 10, 20


class Measure(StrEnum):
    """What is added up. Give a row of value 0 where there could have been more than nothing."""

    ACTIVE = "active"  # 1 per firm that had business in the month, with all its buyers
    ORDERED = "ordered"  # minor units ordered
    DUE = "due"  # delivery lines due
    ON_TIME = "on_time"  # … of them delivered on time and in full
    PAID = "paid"  # delivery lines paid
    PAYMENT_DAYS = "payment_days"  # … days from delivery to payment of all of them together
    SETTLED = "settled"  # minor units paid
    WITHIN_TERM = "within_term"  # … of them within the legal term
    OVERDUE = "overdue"  # minor units overdue at the end of the month


class Shape(StrEnum):
    COUNT = "count"  # shown in steps of `Table.step`
    AMOUNT = "amount"  # minor units, shown in steps of `Table.step`
    SHARE = "share"  # shown in per mille
    MEAN = "mean"  # shown in tenths


class Table(NamedTuple):
    """One figure of the catalog: a sum, or a quotient of two sums."""

    name: str
    shape: Shape
    of: Measure
    by: Measure | None = None  # the denominator of a share or mean
    step: int = 1

    def show(self, of: int, by: int) -> int:
        """Round the exact figure (half up) to what is shown."""
        if self.shape is Shape.SHARE:
            return (2_000 * of + by) // (2 * by)
        if self.shape is Shape.MEAN:
            return (20 * of + by) // (2 * by)
        return (2 * of + self.step) // (2 * self.step) * self.step


class Part(NamedTuple):
    """A sum that is protected in its own right: `of`, or what is left of it without `less`."""

    of: Measure
    less: Measure | None = None
    months_compare: bool = True  # one month's figure says something of the next month's


class Family(NamedTuple):
    """Tables that are published in the same cells, since one reveals another.

    A share reveals its denominator to whoever has the numerator; so both are protected as if they
    were published, and with them what is between them: those who were late, who paid too late.
    """

    tables: tuple[Table, ...]
    parts: tuple[Part, ...]


CATALOG: tuple[Family, ...] = (
    Family(
        (Table("active_suppliers", Shape.COUNT, Measure.ACTIVE, step=5),),
        (Part(Measure.ACTIVE, months_compare=False),),
    ),
    Family(
        (Table("ordered_amount", Shape.AMOUNT, Measure.ORDERED, step=100_000),),
        (Part(Measure.ORDERED),),
    ),
    Family(
        (Table("on_time_in_full", Shape.SHARE, Measure.ON_TIME, Measure.DUE),),
        (Part(Measure.ON_TIME), Part(Measure.DUE, less=Measure.ON_TIME)),
    ),
    Family(
        (Table("payment_days", Shape.MEAN, Measure.PAYMENT_DAYS, Measure.PAID),),
        (Part(Measure.PAYMENT_DAYS), Part(Measure.PAID)),
    ),
    Family(
        (Table("within_legal_term", Shape.SHARE, Measure.WITHIN_TERM, Measure.SETTLED),),
        (Part(Measure.WITHIN_TERM), Part(Measure.SETTLED, less=Measure.WITHIN_TERM)),
    ),
    Family(
        (Table("overdue_amount", Shape.AMOUNT, Measure.OVERDUE, step=100_000),),
        (Part(Measure.OVERDUE),),
    ),
)


class Row(NamedTuple):
    """A contribution, and who knows it: the supplier's group and its buyers' groups.

    One buyer, except for `ACTIVE`, where all buyers of the firm in that month are named.
    """

    buyers: tuple[str, ...]
    supplier: str
    month: date  # its first day
    region: str  # of the supplier; a code without children in the axis
    industry: str
    measure: Measure
    value: int


class Node(NamedTuple):
    """A place in a table: a cell, or a total of cells. Several months: their sum."""

    months: tuple[date, ...]
    region: str
    industry: str


Figures = Mapping[str, Mapping[Node, int]]  # table's name → what is shown where


@dataclass(frozen=True)
class Axis:
    """A hierarchy of codes; what has no parent stands below `TOTAL`."""

    parents: Mapping[str, str]  # code → parent's code, or TOTAL

    @classmethod
    def flat(cls, codes: Iterable[str]) -> "Axis":
        return cls(dict.fromkeys(sorted(codes), TOTAL))

    @classmethod
    def regions(cls, codes: Iterable[str]) -> "Axis":
        """Put prefectures (GB/T 2260: 440300) under their provinces (440000)."""
        parents: dict[str, str] = {}
        for code in sorted(codes):
            province = f"{code[:2]}0000"
            parents[code] = TOTAL if code == province else province
            parents[province] = TOTAL
        return cls(parents)

    def path(self, code: str) -> tuple[str, ...]:
        """Name the code and all that contain it, up to TOTAL."""
        path = [code]
        while path[-1] != TOTAL:
            path.append(self.parents[path[-1]])
        return tuple(path)


@dataclass(frozen=True)
class Policy:
    """The rules of one installation. `percent` is its secret: never print, log or return it."""

    percent: Fraction = field(repr=False)
    groups_min: int = 3
    waivers: frozenset[str] = frozenset()  # groups that let their own figures be inferred, signed

    def __post_init__(self) -> None:
        if not PERCENT_MIN <= self.percent <= PERCENT_MAX:
            raise ValueError("The percentage is outside of its range.")

    @property
    def p(self) -> Fraction:
        return Fraction(self.percent) / 100


class Question(NamedTuple):
    """What is to be published, beside what, by which rules."""

    regions: Axis
    industries: Axis
    months: Sequence[tuple[date, ...]]  # a table of each; several months in one: their sum
    policy: Policy
    earlier: Sequence[Figures] = ()  # `Release.figures` of all earlier releases


class Reason(StrEnum):
    """Why a figure is withheld. It says something of the figure: for the operator alone."""

    FEW = "few"  # fewer groups than the least number contribute to it, or to what is between
    DOMINATED = "dominated"  # somebody could estimate another's figure from it
    DIFFERENCE = "difference"  # … from it and the figure of another month
    COMPLEMENTARY = "complementary"  # … from it and other figures of these tables


class Interval(NamedTuple):
    """Between what bounds anybody can place a withheld sum, who knows everything published."""

    part: Part
    low: int
    high: int | None  # None: no bound


class Finding(NamedTuple):
    """What can be inferred although it must not. It names groups: for the operator alone."""

    table: str
    part: Part | None  # None: what is wrong is what the table shows
    nodes: tuple[Node, ...]
    target: str
    attacker: str | None  # None: anybody
    why: str


@dataclass(frozen=True)
class Release:
    """`figures` is what may be published; all else is the operator's alone."""

    figures: Figures
    withheld: Mapping[str, Mapping[Node, Reason]] = field(repr=False)
    intervals: Mapping[str, Mapping[Node, Sequence[Interval]]] = field(repr=False)


@dataclass(frozen=True)
class Refused:
    """Nothing may be published, and why: for the operator alone."""

    findings: tuple[Finding, ...]
