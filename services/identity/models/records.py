"""What is written down and never changed, and what is sent."""

from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from services.identity.models.model import Model
from shared.database import Identified
from shared.mail import MailRow


class AuditEntry(Identified, Model):
    """Who did what in an organization, in the words of then."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_organization_id_id", "organization_id", "id"),)

    organization_id: Mapped[UUID]
    action: Mapped[str]
    actor_id: Mapped[UUID | None]  # a person; None: a program or the platform
    actor_name: Mapped[str]
    client_id: Mapped[str]  # the program through which it was done, if any
    subject: Mapped[str]  # whom or what it concerned
    details: Mapped[dict[str, Any]]
    address: Mapped[str]


class Mail(MailRow, Model):
    """A letter to a person, sent after the commit; its text is wiped once it has left."""
