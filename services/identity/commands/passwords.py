"""Passwords: hashed beside the event loop, checked under a throttle, changed, and set anew."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import cache
from typing import TypeVar
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.identity.commands import mail, records, sessions
from services.identity.domain import tokens
from services.identity.domain.passwords import (
    FORGOTTEN_AFTER,
    PER_ACCOUNT,
    PER_ADDRESS,
    Limit,
    TooManyAttempts,
    check_password,
)
from services.identity.models import Membership, Password, PasswordReset, Throttle, User
from shared.database import Sessions, transaction
from shared.problem import Busy, NotFound, Unauthorized

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP's argon2id
THREADS, WAITING_MAX = 2, 64
RESET_LIFE = timedelta(hours=1)
PER_RESET = Limit(free=3)

_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2")
_waiting = 0

T = TypeVar("T")


class WrongPassword(Unauthorized):
    """The address or the password is wrong."""


class LinkIsOver(NotFound):
    """The link was used, has expired, or was never sent."""


async def _beside(work: Callable[[], T]) -> T:
    """Work in the small pool of threads; a flood is turned away instead of queued for ever."""
    global _waiting  # noqa: PLW0603  one counter for one pool
    if _waiting >= WAITING_MAX:
        raise Busy("Many people sign in just now; try again in a moment.")
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_pool, work)
    finally:
        _waiting -= 1


async def hashed(password: str) -> str:
    """Return what is kept of a password (argon2id, 19 MiB, 2 passes; some 30 ms of a thread)."""
    return await _beside(lambda: HASHER.hash(password))


async def matches(kept: str, password: str) -> bool:
    """Tell whether a password is the one that was kept."""

    def verify() -> bool:
        try:
            return HASHER.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    return await _beside(verify)


@cache
def _nobodys() -> str:
    return HASHER.hash(tokens.new_secret())


async def prove(store: Sessions, *, email: str, password: str, address: str, at: datetime) -> User:
    """Return the person whose password this is.

    The attempt is counted, and committed, before it is judged, so that attempts made at the
    same time count too; no connection is held while the password is hashed. An unknown
    address costs the same time and gets the same answer.

    Raises WrongPassword, and TooManyAttempts while somebody has to wait.
    """
    account, network = _key("account", email), _key("address", address)
    async with transaction(store) as session:
        await count(session, account, PER_ACCOUNT, at=at)
        await count(session, network, PER_ADDRESS, at=at)
        known = (
            await session.execute(
                select(User, Password.hash)
                .join(Password, Password.user_id == User.id)
                .where(User.email == email, User.suspended_at.is_(None))
            )
        ).first()
    right = await matches(known[1] if known else _nobodys(), password)
    if known is None or not right:
        raise WrongPassword("The e-mail address or the password is wrong.")
    async with transaction(store) as session:
        await session.execute(delete(Throttle).where(Throttle.key == account))
        forgiven = update(Throttle).where(Throttle.key == network)
        await session.execute(forgiven.values(failures=Throttle.failures - 1))
    return known[0]


def _key(kind: str, name: str) -> bytes:
    return tokens.digest(f"{kind} {name.casefold()}")


async def count(session: AsyncSession, key: bytes, limit: Limit, *, at: datetime) -> None:
    """Count an attempt; raises TooManyAttempts while the earlier ones make it wait."""
    forgotten = Throttle.updated_at < at - FORGOTTEN_AFTER
    counted = insert(Throttle).values(key=key, failures=1, blocked_until=at, updated_at=at)
    counted = counted.on_conflict_do_update(
        index_elements=[Throttle.key],
        set_={"failures": case((forgotten, 1), else_=Throttle.failures + 1), "updated_at": at},
        where=Throttle.blocked_until <= at,
    )
    failures = (await session.execute(counted.returning(Throttle.failures))).scalar()
    if failures is None:
        until = await session.scalar(select(Throttle.blocked_until).where(Throttle.key == key))
        seconds = max(1, round((until - at).total_seconds())) if until else 1
        raise TooManyAttempts(seconds)
    blocking = update(Throttle).where(Throttle.key == key)
    await session.execute(blocking.values(blocked_until=limit.blocked_until(failures, at=at)))


async def count_registration(
    session: AsyncSession, address: str, limit: Limit, *, at: datetime
) -> None:
    """Count who registers a company from a network address. Raises TooManyAttempts."""
    await count(session, _key("registrations from", address), limit, at=at)


async def set_password(
    session: AsyncSession, user: User, kept: str, *, at: datetime, except_session: UUID | None
) -> None:
    """Keep a new password; every other session of the person ends, and a letter says so."""
    row = {"user_id": user.id, "hash": kept, "changed_at": at}
    keeping = insert(Password).values(row)
    await session.execute(
        keeping.on_conflict_do_update(index_elements=[Password.user_id], set_=row)
    )
    await sessions.end_all(session, user_id=user.id, at=at, except_session=except_session)
    mail.write(session, user, mail.PASSWORD_CHANGED, at=at, path=mail.FORGOTTEN)
    mine = select(Membership.organization_id).where(Membership.user_id == user.id)
    for organization_id in await session.scalars(mine):
        session.add(records.entry(organization_id, "password_changed", actor=user))


async def change(  # noqa: PLR0913  what the form says, and from where
    store: Sessions,
    *,
    user: User,
    current: str,
    new: str,
    session_id: UUID,
    address: str,
    at: datetime,
) -> None:
    """Change a password that the person knows; the session in which it is done goes on.

    Raises WeakPassword, WrongPassword, TooManyAttempts.
    """
    check_password(new, clues=(user.email, user.name))
    await prove(store, email=user.email, password=current, address=address, at=at)
    kept = await hashed(new)
    async with transaction(store) as session:
        await set_password(session, user, kept, at=at, except_session=session_id)


async def forgotten(session: AsyncSession, *, email: str, address: str, at: datetime) -> None:
    """Send a link to set a new password; an unknown address is answered in the same way.

    Raises TooManyAttempts.
    """
    await count(session, _key("reset of", email), PER_RESET, at=at)
    await count(session, _key("resets from", address), PER_ADDRESS, at=at)
    user = await session.scalar(
        select(User).where(User.email == email, User.suspended_at.is_(None))
    )
    if user is None:
        return
    token = tokens.new_secret()
    session.add(
        PasswordReset(
            token_digest=tokens.digest(token),
            user_id=user.id,
            created_at=at,
            expires_at=at + RESET_LIFE,
        )
    )
    mail.write(session, user, mail.PASSWORD_FORGOTTEN, at=at, path=f"/password/reset/{token}")


async def resettable(session: AsyncSession, *, token: str, at: datetime) -> User:
    """Return whose password a link sets. Raises LinkIsOver."""
    living = PasswordReset.used_at.is_(None), PasswordReset.expires_at > at
    user = await session.scalar(
        select(User)
        .join(PasswordReset, PasswordReset.user_id == User.id)
        .where(PasswordReset.token_digest == tokens.digest(token), *living)
    )
    if user is None:
        raise LinkIsOver("Ask for another link.")
    return user


async def reset(store: Sessions, *, token: str, new: str, at: datetime) -> None:
    """Set a new password by a link, once. Raises LinkIsOver, WeakPassword."""
    async with transaction(store) as session:
        user = await resettable(session, token=token, at=at)
    check_password(new, clues=(user.email, user.name))
    kept = await hashed(new)
    async with transaction(store) as session:
        mine = PasswordReset.user_id == user.id, PasswordReset.used_at.is_(None)
        spent = update(PasswordReset).where(*mine).values(used_at=at)
        digests = set(await session.scalars(spent.returning(PasswordReset.token_digest)))
        if tokens.digest(token) not in digests:
            raise LinkIsOver("Ask for another link.")
        await set_password(session, user, kept, at=at, except_session=None)
        await session.execute(delete(Throttle).where(Throttle.key == _key("account", user.email)))
