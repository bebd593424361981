"""Statements: what the API accepts and returns."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from contracts.orders import Side
from contracts.values import Exact, Money
from services.settlement.schemas.invoices import StepOut
from shared.types import BULK_MAX, Body, CurrencyCode, Line, View

Month = Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", examples=["2026-11"])]


class StatementIn(Body):
    """Open the statement of a month with somebody, or bring an open one up to date."""

    counterparty_id: UUID
    month: Month
    side: Side | None = Field(None, description="Yours; needed where you both buy and supply.")
    currency: CurrencyCode | None = Field(None, description="Needed where there are several.")


class AnswerIn(Body):
    """What one side says of a line."""

    agree: bool
    note: Line | None = None


class LineAnswerIn(AnswerIn):
    """What one side says of a line, and which."""

    statement_line_id: UUID


class AnswersIn(Body):
    """What one side says of many lines."""

    answers: Annotated[list[LineAnswerIn], Field(min_length=1, max_length=BULK_MAX)]


class SaidOut(View):
    """What a side said of a line; `agrees` is null until it says something."""

    agrees: bool | None
    note: str | None


class StatementLineOut(View):
    """An accepted delivery on a statement."""

    id: UUID
    payable_id: UUID
    order_number: str
    position: int
    item_number: str
    item_name: str
    receipt_number: str
    delivered_on: date
    accepted_on: date
    quantity: Exact
    unit: str
    amount: Money
    buyer: SaidOut
    supplier: SaidOut
    carried: bool = Field(description="Not agreed on: left to a later month.")


class AgreementOut(View):
    """Who agreed for a side, and when."""

    by: str
    at: datetime


class StatementSummary(View):
    """A statement in a list."""

    id: UUID
    buyer_id: UUID
    buyer_name: str | None
    supplier_id: UUID
    supplier_name: str | None
    month: date
    currency: str
    state: Literal["open", "agreed"]
    total: Money = Field(description="Of the lines that nobody disagrees with.")
    line_count: int
    unanswered: int = Field(description="Lines that wait for your own answer.")
    disagreed: int
    buyer_agreed: AgreementOut | None
    supplier_agreed: AgreementOut | None
    turn: Side | None = Field(description="Who has to act; null: either, or nobody any more.")
    opened_by: Side
    opened_at: datetime
    agreed_at: datetime | None
    sha256: str | None
    invoiced: bool = Field(description="Whether an invoice was made from it.")


class StatementOut(StatementSummary):
    """A statement line by line. `document` is the frozen text of which `sha256` is the digest."""

    lines: list[StatementLineOut]
    document: str | None
    content: dict[str, Any] | None = Field(description="The document, read.")
    story: list[StepOut]
