"""What is done beside the API: owe for what was passed over while somebody held the books."""

import asyncio
import logging
from contextlib import suppress

from sqlalchemy import func, select

from services.settlement.commands.deliveries import value_what_waits
from shared.database import UNAVAILABLE, Sessions, transaction, utc_now

logger = logging.getLogger(__name__)

EVERY_S = 1.0
ALONE = func.pg_try_advisory_xact_lock(func.hashtext("settlement.value_what_waits"))


async def keep_up(sessions: Sessions, stop: asyncio.Event) -> None:
    """Look every second, in one process at a time, as the service's system role."""
    while not stop.is_set():
        try:
            async with transaction(sessions) as session:
                if await session.scalar(select(ALONE)):
                    await value_what_waits(session, at=utc_now())
        except UNAVAILABLE as error:
            logger.info("what was accepted waits to be valued: %r", error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY_S)
