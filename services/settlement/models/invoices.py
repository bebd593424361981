"""Invoices and what they claim, credit notes, and what both sides did about them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from services.settlement.models.model import Identified, Model, OfTwo, of, referable

NONE = sql("0")
VERDICTS = "verdict IN ('matched', 'within_tolerance', 'exception')"


class Invoice(Identified, OfTwo, Model):
    """A claim of a supplier under its own number, and how it stands."""

    __tablename__ = "invoices"
    __table_args__ = (
        CheckConstraint(VERDICTS, "verdict_known"),
        CheckConstraint(
            "undisputed_minor >= credited_minor + paid_minor", "paid_at_most_what_is_payable"
        ),
        referable(),
        UniqueConstraint("supplier_id", "buyer_id", "number_key"),
        Index(None, "buyer_id", "recorded_at", "id"),
        Index(None, "supplier_id", "recorded_at", "id"),
        Index(
            "ix_invoices_exceptions",
            "buyer_id",
            "must_act",
            postgresql_where=sql("verdict = 'exception'"),
        ),
    )

    number: Mapped[str]
    number_key: Mapped[str]  # without what people type now so, now so
    digest: Mapped[bytes]  # of its content: the same invoice sent again is recognized
    currency: Mapped[str]
    total_minor: Mapped[int]
    tax_minor: Mapped[int | None]  # which is part of the total
    invoiced_on: Mapped[date]
    statement_id: Mapped[UUID | None]
    verdict: Mapped[str]
    reason: Mapped[str | None]
    must_act: Mapped[str | None]
    undisputed_minor: Mapped[int] = mapped_column(server_default=NONE)
    disputed_minor: Mapped[int] = mapped_column(server_default=NONE)
    credited_minor: Mapped[int] = mapped_column(server_default=NONE)  # of what was undisputed
    withdrawn_minor: Mapped[int] = mapped_column(server_default=NONE)  # of what was disputed
    paid_minor: Mapped[int] = mapped_column(server_default=NONE)
    direct_minor: Mapped[int] = mapped_column(server_default=NONE)  # of that without a proposal
    open_minor: Mapped[int] = mapped_column(
        Computed("undisputed_minor - credited_minor - paid_minor", persisted=True)
    )
    submitted_by: Mapped[str]
    occurred_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    imported: Mapped[bool]


class InvoiceLine(Identified, OfTwo, Model):
    """A line of an invoice: what it claims for an order line, and how that stands."""

    __tablename__ = "invoice_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0", "claims_something"),
        CheckConstraint(VERDICTS, "verdict_known"),
        referable(),
        UniqueConstraint("invoice_id", "turn", "buyer_id", "supplier_id"),
        of("invoices", "invoice_id"),
        of("order_lines", "line_id"),
        Index(
            "ix_invoice_lines_waiting",
            "line_id",
            postgresql_where=sql("unmatched > 0 AND decision IS NULL"),
        ),
    )

    invoice_id: Mapped[UUID]
    turn: Mapped[int]
    line_id: Mapped[UUID]  # of the order
    payable_id: Mapped[UUID | None]  # where the supplier named the delivery
    quantity: Mapped[Decimal]
    amount_minor: Mapped[int]
    verdict: Mapped[str]
    reason: Mapped[str | None]
    must_act: Mapped[str | None]
    unmatched: Mapped[Decimal]
    unmatched_minor: Mapped[int]
    undisputed_minor: Mapped[int] = mapped_column(server_default=NONE)
    disputed_minor: Mapped[int] = mapped_column(server_default=NONE)
    withdrawn_minor: Mapped[int] = mapped_column(server_default=NONE)
    decision: Mapped[str | None]  # accepted or rejected by the buyer, or withdrawn
    decision_reason: Mapped[str | None] = mapped_column(Text)


class Allocation(Identified, OfTwo, Model):
    """Which part of a delivery a line of an invoice claims, and what of that was paid."""

    __tablename__ = "allocations"
    __table_args__ = (
        CheckConstraint("quantity > 0", "claims_something"),
        CheckConstraint("disputed_minor >= 0 AND credited_minor >= 0", "nothing_below_zero"),
        CheckConstraint(
            "paid_minor >= 0 AND paid_minor <= amount_minor - credited_minor",
            "paid_at_most_what_is_payable",
        ),
        referable(),
        of("invoices", "invoice_id"),
        of("invoice_lines", "invoice_line_id"),
        of("payables", "payable_id"),
        Index(None, "invoice_id"),
        Index(None, "invoice_line_id"),
        Index(None, "payable_id"),
    )

    invoice_id: Mapped[UUID]
    invoice_line_id: Mapped[UUID]
    payable_id: Mapped[UUID]
    quantity: Mapped[Decimal]
    value_minor: Mapped[int]  # at the order's price
    amount_minor: Mapped[int]  # undisputed
    disputed_minor: Mapped[int] = mapped_column(server_default=NONE)
    credited_minor: Mapped[int] = mapped_column(server_default=NONE)
    paid_minor: Mapped[int] = mapped_column(server_default=NONE)
    released: Mapped[bool] = mapped_column(server_default=sql("false"))
    open_minor: Mapped[int] = mapped_column(
        Computed("amount_minor - credited_minor - paid_minor", persisted=True)
    )


class CreditNote(Identified, OfTwo, Model):
    """What a supplier gives back of an invoice. Credit notes are never edited."""

    __tablename__ = "credit_notes"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", "gives_something"),
        of("invoices", "invoice_id"),
        UniqueConstraint("supplier_id", "buyer_id", "number_key"),
        Index(None, "invoice_id"),
        Index(None, "buyer_id", "id"),
    )

    invoice_id: Mapped[UUID]
    number: Mapped[str]
    number_key: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str]
    recorded_at: Mapped[datetime]


class Step(Identified, OfTwo, Model):
    """One thing that was done about an invoice or a statement. Steps are never edited."""

    __tablename__ = "steps"
    __table_args__ = (Index(None, "about_id", "id"),)

    about_id: Mapped[UUID]
    kind: Mapped[str]
    side: Mapped[str | None]  # none: it came about by itself
    by: Mapped[str]
    text: Mapped[str | None] = mapped_column(Text)
    values: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    recorded_at: Mapped[datetime]
