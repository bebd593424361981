"""People, organizations and programs, as identity tells of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from contracts.scopes import Scope
from services.portal.schemas.answers import Answer


class User(Answer):
    """A person."""

    id: UUID
    email: str
    name: str
    language: str | None = None


class Organization(Answer):
    """A company on the platform."""

    id: UUID
    name: str
    identifiers: dict[str, str] = Field(default_factory=dict)


class Membership(Answer):
    """An organization in which the person holds roles."""

    organization_id: UUID
    name: str
    roles: list[str] = Field(default_factory=list)


class Me(Answer):
    """Who is signed in, for which organization, and what they may do."""

    user: User
    organization: Organization
    roles: list[str]
    scopes: list[str]
    memberships: list[Membership] = Field(default_factory=list)

    def may(self, *scopes: Scope) -> bool:
        """Tell whether any of the scopes was granted."""
        return any(scope.value in self.scopes for scope in scopes)

    def holds(self, prefix: str) -> bool:
        """Tell whether a role begins so, such as `buyer.`."""
        return any(role.startswith(prefix) for role in self.roles)

    @property
    def is_buyer(self) -> bool:
        return self.holds("buyer.")

    @property
    def is_supplier(self) -> bool:
        return self.holds("supplier.")

    @property
    def administers(self) -> bool:
        return self.may(Scope.IDENTITY_ADMINISTER)

    @property
    def operates(self) -> bool:
        return self.may(Scope.PLATFORM_READ)


class Tokens(Answer):
    """What the token endpoint answers."""

    access_token: str
    refresh_token: str | None = None
    expires_in: int = 300
    scope: str = ""


class Sealed(Answer):
    """The tokens of a session, as they are kept."""

    access_token: str
    refresh_token: str | None = None


class Member(User):
    """A colleague."""

    roles: list[str]
    joined_at: datetime
    suspended_at: datetime | None


class Invitation(Answer):
    """Somebody who was asked to join."""

    id: UUID
    email: str
    name: str
    roles: list[str]
    invited_by: str
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    withdrawn_at: datetime | None


class Client(Answer):
    """A program of the organization."""

    id: UUID
    name: str
    auth_method: str
    grant_types: list[str]
    redirect_uris: list[str]
    scopes: list[str]
    jwks: dict[str, Any] | None
    created_at: datetime
    client_secret: str | None = None  # in the one answer that shows it


class SignedIn(Answer):
    """Where a colleague is signed in."""

    id: UUID
    user_id: UUID
    user_name: str
    authenticated_at: datetime
    used_at: datetime


class AuditEntry(Answer):
    """Who did what."""

    id: UUID
    created_at: datetime
    action: str
    actor_name: str
    subject: str
    details: dict[str, Any]
    address: str


class KnownOrganization(Organization):
    """An organization, as the operator sees it."""

    suspended_at: datetime | None = None
    created_at: datetime
