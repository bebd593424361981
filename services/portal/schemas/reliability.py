"""Scorecards and releases, as the insights service tells of them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import Field

from services.portal.schemas.answers import Answer


class Figure(Answer):
    """One figure of a scorecard: what it is, and out of what it was made."""

    name: str
    value: Decimal | None = None
    unit: str = ""
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    previous: Decimal | None = None
    trend: list[Decimal | None] = Field(default_factory=list)


class Scorecard(Answer):
    """How reliable one counterparty was."""

    counterparty_id: UUID
    counterparty_name: str = ""
    figures: list[Figure] = Field(default_factory=list)
    since: date | None = None

    def figure(self, name: str) -> Figure | None:
        """Return a figure by its name."""
        return next((one for one in self.figures if one.name == name), None)


class FigureEvent(Answer):
    """One event behind a figure."""

    counted: bool | None = None
    value: Decimal | None = None
    unit: str = ""
    order_id: UUID | None = None
    order_number: str | None = None
    position: int | None = None
    invoice_id: UUID | None = None
    receipt_id: UUID | None = None
    number: str | None = None
    said: dict[str, Any] = Field(default_factory=dict)
    occurred_at: datetime | None = None


class Cell(Answer):
    """One cell of a published table; without a value it says why."""

    region: str | None = None
    industry: str | None = None
    value: Decimal | None = None
    why: str | None = None


class Table(Answer):
    """One published table."""

    name: str
    unit: str = ""
    month: date | None = None
    cells: list[Cell] = Field(default_factory=list)


class Release(Answer):
    """What was published at once, for good."""

    id: UUID
    month: date
    number: str | None = None
    version: int = 1
    sha256: str = ""
    published_at: datetime | None = None
    published_by: str | None = None
    tables: list[Any] = Field(default_factory=list)
    supersedes: UUID | None = None


class Preview(Answer):
    """What a release would hold, before it is one."""

    id: UUID
    month: date
    state: str = ""
    reason: str | None = None
    tables: list[Any] = Field(default_factory=list)
    created_at: datetime | None = None


class Look(Answer):
    """Who read what, and when."""

    reader: str | None = None
    organization: str | None = None
    kind: str = ""
    count: int | None = None
    at: datetime
