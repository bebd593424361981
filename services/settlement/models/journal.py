"""The books: postings and their entries, which nobody changes, and what they add up to."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.settlement.models.model import PARTIES, Identified, Model, OfTwo, of, referable

ONCE = text("kind IN ('accepted', 'paid', 'reversed')")


class Account(OfTwo, Model):
    """What the entries on one account add up to; a trigger adds each. Whoever posts holds it."""

    __tablename__ = "accounts"

    buyer_id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    balance_minor: Mapped[int] = mapped_column(server_default=text("0"))


class Posting(Identified, OfTwo, Model):
    """One thing that moved the books: an acceptance, an invoice, a decision, a payment."""

    __tablename__ = "postings"
    __table_args__ = (
        referable(),
        Index(None, "buyer_id", "supplier_id", "id"),
        Index(None, "supplier_id", "id"),
        Index(
            "uq_postings_once",
            "kind",
            "source_id",
            *PARTIES,
            unique=True,
            postgresql_where=ONCE,
        ),
    )

    currency: Mapped[str]
    kind: Mapped[str]
    source_id: Mapped[UUID]  # the acceptance, invoice, credit note, payment … that it is tied to
    reverses: Mapped[UUID | None]
    by: Mapped[str]
    occurred_on: Mapped[date]
    recorded_at: Mapped[datetime]
    imported: Mapped[bool]


class Entry(Identified, OfTwo, Model):
    """So much on one account: a debit is positive. Entries are never edited."""

    __tablename__ = "entries"
    __table_args__ = (
        CheckConstraint("amount_minor <> 0", "moves_something"),
        UniqueConstraint("posting_id", "turn", *PARTIES),
        of("postings", "posting_id"),
        ForeignKeyConstraint(
            [*PARTIES, "currency", "account"],
            ["accounts.buyer_id", "accounts.supplier_id", "accounts.currency", "accounts.name"],
        ),
        Index(None, "buyer_id", "supplier_id", "id"),
        Index(None, "supplier_id", "id"),
        Index(None, "payable_id"),
        Index(None, "invoice_id"),
    )

    posting_id: Mapped[UUID]
    turn: Mapped[int]
    currency: Mapped[str]
    account: Mapped[str]
    amount_minor: Mapped[int]
    payable_id: Mapped[UUID | None]
    invoice_id: Mapped[UUID | None]
