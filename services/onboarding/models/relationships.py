"""Organizations as identity told of them, and how they stand to each other."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.onboarding.models.model import Identified, Json, Model


class Organization(Model):
    """An organization and its name, as identity told it last."""

    __tablename__ = "organizations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    uscc: Mapped[str | None] = mapped_column(index=True)  # GB 32100-2015
    heard_at: Mapped[datetime]


class Relationship(Identified, Model):
    """How a buyer and a supplier stand to each other."""

    __tablename__ = "relationships"
    __table_args__ = (
        CheckConstraint("buyer_id <> supplier_id", "has_two_sides"),
        CheckConstraint("state IN ('proposed', 'active', 'suspended', 'ended')", "state_known"),
        UniqueConstraint("buyer_id", "supplier_id"),
        UniqueConstraint("id", "buyer_id", "supplier_id"),  # what a row of a party may refer to
        ForeignKeyConstraint(["buyer_id"], ["organizations.id"]),
        ForeignKeyConstraint(["supplier_id"], ["organizations.id"]),
        Index(None, "supplier_id"),
    )

    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    state: Mapped[str]
    suspended_by: Mapped[str | None]  # which side; it alone may resume
    vendor_number: Mapped[str | None]
    since: Mapped[date | None]
    terms: Mapped[Json | None]  # None: nothing was agreed, the defaults hold
    proposed_terms: Mapped[Json | None]  # by the buyer; the supplier has not accepted them
    signed_on: Mapped[date | None]  # what both sides were is frozen on that day
    buyer: Mapped[Json | None]
    supplier: Mapped[Json | None]
    changed_at: Mapped[datetime]


class Step(Identified, Model):
    """One step in the life of a relationship: who took it, when and why. Never edited."""

    __tablename__ = "steps"
    __table_args__ = (
        ForeignKeyConstraint(
            ["relationship_id", "buyer_id", "supplier_id"],
            ["relationships.id", "relationships.buyer_id", "relationships.supplier_id"],
        ),
        Index(None, "relationship_id", "id"),
    )

    relationship_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    state: Mapped[str]  # in which it led
    by: Mapped[str]
    organization_id: Mapped[UUID]  # for whom that was done
    reason: Mapped[str | None] = mapped_column(Text)
    recorded_at: Mapped[datetime]
