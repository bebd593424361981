"""What the models have in common."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, MetaData, Numeric, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

from shared.database import NAMING, TYPES

PARTIES = "buyer_id", "supplier_id"


class Model(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES | {Decimal: Numeric(18, 6), dict[str, Any]: JSONB}


class Identified:
    """A row with an id of its own, which sorts by time."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, server_default=func.uuidv7())


class OfTwo:
    """A row of a buyer and a supplier, who both see it."""

    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]


def referable() -> UniqueConstraint:
    """Let rows of the same two parties refer to a row: foreign keys ignore row policies."""
    return UniqueConstraint("id", *PARTIES)


def of(table: str, column: str) -> ForeignKeyConstraint:
    """Refer to a row of the same two parties."""
    there = [f"{table}.{name}" for name in ("id", *PARTIES)]
    return ForeignKeyConstraint([column, *PARTIES], there)
