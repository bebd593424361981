"""What is owed, by when and why, as the settlement service tells of it; and the claims for it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import Field

from contracts.orders import Side
from contracts.settlement import Verdict
from contracts.values import Money
from services.portal.schemas.answers import Answer

SOON_DAYS = 14


class Segment(Answer):
    """Days in a row that one side consumed, both ends included."""

    who: str
    reason: str
    first_on: date
    last_on: date

    @property
    def days(self) -> int:
        return (self.last_on - self.first_on).days + 1


class Rule(Answer):
    """A rule as it is cited beside a figure."""

    name: str
    article: str
    source: str
    url: str | None = None
    secondary: bool = False
    zh: str
    en: str


class Step(Answer):
    """One step of the reckoning: a rule, applied to a day, gives another."""

    rule: Rule
    from_on: date
    until_on: date
    days: int | None = None


class Deadline(Answer):
    """The last day to pay by contract, law or pledge, and how it was found."""

    from_on: date
    ends_on: date
    due_on: date
    provisional: bool = False
    steps: list[Step] = Field(default_factory=list)


class Interest(Answer):
    """What lateness costs to this day."""

    amount: Money | None = None
    days_late: int = 0
    percent_per_year: Decimal | None = None
    percent_per_day: Decimal | None = None
    floor_unknown: bool = False
    rule: Rule


class Late(Answer):
    """How late a debt is, and at which rate that bears interest."""

    days_late: int = 0
    percent_per_year: Decimal | None = None
    percent_per_day: Decimal | None = None


class RuleSet(Answer):
    """The rules that were chosen by the day of signing."""

    version: str
    effective_from: date
    title: str


class Debt(Answer):
    """What is owed for one accepted delivery line, and how it stands in time."""

    id: UUID
    buyer_id: UUID
    buyer_name: str | None = None
    supplier_id: UUID
    supplier_name: str | None = None
    order_id: UUID
    order_number: str
    position: int
    item_number: str
    item_name: str
    unit: str
    quantity: Decimal
    receipt_id: UUID
    receipt_number: str
    statement_id: UUID | None = None
    state: str = ""
    amount: Money
    open: Money
    uninvoiced: Money
    disputed: Money
    paid: Money
    delivered_on: date
    accepted_on: date
    deemed: bool = False
    settled_on: date | None = None
    imported: bool = False
    overdue: bool = False
    started_on: date
    why: str = ""
    contract_due_on: date
    legal_latest_on: date | None = None
    no_legal_date: str | None = None
    pledge_due_on: date | None = None
    due_on: date
    days_left: int | None = None
    breached: bool = False
    interest: Money | None = None
    late: Late | None = None
    provisional: bool = False
    expected: bool = False
    days: dict[str, int] = Field(default_factory=dict)
    segments: list[Segment] = Field(default_factory=list)
    waits_for: str | None = None

    def side_of(self, organization_id: UUID) -> Side:
        """Say on which side an organization stands."""
        return Side.BUYER if organization_id == self.buyer_id else Side.SUPPLIER

    def partner(self, side: Side) -> str:
        """Name whoever stands on the other side."""
        return (self.supplier_name if side is Side.BUYER else self.buyer_name) or ""

    @property
    def is_open(self) -> bool:
        return self.open.amount > 0

    @property
    def is_to_invoice(self) -> bool:
        return self.uninvoiced.amount > 0

    @property
    def is_soon(self) -> bool:
        return self.days_left is not None and 0 <= self.days_left <= SOON_DAYS


class Explanation(Answer):
    """How each date of a debt was found, with article and source, and whose each day was."""

    rules: RuleSet
    signed_on: date
    started_on: date
    why: str
    expected: bool = False
    contract: Deadline
    legal: Deadline | None = None
    no_legal: Rule | None = None
    pledge: Deadline | None = None
    dispute: Rule | None = None
    interest: Interest
    segments: list[Segment] = Field(default_factory=list)
    days: dict[str, int] = Field(default_factory=dict)
    notice: dict[str, str] = Field(default_factory=dict)


class Paid(Answer):
    """A payment that settled a part."""

    paid_on: date
    amount: Money
    reference: str = ""


class Claim(Answer):
    """What an invoice claims of a debt."""

    invoice_id: UUID
    invoice_number: str
    invoiced_on: date
    quantity: Decimal
    payable: Money
    disputed: Money


class DebtStory(Debt):
    """A debt with its clock explained."""

    explanation: Explanation
    invoices: list[Claim] = Field(default_factory=list)
    payments: list[Paid] = Field(default_factory=list)


class Count(Answer):
    """How many, and what they amount to."""

    count: int
    amount: Money


class Owed(Answer):
    """What is owed in one currency."""

    currency: str
    interest: Money
    open: Count
    uninvoiced: Count
    disputed: Count
    overdue: Count
    breached: Count
    due_in_30_days: Count


class OwedSummary(Answer):
    """What is owed, per currency, and what waits for this side."""

    today: date
    currencies: list[Owed] = Field(default_factory=list)
    exceptions_for_me: int = 0
    statements_for_me: int = 0
    next_due_on: date | None = None

    @property
    def main(self) -> Owed | None:
        """The currency in which most is open."""
        return max(self.currencies, key=lambda one: one.open.amount.amount, default=None)


class Part(Answer):
    """A delivery that stands behind a line of an invoice."""

    payable_id: UUID
    receipt_id: UUID
    receipt_number: str
    delivered_on: date
    due_on: date
    quantity: Decimal
    payable: Money
    paid: Money


class InvoiceLine(Answer):
    """A line of an invoice beside its order and its receipts."""

    id: UUID
    order_id: UUID
    order_number: str
    position: int
    item_number: str
    item_name: str
    unit: str
    ordered: Decimal
    ordered_amount: Money
    accepted: Decimal
    quantity: Decimal
    amount: Money
    verdict: Verdict
    reason: str | None = None
    must_act: Side | None = None
    unmatched: Decimal = Decimal(0)
    payable: Money
    disputed: Money
    decision: str | None = None
    decision_reason: str | None = None
    parts: list[Part] = Field(default_factory=list)


class InvoiceSummary(Answer):
    """An invoice in a list."""

    id: UUID
    number: str
    buyer_id: UUID
    buyer_name: str | None = None
    supplier_id: UUID
    supplier_name: str | None = None
    invoiced_on: date
    total: Money
    tax: Money | None = None
    verdict: Verdict
    reason: str | None = None
    must_act: Side | None = None
    payable: Money
    disputed: Money
    paid: Money
    open: Money
    credited: Money
    state: str
    due_on: date | None = None
    orders: list[str] = Field(default_factory=list)
    statement_id: UUID | None = None
    submitted_by: str = ""
    occurred_at: datetime | None = None
    recorded_at: datetime
    imported: bool = False

    def side_of(self, organization_id: UUID) -> Side:
        """Say on which side an organization stands."""
        return Side.BUYER if organization_id == self.buyer_id else Side.SUPPLIER

    def partner(self, side: Side) -> str:
        """Name whoever stands on the other side."""
        return (self.supplier_name if side is Side.BUYER else self.buyer_name) or ""


class CreditNote(Answer):
    """What the supplier gave back."""

    id: UUID
    number: str
    amount: Money
    reason: str
    by: str = ""
    recorded_at: datetime


class Passage(Answer):
    """One thing that was done about an invoice."""

    id: UUID
    kind: str
    side: Side | None = None
    by: str = ""
    text: str | None = None
    values: dict[str, Any] = Field(default_factory=dict)
    recorded_at: datetime


class Invoice(InvoiceSummary):
    """An invoice with its lines, how each is matched, and what happened."""

    lines: list[InvoiceLine] = Field(default_factory=list)
    credit_notes: list[CreditNote] = Field(default_factory=list)
    payments: list[Paid] = Field(default_factory=list)
    story: list[Passage] = Field(default_factory=list)


class MonthStatement(Answer):
    """A month's statement, as far as an invoice of it needs it."""

    id: UUID
    buyer_id: UUID
    buyer_name: str | None = None
    supplier_id: UUID
    month: date
    state: str
    total: Money
    sha256: str | None = None
