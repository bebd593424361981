"""What the settlement service tells the others: what is agreed, invoiced, due and paid."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from contracts.event import Event
from contracts.orders import Side
from contracts.values import Money


class Verdict(StrEnum):
    """How an invoice stands beside its order and receipts."""

    MATCHED = "matched"
    WITHIN_TOLERANCE = "within_tolerance"
    EXCEPTION = "exception"


class PaidPart(BaseModel):
    """Which part of a payment settled which debt, and how it stood in time."""

    model_config = ConfigDict(frozen=True)

    payable_id: UUID
    invoice_id: UUID
    amount: Money
    delivered_on: date
    contract_due_on: date
    legal_latest_on: date | None = None  # None: no statutory date


class StatementAgreed(Event, type="settlement.statement_agreed.v1", subject="statement_id"):
    """Both sides agreed on a month, line by line; it is frozen."""

    statement_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    month: date  # its first day
    total: Money
    sha256: str
    agreed_at: datetime


class InvoiceSubmitted(Event, type="settlement.invoice_submitted.v1", subject="invoice_id"):
    """A supplier claims money for what was delivered, or gives some back by a credit note."""

    invoice_id: UUID
    number: str  # the supplier's own
    buyer_id: UUID
    supplier_id: UUID
    total: Money
    credits: UUID | None = None  # the invoice that a credit note corrects
    occurred_at: datetime | None  # None: imported, the day unknown
    recorded_at: datetime
    imported: bool = False


class InvoiceMatched(Event, type="settlement.invoice_matched.v1", subject="invoice_id"):
    """An invoice was compared with its order and receipts; told again when that changes."""

    invoice_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    verdict: Verdict
    payable: Money  # undisputed
    disputed: Money
    must_act: Side | None = None
    reason: str | None = None
    occurred_at: datetime
    recorded_at: datetime
    imported: bool = False


class PaymentDue(Event, type="settlement.payment_due.v1", subject="payable_id"):
    """What was delivered has its dates; told again when an act or a rule moves them."""

    payable_id: UUID
    invoice_id: UUID | None = None
    order_id: UUID | None = None
    schedule_line_id: UUID | None = None
    buyer_id: UUID
    supplier_id: UUID
    amount: Money
    delivered_on: date
    started_on: date  # from which the term runs; it is not counted itself
    contract_due_on: date
    legal_latest_on: date | None = None
    rules: str  # the version of the rule set
    provisional: bool = False
    recorded_at: datetime
    imported: bool = False


class PaymentMade(Event, type="settlement.payment_made.v1", subject="payment_id"):
    """Money was sent, with what it is for; or it came back: then all amounts are negative."""

    payment_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    amount: Money
    parts: list[PaidPart]
    paid_on: date
    reverses: UUID | None = None  # the payment that came back
    occurred_at: datetime
    recorded_at: datetime
    imported: bool = False
