"""What identity's API accepts and returns."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, model_validator

from contracts.scopes import ROLES, Role, Scope
from services.identity.domain.clients import AuthMethod, GrantType
from shared.problem import ProblemDetails
from shared.types import BULK_MAX, Body, Code, Email, Line, View
from shared.web.languages import Language

Scheme = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.:-]{0,59}$")]
Roles = Annotated[list[Role], Field(max_length=len(Role))]
Scopes = Annotated[list[Scope], Field(max_length=len(Scope))]
Uri = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[\x21-\x7e]+$")]
Reason = Line
Action = Annotated[str, Field(pattern=r"^[a-z_]{1,60}$")]


class Jwks(Body):
    """A JSON Web Key Set of public keys (RFC 7517)."""

    keys: Annotated[list[dict[str, str | list[str] | None]], Field(min_length=1, max_length=10)]


class AdministratorIn(Body):
    email: Email
    name: Line
    language: Language = Language.ZH


class OrganizationIn(Body):
    id: UUID | None = None
    name: Line
    identifiers: Annotated[dict[Scheme, Code], Field(max_length=20, default_factory=dict)]
    administrator: AdministratorIn | None = None


class OrganizationsIn(Body):
    organizations: Annotated[list[OrganizationIn], Field(min_length=1, max_length=BULK_MAX)]


class OrganizationResult(View):
    """What became of one description: `registered`, `updated`, `unchanged` or `refused`."""

    index: int
    id: UUID | None = None
    status: str
    problem: ProblemDetails | None = None


class OrganizationsOut(View):
    results: list[OrganizationResult]


class OrganizationOut(View):
    id: UUID
    name: str
    identifiers: dict[str, str]
    suspended_at: datetime | None
    created_at: datetime


class ReasonIn(Body):
    reason: Reason


class PersonOut(View):
    id: UUID
    email: str
    name: str
    language: str


class MembershipOut(View):
    """An organization for which a person may act."""

    organization_id: UUID
    name: str
    roles: list[str]


class MeOut(View):
    """Who calls: a person or, with `user` null, a program; and for whom."""

    user: PersonOut | None
    client_id: str
    organization: OrganizationOut
    roles: list[str]
    scopes: list[str]
    memberships: list[MembershipOut]


class MemberOut(PersonOut):
    """A person who works in the organization."""

    roles: list[str]
    joined_at: datetime
    suspended_at: datetime | None


class RolesIn(Body):
    roles: Roles


class InvitationIn(Body):
    email: Email
    name: Line
    language: Language = Language.ZH
    roles: Annotated[Roles, Field(min_length=1)]


class InvitationOut(View):
    id: UUID
    email: str
    name: str
    roles: list[str]
    invited_by: str
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    withdrawn_at: datetime | None


class ClientIn(Body):
    """A program; `roles` are short for the scopes that they hold."""

    name: Line
    roles: Annotated[Roles, Field(default_factory=list)]
    scopes: Annotated[Scopes, Field(default_factory=list)]
    grant_types: Annotated[
        list[GrantType],
        Field(min_length=1, max_length=3, default_factory=lambda: [GrantType.CREDENTIALS]),
    ]
    auth_method: AuthMethod = AuthMethod.SECRET
    redirect_uris: Annotated[list[Uri], Field(max_length=20, default_factory=list)]
    jwks: Jwks | None = None

    def all_scopes(self) -> list[str]:
        """Return what the roles and the scopes allow together."""
        held = {scope for role in self.roles for scope in ROLES[role]} | set(self.scopes)
        return sorted(scope.value for scope in held)

    @model_validator(mode="after")
    def _may_do_something(self) -> "ClientIn":
        if not self.all_scopes():
            raise ValueError("give the client at least one scope, or a role that holds one")
        return self


class BulkClientIn(ClientIn):
    organization_id: UUID


class ClientsIn(Body):
    clients: Annotated[list[BulkClientIn], Field(min_length=1, max_length=BULK_MAX)]
    renew: bool = False  # give clients that are there what is described, and a new secret


class ClientOut(View):
    id: UUID
    name: str
    auth_method: AuthMethod
    grant_types: list[GrantType]
    redirect_uris: list[str]
    scopes: list[str]
    jwks: dict[str, Any] | None
    created_at: datetime


class NewClientOut(ClientOut):
    """A client with its secret, which is shown this once and kept nowhere."""

    client_secret: str | None = None


class ClientResult(View):
    """What became of one description: `registered`, `renewed`, `unchanged` or `refused`."""

    index: int
    organization_id: UUID
    client_id: str | None = None
    client_secret: str | None = None
    status: str
    problem: ProblemDetails | None = None


class ClientsOut(View):
    results: list[ClientResult]


class SessionOut(View):
    """Where a person of the organization is signed in."""

    id: UUID
    user_id: UUID
    user_name: str
    client_id: UUID
    authenticated_at: datetime
    used_at: datetime


class AuditEntryOut(View):
    """Who did what, in the words of then."""

    id: UUID
    created_at: datetime
    action: str
    actor_id: UUID | None
    actor_name: str
    client_id: str
    subject: str
    details: dict[str, Any]
    address: str
