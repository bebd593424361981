"""OAuth clients of an organization: registered, given secrets and keys, ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.scopes import Scope
from services.identity.commands import records
from services.identity.domain import access, tokens
from services.identity.domain.clients import (
    AuthMethod,
    GrantType,
    UnsoundClient,
    check_client,
    public_keys,
)
from services.identity.models import Authorization, Client, Organization
from shared.auth import Caller
from shared.problem import Conflict, NotFound, Problem


class ClientNameTaken(Conflict):
    """The organization has a client of this name."""


@dataclass(frozen=True, kw_only=True)
class Described:
    """A client as somebody describes it."""

    name: str
    scopes: Sequence[str]
    grant_types: Sequence[GrantType] = (GrantType.CREDENTIALS,)
    auth_method: AuthMethod = AuthMethod.SECRET
    redirect_uris: Sequence[str] = ()
    jwks: Mapping[str, Any] | None = None
    secret: str | None = None  # None: one is drawn
    trusted: bool = False
    id: UUID = field(default_factory=uuid7)

    def checked(self, *, by_operator: bool) -> "Described":
        """Refuse a client that could not work or may not be given. Raises a Problem."""
        access.check_scopes(self.scopes, by_operator=by_operator)
        check_client(
            auth_method=self.auth_method,
            grant_types=self.grant_types,
            redirect_uris=self.redirect_uris,
            jwks=self.jwks,
        )
        return self


class Registered(NamedTuple):
    """A client, its secret where one was drawn (it is shown this once), and what became of it."""

    client: Client
    secret: str | None
    status: str  # registered, renewed, unchanged


def build(organization_id: UUID, described: Described) -> tuple[Client, str | None]:
    """Make a client; the digest of 256 random bits needs no argon2, so a hundred take no time."""
    has_secret = described.auth_method is AuthMethod.SECRET
    secret = (described.secret or tokens.new_secret()) if has_secret else None
    client = Client(
        id=described.id,
        organization_id=organization_id,
        name=described.name,
        auth_method=described.auth_method.value,
        secret_digest=tokens.digest(secret) if secret else None,
        jwks=public_keys(described.jwks) if described.jwks is not None else None,
        grant_types=[grant.value for grant in described.grant_types],
        redirect_uris=list(described.redirect_uris),
        scopes=[str(scope) for scope in described.scopes],
        trusted=described.trusted,
    )
    return client, secret


async def register(session: AsyncSession, *, caller: Caller, described: Described) -> Registered:
    """Register a client of the caller's organization and return its secret, this once.

    Raises NotYoursToGive, UnsoundClient, ClientNameTaken.
    """
    described.checked(by_operator=caller.may(Scope.IDENTITY_OPERATE))
    taken = select(Client.id).where(
        Client.organization_id == caller.organization_id,
        Client.name == described.name,
        Client.ended_at.is_(None),
    )
    if await session.scalar(taken):
        raise ClientNameTaken("Choose another name, or end the client that has it.")
    client, secret = build(caller.organization_id, described)
    session.add(client)
    details = {"scopes": client.scopes, "auth_method": client.auth_method}
    session.add(records.by(caller, "client_registered", subject=client.name, details=details))
    return Registered(client, secret, "registered")


async def register_many(
    session: AsyncSession,
    *,
    caller: Caller,
    batch: Sequence[tuple[UUID, Described]],
    renew: bool,
) -> Sequence[Registered | Problem]:
    """Register clients of many organizations; the answers are in order.

    One that is there, by organization and name, stays as it is; with `renew` it gets what is
    described now, and a new secret.
    """
    asked = [(organization_id, described.name) for organization_id, described in batch]
    mine = tuple_(Client.organization_id, Client.name).in_(asked)
    rows = await session.scalars(select(Client).where(mine, Client.ended_at.is_(None)))
    known = {(row.organization_id, row.name): row for row in rows}
    ids = {organization_id for organization_id, _ in batch}
    there = set(await session.scalars(select(Organization.id).where(Organization.id.in_(ids))))
    done: list[Registered | Problem] = []
    for organization_id, described in batch:
        try:
            if organization_id not in there:
                raise NotFound("There is no such organization.")
            described.checked(by_operator=True)
            result = _put(
                known.get((organization_id, described.name)), organization_id, described, renew
            )
        except Problem as refusal:
            done.append(refusal)
            continue
        done.append(result)
        known[organization_id, described.name] = result.client
        if result.status != "unchanged":
            session.add(result.client)
            session.add(_recorded(caller, organization_id, result))
    return done


def _put(
    known: Client | None, organization_id: UUID, described: Described, renew: bool
) -> Registered:
    if known is not None and not renew:
        return Registered(known, None, "unchanged")
    built, secret = build(organization_id, described)
    if known is None:
        return Registered(built, secret, "registered")
    take(known, built, secret=True)
    return Registered(known, secret, "renewed")


def take(known: Client, described: Client, *, secret: bool) -> None:
    """Bring a client to what is described now; its id, and perhaps its secret, stay."""
    for name in ("auth_method", "jwks", "grant_types", "redirect_uris", "scopes", "trusted"):
        setattr(known, name, getattr(described, name))
    if secret:
        known.secret_digest = described.secret_digest


def _recorded(caller: Caller, organization_id: UUID, result: Registered) -> object:
    return records.by(
        caller,
        f"client_{result.status}",
        organization_id=organization_id,
        subject=result.client.name,
        details={"scopes": result.client.scopes},
    )


async def new_secret(session: AsyncSession, *, caller: Caller, client_id: UUID) -> Registered:
    """Draw another secret; the old one ends at once. Raises NotFound, UnsoundClient."""
    client = await _held(session, caller, client_id)
    if client.auth_method != AuthMethod.SECRET:
        raise UnsoundClient("This client does not authenticate with a secret.")
    secret = tokens.new_secret()
    client.secret_digest = tokens.digest(secret)
    session.add(records.by(caller, "client_secret_drawn", subject=client.name))
    return Registered(client, secret, "renewed")


async def set_keys(
    session: AsyncSession, *, caller: Caller, client_id: UUID, jwks: Mapping[str, Any]
) -> Client:
    """Replace the public keys of a client. Raises NotFound, UnsoundClient."""
    client = await _held(session, caller, client_id)
    if client.auth_method != AuthMethod.PRIVATE_KEY_JWT:
        raise UnsoundClient("This client does not authenticate with private_key_jwt.")
    client.jwks = public_keys(jwks)
    kids = [key["kid"] for key in client.jwks["keys"]]
    session.add(records.by(caller, "client_keys_set", subject=client.name, details={"kids": kids}))
    return client


async def end(session: AsyncSession, *, caller: Caller, client_id: UUID, at: datetime) -> None:
    """End a client and what was granted to it; tokens that are out live five minutes at most."""
    client = await _held(session, caller, client_id)
    client.ended_at = at
    granted = update(Authorization).where(
        Authorization.client_id == client.id, Authorization.revoked_at.is_(None)
    )
    await session.execute(granted.values(revoked_at=at))
    session.add(records.by(caller, "client_ended", subject=client.name))


async def _held(session: AsyncSession, caller: Caller, client_id: UUID) -> Client:
    mine = Client.organization_id == caller.organization_id, Client.ended_at.is_(None)
    chosen = select(Client).where(Client.id == client_id, *mine).with_for_update()
    client = await session.scalar(chosen)
    if client is None:
        raise NotFound("There is no such client in your organization.")
    return client
