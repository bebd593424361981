"""What was done, written down in the same transaction: the audit list."""

from typing import Any
from uuid import UUID

from services.identity.models import AuditEntry, User
from shared.auth import Caller


def entry(  # noqa: PLR0913  what an audit entry says
    organization_id: UUID,
    action: str,
    *,
    actor: User | None = None,
    client_id: str = "",
    subject: str = "",
    details: dict[str, Any] | None = None,
    address: str = "",
) -> AuditEntry:
    """Return what a person, or the platform itself, did in an organization."""
    return AuditEntry(
        organization_id=organization_id,
        action=action,
        actor_id=actor.id if actor else None,
        actor_name=actor.name if actor else "",
        client_id=client_id,
        subject=subject,
        details=details or {},
        address=address,
    )


def by(
    caller: Caller,
    action: str,
    *,
    organization_id: UUID | None = None,
    subject: str = "",
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Return what a caller of the API did, in the caller's own organization or in another."""
    return AuditEntry(
        organization_id=organization_id or caller.organization_id,
        action=action,
        actor_id=caller.user_id,
        actor_name=caller.name,
        client_id=caller.client_id,
        subject=subject,
        details=details or {},
        address="",
    )
