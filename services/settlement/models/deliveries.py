"""What was ordered, received and accepted, as others told it, and what is owed for it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.settlement.models.model import Identified, Model, OfTwo, of, referable

NONE = text("0")


class Relationship(OfTwo, Model):
    """A buyer and a supplier by name, and what they agreed on, as onboarding told it last."""

    __tablename__ = "relationships"
    __table_args__ = (UniqueConstraint("buyer_id", "supplier_id"), Index(None, "supplier_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    buyer_name: Mapped[str]
    supplier_name: Mapped[str]
    state: Mapped[str]
    signed_on: Mapped[date | None]
    terms: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    buyer: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    supplier: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    changed_at: Mapped[datetime]


class OrderLine(OfTwo, Model):
    """A line of an order as it was placed, and how much of it was accepted and valued."""

    __tablename__ = "order_lines"
    __table_args__ = (
        referable(),
        UniqueConstraint("order_id", "position", "buyer_id", "supplier_id"),
        Index(None, "buyer_id", "order_number"),
        Index(None, "supplier_id", "order_number"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    order_number: Mapped[str]
    position: Mapped[int]
    item_number: Mapped[str]
    item_name: Mapped[str]
    unit: Mapped[str]
    quantity: Mapped[Decimal]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    ordered_on: Mapped[date | None]
    imported: Mapped[bool]
    accepted: Mapped[Decimal] = mapped_column(server_default=NONE)
    valued_minor: Mapped[int] = mapped_column(server_default=NONE)


class ScheduleLine(OfTwo, Model):
    """Which part of which order line: receipts name the part, prices are the line's."""

    __tablename__ = "schedule_lines"
    __table_args__ = (of("order_lines", "line_id"), Index(None, "line_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID]
    cancelled_at: Mapped[datetime | None]


class ReceiptLine(OfTwo, Model):
    """What was counted of a delivery, and how much of it was judged."""

    __tablename__ = "receipt_lines"
    __table_args__ = (Index(None, "schedule_line_id"), Index(None, "receipt_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    receipt_id: Mapped[UUID]
    receipt_number: Mapped[str]
    order_id: Mapped[UUID | None]
    schedule_line_id: Mapped[UUID | None]
    received: Mapped[Decimal]
    accepted: Mapped[Decimal] = mapped_column(server_default=NONE)
    rejected: Mapped[Decimal] = mapped_column(server_default=NONE)
    delivered_on: Mapped[date]
    inspection_ends_on: Mapped[date]
    imported: Mapped[bool]


class Acceptance(Identified, OfTwo, Model):
    """What was accepted of a delivery; it waits here while its order is not known yet."""

    __tablename__ = "acceptances"
    __table_args__ = (
        UniqueConstraint("acceptance_id", "receipt_line_id", "buyer_id", "supplier_id"),
        Index(
            "ix_acceptances_waiting",
            "schedule_line_id",
            postgresql_where=text("valued_at IS NULL"),
        ),
    )

    acceptance_id: Mapped[UUID]
    receipt_id: Mapped[UUID]
    receipt_number: Mapped[str]
    receipt_line_id: Mapped[UUID]
    order_id: Mapped[UUID]
    schedule_line_id: Mapped[UUID]
    accepted: Mapped[Decimal]
    rejected: Mapped[Decimal]
    reason: Mapped[str | None]
    deemed: Mapped[bool]
    delivered_on: Mapped[date]
    inspection_ends_on: Mapped[date]
    accepted_on: Mapped[date]
    provisional: Mapped[bool]
    imported: Mapped[bool]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    valued_at: Mapped[datetime | None]  # none: its order is not known here yet


class Payable(OfTwo, Model):
    """What is owed for one accepted delivery line, from when, and until when.

    Its id is that of the acceptance. Amounts are at the order's price until an invoice is matched.
    """

    __tablename__ = "payables"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND invoiced_quantity BETWEEN 0 AND quantity", "quantities"),
        CheckConstraint("paid_minor <= approved_minor", "paid_at_most_what_is_payable"),
        referable(),
        of("order_lines", "line_id"),
        Index(None, "line_id"),
        Index(None, "receipt_id"),
        Index(None, "buyer_id", "due_on", "id"),
        Index(None, "supplier_id", "due_on", "id"),
        Index(
            "ix_payables_without_a_statement",
            "buyer_id",
            "supplier_id",
            "accepted_on",
            postgresql_where=text("statement_id IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    line_id: Mapped[UUID]
    schedule_line_id: Mapped[UUID]
    receipt_id: Mapped[UUID]
    receipt_line_id: Mapped[UUID]
    receipt_number: Mapped[str]
    order_number: Mapped[str]
    position: Mapped[int]
    item_number: Mapped[str]
    item_name: Mapped[str]
    unit: Mapped[str]
    currency: Mapped[str]
    imported: Mapped[bool]
    recorded_at: Mapped[datetime]

    quantity: Mapped[Decimal]
    amount_minor: Mapped[int]
    invoiced_quantity: Mapped[Decimal] = mapped_column(server_default=NONE)
    invoiced_minor: Mapped[int] = mapped_column(server_default=NONE)  # at the order's price
    approved_minor: Mapped[int] = mapped_column(server_default=NONE)  # as invoiced and undisputed
    disputed_minor: Mapped[int] = mapped_column(server_default=NONE)
    paid_minor: Mapped[int] = mapped_column(server_default=NONE)
    open_minor: Mapped[int] = mapped_column(
        Computed("amount_minor - invoiced_minor + approved_minor - paid_minor", persisted=True)
    )
    settled_on: Mapped[date | None]  # when nothing was open any more

    ordered_on: Mapped[date | None]  # what counts as signing where no signing is known
    delivered_on: Mapped[date]
    inspection_ends_on: Mapped[date]
    accepted_on: Mapped[date]
    deemed: Mapped[bool]
    statement_id: Mapped[UUID | None]
    statement_agreed_on: Mapped[date | None]
    agreed: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    # … terms, day of signing and both signatories when it came about; none: not heard of yet

    started_on: Mapped[date]  # from here on, what the payment clock reckoned
    start: Mapped[str]
    contract_due_on: Mapped[date]
    legal_latest_on: Mapped[date | None]
    no_legal_date: Mapped[str | None]
    pledge_due_on: Mapped[date | None]
    due_on: Mapped[date]
    rules: Mapped[str]
    provisional: Mapped[bool]
    expected: Mapped[bool]
    calendar: Mapped[str]
    reckoned_at: Mapped[datetime]
