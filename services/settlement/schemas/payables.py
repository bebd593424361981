"""What is owed: what the API returns."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from contracts.values import Exact, Money
from services.settlement.domain.clock import Start
from services.settlement.domain.timeline import Who
from services.settlement.schemas.clock import ExplanationOut, LateOut, SegmentOut
from services.settlement.schemas.journal import EntryOut
from shared.types import View


class State(StrEnum):
    """How a delivery stands; a list may be asked for any of these."""

    OPEN = "open"  # a list alone is asked for it: all that is unpaid
    UNINVOICED = "uninvoiced"
    INVOICED = "invoiced"
    DISPUTED = "disputed"
    APPROVED = "approved"
    PAID = "paid"
    OVERDUE = "overdue"


class PayableOut(View):
    """What is owed for one accepted delivery line, and how that stands in time.

    Of imported history the dates are shown and nothing is late: it starts no clock.
    """

    id: UUID
    buyer_id: UUID
    buyer_name: str | None
    supplier_id: UUID
    supplier_name: str | None
    order_id: UUID
    order_number: str
    position: int
    schedule_line_id: UUID
    item_number: str
    item_name: str
    receipt_id: UUID
    receipt_number: str
    quantity: Exact
    unit: str
    amount: Money = Field(description="At the order's price.")
    uninvoiced: Money = Field(description="At the order's price.")
    payable: Money = Field(description="Invoiced and undisputed.")
    disputed: Money
    paid: Money
    open: Money = Field(description="Owed and unpaid, invoiced or not.")
    state: State
    overdue: bool
    delivered_on: date
    inspection_ends_on: date
    accepted_on: date
    deemed: bool = Field(description="Accepted because the days of inspection ran out.")
    statement_id: UUID | None
    settled_on: date | None
    imported: bool
    started_on: date
    why: Start
    contract_due_on: date
    legal_latest_on: date | None
    no_legal_date: str | None = Field(description="Why there is none.")
    pledge_due_on: date | None
    due_on: date = Field(description="The earliest of the three.")
    days_left: int | None = Field(description="Until due_on; null once paid, and for history.")
    breached: bool
    interest: Money | None = Field(description="To today.")
    late: LateOut | None
    rules: str
    provisional: bool
    expected: bool
    days: dict[Who, int] = Field(description="Whose action took how many days.")
    segments: list[SegmentOut]
    waits_for: Who | None


class PayableSum(View):
    """What a list of deliveries comes to in one currency, on all its pages."""

    count: int
    open: Money = Field(description="Owed and unpaid, invoiced or not.")
    first_due_on: date


class PayableSums(View):
    """What a list of deliveries comes to, by currency."""

    currencies: list[PayableSum]


class ClaimOut(View):
    """What an invoice claims of a delivery."""

    invoice_id: UUID
    invoice_number: str
    invoiced_on: date
    quantity: Exact
    payable: Money
    disputed: Money
    paid: Money


class SettledOut(View):
    """What a payment settled of a delivery."""

    payment_id: UUID
    invoice_id: UUID
    reference: str
    paid_on: date
    amount: Money


class PayableDetail(PayableOut):
    """What is owed for a delivery, why until when, and what happened to it."""

    explanation: ExplanationOut
    invoices: list[ClaimOut]
    payments: list[SettledOut]
    entries: list[EntryOut]
    recorded_at: datetime


class CountOut(View):
    """How many, and what they amount to."""

    count: int
    amount: Money


class CurrencySummary(View):
    """What is owed in one currency."""

    currency: str
    counterparties: int = Field(description="With whom something is open.")
    interest: Money = Field(description="To today, on what is overdue.")
    open: CountOut
    uninvoiced: CountOut
    disputed: CountOut
    approved: CountOut
    overdue: CountOut
    breached: CountOut = Field(description="The law's last day has passed.")
    due_in_7_days: CountOut
    due_in_30_days: CountOut
    paid: CountOut


class SummaryOut(View):
    """What is owed on one side, and what waits for it."""

    today: date
    currencies: list[CurrencySummary]
    exceptions_for_me: int = Field(description="Invoices on which this side must act.")
    exceptions_for_them: int
    statements_for_me: int = Field(description="Open statements this side has not agreed to.")
    proposals_to_approve: int
    next_due_on: date | None
