"""What all tables of the onboarding schema have in common."""

from typing import Any
from uuid import UUID

from sqlalchemy import MetaData, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

from shared.database import NAMING, TYPES

Json = dict[str, Any]


class Model(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES | {
        Json: JSONB(none_as_null=True),
        list[Json]: JSONB(none_as_null=True),
    }


class Identified:
    """A row with an id of its own, which sorts by time."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, server_default=func.uuidv7())
