"""Who works in an organization: invited, accepted, given roles, suspended, removed."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.identity import UserInvited
from contracts.scopes import OPERATORS, Role, Scope
from services.identity.commands import mail, passwords, records, sessions
from services.identity.domain import access, tokens
from services.identity.domain.passwords import check_password
from services.identity.models import Invitation, Membership, Organization, Password, User
from shared.auth import Caller
from shared.database import Sessions, transaction
from shared.events import publish
from shared.problem import Conflict, NotFound

INVITATION_LIFE = timedelta(days=7)


class AlreadyMember(Conflict):
    """The person belongs to the organization already."""


class InvitationIsOver(NotFound):
    """The invitation was accepted, withdrawn, has expired, or never was."""


class Open(NamedTuple):
    """An invitation that can be accepted, and whether the person has a password already."""

    invitation: Invitation
    organization: Organization
    user: User | None


async def _refuse_member(session: AsyncSession, organization: Organization, email: str) -> None:
    known = select(User.id).join(Membership, Membership.user_id == User.id)
    here = Membership.organization_id == organization.id, Membership.removed_at.is_(None)
    if await session.scalar(known.where(User.email == email, *here)):
        raise AlreadyMember("Change the roles of the person instead.")


async def invite(  # noqa: PLR0913  what an invitation says
    session: AsyncSession,
    *,
    caller: Caller,
    organization: Organization,
    email: str,
    name: str,
    language: str,
    roles: Sequence[Role],
    at: datetime,
) -> Invitation:
    """Ask somebody to join, by a letter with a link; an older open invitation is replaced.

    Announces UserInvited. Raises NotYoursToGive, AlreadyMember.
    """
    access.check_roles(roles, by_operator=caller.may(Scope.IDENTITY_OPERATE))
    await _refuse_member(session, organization, email)
    mine = Invitation.organization_id == organization.id, Invitation.email == email
    earlier = update(Invitation).where(*mine, *_open())
    await session.execute(earlier.values(withdrawn_at=at))
    token = tokens.new_secret()
    invitation = Invitation(
        organization_id=organization.id,
        email=email,
        name=name,
        language=language,
        roles=[str(role) for role in roles],
        invited_by=caller.name,
        token_digest=tokens.digest(token),
        expires_at=at + INVITATION_LIFE,
    )
    session.add(invitation)
    await session.flush()
    words = {"inviter": caller.name, "organization": organization.name}
    path = f"/invitations/{token}"
    mail.write(session, invitation, mail.INVITATION, at=at, path=path, **words)
    _tell_of_invitation(session, invitation, by=caller, at=at)
    return invitation


def _tell_of_invitation(
    session: AsyncSession, invitation: Invitation, *, by: Caller, at: datetime
) -> None:
    publish(
        session,
        UserInvited(
            organization_id=invitation.organization_id,
            invitation_id=invitation.id,
            roles=invitation.roles,
            invited_at=at,
        ),
    )
    session.add(
        records.by(
            by,
            "invited",
            organization_id=invitation.organization_id,
            subject=invitation.email,
            details={"roles": invitation.roles},
        )
    )


def _open() -> tuple[ColumnElement[bool], ...]:
    return Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None)


async def withdraw(
    session: AsyncSession, *, caller: Caller, invitation_id: UUID, at: datetime
) -> Invitation:
    """Take back an invitation that nobody has accepted yet. Raises InvitationIsOver."""
    mine = (
        Invitation.id == invitation_id,
        Invitation.organization_id == caller.organization_id,
    )
    chosen = select(Invitation).where(*mine, *_open())
    invitation = await session.scalar(chosen.with_for_update())
    if invitation is None:
        raise InvitationIsOver("There is no such open invitation.")
    invitation.withdrawn_at = at
    session.add(records.by(caller, "invitation_withdrawn", subject=invitation.email))
    return invitation


async def opened(session: AsyncSession, *, token: str, at: datetime, lock: bool = False) -> Open:
    """Return the invitation that a link belongs to. Raises InvitationIsOver."""
    living = Invitation.expires_at > at, Organization.suspended_at.is_(None)
    chosen = (
        select(Invitation, Organization, User)
        .join(Organization, Organization.id == Invitation.organization_id)
        .outerjoin(User, User.email == Invitation.email)
        .where(Invitation.token_digest == tokens.digest(token), *_open(), *living)
    )
    if lock:
        chosen = chosen.with_for_update(of=Invitation)
    found = (await session.execute(chosen)).first()
    if found is None:
        raise InvitationIsOver("Ask for another invitation.")
    return Open(*found)


async def join(  # noqa: PLR0913  what the form says, and from where
    store: Sessions,
    *,
    token: str,
    name: str,
    password: str,
    address: str,
    browser: str,
    at: datetime,
) -> str:
    """Accept an invitation and sign in; return the cookie's secret.

    Somebody new chooses a password; who has one already proves it.
    Raises InvitationIsOver, WeakPassword, WrongPassword, TooManyAttempts.
    """
    async with transaction(store) as session:
        found = await opened(session, token=token, at=at)
        invited = found.invitation
        has_password = await session.get(Password, found.user.id) if found.user else None
    kept = None
    if has_password:
        await passwords.prove(store, email=invited.email, password=password, address=address, at=at)
    else:
        check_password(password, clues=(invited.email, name))
        kept = await passwords.hashed(password)
    async with transaction(store) as session:
        found = await opened(session, token=token, at=at, lock=True)
        user = found.user or User(email=invited.email, name=name, language=invited.language)
        session.add(user)
        await session.flush()
        if kept:
            session.add(Password(user_id=user.id, hash=kept, changed_at=at))
        await _accept(session, found.invitation, user, at=at)
        return sessions.begin(session, user, address=address, browser=browser, at=at)


async def accept_signed_in(session: AsyncSession, *, token: str, user: User, at: datetime) -> None:
    """Accept an invitation as the person who is signed in, and whom it is addressed to."""
    found = await opened(session, token=token, at=at, lock=True)
    if found.user is None or found.user.id != user.id:
        raise InvitationIsOver("This invitation is addressed to somebody else.")
    await _accept(session, found.invitation, user, at=at)


async def _accept(
    session: AsyncSession, invitation: Invitation, user: User, *, at: datetime
) -> None:
    invitation.accepted_at = at
    await become(session, invitation.organization_id, user, invitation.roles, at=at)
    session.add(
        records.entry(
            invitation.organization_id,
            "joined",
            actor=user,
            subject=user.email,
            details={"roles": invitation.roles},
        )
    )


async def become(
    session: AsyncSession,
    organization_id: UUID,
    user: User,
    roles: Collection[str],
    *,
    at: datetime,
) -> None:
    """Make a person a member with these roles, whatever was before."""
    row = {"organization_id": organization_id, "user_id": user.id}
    state = {"roles": list(roles), "removed_at": None, "suspended_at": None}
    joining = insert(Membership).values(row | state | {"joined_at": at})
    await session.execute(joining.on_conflict_do_update(index_elements=[*row], set_=state))


async def set_roles(
    session: AsyncSession, *, caller: Caller, user_id: UUID, roles: Sequence[Role]
) -> Membership:
    """Give a member these roles and no others; tokens follow at their next refresh.

    Raises NotFound, NotYoursToGive, LastAdministrator.
    """
    member, others = await _held(session, caller, user_id)
    before = set(member.roles)
    changed = [Role(role) for role in before.symmetric_difference(roles) if role in access.KNOWN]
    access.check_roles(changed, by_operator=caller.may(Scope.IDENTITY_OPERATE))
    access.check_somebody_administers(others, before=before, after=roles)
    member.roles = [str(role) for role in roles]
    details = {"before": sorted(before), "after": member.roles}
    session.add(records.by(caller, "roles_changed", subject=str(user_id), details=details))
    return member


async def remove(session: AsyncSession, *, caller: Caller, user_id: UUID, at: datetime) -> None:
    """Let a member go: sessions end now, access tokens within five minutes.

    Raises NotFound, NotYoursToGive, LastAdministrator.
    """
    member, others = await _held(session, caller, user_id)
    _check_may_stop(caller, member)
    access.check_somebody_administers(others, before=member.roles, after=())
    member.removed_at = at
    await sessions.end_of(session, organization_id=caller.organization_id, user_id=user_id, at=at)
    session.add(records.by(caller, "member_removed", subject=str(user_id)))


async def suspend(
    session: AsyncSession, *, caller: Caller, user_id: UUID, at: datetime
) -> Membership:
    """Stop a member for now: as `remove`, until `resume`."""
    member, others = await _held(session, caller, user_id)
    _check_may_stop(caller, member)
    access.check_somebody_administers(others, before=member.roles, after=())
    member.suspended_at = member.suspended_at or at
    await sessions.end_of(session, organization_id=caller.organization_id, user_id=user_id, at=at)
    session.add(records.by(caller, "member_suspended", subject=str(user_id)))
    return member


async def resume(session: AsyncSession, *, caller: Caller, user_id: UUID) -> Membership:
    """Let a suspended member act again. Raises NotFound."""
    member, _ = await _held(session, caller, user_id)
    member.suspended_at = None
    session.add(records.by(caller, "member_resumed", subject=str(user_id)))
    return member


def _check_may_stop(caller: Caller, member: Membership) -> None:
    reserved = [role for role in OPERATORS if role in member.roles]
    access.check_roles(reserved, by_operator=caller.may(Scope.IDENTITY_OPERATE))


async def _held(session: AsyncSession, caller: Caller, user_id: UUID) -> tuple[Membership, int]:
    """Hold the organization's members; return one, and how many others can administer."""
    mine = Membership.organization_id == caller.organization_id, Membership.removed_at.is_(None)
    chosen = select(Membership).where(*mine).order_by(Membership.user_id).with_for_update()
    members = {member.user_id: member for member in await session.scalars(chosen)}
    member = members.pop(user_id, None)
    if member is None:
        raise NotFound("There is no such person in your organization.")
    able = [m for m in members.values() if access.is_administrator(m.roles) and not m.suspended_at]
    return member, len(able)
