"""Proposals and payments: what the API accepts and returns."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from contracts.values import Money
from shared.problem import ProblemDetails
from shared.types import (
    BULK_MAX,
    Amount,
    Body,
    Code,
    CurrencyCode,
    Day,
    Instant,
    Line,
    Paragraph,
    View,
)

PaidOn = Annotated[Day, Field(examples=["2026-11-20"], description="Not in the future.")]


class MoneyIn(Body):
    """An amount and its currency."""

    amount: Amount
    currency: CurrencyCode


class SettingsIn(Body):
    """Above which amount a payment needs the approval of two persons."""

    approval_limit: MoneyIn


class SettingsOut(View):
    """What a buyer decided for its own payments; until then, what holds for everybody."""

    approval_limit: Money
    by: str | None
    changed_at: datetime | None


class ProposalIn(Body):
    """Propose to pay what is due before a day, to all suppliers or to one."""

    due_before: Day
    counterparty_id: UUID | None = None
    currency: CurrencyCode | None = Field(None, description="Needed where several are open.")


class ProposalLineOut(View):
    """One debt that a proposal would pay."""

    invoice_id: UUID
    invoice_number: str
    payable_id: UUID
    supplier_id: UUID
    supplier_name: str | None
    order_number: str
    due_on: date
    amount: Money


class ApprovalOut(View):
    """Who approved."""

    user_id: UUID
    by: str
    approved_at: datetime


class ProposalSummary(View):
    """What a buyer means to pay, in a list."""

    id: UUID
    buyer_id: UUID
    due_before: date
    state: Literal["open", "approved", "paid", "withdrawn"]
    total: Money
    supplier_count: int
    line_count: int
    approvals_needed: int
    approvals: list[ApprovalOut]
    proposed_by: str
    proposed_by_me: bool
    created_at: datetime


class ProposalOut(ProposalSummary):
    """What a buyer means to pay, debt by debt, the first due first."""

    lines: list[ProposalLineOut]


class PaymentIn(Body):
    """Money that was sent: for an approved proposal, for one invoice, or for an invoice of one.

    Without an amount, all that is payable and unpaid; a proposal as a whole is paid as it is.
    """

    proposal_id: UUID | None = None
    invoice_id: UUID | None = None
    amount: Amount | None = None
    paid_on: PaidOn
    reference: Code = Field(description="Your bank's or your own, once per supplier.")
    remittance: Paragraph | None = Field(None, description="What the supplier reads beside it.")

    @model_validator(mode="after")
    def _is_for_something(self) -> "PaymentIn":
        if self.proposal_id is None and self.invoice_id is None:
            raise ValueError("name a proposal_id or an invoice_id")
        if self.invoice_id is None and self.amount is not None:
            raise ValueError("a proposal as a whole is paid as it is: leave the amount out")
        return self


class InvoicePaymentIn(Body):
    """Money that was sent for an invoice, named by its id or by supplier and number."""

    invoice_id: UUID | None = None
    supplier_id: UUID | None = None
    invoice_number: Code | None = None
    amount: Amount | None = None
    paid_on: PaidOn
    reference: Code
    remittance: Paragraph | None = None

    @model_validator(mode="after")
    def _is_for_an_invoice(self) -> "InvoicePaymentIn":
        if not self.invoice_id and not (self.supplier_id and self.invoice_number):
            raise ValueError("name an invoice_id, or a supplier_id and an invoice_number")
        return self


class PaymentsIn(Body):
    """Payments, judged one after the other."""

    payments: Annotated[list[InvoicePaymentIn], Field(min_length=1, max_length=BULK_MAX)]


class PastPaymentIn(InvoicePaymentIn):
    """A payment of the past; `occurred_at` is when it was made, where that is known."""

    occurred_at: Instant | None = None


class PastPaymentsIn(Body):
    """Payments of the past, judged one after the other."""

    payments: Annotated[list[PastPaymentIn], Field(min_length=1, max_length=BULK_MAX)]


class PaymentResult(View):
    """What became of one payment."""

    index: int
    reference: str
    status: Literal["paid", "unchanged", "refused"]
    payment_id: UUID | None = None
    problem: ProblemDetails | None = None


class PaymentResults(View):
    """The answers, in the order of the questions."""

    results: list[PaymentResult]


class PaidPartOut(View):
    """What a part of a payment settled."""

    invoice_id: UUID
    invoice_number: str
    payable_id: UUID
    order_number: str
    due_on: date
    days_late: int = Field(description="After the day on which it was due; negative: before.")
    amount: Money


class PaymentOut(View):
    """Money that was sent, with what it is for."""

    id: UUID
    buyer_id: UUID
    buyer_name: str | None
    supplier_id: UUID
    supplier_name: str | None
    amount: Money
    paid_on: date
    reference: str
    remittance: str | None
    proposal_id: UUID | None
    reverses: UUID | None = Field(description="The payment that came back by this one.")
    reversed_by: UUID | None
    recorded_by: str
    occurred_at: datetime
    recorded_at: datetime
    imported: bool
    parts: list[PaidPartOut]


class ReversalIn(Body):
    """Why a payment came back, or was recorded wrongly; both sides read it."""

    reason: Line


class PaidOut(View):
    """The payments that were made: one for each supplier."""

    payments: list[PaymentOut]
