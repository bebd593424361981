"""What was ordered, promised, delivered, judged, owed and paid: the facts that figures count.

A fact may arrive before what it is about, since topics keep no order among each other: then the
row begins with what is known of it, and the rest follows.
"""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Computed, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.insights.models.model import Model, OfTwo

OPEN = text("full_on IS NULL AND promised_on IS NOT NULL AND NOT cancelled")
UNPAID = text("paid_minor < amount_minor AND counts_overdue")


class Order(OfTwo, Model):
    """An order as it was placed."""

    __tablename__ = "orders"
    __table_args__ = (Index(None, "buyer_id", "supplier_id", "ordered_on", "order_id"),)

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    placed_at: Mapped[datetime | None]  # None: an imported order of unknown date
    ordered_on: Mapped[date]  # the day it was placed or, where that is unknown, recorded


class Line(OfTwo, Model):
    """A schedule line: what was promised of it, first and last, and when all of it was there."""

    __tablename__ = "lines"
    __table_args__ = (
        Index(
            None,
            "buyer_id",
            "supplier_id",
            "promised_on",
            postgresql_where=OPEN,
            postgresql_include=["first_promised_on"],
        ),
        Index(None, "buyer_id", "supplier_id", "confirmed_on", "schedule_line_id"),
        *(
            Index(f"ix_lines_{promised}", "buyer_id", "supplier_id", promised, "schedule_line_id")
            for promised in ("promised_on", "first_promised_on")
        ),
        {"postgresql_with": {"fillfactor": 80}},
    )

    schedule_line_id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID | None]
    quantity: Mapped[Decimal | None]  # as agreed last
    first_promised_on: Mapped[date | None]
    promised_on: Mapped[date | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_on: Mapped[date | None]
    cancelled: Mapped[bool] = mapped_column(server_default=text("false"))
    full_on: Mapped[date | None]  # the day on which all of it had been delivered


class Delivery(OfTwo, Model):
    """What one receipt brought of a schedule line, less what of it was rejected."""

    __tablename__ = "deliveries"
    __table_args__ = (Index(None, "schedule_line_id", "delivered_on"),)

    receipt_line_id: Mapped[UUID] = mapped_column(primary_key=True)
    receipt_id: Mapped[UUID]
    schedule_line_id: Mapped[UUID]
    delivered_on: Mapped[date]
    received: Mapped[Decimal] = mapped_column(server_default=text("0"))
    rejected: Mapped[Decimal] = mapped_column(server_default=text("0"))


class Acceptance(OfTwo, Model):
    """One act of accepting or rejecting what was received, or the end of the time for it."""

    __tablename__ = "acceptances"
    __table_args__ = (Index(None, "buyer_id", "supplier_id", "accepted_on", "acceptance_id"),)

    acceptance_id: Mapped[UUID] = mapped_column(primary_key=True)
    receipt_id: Mapped[UUID]
    number: Mapped[str]
    delivered_on: Mapped[date]
    accepted_on: Mapped[date]
    deemed: Mapped[bool]


class Payable(OfTwo, Model):
    """What is owed for a delivery, by when, and how much of it was paid."""

    __tablename__ = "payables"
    __table_args__ = (
        Index(
            None,
            "buyer_id",
            "supplier_id",
            "due_on",
            postgresql_where=UNPAID,
            postgresql_include=["currency", "amount_minor", "paid_minor"],
        ),
        {"postgresql_with": {"fillfactor": 80}},
    )

    payable_id: Mapped[UUID] = mapped_column(primary_key=True)
    currency: Mapped[str]
    amount_minor: Mapped[int | None]  # None: nothing was told but payments of it
    delivered_on: Mapped[date | None]
    contract_due_on: Mapped[date | None]
    legal_latest_on: Mapped[date | None]
    due_on: Mapped[date | None] = mapped_column(
        Computed("least(contract_due_on, legal_latest_on)", persisted=True)
    )
    counts_overdue: Mapped[bool] = mapped_column(server_default=text("false"))
    told_at: Mapped[datetime | None]
    paid_minor: Mapped[int] = mapped_column(server_default=text("0"))


class PaidPart(OfTwo, Model):
    """The part of a payment that settled one debt."""

    __tablename__ = "paid_parts"
    __table_args__ = (
        Index(None, "payable_id", "paid_on", "payment_id"),
        Index(None, "buyer_id", "supplier_id", "paid_on", "payment_id"),
    )

    payment_id: Mapped[UUID] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)  # its place in the payment
    payable_id: Mapped[UUID]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    delivered_on: Mapped[date]
    paid_on: Mapped[date]
    reverses: Mapped[UUID | None] = mapped_column(index=True)  # the payment that came back
