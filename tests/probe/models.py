"""The tables of the probe's schema."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, MetaData, Numeric, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.database import NAMING, TYPES, Identified


class Model(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[Any] = {**TYPES, Decimal: Numeric(18, 6)}


class Note(Identified, Model):
    """Something that two organizations know."""

    __tablename__ = "notes"
    __table_args__ = (UniqueConstraint("id", "buyer_id", "supplier_id"),)

    buyer_id: Mapped[UUID] = mapped_column(index=True)
    supplier_id: Mapped[UUID] = mapped_column(index=True)
    text: Mapped[str]
    rank: Mapped[int]
    weight: Mapped[Decimal]
    noted_at: Mapped[datetime]


class Effect(Model):
    """What an event did, in the order in which it was done; nothing of it ever changes."""

    __tablename__ = "effects"
    __table_args__ = (
        ForeignKeyConstraint(
            ["note_id", "buyer_id", "supplier_id"],
            ["notes.id", "notes.buyer_id", "notes.supplier_id"],
        ),
    )

    position: Mapped[int] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID]
    number: Mapped[int]
    note_id: Mapped[UUID | None]
    buyer_id: Mapped[UUID | None]
    supplier_id: Mapped[UUID | None]
