"""Scorecards and releases, as the insights service tells of them."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from services.portal.schemas.answers import Answer


class Figure(Answer):
    """One figure of a scorecard: what it is, and out of what it was made."""

    name: str
    kind: str
    currency: str | None
    value: Decimal | None
    trend: list[Decimal | None]
    numerator: Decimal
    denominator: Decimal | None

    @property
    def known_trend(self) -> list[Decimal]:
        """Return how it went from month to month, where there was something to measure."""
        return [value for value in self.trend if value is not None]


class Scorecard(Answer):
    """How a supplier and its buyer work with each other."""

    counterparty_id: UUID
    counterparty_name: str
    figures: list[Figure]

    def figure(self, name: str) -> Figure | None:
        """Return a figure by its name; of several currencies the first."""
        return next((one for one in self.figures if one.name == name), None)


class Event(Answer):
    """An event: its type, and what it is about."""

    type: str
    subject: UUID


class Evidence(Answer):
    """One thing that a figure counts."""

    on: date
    number: str | None
    order_id: UUID | None
    counted: bool | None
    currency: str | None
    numerator: Decimal
    denominator: Decimal | None
    events: list[Event]


class Cell(Answer):
    """One published cell of a table; what is left out is not there."""

    region: str
    region_name: str | None = None
    industry: str
    industry_name: str | None = None
    value: Decimal | None


class Table(Answer):
    """One published table."""

    name: str
    unit: str
    month: date
    cells: list[Cell]


class Point(Answer):
    """One cell in one month."""

    month: date
    value: Decimal | None


class Series(Answer):
    """One cell through the months."""

    cells: list[Point]


class Release(Answer):
    """What was published at once, for good."""

    id: UUID
    month: date
    sha256: str
    published_at: datetime
    tables: list[str]


class Previewed(Answer):
    """One table of a preview: how many of its cells would be published."""

    name: str
    published: int
    withheld: int


class Preview(Answer):
    """What a release would hold, before it is one."""

    id: UUID
    month: date
    state: str
    done: int = 0
    total: int = 0
    reason: str | None
    tables: list[Previewed]


class Look(Answer):
    """Who read what, and when."""

    reader: str = ""
    reader_name: str = ""
    kind: str
    count: int = 1
    at: datetime


class Note(Answer):
    """A note on method, in both languages."""

    id: str
    zh: str
    en: str


class Method(Answer):
    """How figures come about and what they cannot tell."""

    notes: list[Note]
