"""What a buyer means to pay, who approved it, and what it paid."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.settlement.models.model import Identified, Model, OfTwo, of, referable


class Settings(Model):
    """What a buyer decided for its own payments."""

    __tablename__ = "settings"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    approval_limit_minor: Mapped[int]
    approval_limit_currency: Mapped[str]
    by: Mapped[str]
    changed_at: Mapped[datetime]


class Proposal(Identified, Model):
    """What a buyer means to pay in one currency. Its own business: no supplier sees it."""

    __tablename__ = "proposals"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'approved', 'paid', 'withdrawn')", "state_known"),
        UniqueConstraint("id", "buyer_id"),
        Index(None, "buyer_id", "state", "id"),
    )

    buyer_id: Mapped[UUID]
    currency: Mapped[str]
    due_before: Mapped[date]
    state: Mapped[str]
    total_minor: Mapped[int]
    approvals_needed: Mapped[int]
    proposed_by: Mapped[str]
    proposed_by_user_id: Mapped[UUID | None]
    created_at: Mapped[datetime]


class ProposalLine(Identified, OfTwo, Model):
    """One debt that a proposal would pay."""

    __tablename__ = "proposal_lines"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", "pays_something"),
        ForeignKeyConstraint(["proposal_id", "buyer_id"], ["proposals.id", "proposals.buyer_id"]),
        of("allocations", "allocation_id"),
        UniqueConstraint("proposal_id", "allocation_id", "buyer_id"),
        Index(None, "allocation_id"),
    )

    proposal_id: Mapped[UUID]
    allocation_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    payable_id: Mapped[UUID]
    amount_minor: Mapped[int]
    due_on: Mapped[date]


class Approval(Identified, Model):
    """Who approved a proposal; nobody twice. Approvals are never edited."""

    __tablename__ = "approvals"
    __table_args__ = (
        ForeignKeyConstraint(["proposal_id", "buyer_id"], ["proposals.id", "proposals.buyer_id"]),
        UniqueConstraint("proposal_id", "user_id", "buyer_id"),
    )

    proposal_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    user_id: Mapped[UUID]
    by: Mapped[str]
    approved_at: Mapped[datetime]


class Payment(Identified, OfTwo, Model):
    """Money that a buyer sent to a supplier, or that came back. Never edited."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint(
            "CASE WHEN reverses IS NULL THEN amount_minor > 0 ELSE amount_minor < 0 END",
            "pays_or_takes_back",
        ),
        referable(),
        of("payments", "reverses"),
        Index(
            "uq_payments_reverses",
            "reverses",
            "buyer_id",
            "supplier_id",
            unique=True,
            postgresql_where=text("reverses IS NOT NULL"),
        ),
        UniqueConstraint("buyer_id", "supplier_id", "reference_key"),
        Index(None, "buyer_id", "paid_on", "id"),
        Index(None, "supplier_id", "paid_on", "id"),
    )

    currency: Mapped[str]
    amount_minor: Mapped[int]
    paid_on: Mapped[date]
    reference: Mapped[str]
    reference_key: Mapped[str]
    remittance: Mapped[str | None] = mapped_column(Text)
    proposal_id: Mapped[UUID | None]
    reverses: Mapped[UUID | None]  # the payment that came back, by a row of the opposite sign
    digest: Mapped[bytes]
    recorded_by: Mapped[str]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    imported: Mapped[bool]


class PaymentPart(Identified, OfTwo, Model):
    """What a payment settled. Parts are never edited."""

    __tablename__ = "payment_parts"
    __table_args__ = (
        CheckConstraint("amount_minor <> 0", "moves_something"),
        of("payments", "payment_id"),
        of("invoices", "invoice_id"),
        of("payables", "payable_id"),
        of("allocations", "allocation_id"),
        UniqueConstraint("payment_id", "allocation_id", "buyer_id", "supplier_id"),
        Index(None, "invoice_id"),
        Index(None, "payable_id"),
    )

    payment_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    payable_id: Mapped[UUID]
    allocation_id: Mapped[UUID]
    amount_minor: Mapped[int]
