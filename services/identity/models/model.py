"""What all tables of the identity schema have in common."""

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, DateTime, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

from shared.database import NAMING, TYPES


class Model(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES | {
        str: Text(),
        list[str]: ARRAY(Text),
        dict[str, Any]: JSONB(none_as_null=True),
        datetime: DateTime(timezone=True),
    }
