"""What orders, production and onboarding told, and what became of the goods of each line."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, Identity, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.logistics.models.model import Model, from_zero, where

ON_THE_WAY = "shipped + over - received - missing"
WAITING = "received - accepted - rejected"
LEFT = "greatest(quantity - planned - shipped - over + missing + rejected, 0)"


class Organization(Model):
    """An organization that identity has told of; it may carry. Nothing else of it is kept."""

    __tablename__ = "organizations"

    id: Mapped[UUID] = mapped_column(primary_key=True)


class Relationship(Model):
    """A buyer and a supplier by name, and what they agreed on for receiving."""

    __tablename__ = "relationships"

    buyer_id: Mapped[UUID] = mapped_column(primary_key=True)
    buyer_name: Mapped[str]
    supplier_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    supplier_name: Mapped[str]
    state: Mapped[str]
    quantity_tolerance_percent: Mapped[Decimal]
    acceptance_working_days: Mapped[int]
    suspended_by: Mapped[str | None]  # buyer: then the row policies bar the supplier
    changed_at: Mapped[datetime]


class ScheduleLine(Model):
    """What is wanted when, as orders told it, and what became of its goods over all deliveries.

    Quantities that follow from others are generated, so that they cannot say otherwise.
    """

    __tablename__ = "schedule_lines"
    __table_args__ = (
        CheckConstraint("state IN ('unconfirmed', 'confirmed', 'cancelled')", "state_is_known"),
        CheckConstraint(
            "planned >= 0 AND shipped >= 0 AND over >= 0 AND received >= 0 AND missing >= 0"
            " AND accepted >= 0 AND rejected >= 0",
            "nothing_below_zero",
        ),
        CheckConstraint(f"{ON_THE_WAY} >= 0 AND {WAITING} >= 0", "nothing_vanishes"),
        UniqueConstraint("id", "buyer_id", "supplier_id"),  # what a row of a party may refer to
        Index(None, "order_id"),
        Index(None, "line_id"),
        Index(None, "buyer_id", "order_number", "position"),
        where(
            "ix_schedule_lines_supplier_id_ready",
            "supplier_id",
            "expected_on",
            "id",
            condition="state = 'confirmed' AND left_to_ship > 0",
        ),
        where(
            "ix_schedule_lines_buyer_id_ready",
            "buyer_id",
            "expected_on",
            "id",
            condition="state = 'confirmed' AND left_to_ship > 0",
        ),
        {"postgresql_with": {"fillfactor": 70}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)  # the one that orders gave it
    order_id: Mapped[UUID]
    line_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    order_number: Mapped[str]
    position: Mapped[int]
    sequence: Mapped[int]
    item_number: Mapped[str]
    item_name: Mapped[str]
    unit: Mapped[str]
    state: Mapped[str]
    due_on: Mapped[date]
    promised_on: Mapped[date | None]
    expected_on: Mapped[date] = mapped_column(
        Computed("coalesce(promised_on, due_on)", persisted=True)
    )
    quantity: Mapped[Decimal]
    told_at: Mapped[datetime]  # when orders recorded what is known here

    planned: Mapped[Decimal] = from_zero()
    shipped: Mapped[Decimal] = from_zero()
    over: Mapped[Decimal] = from_zero()
    received: Mapped[Decimal] = from_zero()
    missing: Mapped[Decimal] = from_zero()
    accepted: Mapped[Decimal] = from_zero()
    rejected: Mapped[Decimal] = from_zero()
    on_the_way: Mapped[Decimal] = mapped_column(Computed(ON_THE_WAY, persisted=True))
    waiting: Mapped[Decimal] = mapped_column(Computed(WAITING, persisted=True))
    left_to_ship: Mapped[Decimal] = mapped_column(Computed(LEFT, persisted=True))
    updated_at: Mapped[datetime]


class Progress(Model):
    """How much of a schedule line has left its last operation, as production told last."""

    __tablename__ = "progress"

    schedule_line_id: Mapped[UUID] = mapped_column(primary_key=True)
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    good: Mapped[Decimal]
    revision: Mapped[int]


class Counter(Model):
    """From where an organization numbers its notices, its receipts and its handling units."""

    __tablename__ = "counters"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    labeler: Mapped[int] = mapped_column(BigInteger, Identity())
    notices: Mapped[int] = mapped_column(default=0)
    receipts: Mapped[int] = mapped_column(default=0)
    units: Mapped[int] = mapped_column(default=0)
