"""What all tables of the insights schema have in common."""

from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, MetaData, Numeric, Text, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.database import NAMING, TYPES

QUANTITY = Numeric(18, 6)


class Model(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[Any] = {
        **TYPES,
        str: Text(),
        Decimal: QUANTITY,
        list[UUID]: ARRAY(Uuid),
    }


class OfTwo:
    """A row about what one buyer and one supplier do with each other. Both may see it."""

    buyer_id: Mapped[UUID] = mapped_column()
    supplier_id: Mapped[UUID] = mapped_column()
