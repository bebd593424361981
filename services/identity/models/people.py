"""People, what they are in organizations, and how they sign in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from services.identity.models.model import Model
from shared.database import Identified


class User(Identified, Model):
    """A person, known by an e-mail address; an organization sees those who belong to it."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(unique=True)  # in lower case
    name: Mapped[str]
    language: Mapped[str]
    suspended_at: Mapped[datetime | None]


class Password(Model):
    """What a password is checked against: argon2id, salted. No request reads it as the app role."""

    __tablename__ = "passwords"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    hash: Mapped[str]
    changed_at: Mapped[datetime]


class Membership(Model):
    """What a person does in an organization. Who left stays on record."""

    __tablename__ = "memberships"
    __table_args__ = (Index("ix_memberships_user_id", "user_id"),)

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    roles: Mapped[list[str]]
    joined_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class Invitation(Identified, Model):
    """A person was asked to join an organization; whoever has the link may accept once."""

    __tablename__ = "invitations"
    __table_args__ = (
        Index(
            "uq_invitations_open",
            "organization_id",
            "email",
            unique=True,
            postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    email: Mapped[str]
    name: Mapped[str]
    language: Mapped[str]
    roles: Mapped[list[str]]
    invited_by: Mapped[str]  # the name as it was then
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class PasswordReset(Model):
    """Somebody forgot a password; whoever has the link may set another, once."""

    __tablename__ = "password_resets"

    token_digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Throttle(Model):
    """How often signing in failed in a row, per account and per network address."""

    __tablename__ = "throttles"

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int]
    blocked_until: Mapped[datetime]
    updated_at: Mapped[datetime]


class Session(Identified, Model):
    """A browser in which a person signed in; its cookie is kept as a digest."""

    __tablename__ = "sessions"

    secret_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    organization_id: Mapped[UUID | None]  # for which the person acted last
    authenticated_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str]
    browser: Mapped[str]
