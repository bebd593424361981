"""Invoices, statements, dues and payments, as the settlement service tells of them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import Field

from contracts.values import Money
from services.portal.schemas.answers import Answer
from services.portal.schemas.receiving import Parties, Told


class Due(Parties):
    """What one accepted delivery line makes the buyer owe, and until when."""

    id: UUID
    state: str = ""
    order_id: UUID | None = None
    order_number: str | None = None
    position: int | None = None
    item_name: str | None = None
    invoice_id: UUID | None = None
    invoice_number: str | None = None
    receipt_id: UUID | None = None
    amount: Money
    open: Money
    delivered_on: date
    started_on: date | None = None
    why: str | None = None
    contract_due_on: date
    legal_latest_on: date | None = None
    days_left: int
    interest: Money | None = None
    rules: str | None = None
    provisional: bool = False
    days: dict[str, int] = Field(default_factory=dict)

    @property
    def earliest_on(self) -> date:
        """The first of the two dates that would be broken."""
        return min(self.contract_due_on, self.legal_latest_on or self.contract_due_on)

    @property
    def is_breach(self) -> bool:
        return self.days_left < 0


class Week(Answer):
    """What falls due in one week."""

    starts_on: date
    count: int
    amount: Money


class Forecast(Answer):
    """Which terms will be broken if nothing is paid."""

    today: date
    days: int
    overdue: Money | None = None
    overdue_count: int = 0
    interest: Money | None = None
    weeks: list[Week] = Field(default_factory=list)
    items: list[Due] = Field(default_factory=list)


class InvoiceLine(Answer):
    """A line of an invoice beside its order and its receipts."""

    id: UUID
    order_number: str | None = None
    position: int | None = None
    item_number: str | None = None
    item_name: str | None = None
    unit: str | None = None
    ordered: Decimal | None = None
    accepted: Decimal | None = None
    invoiced_before: Decimal | None = None
    quantity: Decimal
    order_price: Decimal | None = None
    price: Decimal | None = None
    amount: Money
    expected: Money | None = None
    difference: Money | None = None
    verdict: str
    reason: str | None = None
    must_act: str | None = None
    decision: str | None = None
    decided_by: str | None = None
    disputed: Money | None = None


class Invoice(Parties):
    """A supplier's claim, and how it stands beside order and receipts."""

    id: UUID
    number: str
    invoiced_on: date | None = None
    total: Money
    payable: Money | None = None
    disputed: Money | None = None
    paid: Money | None = None
    state: str = ""
    verdict: str = ""
    reason: str | None = None
    must_act: str | None = None
    due_on: date | None = None
    days_left: int | None = None
    recorded_at: datetime | None = None
    lines: list[InvoiceLine] = Field(default_factory=list)
    story: list[Told] = Field(default_factory=list)


class StatementLine(Answer):
    """One delivery of a month."""

    id: UUID
    order_number: str | None = None
    position: int | None = None
    item_number: str | None = None
    item_name: str | None = None
    unit: str | None = None
    receipt_number: str | None = None
    receipt_id: UUID | None = None
    delivered_on: date | None = None
    accepted_on: date | None = None
    quantity: Decimal | None = None
    amount: Money
    buyer_agrees: bool | None = None
    buyer_note: str | None = None
    supplier_agrees: bool | None = None
    supplier_note: str | None = None


class Statement(Parties):
    """What was delivered in a month, to be agreed on by both."""

    id: UUID
    month: date
    state: str
    total: Money
    lines: list[StatementLine] = Field(default_factory=list)
    line_count: int = 0
    open_count: int | None = None
    disputed_count: int | None = None
    buyer_agreed_at: datetime | None = None
    supplier_agreed_at: datetime | None = None
    agreed_at: datetime | None = None
    sha256: str | None = None


class Proposal(Answer):
    """What somebody proposes to pay; others approve."""

    id: UUID
    state: str
    total: Money
    due_before: date | None = None
    proposed_by: str | None = None
    created_at: datetime | None = None
    approvals: list[dict[str, Any]] = Field(default_factory=list)
    approvals_needed: int = 1
    items: list[dict[str, Any]] = Field(default_factory=list)


class Payment(Parties):
    """Money that was sent."""

    id: UUID
    amount: Money
    paid_on: date
    reference: str | None = None
    remittance: str | None = None
    parts: list[dict[str, Any]] = Field(default_factory=list)
    recorded_at: datetime | None = None
