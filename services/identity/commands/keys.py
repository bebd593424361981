"""The keys that sign tokens: drawn, published ahead, retired."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from services.identity.domain.tokens import (
    KEY_LEAD,
    KEY_LIFE,
    KEY_REST,
    SigningKey,
    new_signing_key,
    public_jwk,
)
from services.identity.models import SigningKeyRow

ALGORITHM = "ES256"


def signing_key(session: Session, *, at: datetime) -> SigningKey:
    """Return the key that signs now; the first is drawn when it is first needed."""
    begun = SigningKeyRow.signs_from <= at
    newest = select(SigningKeyRow).where(begun).order_by(SigningKeyRow.signs_from.desc()).limit(1)
    found = session.scalar(newest)
    if found is None:
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext("identity.signing_keys"))))
        found = session.scalar(newest) or _draw(session, ALGORITHM, signs_from=at)
    return found.key


def published_keys(session: Session, *, at: datetime) -> list[SigningKey]:
    """Return the keys whose signatures count now, the one to come among them."""
    signing_key(session, at=at)
    counts = or_(SigningKeyRow.retired_at.is_(None), SigningKeyRow.retired_at > at - KEY_REST)
    rows = session.scalars(select(SigningKeyRow).where(counts).order_by(SigningKeyRow.signs_from))
    return [row.key for row in rows]


async def jwks(session: AsyncSession, *, at: datetime) -> dict[str, Any]:
    """Return the public part of the keys, as `/oauth/jwks` publishes it (RFC 7517)."""
    keys = await session.run_sync(lambda sync: published_keys(sync, at=at))
    return {"keys": [public_jwk(key) for key in keys]}


async def ensure_signing_key(session: AsyncSession, *, at: datetime) -> None:
    """Draw the first key, if there is none."""
    await session.run_sync(lambda sync: signing_key(sync, at=at))


async def rotate(session: AsyncSession, *, at: datetime, algorithm: str = ALGORITHM) -> bool:
    """Draw the next key when the present one is old or of another algorithm; tell whether so.

    It is published at once and signs after `KEY_LEAD`, when everybody who caches the key set
    has read it. The old one stays published while its tokens live, and is then forgotten.
    """
    await session.execute(
        select(func.pg_advisory_xact_lock(func.hashtext("identity.signing_keys")))
    )
    newest = await session.scalar(
        select(SigningKeyRow).order_by(SigningKeyRow.signs_from.desc()).limit(1)
    )
    await session.execute(delete(SigningKeyRow).where(SigningKeyRow.retired_at < at - KEY_REST))
    fresh = newest and newest.signs_from > at - KEY_LIFE and newest.algorithm == algorithm
    if fresh:
        return False
    starts = at + KEY_LEAD if newest else at
    if newest:
        newest.retired_at = starts
    await session.run_sync(lambda sync: _draw(sync, algorithm, signs_from=starts))
    return True


def _draw(session: Session, algorithm: str, *, signs_from: datetime) -> SigningKeyRow:
    key = new_signing_key(algorithm)
    row = SigningKeyRow(
        kid=key.kid, algorithm=algorithm, private_jwk=key.private_jwk, signs_from=signs_from
    )
    session.add(row)
    session.flush()
    return row
