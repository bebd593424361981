"""Close a suspended supplier out while Kafka is away: the word goes round over the database.

Events are the way by which services learn of a suspension. Where its event still waits after a few
seconds, onboarding calls it out on a channel of PostgreSQL, again and again until it is sent, and
services whose row policies read `relationships.suspended_by` heed the call. A call can only close:
whoever could forge one opens nothing, and `changed_at` stays as it was, so that every event counts
when it comes.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ValidationError
from sqlalchemy import text

from shared.database import UNAVAILABLE, Sessions, own_connection, transaction

logger = logging.getLogger(__name__)

CHANNEL = "bars"
EVERY_S = 2.0
HEED_S = 1.0  # how often a listener looks whether it is told to stop
OUTAGE_S = 1.0
CALL = text(
    """
    SELECT pg_notify(:channel, bar.data::text) FROM (
        SELECT DISTINCT ON (subject) message::jsonb -> 'data' AS data
        FROM outbox
        WHERE published_at IS NULL AND recorded_at < clock_timestamp() - interval '3 seconds'
            AND message::jsonb ->> 'type' = :type
        ORDER BY subject, position DESC
    ) AS newest,
    LATERAL (SELECT jsonb_build_object(
        'buyer_id', newest.data -> 'buyer_id', 'supplier_id', newest.data -> 'supplier_id',
        'changed_at', newest.data -> 'changed_at'
    )) AS bar (data)
    WHERE newest.data ->> 'suspended_by' = 'buyer'
    """
)
CLOSE = text(
    """
    UPDATE relationships SET suspended_by = 'buyer'
    WHERE buyer_id = :buyer_id AND supplier_id = :supplier_id AND changed_at < :changed_at
        AND suspended_by IS DISTINCT FROM 'buyer'
    """
)


class Bar(BaseModel):
    """Which supplier its buyer suspended, and when."""

    buyer_id: UUID
    supplier_id: UUID
    changed_at: datetime


async def call(sessions: Sessions, event_type: str, stop: asyncio.Event) -> None:
    """Call out suspensions whose event, of this type, waits in the outbox, until told to stop."""
    while not stop.is_set():
        try:
            async with transaction(sessions) as session:
                await session.execute(CALL, {"channel": CHANNEL, "type": event_type})
        except UNAVAILABLE as error:
            logger.info("calling out suspensions waits for the database: %r", error)
        await _rest(stop, EVERY_S)


async def heed(sessions: Sessions, stop: asyncio.Event) -> None:
    """Close this service's rows to whom a call names, until told to stop."""
    while not stop.is_set():
        try:
            await _listen(sessions, stop)
        except (ConnectionError, *UNAVAILABLE) as error:
            logger.info("listening for suspensions waits for the database: %r", error)
            await _rest(stop, OUTAGE_S)


async def _listen(sessions: Sessions, stop: asyncio.Event) -> None:
    async with own_connection(sessions) as connection:
        await connection.execute(f"LISTEN {CHANNEL}")
        while not stop.is_set():
            async for notice in connection.notifies(timeout=HEED_S):
                await _close(sessions, notice.payload)


async def _close(sessions: Sessions, payload: str) -> None:
    try:
        bar = Bar.model_validate_json(payload)
    except ValidationError:
        logger.warning("a call on %s is none that this process can read", CHANNEL)
        return
    async with transaction(sessions) as session:
        await session.execute(CLOSE, bar.model_dump())


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
