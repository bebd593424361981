"""What the platform needs before anybody can sign in. Each function may run at every start."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.scopes import ROLES, Role, Scope
from services.identity.commands import clients, organizations, passwords, people, records
from services.identity.domain.clients import AuthMethod, GrantType
from services.identity.models import Client, Password, User
from shared.problem import Problem

OPERATOR_ID = UUID("00000000-0000-7000-8000-000000000001")
PORTAL_ID = UUID("00000000-0000-7000-8000-000000000002")


class Credentials(NamedTuple):
    """What a program authenticates with; no secret: it is what it was, or there is none."""

    client_id: str
    secret: str | None


async def ensure_organization(
    session: AsyncSession,
    *,
    name: str,
    at: datetime,
    organization_id: UUID | None = None,
    identifiers: Mapping[str, str] | None = None,
) -> UUID:
    """Register an organization unless it is there, by id or by identifier; return its id."""
    described = organizations.Described(name, organization_id, identifiers or {})
    [done] = await organizations.register(session, caller=None, batch=[described], at=at)
    if isinstance(done, Problem):
        raise done
    await session.flush()
    return done.organization.id


async def ensure_operator(session: AsyncSession, *, name: str, at: datetime) -> UUID:
    """Register the organization that operates the platform."""
    return await ensure_organization(session, name=name, organization_id=OPERATOR_ID, at=at)


async def ensure_client(  # noqa: PLR0913  what a client is
    session: AsyncSession,
    *,
    organization_id: UUID,
    name: str,
    scopes: Sequence[str],
    at: datetime,
    grant_types: Sequence[GrantType] = (GrantType.CREDENTIALS,),
    auth_method: AuthMethod = AuthMethod.SECRET,
    redirect_uris: Sequence[str] = (),
    jwks: Mapping[str, Any] | None = None,
    secret: str | None = None,
    trusted: bool = False,
    client_id: UUID | None = None,
) -> Credentials:
    """Register a client unless it is there, and bring it to what is described.

    A given secret replaces the old one; without one a new client draws its own.
    """
    given = {"id": client_id} if client_id else {}
    described = clients.Described(
        name=name,
        scopes=scopes,
        grant_types=grant_types,
        auth_method=auth_method,
        redirect_uris=redirect_uris,
        jwks=jwks,
        secret=secret,
        trusted=trusted,
        **given,
    ).checked(by_operator=True)
    named = and_(Client.organization_id == organization_id, Client.name == name)
    return await _ensure(
        session,
        organization_id,
        described,
        mine=Client.id == client_id if client_id else named,
        at=at,
    )


async def _ensure(
    session: AsyncSession,
    organization_id: UUID,
    described: clients.Described,
    *,
    mine: ColumnElement[bool],
    at: datetime,
) -> Credentials:
    built, drawn = clients.build(organization_id, described)
    living = select(Client).where(mine, Client.ended_at.is_(None)).with_for_update()
    known = await session.scalar(living)
    if known is None:
        recorded = records.entry(organization_id, "client_registered", subject=described.name)
        recorded.created_at = at
        session.add_all([built, recorded])
        await session.flush()
        return Credentials(built.client_id, drawn)
    clients.take(known, built, secret=described.secret is not None)
    return Credentials(known.client_id, described.secret)


async def ensure_operator_client(
    session: AsyncSession, *, name: str, secret: str, at: datetime
) -> Credentials:
    """Register the program with which the operator works: all that its role may, and imports."""
    imports = {scope for scope in Scope if scope.endswith(":import")}
    return await ensure_client(
        session,
        organization_id=OPERATOR_ID,
        name=name,
        scopes=sorted(imports | ROLES[Role.PLATFORM_OPERATOR]),
        secret=secret,
        at=at,
    )


async def ensure_portal_client(
    session: AsyncSession, *, redirect_uris: Sequence[str], secret: str, at: datetime
) -> Credentials:
    """Register the portal: the platform's own pages, which ask nobody for consent."""
    return await ensure_client(
        session,
        organization_id=OPERATOR_ID,
        name="portal",
        scopes=[scope for scope in Scope if not scope.endswith(":import")],
        grant_types=[GrantType.CODE, GrantType.REFRESH],
        redirect_uris=redirect_uris,
        secret=secret,
        trusted=True,
        client_id=PORTAL_ID,
        at=at,
    )


async def ensure_person(  # noqa: PLR0913  what a person is
    session: AsyncSession,
    *,
    email: str,
    name: str,
    password: str,
    memberships: Mapping[UUID, Sequence[Role]],
    at: datetime,
    language: str = "zh",
) -> UUID:
    """Let a person sign in without an invitation; a password that is there stays as it is."""
    email = email.casefold()
    user = await session.scalar(select(User).where(User.email == email))
    if user is None:
        user = User(email=email, name=name, language=language)
        session.add(user)
        await session.flush()
    if await session.get(Password, user.id) is None:
        kept = await passwords.hashed(password)
        session.add(Password(user_id=user.id, hash=kept, changed_at=at))
    for organization_id, roles in memberships.items():
        await people.become(session, organization_id, user, [str(r) for r in roles], at=at)
    return user.id
