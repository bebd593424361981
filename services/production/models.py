"""The tables of the production schema."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Computed,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Numeric,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

from services.production.domain.prediction import Pace
from services.production.domain.progress import Operation, Progress
from services.production.domain.reports import Held
from shared.database import NAMING, TYPES, Identified

QUANTITY = Numeric(18, 6)
LAST = "good[cardinality(good)]"  # what has left the last operation


class Model(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[Any] = {
        **TYPES,
        Decimal: QUANTITY,
        list[Decimal]: ARRAY(QUANTITY),
        list[str]: ARRAY(String),
    }


class WorkOrder(Identified, Model):
    """What one supplier makes for one buyer. Both may see it; the supplier reports on it.

    The state of its operations lies in arrays of its own row, which one lock holds and one update
    writes. What follows from them is generated, so that it cannot say otherwise.
    """

    __tablename__ = "work_orders"
    __table_args__ = (
        CheckConstraint("agreed > 0", "agreed_something"),
        CheckConstraint(
            "cardinality(operations) BETWEEN 1 AND 30"
            " AND cardinality(good) = cardinality(operations)"
            " AND cardinality(scrapped) = cardinality(operations)",
            "operations_have_state",
        ),
        CheckConstraint("0 <= ALL (good) AND 0 <= ALL (scrapped)", "nothing_below_zero"),
        UniqueConstraint("id", "buyer_id", "supplier_id"),  # what a row of a party may refer to
        UniqueConstraint("schedule_line_id", "buyer_id", "supplier_id"),
        Index(None, "buyer_id", "promised_on", "id"),
        Index(None, "buyer_id", "status", "promised_on", "id"),
        Index(None, "supplier_id", "promised_on", "id"),
        Index(None, "supplier_id", "status", "promised_on", "id"),
        {"postgresql_with": {"fillfactor": 70}},  # reports then touch no index
    )

    order_id: Mapped[UUID] = mapped_column(index=True)
    schedule_line_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    order_number: Mapped[str]
    position: Mapped[int]
    sequence: Mapped[int]
    item_number: Mapped[str]
    item_name: Mapped[str]
    unit: Mapped[str]
    due_on: Mapped[date]
    promised_on: Mapped[date]
    agreed: Mapped[Decimal]
    agreed_at: Mapped[datetime]  # when orders recorded the last agreement that is known here
    cancelled_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    imported: Mapped[bool] = mapped_column(default=False)

    operations: Mapped[list[str]]
    good: Mapped[list[Decimal]]
    scrapped: Mapped[list[Decimal]]
    reports: Mapped[int] = mapped_column(default=0)  # that stand
    started_at: Mapped[datetime | None]
    last_reported_at: Mapped[datetime | None]
    slipped_on: Mapped[date | None]  # the predicted date that was last told as too late
    revision: Mapped[int] = mapped_column(default=1)  # counts the events about it

    completed: Mapped[Decimal] = mapped_column(Computed(LAST, persisted=True))
    ordered: Mapped[Decimal] = mapped_column(Computed(f"greatest(agreed, {LAST})", persisted=True))
    status: Mapped[str] = mapped_column(
        Computed(
            "CASE WHEN cancelled_at IS NOT NULL THEN 'cancelled'"
            f" WHEN {LAST} >= agreed THEN 'completed' ELSE 'open' END",
            persisted=True,
        )
    )

    @property
    def held(self) -> Held:
        """The part of the row that the rules are about."""
        return held([getattr(self, column.key) for column in STATE])


STATE = (
    WorkOrder.supplier_id,
    WorkOrder.promised_on,
    WorkOrder.agreed,
    WorkOrder.cancelled_at,
    WorkOrder.operations,
    WorkOrder.good,
    WorkOrder.scrapped,
    WorkOrder.reports,
    WorkOrder.started_at,
    WorkOrder.last_reported_at,
    WorkOrder.slipped_on,
    WorkOrder.revision,
)
"""The columns that the rules are about, in the order in which `hold_work_orders.sql` has them."""


def held(state: Sequence[Any]) -> Held:
    """Turn the values of `STATE` into what the rules work on."""
    supplier_id, promised_on, agreed, cancelled_at, *progress, told_on, revision = state
    names, good, scrapped, reports, first, last = progress
    operations = tuple(map(Operation, names, good, scrapped))
    return Held(
        supplier_id,
        promised_on,
        Progress(agreed, operations, cancelled_at is not None),
        Pace(reports, first, last),
        told_on,
        revision,
    )


class Report(Model):
    """One statement by a supplier that something left an operation. Reports are never edited."""

    __tablename__ = "reports"
    __table_args__ = (
        CheckConstraint(
            "CASE WHEN reverses IS NULL THEN good >= 0 AND scrapped >= 0"
            " ELSE good <= 0 AND scrapped <= 0 END AND good + scrapped <> 0",
            "says_something",
        ),
        ForeignKeyConstraint(
            ["work_order_id", "buyer_id", "supplier_id"],
            ["work_orders.id", "work_orders.buyer_id", "work_orders.supplier_id"],
        ),
        ForeignKeyConstraint(
            ["reverses", "buyer_id", "supplier_id"],
            ["reports.id", "reports.buyer_id", "reports.supplier_id"],
        ),
        UniqueConstraint("id", "buyer_id", "supplier_id"),  # what a row of a party may refer to
        Index(None, "work_order_id", "id"),
        Index(
            "uq_reports_reverses",
            "reverses",
            "buyer_id",
            "supplier_id",
            unique=True,
            postgresql_where=text("reverses IS NOT NULL"),
        ),
        Index(
            "uq_reports_reference",
            "work_order_id",
            "reference",
            "buyer_id",
            "supplier_id",
            unique=True,
            postgresql_where=text("reference IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, server_default=func.uuidv7())
    work_order_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    operation: Mapped[int]
    good: Mapped[Decimal]
    scrapped: Mapped[Decimal]
    reverses: Mapped[UUID | None]
    reason: Mapped[str | None]  # of a reversal; both sides read it
    reference: Mapped[str | None]
    reported_by: Mapped[str]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    imported: Mapped[bool]


class ScrapReason(Model):
    """Why something was scrapped: the supplier's own business, which no buyer's session reads."""

    __tablename__ = "scrap_reasons"
    __table_args__ = (
        ForeignKeyConstraint(
            ["report_id", "buyer_id", "supplier_id"],
            ["reports.id", "reports.buyer_id", "reports.supplier_id"],
        ),
    )

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    reason: Mapped[str]


class Routing(Identified, Model):
    """In which operations a supplier makes an item of a buyer: what the next work order gets."""

    __tablename__ = "routings"
    __table_args__ = (UniqueConstraint("supplier_id", "buyer_id", "item_number"),)

    supplier_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    item_number: Mapped[str]
    operations: Mapped[list[str]]


class Relationship(Model):
    """A buyer and a supplier by name, as onboarding told them."""

    __tablename__ = "relationships"

    buyer_id: Mapped[UUID] = mapped_column(primary_key=True)
    buyer_name: Mapped[str]
    supplier_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    supplier_name: Mapped[str]
    suspended_by: Mapped[str | None]  # "buyer": row policies close its rows to the supplier
    changed_at: Mapped[datetime]
