"""Organizations, and what others call them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.identity.models.model import Model
from shared.database import Identified


class Organization(Identified, Model):
    """A party on the platform: supplier of some, buyer of others."""

    __tablename__ = "organizations"

    name: Mapped[str] = mapped_column(index=True)
    suspended_at: Mapped[datetime | None]  # nobody acts for it while this stands


class Identifier(Identified, Model):
    """An organization's number by a scheme: uscc, duns, a buyer's own vendor number."""

    __tablename__ = "identifiers"
    __table_args__ = (UniqueConstraint("scheme", "value"),)

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"), index=True)
    scheme: Mapped[str]
    value: Mapped[str]
