"""Invoices, statements, dues and payments, as the settlement service tells of them."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from contracts.values import Money
from services.portal.schemas.answers import Answer
from services.portal.schemas.receiving import Parties


class Due(Parties):
    """What one accepted delivery line makes the buyer owe, and until when."""

    id: UUID
    order_id: UUID
    order_number: str
    position: int
    item_name: str
    receipt_id: UUID
    receipt_number: str
    invoice_id: UUID | None = None
    invoice_number: str | None = None
    amount: Money
    open: Money
    disputed: Money
    delivered_on: date
    contract_due_on: date
    legal_latest_on: date | None
    no_legal_date: str | None
    pledge_due_on: date | None
    due_on: date
    days_left: int | None
    breached: bool
    interest: Money | None
    provisional: bool
    expected: bool
    days: dict[str, int]
    waits_for: str | None = None


class Week(Answer):
    """What falls due in one week."""

    starts_on: date
    count: int
    suppliers: int
    amount: Money
    provisional: int


class Forecast(Answer):
    """Which terms will be broken if nothing is paid."""

    today: date
    days: int
    currency: str
    other_currencies: list[str]
    overdue: Money
    overdue_count: int
    interest: Money
    weeks: list[Week]
    items: list[Due]
    left_out: int


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
    verdict: str
    reason: str | None
    must_act: str | None
    unmatched: Decimal
    payable: Money
    disputed: Money
    decision: str | None
    decision_reason: str | None

    @property
    def order_price(self) -> Decimal | None:
        """What one costs by the order."""
        return _each(self.ordered_amount, self.ordered)

    @property
    def price(self) -> Decimal | None:
        """What one costs by the invoice."""
        return _each(self.amount, self.quantity)

    @property
    def at_order_price(self) -> Decimal | None:
        """What the claimed quantity would be worth by the order."""
        each = _each(self.ordered_amount, self.ordered, places=12)
        return None if each is None else (each * self.quantity).quantize(Decimal("0.01"))


def _each(amount: Money, quantity: Decimal, *, places: int = 4) -> Decimal | None:
    return round(amount.amount / quantity, places) if quantity else None


class InvoiceRow(Parties):
    """A supplier's claim, and how it stands beside order and receipts."""

    id: UUID
    number: str
    invoiced_on: date
    total: Money
    payable: Money
    disputed: Money
    paid: Money
    open: Money
    state: str
    verdict: str
    reason: str | None
    must_act: str | None
    due_on: date | None
    orders: list[str]


class Invoice(InvoiceRow):
    """An invoice with its lines."""

    lines: list[InvoiceLine]


class Said(Answer):
    """What a side said of a line; nothing until it says something."""

    agrees: bool | None
    note: str | None


class StatementLine(Answer):
    """One delivery of a month."""

    id: UUID
    payable_id: UUID
    order_number: str
    position: int
    item_number: str
    item_name: str
    receipt_number: str
    delivered_on: date
    accepted_on: date
    quantity: Decimal
    unit: str
    amount: Money
    buyer: Said
    supplier: Said
    carried: bool


class Agreed(Answer):
    """Who agreed for a side, and when."""

    by: str
    at: datetime


class StatementRow(Parties):
    """What was delivered in a month, to be agreed on by both."""

    id: UUID
    month: date
    state: str
    total: Money
    line_count: int
    unanswered: int
    disagreed: int
    buyer_agreed: Agreed | None
    supplier_agreed: Agreed | None
    turn: str | None
    agreed_at: datetime | None
    sha256: str | None
    invoiced: bool


class Statement(StatementRow):
    """A month line by line."""

    lines: list[StatementLine]


class Approval(Answer):
    """Who approved."""

    user_id: UUID
    by: str
    approved_at: datetime


class ProposalLine(Answer):
    """One debt that a proposal would pay."""

    invoice_id: UUID
    invoice_number: str
    payable_id: UUID
    supplier_id: UUID
    supplier_name: str | None
    order_number: str
    due_on: date
    amount: Money


class ProposalRow(Answer):
    """What somebody proposes to pay; others approve."""

    id: UUID
    due_before: date
    state: str
    total: Money
    supplier_count: int
    line_count: int
    approvals_needed: int
    approvals: list[Approval]
    proposed_by: str
    proposed_by_me: bool
    created_at: datetime

    @property
    def missing(self) -> int:
        """How many approvals it still needs."""
        return max(self.approvals_needed - len(self.approvals), 0)


class Proposal(ProposalRow):
    """A proposal, debt by debt."""

    lines: list[ProposalLine]


class Payment(Parties):
    """Money that was sent."""

    id: UUID
    amount: Money
    paid_on: date
    reference: str
    remittance: str | None
    reverses: UUID | None = None
    reversed_by: UUID | None = None


class Settings(Answer):
    """From which amount a payment needs two approvals, and who decided that."""

    approval_limit: Money
    by: str | None = None
    changed_at: datetime | None = None


class OpenSum(Answer):
    """What a list of debts comes to in one currency."""

    count: int
    open: Money
    first_due_on: date


class OpenSums(Answer):
    """What a list of debts comes to on all its pages."""

    currencies: list[OpenSum]


class Sum(Answer):
    """How many, and what they amount to."""

    count: int
    amount: Money


class OwedIn(Answer):
    """What is owed in one currency."""

    currency: str
    overdue: Sum
    due_in_7_days: Sum
    due_in_30_days: Sum
    approved: Sum


class OwedSummary(Answer):
    """What is owed, and what waits for one's own side."""

    today: date
    currencies: list[OwedIn]
    exceptions_for_me: int
    statements_for_me: int
    proposals_to_approve: int
    next_due_on: date | None
