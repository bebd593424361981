"""Scorecards, what they come from, and who read them."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from contracts.values import Currency, Exact
from services.insights.domain.figures import Figure, Kind
from shared.types import Body, View


class FigureOut(View):
    """A figure, the two sums that it is the quotient of, and where their events are listed."""

    name: Figure
    kind: Kind
    currency: Currency | None = Field(description="Figures of money come once per currency.")
    value: Exact | None = Field(description="Null where there is nothing to measure yet.")
    unit: str = Field(description="Of the value: %, h, d, or the currency.")
    trend: list[Exact | None] = Field([], description="Its months, where one card is shown.")
    numerator: Exact
    numerator_unit: str
    denominator: Exact | None = Field(description="Null for amounts, which are their numerator.")
    denominator_unit: str | None
    events: str = Field(description="Address of the list of what it counts.")


class MonthOut(View):
    """The figures of one month."""

    month: date = Field(description="Its first day.")
    figures: list[FigureOut]


class ScorecardOut(View):
    """How a buyer and a supplier work with each other, in some months up to now."""

    counterparty_id: UUID
    counterparty_name: str
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    state: str
    since: date | None
    first_month: date
    last_month: date
    figures: list[FigureOut]


class ScorecardWithMonthsOut(ScorecardOut):
    """A scorecard and how it came about, month by month; months without anything are left out."""

    months: list[MonthOut]


class EventOut(View):
    """An event: its type, and what it is about."""

    type: str
    subject: UUID


class EvidenceOut(View):
    """One thing that a figure counts: what it adds to either sum, and the events that told it."""

    on: date
    id: str
    number: str | None = Field(description="Of the order or the receipt.")
    order_id: UUID | None
    counted: bool | None = Field(description="Of a promise: whether it was kept.")
    currency: Currency | None
    numerator: Exact
    denominator: Exact | None
    events: list[EventOut]


class LookOut(View):
    """Somebody read figures of yours on one day, so many times."""

    reader_id: UUID
    reader: str = Field(description="The organization.")
    kind: Literal["list", "scorecard", "events", "release"] = Field(
        description="A list of scorecards, one, the events of one; or a release of sums over many."
    )
    month: date | None = Field(description="Of the release.")
    count: int
    first_at: datetime
    at: datetime = Field(description="The last time that day.")


class WaiverIn(Body):
    """Whether one's own sums may be inferred from releases."""

    given: bool


class WaiverOut(View):
    """A word about one's own sums; the latest counts."""

    id: UUID
    given: bool
    said_by: str
    created_at: datetime
