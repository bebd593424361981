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

    figure: Figure
    kind: Kind = Field(description="How it reads: a share of 1, hours, days, or an amount.")
    currency: Currency | None = Field(description="Figures of money come once per currency.")
    value: Exact | None = Field(description="Null where there is nothing to measure yet.")
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

    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    state: str
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
    currency: Currency | None
    numerator: Exact
    denominator: Exact | None
    events: list[EventOut]


class LookOut(View):
    """Somebody read figures of yours on one day, so many times."""

    reader_id: UUID
    reader_name: str
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
    """Whether one's own sums may be inferred from releases."""

    given: bool
