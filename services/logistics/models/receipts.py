"""What came, what was accepted of it, and pictures that show how it came."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column

from services.logistics.models.model import (
    Model,
    Numbered,
    Recorded,
    from_zero,
    of_the_same_parties,
    where,
)

WAITS = "state = 'waiting'"


class Receipt(Numbered, Recorded, Model):
    """What one buyer counted of one supplier's goods at one time."""

    __tablename__ = "receipts"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'judged')", "state_is_known"),
        of_the_same_parties("shipment_id", "shipments"),
        UniqueConstraint("id", "buyer_id", "supplier_id"),  # what a row of a party may refer to
        UniqueConstraint("buyer_id", "number"),
        Index(None, "supplier_id", "id"),
        Index(None, "buyer_id", "id"),
        Index(None, "shipment_id"),
        Index(None, "order_id"),
        where("ix_receipts_waiting", "inspection_ends_on", "id", condition=WAITS),
        where(
            "ix_receipts_buyer_id_waiting",
            "buyer_id",
            "inspection_ends_on",
            "id",
            condition=WAITS,
        ),
    )

    number: Mapped[str]
    digest: Mapped[bytes]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    shipment_id: Mapped[UUID | None]
    order_id: Mapped[UUID | None]  # where all of it belongs to one
    state: Mapped[str]
    complete: Mapped[bool]
    delivered_on: Mapped[date]
    inspection_ends_on: Mapped[date]
    working_days: Mapped[int]  # of inspection, as agreed when it came
    provisional: Mapped[bool]


class ReceiptLine(Numbered, Model):
    """What was counted of one line of a notice or an order, or of an item nobody ordered."""

    __tablename__ = "receipt_lines"
    __table_args__ = (
        CheckConstraint(
            "received >= 0 AND over >= 0 AND missing >= 0 AND damaged >= 0"
            " AND accepted >= 0 AND rejected >= 0 AND over <= received AND damaged <= received",
            "counts_what_came",
        ),
        CheckConstraint("received - accepted - rejected >= 0", "nothing_vanishes"),
        CheckConstraint(
            "schedule_line_id IS NOT NULL OR (accepted = 0 AND rejected = received AND over = 0"
            " AND missing = 0 AND notice_line_id IS NULL)",
            "wrong_items_are_rejected",
        ),
        of_the_same_parties("receipt_id", "receipts"),
        of_the_same_parties("schedule_line_id", "schedule_lines"),
        of_the_same_parties("notice_line_id", "notice_lines"),
        UniqueConstraint("id", "buyer_id", "supplier_id"),
        UniqueConstraint("receipt_id", "sequence", "buyer_id", "supplier_id"),
        Index(None, "schedule_line_id"),
        Index(None, "notice_line_id"),
        Index(None, "order_id"),
    )

    receipt_id: Mapped[UUID]
    sequence: Mapped[int]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    notice_line_id: Mapped[UUID | None]
    schedule_line_id: Mapped[UUID | None]  # None: a wrong item
    order_id: Mapped[UUID | None]
    item_number: Mapped[str]
    item_name: Mapped[str]
    unit: Mapped[str]
    received: Mapped[Decimal] = from_zero()
    over: Mapped[Decimal] = from_zero()
    missing: Mapped[Decimal] = from_zero()
    damaged: Mapped[Decimal] = from_zero()
    accepted: Mapped[Decimal] = from_zero()
    rejected: Mapped[Decimal] = from_zero()
    waiting: Mapped[Decimal] = mapped_column(
        Computed("received - accepted - rejected", persisted=True)
    )
    note: Mapped[str | None]
    photo_id: Mapped[UUID | None]


class Acceptance(Numbered, Recorded, Model):
    """A judgement on a receipt, or that its time ran out. Acceptances are never edited."""

    __tablename__ = "acceptances"
    __table_args__ = (
        of_the_same_parties("receipt_id", "receipts"),
        UniqueConstraint("id", "buyer_id", "supplier_id"),
        Index(None, "receipt_id", "id"),
    )

    receipt_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    deemed: Mapped[bool]
    accepted_on: Mapped[date]


class AcceptanceLine(Numbered, Model):
    """What was accepted and rejected of one received line at a time."""

    __tablename__ = "acceptance_lines"
    __table_args__ = (
        CheckConstraint(
            "accepted >= 0 AND rejected >= 0 AND accepted + rejected > 0", "judges_something"
        ),
        of_the_same_parties("acceptance_id", "acceptances"),
        of_the_same_parties("receipt_line_id", "receipt_lines"),
        Index(None, "acceptance_id"),
        Index(None, "receipt_line_id"),
    )

    acceptance_id: Mapped[UUID]
    receipt_line_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    accepted: Mapped[Decimal]
    rejected: Mapped[Decimal]
    reason: Mapped[str | None]


class Photo(Numbered, Model):
    """A picture of goods: its taker's alone until a receipt shows it to the supplier as well."""

    __tablename__ = "photos"
    __table_args__ = (Index(None, "buyer_id", "id"),)

    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID | None]
    width: Mapped[int]
    height: Mapped[int]
    taken_by: Mapped[str]
    created_at: Mapped[datetime]
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))
