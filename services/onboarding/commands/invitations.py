"""Invite suppliers: singly or many at once, again, or no more; and open links for anybody."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Text, any_, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from services.onboarding.commands.letters import INVITATION, Addressee, post
from services.onboarding.domain.joining import (
    INVITATION_LIFE,
    OPEN,
    RENEWABLE,
    InvitationExists,
    InvitationIsOver,
    InvitationNotFound,
    InvitationState,
    invitation_state,
)
from services.onboarding.models import Invitation, OpenLink
from services.onboarding.queries.joining import moments, organization_named
from shared.auth import Caller
from shared.settings import settings


@dataclass(frozen=True)
class Invited:
    """Whom a buyer asks, as the buyer wrote it."""

    name: str
    contact: str  # the e-mail address or, without one, the telephone number
    email: str | None = None
    phone: str | None = None
    language: str = "zh"
    vendor_number: str | None = None
    note: str | None = None


class Sent(NamedTuple):
    """An invitation that is out; the link only where it was made now."""

    invitation: Invitation
    link: str | None


def new_secret() -> tuple[str, bytes]:
    """Draw what a link ends in, and what is kept of it."""
    secret = secrets.token_urlsafe(24)  # 192 bits in 32 characters: short enough for a code
    return secret, digest(secret)


def digest(secret: str) -> bytes:
    """Return what is kept of a secret."""
    return sha256(secret.encode(errors="replace")).digest()


def link_of(secret: str) -> str:
    """Return the address that a company opens."""
    return f"{settings().issuer.rstrip('/')}/join/{secret}"


async def invite(session: AsyncSession, *, caller: Caller, asked: Invited, at: datetime) -> Sent:
    """Ask one company to apply, by a letter where there is an e-mail address.

    Raises InvitationExists while the same contact has an invitation that holds, or has used one.
    """
    [sent] = await invite_all(session, caller=caller, batch=[asked], at=at)
    if sent.link is None:
        state = invitation_state(moments(sent.invitation), at=at)
        remedy = "it has applied" if state is InvitationState.USED else "renew that one instead"
        raise InvitationExists(f"{asked.contact} was invited already: {remedy}.")
    return sent


async def invite_all(
    session: AsyncSession, *, caller: Caller, batch: Sequence[Invited], at: datetime
) -> list[Sent]:
    """Ask companies to apply; who was asked already, under the same contact, stays as it is."""
    known = await standing_invitations(session, caller=caller, batch=batch, at=at)
    buyer = await organization_named(session, caller.organization_id)
    fresh = {asked.contact for asked in batch if asked.contact not in known}
    await _make_room(session, caller, fresh, at)
    sent: list[Sent] = []
    for asked in batch:
        if row := known.get(asked.contact):
            sent.append(Sent(row, None))
            continue
        row, secret = _built(asked, caller, at)
        session.add(row)
        known[asked.contact] = row
        _write(session, row, secret, buyer=buyer, at=at)
        sent.append(Sent(row, link_of(secret)))
    await session.flush()
    return sent


async def standing_invitations(
    session: AsyncSession, *, caller: Caller, batch: Sequence[Invited], at: datetime
) -> dict[str, Invitation]:
    """Return the invitations under these contacts that hold or were used, by contact."""
    contacts = literal([asked.contact for asked in batch], ARRAY(Text))
    mine = Invitation.buyer_id == caller.organization_id, Invitation.contact == any_(contacts)
    rows = await session.scalars(select(Invitation).where(*mine).order_by(Invitation.id))
    held = OPEN | {InvitationState.USED}
    return {row.contact: row for row in rows if invitation_state(moments(row), at=at) in held}


async def _make_room(
    session: AsyncSession, caller: Caller, contacts: set[str], at: datetime
) -> None:
    """Close invitations that have expired: one is open to each contact."""
    over = update(Invitation).where(
        Invitation.buyer_id == caller.organization_id,
        Invitation.contact == any_(literal(sorted(contacts), ARRAY(Text))),
        Invitation.used_at.is_(None),
        Invitation.withdrawn_at.is_(None),
    )
    await session.execute(over.values(withdrawn_at=at))


def _built(asked: Invited, caller: Caller, at: datetime) -> tuple[Invitation, str]:
    secret, kept = new_secret()
    row = Invitation(
        id=uuid7(),
        buyer_id=caller.organization_id,
        name=asked.name,
        contact=asked.contact,
        email=asked.email,
        phone=asked.phone,
        language=asked.language,
        vendor_number=asked.vendor_number,
        note=asked.note,
        invited_by=caller.name,
        secret_digest=kept,
        created_at=at,
        sent_at=at,
        expires_at=at + INVITATION_LIFE,
    )
    return row, secret


def _write(
    session: AsyncSession, row: Invitation, secret: str, *, buyer: str, at: datetime
) -> None:
    """Send the letter; who has a telephone alone gets the link from the buyer by hand."""
    if row.email is None:
        return
    to = Addressee(row.email, row.name, row.language)
    words = {"buyer": buyer, "inviter": row.invited_by}
    note = f"{row.note}\n\n" if row.note else ""
    post.write(session, to, INVITATION, at=at, path=f"/join/{secret}", note=note, **words)


async def withdraw(
    session: AsyncSession, *, caller: Caller, invitation_id: UUID, at: datetime
) -> Invitation:
    """Make a link useless that nobody has used. Raises InvitationNotFound, InvitationIsOver."""
    row = await _held(session, caller, invitation_id)
    if row.used_at:
        raise InvitationIsOver("It was used: decline the application instead.")
    row.withdrawn_at = row.withdrawn_at or at
    return row


async def renew(
    session: AsyncSession, *, caller: Caller, invitation_id: UUID, at: datetime
) -> Sent:
    """Send an invitation again, with another link; the one before opens nothing any more.

    Raises InvitationNotFound, InvitationIsOver once it was used.
    """
    row = await _held(session, caller, invitation_id)
    if invitation_state(moments(row), at=at) not in RENEWABLE:
        raise InvitationIsOver("It was used: the company has applied.")
    await _make_room(session, caller, {row.contact}, at)
    secret, row.secret_digest = new_secret()
    row.sent_at, row.expires_at = at, at + INVITATION_LIFE
    row.opened_at = row.withdrawn_at = None
    buyer = await organization_named(session, caller.organization_id)
    _write(session, row, secret, buyer=buyer, at=at)
    await session.flush()
    return Sent(row, link_of(secret))


async def _held(session: AsyncSession, caller: Caller, invitation_id: UUID) -> Invitation:
    mine = Invitation.id == invitation_id, Invitation.buyer_id == caller.organization_id
    row = await session.scalar(select(Invitation).where(*mine).with_for_update())
    if row is None:
        raise InvitationNotFound("There is no such invitation among yours.")
    return row


async def open_link(
    session: AsyncSession, *, caller: Caller, name: str | None, language: str, at: datetime
) -> tuple[OpenLink, str]:
    """Make a link by which any company may apply; each application waits for approval."""
    secret, kept = new_secret()
    row = OpenLink(
        id=uuid7(),
        buyer_id=caller.organization_id,
        name=name,
        language=language,
        created_by=caller.name,
        secret_digest=kept,
        uses=0,
        created_at=at,
    )
    session.add(row)
    await session.flush()
    return row, link_of(secret)


async def withdraw_link(
    session: AsyncSession, *, caller: Caller, open_link_id: UUID, at: datetime
) -> OpenLink:
    """Make an open link useless; who has applied stays. Raises InvitationNotFound."""
    mine = OpenLink.id == open_link_id, OpenLink.buyer_id == caller.organization_id
    row = await session.scalar(select(OpenLink).where(*mine).with_for_update())
    if row is None:
        raise InvitationNotFound("There is no such link among yours.")
    row.withdrawn_at = row.withdrawn_at or at
    return row


class Door(NamedTuple):
    """What a link belongs to: an invitation, or an open link."""

    invitation: Invitation | None
    link: OpenLink | None

    @property
    def buyer_id(self) -> UUID:
        """Who invites."""
        row = self.invitation or self.link
        assert row
        return row.buyer_id


async def door(session: AsyncSession, *, secret: str, lock: bool = False) -> Door:
    """Return what a secret opens, on the system session. Raises InvitationIsOver for nothing."""
    kept = digest(secret)
    invited = select(Invitation).where(Invitation.secret_digest == kept)
    linked = select(OpenLink).where(OpenLink.secret_digest == kept)
    if lock:
        invited, linked = invited.with_for_update(), linked.with_for_update()
    found = Door(await session.scalar(invited), await session.scalar(linked))
    if not any(found):
        raise InvitationIsOver("Ask for another invitation.")
    return found


async def look(session: AsyncSession, *, secret: str, at: datetime) -> tuple[Door, InvitationState]:
    """Open a link without using it, and note that it was opened. Raises InvitationIsOver."""
    found = await door(session, secret=secret)
    if found.link:
        if found.link.withdrawn_at:
            raise InvitationIsOver("The link was withdrawn; ask for an invitation.")
        return found, InvitationState.OPENED
    assert found.invitation
    state = invitation_state(moments(found.invitation), at=at)
    if state in OPEN and found.invitation.opened_at is None:
        found.invitation.opened_at = at
    return found, state
