"""Figures per buyer, supplier and month: what every event adds its increment to."""

from datetime import date
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.insights.models.model import Model, OfTwo

NOTHING = text("0")


class Promises:
    """How many promises lay in a month, first and current ones, and how many were kept in full."""

    first_promised: Mapped[int] = mapped_column(server_default=NOTHING)
    first_kept: Mapped[int] = mapped_column(server_default=NOTHING)
    promised: Mapped[int] = mapped_column(server_default=NOTHING)
    kept: Mapped[int] = mapped_column(server_default=NOTHING)


class Debts:
    """What fell due by law in a month, what of it was paid by then, became overdue, or was paid."""

    legal_due_minor: Mapped[int] = mapped_column(server_default=NOTHING)
    legal_kept_minor: Mapped[int] = mapped_column(server_default=NOTHING)
    overdue_minor: Mapped[int] = mapped_column(server_default=NOTHING)
    """What became overdue less what of it was paid: added up from the first month, what is."""
    paid_minor: Mapped[int] = mapped_column(server_default=NOTHING)
    payments: Mapped[int] = mapped_column(server_default=NOTHING)  # of debts, or parts of them
    payment_days: Mapped[int] = mapped_column(server_default=NOTHING)  # from delivery, all together


class LineMonth(OfTwo, Promises, Model):
    """What one schedule line has added to a month."""

    __tablename__ = "line_months"

    schedule_line_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)  # its first day, as everywhere


class PayableMonth(OfTwo, Debts, Model):
    """What one debt has added to a month."""

    __tablename__ = "payable_months"
    __table_args__ = (Index(None, "buyer_id", "supplier_id", "month", "payable_id"),)

    payable_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    currency: Mapped[str]


class Month(Promises, Model):
    """What a buyer and a supplier did with each other in a month, counted."""

    __tablename__ = "months"
    __table_args__ = (
        Index(None, "supplier_id", "month"),
        Index(None, "month"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    buyer_id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    orders: Mapped[int] = mapped_column(server_default=NOTHING)
    confirmations: Mapped[int] = mapped_column(server_default=NOTHING)
    confirmation_s: Mapped[int] = mapped_column(server_default=NOTHING)
    receipts: Mapped[int] = mapped_column(server_default=NOTHING)
    acceptances: Mapped[int] = mapped_column(server_default=NOTHING)
    acceptance_days: Mapped[int] = mapped_column(server_default=NOTHING)
    deemed: Mapped[int] = mapped_column(server_default=NOTHING)


class MonthAmount(Debts, Model):
    """What a buyer ordered of, owed and paid to a supplier in a month, in one currency."""

    __tablename__ = "month_amounts"
    __table_args__ = (
        Index(None, "supplier_id", "month"),
        Index(None, "month"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    buyer_id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    ordered_minor: Mapped[int] = mapped_column(server_default=NOTHING)
