"""What the identity service tells the others."""

from datetime import datetime
from uuid import UUID

from contracts.event import Event


class OrganizationRegistered(
    Event, type="identity.organization_registered.v1", subject="organization_id"
):
    """An organization exists on the platform: a party to relationships and orders."""

    organization_id: UUID
    name: str
    identifiers: dict[str, str]  # by scheme: uscc, duns, …
    registered_at: datetime


class UserInvited(Event, type="identity.user_invited.v1", subject="organization_id"):
    """A colleague was invited into an organization; who it is stays with identity."""

    organization_id: UUID
    invitation_id: UUID
    roles: list[str]
    invited_at: datetime


class OrganizationSuspended(
    Event, type="identity.organization_suspended.v1", subject="organization_id"
):
    """The operator stopped an organization: whatever was granted to it before is void."""

    organization_id: UUID
    reason: str
    suspended_at: datetime


class OrganizationResumed(
    Event, type="identity.organization_resumed.v1", subject="organization_id"
):
    """A suspended organization may act again; its people sign in anew."""

    organization_id: UUID
    resumed_at: datetime
