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
    region_name: str
    region_english: str
    industry: str
    industry_name: str
    industry_english: str
    value: Decimal


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


class Withheld(Answer):
    """A cell that would be left out, and why; operators alone are told."""

    region: str
    industry: str
    reason: str


class Previewed(Answer):
    """One table of a preview: what would be published of it, and what left out."""

    name: str
    unit: str
    published: int
    withheld: int
    cells: list[Cell]
    left_out: list[Withheld]


class PreviewRow(Answer):
    """A month being worked out, or worked out."""

    id: UUID
    month: date
    state: str
    done: int
    total: int
    reason: str | None
    asked_by: str
    created_at: datetime


class Preview(PreviewRow):
    """What a release would hold, before it is one."""

    tables: list[Previewed]


class Look(Answer):
    """Who read what, and when."""

    organization: str
    reader: str
    kind: str
    detail: str
    at: datetime


class Note(Answer):
    """A note on method, in both languages."""

    id: str
    zh: str
    en: str


class Method(Answer):
    """How figures come about and what they cannot tell."""

    notes: list[Note]
