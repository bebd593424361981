"""The tables of the portal schema: who is signed in, and what they chose to see."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, MetaData, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.database import NAMING, TYPES, Identified


class Model(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES


class Session(Model):
    """A browser that is signed in. The cookie is kept as a digest, and opens the tokens."""

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "expires_at"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    organization_id: Mapped[UUID]
    user_id: Mapped[UUID]
    person: Mapped[dict[str, Any]] = mapped_column(JSONB)  # what identity says of them: `/me`
    tokens: Mapped[bytes] = mapped_column(LargeBinary)  # sealed with a key made from the cookie
    token_expires_at: Mapped[datetime]
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SavedView(Identified, Model):
    """A filter of the order book that a person keeps as a tab."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("organization_id", "user_id", "side", "name"),)

    organization_id: Mapped[UUID]
    user_id: Mapped[UUID]
    side: Mapped[str]
    name: Mapped[str]
    query: Mapped[str]  # as in the address


class Look(Model):
    """When a person last looked at a page: what changed since then is news."""

    __tablename__ = "looks"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    page: Mapped[str] = mapped_column(primary_key=True)
    before_at: Mapped[datetime]  # the visit before this one: what news is measured from
    at: Mapped[datetime]


class DayTally(Model):
    """How an organization's order book stood on a day, as last seen that day: its trend."""

    __tablename__ = "day_tallies"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    side: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    late: Mapped[int]
    at_risk: Mapped[int]
    on_time: Mapped[int]
