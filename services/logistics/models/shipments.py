"""Notices, what stands on them, how it is packed, and what happened to it."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.logistics.models.model import (
    Model,
    Numbered,
    Recorded,
    from_zero,
    of_the_same_parties,
    where,
)
from shared.database import Identified

OPEN = "state IN ('planned', 'dispatched', 'arrived')"


class Shipment(Identified, Model):
    """What one supplier sends to one buyer under a notice. Its carrier sees this row alone."""

    __tablename__ = "shipments"
    __table_args__ = (
        CheckConstraint(
            "state IN ('planned', 'dispatched', 'arrived', 'received', 'cancelled')",
            "state_is_known",
        ),
        CheckConstraint("arrived_at >= departed_at", "arrives_after_departure"),
        CheckConstraint(
            "(state IN ('planned', 'cancelled')) = (departed_at IS NULL)", "left_or_did_not"
        ),
        UniqueConstraint("id", "buyer_id", "supplier_id"),  # what a row of a party may refer to
        UniqueConstraint("id", "carrier_id", "buyer_id", "supplier_id"),
        UniqueConstraint("supplier_id", "number"),
        Index(None, "buyer_id", "id"),
        Index(None, "supplier_id", "id"),
        Index(None, "carrier_id", "id"),
        where("ix_shipments_buyer_id_expected_at", "buyer_id", "expected_at", "id", condition=OPEN),
        where(
            "ix_shipments_supplier_id_expected_at",
            "supplier_id",
            "expected_at",
            "id",
            condition=OPEN,
        ),
    )

    number: Mapped[str]
    digest: Mapped[bytes]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    state: Mapped[str]
    carrier_id: Mapped[UUID | None]
    carrier_name: Mapped[str | None]
    vehicle: Mapped[str | None]
    note: Mapped[str | None]
    buyer_name: Mapped[str]  # for the carrier, who knows no relationships
    supplier_name: Mapped[str]
    package_count: Mapped[int] = mapped_column(default=0)
    estimated_departure_at: Mapped[datetime | None]
    estimated_arrival_at: Mapped[datetime | None]
    expected_at: Mapped[datetime]  # as estimated, or else the end of the promised day
    departed_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    updated_at: Mapped[datetime]


class NoticeLine(Numbered, Model):
    """So much of a schedule line goes with a shipment, and what was counted of it."""

    __tablename__ = "notice_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND over >= 0", "announces_something"),
        CheckConstraint(
            "received >= 0 AND missing >= 0 AND quantity + over - received - missing >= 0",
            "nothing_vanishes",
        ),
        CheckConstraint("departed OR received + missing = 0", "comes_after_it_left"),
        of_the_same_parties("shipment_id", "shipments"),
        of_the_same_parties("schedule_line_id", "schedule_lines"),
        UniqueConstraint("id", "buyer_id", "supplier_id"),
        UniqueConstraint("shipment_id", "sequence", "buyer_id", "supplier_id"),
        Index(None, "schedule_line_id"),
    )

    shipment_id: Mapped[UUID]
    sequence: Mapped[int]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    schedule_line_id: Mapped[UUID]
    quantity: Mapped[Decimal]
    lot: Mapped[str | None]
    departed: Mapped[bool] = mapped_column(default=False)
    over: Mapped[Decimal] = from_zero()
    received: Mapped[Decimal] = from_zero()
    missing: Mapped[Decimal] = from_zero()
    on_the_way: Mapped[Decimal] = mapped_column(
        Computed(
            "CASE WHEN departed THEN quantity + over - received - missing ELSE 0 END",
            persisted=True,
        )
    )


class Package(Numbered, Model):
    """A handling unit with its SSCC."""

    __tablename__ = "packages"
    __table_args__ = (
        CheckConstraint("sscc ~ '^[0-9]{18}$'", "has_18_digits"),
        of_the_same_parties("shipment_id", "shipments"),
        UniqueConstraint("id", "buyer_id", "supplier_id"),
        UniqueConstraint("sscc", "supplier_id"),
        UniqueConstraint("shipment_id", "sequence", "buyer_id", "supplier_id"),
    )

    shipment_id: Mapped[UUID]
    sequence: Mapped[int]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    kind: Mapped[str]
    sscc: Mapped[str]


class PackageLine(Numbered, Model):
    """How much of a line of the notice lies in a handling unit."""

    __tablename__ = "package_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0", "holds_something"),
        of_the_same_parties("package_id", "packages"),
        of_the_same_parties("notice_line_id", "notice_lines"),
        Index(None, "package_id"),
        Index(None, "notice_line_id"),
    )

    package_id: Mapped[UUID]
    notice_line_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    quantity: Mapped[Decimal]


class Entry(Numbered, Recorded, Model):
    """Something that was said of a shipment or a receipt. Entries are never edited."""

    __tablename__ = "entries"
    __table_args__ = (
        of_the_same_parties("shipment_id", "shipments"),
        of_the_same_parties("receipt_id", "receipts"),
        ForeignKeyConstraint(  # a carrier speaks of what it carries
            ["shipment_id", "carrier_id", "buyer_id", "supplier_id"],
            [
                "shipments.id",
                "shipments.carrier_id",
                "shipments.buyer_id",
                "shipments.supplier_id",
            ],
        ),
        Index(None, "shipment_id", "id"),
        Index(None, "receipt_id", "id"),
    )

    shipment_id: Mapped[UUID | None]
    receipt_id: Mapped[UUID | None]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    carrier_id: Mapped[UUID | None]  # who reads it beside the two: of its own tracking alone
    kind: Mapped[str]
    side: Mapped[str]
    text: Mapped[str | None]
    place: Mapped[str | None]
