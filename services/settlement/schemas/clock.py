"""The payment clock: what the API answers."""

from datetime import date
from uuid import UUID

from pydantic import Field

from contracts.values import Exact, Money
from services.settlement.domain.clock import Start
from services.settlement.domain.rules import Kind
from services.settlement.domain.timeline import Reason, Who
from shared.types import View

NOT_ADVICE = {
    "zh": "按所列条款和来源推算，仅供双方参考，不构成法律意见。",
    "en": "Reckoned from the articles and sources named; information for both sides, not advice.",
}


class RuleOut(View):
    """A rule as it is cited beside a figure; `9(2)` is the second paragraph of Article 9."""

    name: str
    article: str
    source: str
    url: str | None
    secondary: bool = Field(description="read from mirrors or the press, not from its publisher")
    zh: str
    en: str


class StepOut(View):
    """One step of the reckoning: a rule, applied to a day, gives another."""

    rule: RuleOut
    from_on: date
    until_on: date
    days: int | None


class DeadlineOut(View):
    """The last day to pay by contract, law or pledge, and how it was found."""

    from_on: date
    ends_on: date = Field(description="before it moved off a holiday")
    due_on: date
    provisional: bool
    steps: list[StepOut]


class LateOut(View):
    """For how many days interest runs, and at which rate; 365 days make a year."""

    days_late: int
    percent_per_year: Exact | None
    percent_per_day: Exact | None
    floor_unknown: bool = Field(description="nobody told the one-year LPR at signing")


class InterestOut(LateOut):
    """What lateness costs to this day, rounded half up once, at the end."""

    amount: Money | None = Field(description="none: no rate was agreed, and no law names one")
    rule: RuleOut


class SegmentOut(View):
    """Days in a row that one side consumed, both ends included."""

    who: Who
    reason: Reason
    first_on: date
    last_on: date
    days: int


class RulesOut(View):
    """The rule set that was chosen by the day of signing."""

    kind: Kind
    version: str
    effective_from: date
    title: str


class ClockOut(View):
    """How a payable stands in time, for a list."""

    started_on: date
    why: Start
    contract_due_on: date
    legal_latest_on: date | None
    no_legal_date: str | None
    pledge_due_on: date | None
    due_on: date = Field(description="the earliest of the three")
    days_left: int = Field(description="until due_on; below zero it is late")
    breached: bool = Field(description="the law's last day has passed")
    interest: Money | None = Field(description="none: no rate was agreed, no law names one")
    late: LateOut
    rules: str
    provisional: bool
    expected: bool = Field(description="the term has not begun; its start is assumed")
    days: dict[Who, int] = Field(description="days since delivery by whose action they took")
    segments: list[SegmentOut] = Field(description="the same, in order, up to today or payment")
    waits_for: Who | None = Field(description="who has to act now; none once it is settled")


class ExplanationOut(View):
    """How each date of a payable was found, with article and source, and whose each day was."""

    rules: RulesOut
    signed_on: date
    started_on: date
    why: Start
    expected: bool
    contract: DeadlineOut
    legal: DeadlineOut | None
    no_legal: RuleOut | None = Field(description="why there is no statutory date")
    pledge: DeadlineOut | None
    due_on: date
    days_left: int
    provisional: bool
    dispute: RuleOut | None
    interest: InterestOut
    segments: list[SegmentOut]
    days: dict[Who, int]
    notice: dict[str, str] = NOT_ADVICE


class WeekOut(View):
    """What must be paid within one week."""

    starts_on: date  # a Monday
    count: int
    suppliers: int
    amount: Money
    provisional: int = Field(description="how many of them a holiday notice may still move")


class DueOut(ClockOut):
    """One debt whose term runs out."""

    id: UUID
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    order_id: UUID
    order_number: str
    position: int
    item_number: str
    item_name: str
    receipt_id: UUID
    receipt_number: str
    invoice_id: UUID | None
    invoice_number: str | None
    amount: Money
    open: Money = Field(description="undisputed and not paid yet")
    disputed: Money
    delivered_on: date


class ForecastOut(View):
    """Which terms a buyer breaks within some days if it pays nothing, in one currency."""

    today: date
    days: int
    currency: str
    other_currencies: list[str]
    overdue: Money
    overdue_count: int
    interest: Money = Field(description="to today, on what is overdue")
    weeks: list[WeekOut]
    items: list[DueOut] = Field(description="the first to run out come first")
    left_out: int = Field(description="debts beyond those that are listed")
