"""Where people are signed in: begun, carried on, ended."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.identity.commands import records
from services.identity.domain import tokens
from services.identity.models import Authorization, Session, User
from shared.auth import Caller
from shared.problem import NotFound

SESSION_LIFE = timedelta(hours=12)
BROWSER_LENGTH_MAX = 200


def begin(session: AsyncSession, user: User, *, address: str, browser: str, at: datetime) -> str:
    """Open a session for a person who has proved to be one; return the cookie's secret."""
    secret = tokens.new_secret()
    session.add(
        Session(
            secret_digest=tokens.digest(secret),
            user_id=user.id,
            authenticated_at=at,
            expires_at=at + SESSION_LIFE,
            address=address,
            browser=browser[:BROWSER_LENGTH_MAX],
        )
    )
    return secret


async def sign_out(session: AsyncSession, *, session_id: UUID, at: datetime) -> None:
    """End a session and every token that came of it."""
    ended = update(Session).where(Session.id == session_id, Session.ended_at.is_(None))
    await session.execute(ended.values(ended_at=at))
    await _revoke(session, at, Authorization.session_id == session_id)


async def end_all(
    session: AsyncSession, *, user_id: UUID, at: datetime, except_session: UUID | None = None
) -> None:
    """End every session of a person, and their tokens, except perhaps the present one."""
    mine = Session.user_id == user_id, Session.ended_at.is_(None), Session.id != except_session
    chosen = mine if except_session else mine[:2]
    await session.execute(update(Session).where(*chosen).values(ended_at=at))
    others = Authorization.session_id != except_session
    tokens_of = (Authorization.user_id == user_id, *((others,) if except_session else ()))
    await _revoke(session, at, *tokens_of)


async def end_of(
    session: AsyncSession, *, organization_id: UUID, at: datetime, user_id: UUID | None = None
) -> None:
    """End what was granted in an organization, to one person or to all."""
    which = [Authorization.organization_id == organization_id]
    if user_id:
        which.append(Authorization.user_id == user_id)
    await _revoke(session, at, *which)


async def end(session: AsyncSession, *, caller: Caller, session_id: UUID, at: datetime) -> None:
    """End one of the organization's sessions: its tokens and the sign-in behind it."""
    mine = (
        Authorization.id == session_id,
        Authorization.organization_id == caller.organization_id,
    )
    columns = Authorization.session_id, Authorization.user_id
    found = (await session.execute(select(*columns).where(*mine).with_for_update())).first()
    if found is None:
        raise NotFound("There is no such session in your organization.")
    await _revoke(session, at, Authorization.id == session_id)
    behind = update(Session).where(Session.id == found[0], Session.ended_at.is_(None))
    await session.execute(behind.values(ended_at=at))
    session.add(records.by(caller, "session_ended", subject=str(found[1])))


async def _revoke(session: AsyncSession, at: datetime, *which: ColumnElement[bool]) -> None:
    living = update(Authorization).where(*which, Authorization.revoked_at.is_(None))
    await session.execute(living.values(revoked_at=at))
