"""What is done every hour: keys drawn ahead, and what no longer counts forgotten."""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from services.identity.commands import keys
from services.identity.domain.passwords import FORGOTTEN_AFTER
from services.identity.models import (
    AccessToken,
    Mail,
    PasswordReset,
    RefreshToken,
    Throttle,
    UsedAssertion,
)
from shared.database import UNAVAILABLE, Sessions, transaction, utc_now

logger = logging.getLogger(__name__)

EVERY_S = 3600.0
KEPT = timedelta(days=30)


async def keep_up(sessions: Sessions, stop: asyncio.Event) -> None:
    """Rotate keys and forget what is over, now and every hour, until told to stop."""
    while not stop.is_set():
        try:
            async with transaction(sessions) as session:
                await keys.rotate(session, at=utc_now())
                await forget(session, at=utc_now())
        except UNAVAILABLE as error:
            logger.info("upkeep waits for the database: %r", error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY_S)


async def forget(session: AsyncSession, *, at: datetime) -> None:
    """Delete what can no longer be used, nor be found to be used twice."""
    for over in (
        UsedAssertion.expires_at < at,
        AccessToken.expires_at < at,
        RefreshToken.expires_at < at,
        PasswordReset.expires_at < at - KEPT,
        Throttle.updated_at < at - FORGOTTEN_AFTER,
        Mail.created_at < at - KEPT,
    ):
        await session.execute(delete(over.left.table).where(over))
