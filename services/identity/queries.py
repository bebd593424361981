"""What may be asked of identity, and who is allowed to act."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.identity.domain import tokens
from services.identity.models import (
    AuditEntry,
    Authorization,
    Client,
    Identifier,
    Invitation,
    Membership,
    Organization,
    Session,
    User,
)
from shared.auth import Caller
from shared.paging import Paging, Rows, keyset


class Actor(NamedTuple):
    """A person who acts for an organization, and in which roles."""

    user: User
    organization: Organization
    roles: list[str]


def _may_act() -> ColumnElement[bool]:
    return and_(
        Membership.removed_at.is_(None),
        Membership.suspended_at.is_(None),
        User.suspended_at.is_(None),
        Organization.suspended_at.is_(None),
    )


def actors(*, user_id: UUID) -> Select[User, Organization, list[str]]:
    """Select every organization for which a person may act now."""
    return (
        select(User, Organization, Membership.roles)
        .join(Membership, Membership.user_id == User.id)
        .join(Organization, Organization.id == Membership.organization_id)
        .where(_may_act(), User.id == user_id)
        .order_by(Organization.name, Organization.id)
    )


def actor(*, user_id: UUID, organization_id: UUID) -> Select[User, Organization, list[str]]:
    """Select a person as somebody who may act for one organization now."""
    return actors(user_id=user_id).where(Organization.id == organization_id)


async def all_actors(session: AsyncSession, *, user_id: UUID) -> Sequence[Actor]:
    """Return a person in each organization for which that person may act."""
    return [Actor(*row) for row in await session.execute(actors(user_id=user_id))]


async def signed_in(
    session: AsyncSession, *, secret: str | None, at: datetime
) -> tuple[Session, User] | None:
    """Return whose browser sends this cookie, unless the session is over."""
    if not secret:
        return None
    living = Session.ended_at.is_(None), Session.expires_at > at, User.suspended_at.is_(None)
    found = await session.execute(
        select(Session, User)
        .join(User, User.id == Session.user_id)
        .where(Session.secret_digest == tokens.digest(secret), *living)
    )
    row = found.first()
    return (row[0], row[1]) if row else None


async def organization(session: AsyncSession, *, organization_id: UUID) -> Organization | None:
    return await session.get(Organization, organization_id)


async def identifiers(
    session: AsyncSession, *, organization_ids: Sequence[UUID]
) -> dict[UUID, dict[str, str]]:
    """Return each organization's numbers by scheme."""
    found: dict[UUID, dict[str, str]] = {id_: {} for id_ in organization_ids}
    chosen = select(Identifier).where(Identifier.organization_id.in_(organization_ids))
    for row in await session.scalars(chosen):
        found[row.organization_id][row.scheme] = row.value
    return found


async def organizations(session: AsyncSession, *, q: str | None, paging: Paging) -> Rows[Any]:
    """List organizations by name; `q` is a part of it."""
    rows = select(Organization)
    if q:
        rows = rows.where(Organization.name.icontains(q, autoescape=True))
    return await keyset(session, rows, order=(Organization.name, Organization.id), paging=paging)


async def people(session: AsyncSession, *, caller: Caller, paging: Paging) -> Rows[Any]:
    """List who belongs to the caller's organization, by name."""
    columns = (
        User.id,
        User.email,
        User.name,
        User.language,
        Membership.roles,
        Membership.joined_at,
        Membership.suspended_at,
    )
    rows = (
        select(*columns)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.organization_id == caller.organization_id, Membership.removed_at.is_(None)
        )
    )
    return await keyset(session, rows, order=(User.name, User.id), paging=paging)


async def invitations(session: AsyncSession, *, caller: Caller, paging: Paging) -> Rows[Any]:
    """List the caller's invitations, the newest first."""
    rows = select(Invitation).where(Invitation.organization_id == caller.organization_id)
    return await keyset(session, rows, order=(Invitation.id,), paging=paging, descending=True)


async def clients(session: AsyncSession, *, caller: Caller, paging: Paging) -> Rows[Any]:
    """List the caller's living clients by name."""
    rows = select(Client).where(
        Client.organization_id == caller.organization_id, Client.ended_at.is_(None)
    )
    return await keyset(session, rows, order=(Client.name, Client.id), paging=paging)


async def sessions(
    session: AsyncSession, *, caller: Caller, at: datetime, paging: Paging
) -> Rows[Any]:
    """List where the organization's people are signed in, the newest first."""
    columns = (
        Authorization.id,
        Authorization.user_id,
        User.name.label("user_name"),
        Authorization.client_id,
        Authorization.authenticated_at,
        Authorization.used_at,
    )
    rows = (
        select(*columns)
        .join(User, User.id == Authorization.user_id)
        .where(
            Authorization.organization_id == caller.organization_id,
            Authorization.revoked_at.is_(None),
            Authorization.used_at > at - tokens.REFRESH_TOKEN_LIFE,
        )
    )
    return await keyset(session, rows, order=(Authorization.id,), paging=paging, descending=True)


async def audit(
    session: AsyncSession, *, caller: Caller, action: str | None, paging: Paging
) -> Rows[Any]:
    """List what was done in the caller's organization, the newest first."""
    rows = select(AuditEntry).where(AuditEntry.organization_id == caller.organization_id)
    if action:
        rows = rows.where(AuditEntry.action == action)
    return await keyset(session, rows, order=(AuditEntry.id,), paging=paging, descending=True)
