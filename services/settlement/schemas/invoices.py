"""Invoices and credit notes: what the API accepts and returns."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, model_validator

from contracts.orders import Side
from contracts.settlement import Verdict
from contracts.values import Exact, Money
from shared.problem import ProblemDetails
from shared.types import (
    BULK_MAX,
    Amount,
    Body,
    Code,
    Day,
    Instant,
    Line,
    Position,
    PositiveQuantity,
    View,
)

LINES_MAX = 5_000
LINES_IN_ALL_MAX = 20_000

Number = Annotated[Code, Field(description="Your own, once per buyer.")]
Days = Annotated[Day, Field(examples=["2026-10-30"])]


class InvoiceLineIn(Body):
    """What is claimed: for one accepted delivery, or for a line of an order.

    Without a quantity, all that is accepted and not invoiced yet; without an amount, what that is
    worth at the order's price.
    """

    payable_id: UUID | None = None
    order_number: Code | None = None
    position: Position | None = None
    quantity: PositiveQuantity | None = None
    amount: Amount | None = None

    @model_validator(mode="after")
    def _is_about_something(self) -> "InvoiceLineIn":
        if not self.payable_id and not (self.order_number and self.position):
            raise ValueError("name a payable_id, or an order_number and a position")
        return self


Lines = Annotated[list[InvoiceLineIn], Field(min_length=1, max_length=LINES_MAX)]


class InvoiceIn(Body):
    """An invoice under the supplier's own number. `tax` is the part of the total that is tax."""

    number: Number
    buyer_id: UUID
    invoiced_on: Days
    lines: Lines
    tax: Amount | None = None
    total: Amount | None = Field(None, description="Where given, the lines must add up to it.")


class FromReceiptsIn(Body):
    """An invoice of all that is accepted and not invoiced; or of some receipts alone."""

    buyer_id: UUID
    number: Number
    invoiced_on: Days | None = None
    receipt_ids: Annotated[list[UUID], Field(min_length=1, max_length=LINES_MAX)] | None = None


class NumberIn(Body):
    """The number under which to invoice a statement."""

    number: Number
    invoiced_on: Days | None = None


class PastInvoiceIn(Body):
    """An invoice of the past, told by either side; `occurred_at` is null where unknown."""

    number: Number
    buyer_id: UUID
    supplier_id: UUID
    invoiced_on: Days
    lines: Lines
    tax: Amount | None = None
    total: Amount | None = None
    occurred_at: Instant | None = None


def _within_lines_max(invoices: list[Any]) -> None:
    if sum(len(invoice.lines) for invoice in invoices) > LINES_IN_ALL_MAX:
        raise ValueError(f"hold more than {LINES_IN_ALL_MAX} lines; send them in several calls")


class InvoicesIn(Body):
    """Invoices, judged one after the other."""

    invoices: Annotated[list[InvoiceIn], Field(min_length=1, max_length=BULK_MAX)]

    @model_validator(mode="after")
    def _is_not_too_much(self) -> "InvoicesIn":
        _within_lines_max(self.invoices)
        return self


class PastInvoicesIn(Body):
    """Invoices of the past, judged one after the other."""

    invoices: Annotated[list[PastInvoiceIn], Field(min_length=1, max_length=BULK_MAX)]

    @model_validator(mode="after")
    def _is_not_too_much(self) -> "PastInvoicesIn":
        _within_lines_max(self.invoices)
        return self


class InvoiceResult(View):
    """What became of one invoice; `invoice_id` is there unless it was refused."""

    index: int
    number: str
    status: Literal["submitted", "unchanged", "refused"]
    invoice_id: UUID | None = None
    problem: ProblemDetails | None = None


class InvoiceResults(View):
    """The answers, in the order of the questions."""

    results: list[InvoiceResult]


class CreditLineIn(Body):
    """What one line of an invoice gives back."""

    invoice_line_id: UUID
    amount: Amount


class CreditNoteIn(Body):
    """What is given back: by lines, or an amount in all; neither: all that is left."""

    invoice_id: UUID
    number: Number
    reason: Line
    amount: Amount | None = None
    lines: Annotated[list[CreditLineIn], Field(min_length=1, max_length=LINES_MAX)] | None = None


class DecisionIn(Body):
    """What the buyer says of a line that is disputed."""

    invoice_line_id: UUID
    decision: Literal["accept", "reject"]
    reason: Line | None = None


class ResolutionIn(Body):
    """Decisions on lines of an invoice."""

    lines: Annotated[list[DecisionIn], Field(min_length=1, max_length=LINES_MAX)]


class AssignmentIn(Body):
    """Who has to act on an exception."""

    must_act: Side


class InvoiceSummary(View):
    """An invoice in a list."""

    id: UUID
    number: str
    buyer_id: UUID
    buyer_name: str | None
    supplier_id: UUID
    supplier_name: str | None
    invoiced_on: date
    total: Money
    tax: Money | None
    verdict: Verdict
    reason: str | None = Field(description="Of an exception: the first line's.")
    must_act: Side | None
    payable: Money = Field(description="Undisputed, less what was given back.")
    disputed: Money
    paid: Money
    open: Money = Field(description="Payable and unpaid.")
    credited: Money = Field(description="Given back by credit notes, disputed or not.")
    state: Literal["matched", "within_tolerance", "exception", "paid"]
    due_on: date | None = Field(description="The first day on which a part of it is due.")
    orders: list[str] = Field(description="The numbers of the orders that it is about.")
    statement_id: UUID | None
    submitted_by: str
    occurred_at: datetime | None
    recorded_at: datetime
    imported: bool


class MatchedPart(View):
    """A delivery that stands behind a line."""

    payable_id: UUID
    receipt_id: UUID
    receipt_number: str
    delivered_on: date
    accepted_on: date
    due_on: date
    quantity: Exact
    value: Money = Field(description="At the order's price.")
    payable: Money
    disputed: Money
    paid: Money
    open: Money


class InvoiceLineOut(View):
    """A line of an invoice beside its order and its receipts."""

    id: UUID
    turn: int
    order_id: UUID
    order_number: str
    position: int
    item_number: str
    item_name: str
    unit: str
    ordered: Exact
    ordered_amount: Money
    accepted: Exact = Field(description="Of the order line, in all.")
    quantity: Exact
    amount: Money
    verdict: Verdict
    reason: str | None
    must_act: Side | None
    unmatched: Exact = Field(description="Claimed, and no accepted delivery stands behind it.")
    payable: Money
    disputed: Money
    decision: str | None
    decision_reason: str | None
    parts: list[MatchedPart]


class StepOut(View):
    """One thing that was done, by whom and when; `side` is null where it came about by itself."""

    id: UUID
    kind: str
    side: Side | None
    by: str
    text: str | None
    values: dict[str, Any]
    recorded_at: datetime


class CreditNoteOut(View):
    """What a supplier gave back."""

    id: UUID
    invoice_id: UUID
    number: str
    buyer_id: UUID
    buyer_name: str | None
    supplier_id: UUID
    supplier_name: str | None
    amount: Money
    reason: str
    by: str
    recorded_at: datetime


class InvoicePaidOut(View):
    """A payment that settled a part of an invoice."""

    payment_id: UUID
    reference: str
    paid_on: date
    amount: Money


class InvoiceOut(InvoiceSummary):
    """An invoice with its lines, how each is matched, and what happened."""

    lines: list[InvoiceLineOut]
    credit_notes: list[CreditNoteOut]
    payments: list[InvoicePaidOut]
    story: list[StepOut]
