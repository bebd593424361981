"""Figures about oneself, and who read them, as the insights service tells of them."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from pydantic import Field

from services.portal.schemas.answers import Answer


class Figure(Answer):
    """A figure, and the two sums that it is the quotient of."""

    name: str
    kind: str
    currency: str | None = None
    value: Decimal | None = None
    unit: str = ""
    trend: list[Decimal | None] = Field(default_factory=list)
    numerator: Decimal
    numerator_unit: str = ""
    denominator: Decimal | None = None
    denominator_unit: str | None = None


class Card(Answer):
    """How a buyer and oneself work with each other, in some months up to now."""

    counterparty_id: UUID
    counterparty_name: str
    first_month: date
    last_month: date
    figures: list[Figure] = Field(default_factory=list)

    def figure(self, name: str) -> Figure | None:
        """Return a figure by its name; of several currencies the first."""
        return next((one for one in self.figures if one.name == name), None)


class Told(Answer):
    """An event: its type, and what it is about."""

    type: str
    subject: UUID


class Evidence(Answer):
    """One thing that a figure counts."""

    on: date
    id: str
    number: str | None = None
    order_id: UUID | None = None
    counted: bool | None = None
    currency: str | None = None
    numerator: Decimal
    denominator: Decimal | None = None
    events: list[Told] = Field(default_factory=list)


class Look(Answer):
    """Somebody read one's figures on one day, so many times."""

    reader_id: UUID | None = None
    reader: str
    kind: str
    month: date | None = None
    count: int
    first_at: datetime | None = None
    at: datetime
