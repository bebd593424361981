"""Scorecards and releases, as the insights service tells of them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import Field

from services.portal.schemas.answers import Answer

PER_CENT = Decimal(100)


class Figure(Answer):
    """One figure of a scorecard: what it is, and out of what it was made."""

    figure: str
    kind: str
    currency: str | None
    value: Decimal | None
    numerator: Decimal
    denominator: Decimal | None

    @property
    def shown(self) -> Decimal | None:
        """Return the value as it is read: a share in per cent."""
        if self.value is None or self.kind != "share":
            return self.value
        return self.value * PER_CENT


class Month(Answer):
    """The figures of one month."""

    month: date
    figures: list[Figure]


class Scorecard(Answer):
    """How a supplier and its buyer work with each other."""

    supplier_id: UUID
    supplier_name: str
    first_month: date
    last_month: date
    figures: list[Figure]
    months: list[Month] = Field(default_factory=list)

    def figure(self, name: str) -> Figure | None:
        """Return a figure by its name; of several currencies the first."""
        return next((one for one in self.figures if one.figure == name), None)

    def trend(self, name: str, currency: str | None) -> list[Decimal]:
        """Return how a figure went from month to month."""
        return [
            one.shown
            for month in self.months
            for one in month.figures
            if one.figure == name and one.currency == currency and one.shown is not None
        ]


class Event(Answer):
    """An event: its type, and what it is about."""

    type: str
    subject: UUID


class Evidence(Answer):
    """One thing that a figure counts."""

    on: date
    id: str
    number: str | None
    currency: str | None
    numerator: Decimal
    denominator: Decimal | None
    events: list[Event]


class Cell(Answer):
    """One cell of a published table; without a value it says why."""

    region: str | None = None
    region_name: str | None = None
    industry: str | None = None
    industry_name: str | None = None
    value: Decimal | None = None
    why: str | None = None


class Table(Answer):
    """One published table."""

    name: str
    shape: str = ""
    cells: list[Cell] = Field(default_factory=list)


class Release(Answer):
    """What was published at once, for good."""

    id: UUID
    month: date
    version: int = 1
    sha256: str = ""
    published_at: datetime | None = None
    tables: list[Any] = Field(default_factory=list)


class Previewed(Answer):
    """One table of a preview."""

    name: str
    cells: list[Cell] = Field(default_factory=list)
    published: int | None = None
    suppressed: int | None = None


class Preview(Answer):
    """What a release would hold, before it is one."""

    id: UUID
    month: date
    state: str = ""
    reason: str | None = None
    tables: list[Previewed] = Field(default_factory=list)


class Look(Answer):
    """Who read what, and when."""

    reader_name: str = ""
    kind: str = ""
    count: int = 1
    at: datetime
