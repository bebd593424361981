"""What both sides agree on for a month."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.settlement.models.model import Identified, Model, OfTwo, of, referable


class Statement(Identified, OfTwo, Model):
    """A month of accepted deliveries; frozen with its text and digest when both agreed."""

    __tablename__ = "statements"
    __table_args__ = (
        CheckConstraint(
            "(state = 'agreed') = (document IS NOT NULL AND sha256 IS NOT NULL)",
            "agreed_is_frozen",
        ),
        CheckConstraint("state IN ('open', 'agreed')", "state_known"),
        referable(),
        UniqueConstraint("buyer_id", "supplier_id", "currency", "month"),
        Index(None, "supplier_id", "month", "id"),
    )

    currency: Mapped[str]
    month: Mapped[date]  # its first day
    state: Mapped[str]
    total_minor: Mapped[int] = mapped_column(server_default=text("0"))
    opened_by: Mapped[str]
    opened_at: Mapped[datetime]
    buyer_agreed_at: Mapped[datetime | None]
    buyer_agreed_by: Mapped[str | None]
    supplier_agreed_at: Mapped[datetime | None]
    supplier_agreed_by: Mapped[str | None]
    document: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str | None]
    agreed_at: Mapped[datetime | None]


class StatementLine(Identified, OfTwo, Model):
    """A delivery on a statement and what each side said of it; None: nothing yet."""

    __tablename__ = "statement_lines"
    __table_args__ = (
        of("statements", "statement_id"),
        of("payables", "payable_id"),
        UniqueConstraint("statement_id", "payable_id", "buyer_id", "supplier_id"),
        Index(None, "payable_id"),
    )

    statement_id: Mapped[UUID]
    payable_id: Mapped[UUID]
    quantity: Mapped[Decimal]
    amount_minor: Mapped[int]
    shown: Mapped[dict[str, Any]]  # order, item, receipt: as they are written on the statement
    buyer_agrees: Mapped[bool | None]
    buyer_note: Mapped[str | None] = mapped_column(Text)
    supplier_agrees: Mapped[bool | None]
    supplier_note: Mapped[str | None] = mapped_column(Text)
    carried: Mapped[bool] = mapped_column(server_default=text("false"))  # left to a later month
