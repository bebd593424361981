"""The tables of the orders schema."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Numeric,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

from shared.database import NAMING, TYPES

SIDES = ("buyer", "supplier"), ("supplier", "buyer")
OPEN, CLOSED = sql("open"), sql("NOT open")
WAITS = sql("open_change_id IS NOT NULL")


class Model(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES | {Decimal: Numeric(18, 6), dict[str, Any]: JSONB}


class Identified:
    """A row with an id of its own, which sorts by time."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, server_default=func.uuidv7())


def of_order() -> ForeignKeyConstraint:
    """Refer to an order of the same two parties: foreign keys ignore row policies."""
    return ForeignKeyConstraint(
        ["order_id", "buyer_id", "supplier_id"],
        ["orders.id", "orders.buyer_id", "orders.supplier_id"],
    )


def of_schedule_line() -> ForeignKeyConstraint:
    """Refer to a schedule line of the same two parties."""
    return ForeignKeyConstraint(
        ["schedule_line_id", "buyer_id", "supplier_id"],
        ["schedule_lines.id", "schedule_lines.buyer_id", "schedule_lines.supplier_id"],
    )


class Relationship(Model):
    """How a buyer and a supplier stand, and their names, as onboarding told it last."""

    __tablename__ = "relationships"
    __table_args__ = (UniqueConstraint("buyer_id", "supplier_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    buyer_id: Mapped[UUID]
    buyer_name: Mapped[str]
    supplier_id: Mapped[UUID] = mapped_column(index=True)
    supplier_name: Mapped[str]
    state: Mapped[str]
    suspended_by: Mapped[str | None]  # "buyer": row policies close its rows to the supplier
    vendor_number: Mapped[str | None]
    since: Mapped[date | None]
    changed_at: Mapped[datetime]


class Item(Identified, Model):
    """What a buyer calls a thing that it orders."""

    __tablename__ = "items"
    __table_args__ = (UniqueConstraint("buyer_id", "number"),)

    buyer_id: Mapped[UUID]
    number: Mapped[str]
    name: Mapped[str]
    unit: Mapped[str]
    updated_at: Mapped[datetime]


class Order(Identified, Model):
    """A purchase order under the buyer's own number. It stays as it was placed."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("buyer_id", "number"),
        UniqueConstraint("id", "buyer_id", "supplier_id"),  # what a row of a party may refer to
        Index(None, "buyer_id", "recorded_at", "id"),
        Index(None, "supplier_id", "recorded_at", "id"),
    )

    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    number: Mapped[str]
    currency: Mapped[str]
    incoterm: Mapped[str | None]
    incoterm_place: Mapped[str | None]
    amount_minor: Mapped[int]
    line_count: Mapped[int]
    digest: Mapped[bytes]  # of its content: the same order placed again is recognized
    placed_by: Mapped[str]
    occurred_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    imported: Mapped[bool]
    updated_at: Mapped[datetime]  # the only column that changes: whoever acts on an order holds it


class OrderLine(Identified, Model):
    """One item of an order. Quantity and amount stay; their parts are schedule lines."""

    __tablename__ = "order_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0", "orders_something"),
        UniqueConstraint("order_id", "buyer_id", "supplier_id", "position"),
        UniqueConstraint("id", "order_id", "buyer_id", "supplier_id"),
        of_order(),
        ForeignKeyConstraint(["buyer_id", "item_number"], ["items.buyer_id", "items.number"]),
    )

    order_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    position: Mapped[int]
    item_number: Mapped[str]
    item_name: Mapped[str]
    unit: Mapped[str]
    plant: Mapped[str | None]
    quantity: Mapped[Decimal]
    price: Mapped[Decimal]
    price_unit: Mapped[int]
    amount_minor: Mapped[int]
    computed_minor: Mapped[int]


class ScheduleLine(Identified, Model):
    """A row of the order book: a part of a line with its own day, promise and progress.

    What the list needs of its order and line is repeated here, as it never changes.
    """

    __tablename__ = "schedule_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0", "wants_something"),
        CheckConstraint("state IN ('unconfirmed', 'confirmed', 'cancelled')", "state_known"),
        CheckConstraint(
            "state <> 'confirmed' OR num_nulls(promised_on, first_promised_on, late_from) = 0",
            "confirmed_is_promised",
        ),
        CheckConstraint("good >= 0 AND scrapped >= 0", "made_something"),
        UniqueConstraint("line_id", "buyer_id", "supplier_id", "sequence"),
        UniqueConstraint("id", "buyer_id", "supplier_id"),
        ForeignKeyConstraint(
            ["line_id", "order_id", "buyer_id", "supplier_id"],
            [
                "order_lines.id",
                "order_lines.order_id",
                "order_lines.buyer_id",
                "order_lines.supplier_id",
            ],
        ),
        Index(None, "order_id"),
        Index(None, "buyer_id", "due_on", "id"),
        Index(None, "supplier_id", "due_on", "id"),
        Index(None, "buyer_id", "amount_minor", "id"),
        Index(None, "supplier_id", "amount_minor", "id"),
        *(
            Index(
                f"ix_schedule_lines_{side}_open",
                f"{side}_id",
                "due_on",
                "id",
                postgresql_where=OPEN,
                postgresql_include=[
                    f"{other}_id",
                    *("state", "late_from", "at_risk_from", "promised_on"),
                    *("amount_minor", "currency"),
                ],
            )
            for side, other in SIDES
        ),
        *(
            Index(
                f"ix_schedule_lines_{side}_closed",
                f"{side}_id",
                "state",
                postgresql_where=CLOSED,
                postgresql_include=[f"{other}_id", "amount_minor", "currency"],
            )
            for side, other in SIDES
        ),
        *(
            Index(
                f"ix_schedule_lines_{side}_turns",
                f"{side}_id",
                "late_from",
                "at_risk_from",
                postgresql_where=sql("open AND state = 'confirmed'"),
            )
            for side, _ in SIDES
        ),
        *(
            index
            for side, other in SIDES
            for index in (
                Index(
                    f"ix_schedule_lines_{side}_item",
                    f"{side}_id",
                    *("item_number", "item_name", "due_on", "id"),
                    postgresql_include=[f"{other}_id"],
                ),
                Index(f"ix_schedule_lines_{side}_order_key", f"{side}_id", "order_key"),
            )
        ),
        Index("ix_schedule_lines_parties", "buyer_id", "supplier_id", "due_on", "id"),
        Index("ix_schedule_lines_buyer_change", "buyer_id", postgresql_where=WAITS),
        Index("ix_schedule_lines_supplier_change", "supplier_id", postgresql_where=WAITS),
        {"postgresql_with": {"fillfactor": 80}},  # most reports then touch no index
    )

    order_id: Mapped[UUID]
    line_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    order_number: Mapped[str]
    order_key: Mapped[str] = mapped_column(
        Text(collation="C"), Computed("lower(order_number)", persisted=True)
    )  # row policies let an index see what compares bytes, but no function and no pattern
    position: Mapped[int]
    sequence: Mapped[int]
    item_number: Mapped[str]
    item_name: Mapped[str]
    plant: Mapped[str | None]
    unit: Mapped[str]
    currency: Mapped[str]
    imported: Mapped[bool]

    state: Mapped[str]
    quantity: Mapped[Decimal]
    amount_minor: Mapped[int]
    due_on: Mapped[date]
    promised_on: Mapped[date | None]
    first_promised_on: Mapped[date | None]  # once set, these two stay: a trigger sees to it
    first_promised_quantity: Mapped[Decimal | None]
    open_change_id: Mapped[UUID | None]
    at_risk_from: Mapped[date | None]
    late_from: Mapped[date | None]

    work_order_id: Mapped[UUID | None]
    progress_revision: Mapped[int] = mapped_column(server_default=sql("0"))
    operations: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=sql("'[]'"))
    good: Mapped[Decimal] = mapped_column(server_default=sql("0"))
    scrapped: Mapped[Decimal] = mapped_column(server_default=sql("0"))
    started_at: Mapped[datetime | None]
    last_reported_at: Mapped[datetime | None]
    prediction_revision: Mapped[int] = mapped_column(server_default=sql("0"))
    prediction: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    predicted_on: Mapped[date | None]
    known_on: Mapped[date | None]  # the day of the prediction
    completed_revision: Mapped[int] = mapped_column(server_default=sql("0"))
    completed_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
    open: Mapped[bool] = mapped_column(
        Computed(
            "state = 'unconfirmed' OR (state = 'confirmed' AND good < quantity)", persisted=True
        )
    )


class Promise(Identified, Model):
    """What a supplier promised for a schedule line, from then on. Promises are never edited."""

    __tablename__ = "promises"
    __table_args__ = (of_schedule_line(), Index(None, "schedule_line_id", "id"))

    schedule_line_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    quantity: Mapped[Decimal]
    promised_on: Mapped[date]
    change_id: Mapped[UUID | None]  # by which consent; none: a confirmation
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    imported: Mapped[bool]


class Change(Identified, Model):
    """What one side asked of the other, and the answer."""

    __tablename__ = "changes"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'agreed', 'declined', 'withdrawn')", "state_known"),
        of_schedule_line(),
        Index(
            "uq_changes_open",
            "schedule_line_id",
            "buyer_id",
            "supplier_id",
            unique=True,
            postgresql_where="state = 'open'",
        ),
        Index(None, "buyer_id", "state", "id"),
        Index(None, "supplier_id", "state", "id"),
    )

    order_id: Mapped[UUID]
    schedule_line_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    kind: Mapped[str]
    state: Mapped[str]
    proposed_by: Mapped[str]
    by: Mapped[str]
    was_quantity: Mapped[Decimal]
    was_on: Mapped[date]
    quantity: Mapped[Decimal]
    promised_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None]


class Entry(Identified, Model):
    """One thing that happened to an order. The story is told on, never retold."""

    __tablename__ = "entries"
    __table_args__ = (
        of_order(),
        of_schedule_line(),
        Index(None, "order_id", "happened_at", "id"),
        Index(None, "buyer_id", "recorded_at"),
        Index(None, "supplier_id", "recorded_at"),
    )

    order_id: Mapped[UUID]
    schedule_line_id: Mapped[UUID | None]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    kind: Mapped[str]
    side: Mapped[str]
    by: Mapped[str]
    user_id: Mapped[UUID | None]
    client_id: Mapped[str]
    text: Mapped[str | None] = mapped_column(Text)
    values: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'"))
    occurred_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    imported: Mapped[bool]
    happened_at: Mapped[datetime] = mapped_column(  # what is of unknown date began the story
        Computed("coalesce(occurred_at, '2000-01-01 00:00:00+00')", persisted=True)
    )
