"""Who there is, and how buyers and suppliers stand to each other, as others told it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.insights.models.model import Model


class Organization(Model):
    """An organization by name and code, as identity told it."""

    __tablename__ = "organizations"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    uscc: Mapped[str | None]


class Relationship(Model):
    """A buyer and a supplier, and what each was when they signed, as onboarding told it last."""

    __tablename__ = "relationships"

    buyer_id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    relationship_id: Mapped[UUID]
    buyer_name: Mapped[str]
    supplier_name: Mapped[str]
    state: Mapped[str]
    since: Mapped[date | None]  # None: it was never active
    buyer_group: Mapped[str | None]  # who decides together: the parent's USCC, or its own
    buyer_size: Mapped[str | None]
    buyer_region: Mapped[str | None]
    buyer_industry: Mapped[str | None]
    supplier_group: Mapped[str | None]
    supplier_size: Mapped[str | None]
    supplier_region: Mapped[str | None]
    supplier_industry: Mapped[str | None]
    changed_at: Mapped[datetime]
