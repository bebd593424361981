"""How a supplier comes in: invited, described, reviewed, agreed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.onboarding.models.model import Identified, Json, Model
from shared.mail import MailRow

APPLICATION = ["application_id", "buyer_id", "supplier_id"]
APPLICATIONS = ["applications.id", "applications.buyer_id", "applications.supplier_id"]


class Profile(Model):
    """What an organization says of itself; it alone reads it, and others what it submits."""

    __tablename__ = "profiles"
    __table_args__ = (
        CheckConstraint("size IN ('large', 'medium', 'small', 'micro')", "size_known"),
    )

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    region: Mapped[str | None]  # GB/T 2260; None: that of its code
    industry: Mapped[str | None]  # GB/T 4754-2017
    size: Mapped[str | None]
    parent_uscc: Mapped[str | None]
    contact_name: Mapped[str | None]
    contact_phone: Mapped[str | None]
    contact_email: Mapped[str | None]
    bank_name: Mapped[str | None]
    bank_account: Mapped[str | None]  # never shown whole
    bank_holder: Mapped[str | None]
    updated_at: Mapped[datetime]


class Invitation(Identified, Model):
    """A buyer asked somebody to supply it; whoever has the link may apply, once."""

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint("(used_at IS NULL) = (application_id IS NULL)", "used_for_an_application"),
        Index(
            "uq_invitations_open",
            "buyer_id",
            "contact",
            unique=True,
            postgresql_where=text("used_at IS NULL AND withdrawn_at IS NULL"),
        ),
        Index(None, "buyer_id", "id"),
        Index(None, "buyer_id", "contact"),
    )

    buyer_id: Mapped[UUID]
    application_id: Mapped[UUID | None]
    name: Mapped[str]  # of the company, or of the person there
    contact: Mapped[str]  # e-mail address or telephone: one invitation is open to each
    email: Mapped[str | None]
    phone: Mapped[str | None]
    language: Mapped[str]
    vendor_number: Mapped[str | None]
    note: Mapped[str | None] = mapped_column(Text)
    invited_by: Mapped[str]
    secret_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime]  # last
    expires_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class OpenLink(Identified, Model):
    """A link by which anybody may apply to a buyer, until it is withdrawn."""

    __tablename__ = "open_links"
    __table_args__ = (Index(None, "buyer_id", "id"),)

    buyer_id: Mapped[UUID]
    name: Mapped[str | None]  # what the buyer calls it
    language: Mapped[str]
    created_by: Mapped[str]
    secret_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    uses: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Application(Identified, Model):
    """A supplier wants to work with a buyer; one at a time is open between two."""

    __tablename__ = "applications"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft', 'submitted', 'changes_requested', 'approved', 'agreed',"
            " 'declined')",
            "state_known",
        ),
        CheckConstraint("buyer_id <> supplier_id", "has_two_sides"),
        CheckConstraint(
            "(state = 'agreed') = (relationship_id IS NOT NULL)", "agreed_with_a_relationship"
        ),
        UniqueConstraint("id", "buyer_id", "supplier_id"),
        ForeignKeyConstraint(
            ["relationship_id", "buyer_id", "supplier_id"],
            ["relationships.id", "relationships.buyer_id", "relationships.supplier_id"],
        ),
        Index(
            "uq_applications_open",
            "buyer_id",
            "supplier_id",
            unique=True,
            postgresql_where=text("state NOT IN ('agreed', 'declined')"),
        ),
        Index(None, "buyer_id", "id"),
        Index(None, "supplier_id", "id"),
    )

    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    relationship_id: Mapped[UUID | None]
    state: Mapped[str]
    language: Mapped[str]
    vendor_number: Mapped[str | None]
    profile: Mapped[Json | None]  # as it was submitted last; the account is masked
    terms: Mapped[Json | None]  # as approved
    buyer: Mapped[Json | None]  # what the buyer was when it approved
    agreement_version: Mapped[str | None]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    approved_at: Mapped[datetime | None]


class ApplicationStep(Identified, Model):
    """One step in the life of an application: who took it, when and why. Never edited."""

    __tablename__ = "application_steps"
    __table_args__ = (
        ForeignKeyConstraint(APPLICATION, APPLICATIONS),
        Index(None, "application_id", "id"),
    )

    application_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    organization_id: Mapped[UUID]  # for whom that was done
    kind: Mapped[str]  # the state in which it led
    by: Mapped[str]
    text: Mapped[str | None] = mapped_column(Text)
    notes: Mapped[list[Json] | None]
    terms: Mapped[Json | None]
    recorded_at: Mapped[datetime]


class Agreement(Identified, Model):
    """The exact text to which a supplier agreed, by whom and when. Never edited."""

    __tablename__ = "agreements"
    __table_args__ = (
        UniqueConstraint(*APPLICATION),
        ForeignKeyConstraint(APPLICATION, APPLICATIONS),
    )

    application_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    version: Mapped[str]
    language: Mapped[str]
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str]
    accepted_by: Mapped[str]
    accepted_by_id: Mapped[UUID | None]
    accepted_at: Mapped[datetime]


class Mail(MailRow, Model):
    """A letter to a person, sent after the commit; its text is wiped once it has left."""
