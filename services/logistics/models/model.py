"""What all tables of the schema have in common."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, MetaData, Numeric, func, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

from shared.database import NAMING, TYPES

QUANTITY = Numeric(18, 6)


class Model(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[Any] = {**TYPES, Decimal: QUANTITY}


class Numbered:
    """A row with an id of its own, which sorts by time."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, server_default=func.uuidv7())


class Recorded:
    """A fact that may have happened long before it was recorded."""

    by: Mapped[str]  # who said so
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    imported: Mapped[bool] = mapped_column(default=False)


def from_zero() -> Mapped[Decimal]:
    """Declare a quantity that begins at zero."""
    return mapped_column(QUANTITY, default=Decimal(0), server_default=text("0"))


def of_the_same_parties(column: str, table: str) -> ForeignKeyConstraint:
    """Refer to a row of the same buyer and supplier: a key alone would look past the policies."""
    columns = [column, "buyer_id", "supplier_id"]
    there = [f"{table}.{name}" for name in ("id", "buyer_id", "supplier_id")]
    return ForeignKeyConstraint(columns, there)


def where(name: str, *columns: str, condition: str, unique: bool = False) -> Index:
    """Declare an index over the rows that are looked for."""
    return Index(name, *columns, unique=unique, postgresql_where=text(condition))
