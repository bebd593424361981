"""Forget what nobody will ask for again: answers that were given, events that were sent."""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.sql.dml import ReturningDelete

from shared.database import UNAVAILABLE, Sessions, transaction, utc_now
from shared.events import OutboxEvent
from shared.idempotency import IdempotencyKey
from shared.run import Job
from shared.settings import settings

logger = logging.getLogger(__name__)

EVERY_S = 3_600
STEP_ROWS_MAX = 5_000  # of one transaction


def pruning(sessions: Sessions) -> Job:
    """Forget, once an hour, what is older than the settings say, as a service's system role."""
    return partial(_prune_on, sessions)


async def prune(sessions: Sessions) -> int:
    """Forget in steps what is old enough, and return how many rows that was.

    What was heard is never forgotten: topics are kept, and may be read again from the start.
    """
    count = 0
    for step in _old_keys(), _sent_events():
        forgotten = STEP_ROWS_MAX
        while forgotten == STEP_ROWS_MAX:
            async with transaction(sessions) as session:
                forgotten = len((await session.execute(step)).all())
            count += forgotten
    return count


def _old_keys() -> ReturningDelete[Any]:
    mine = IdempotencyKey.organization_id, IdempotencyKey.key
    before = utc_now() - timedelta(days=settings().keep_answers_days)
    old = select(*mine).where(IdempotencyKey.created_at < before).limit(STEP_ROWS_MAX)
    return delete(IdempotencyKey).where(tuple_(*mine).in_(old)).returning(IdempotencyKey.key)


def _sent_events() -> ReturningDelete[Any]:
    """Look at the first events alone, as they were sent in order: the rest need not be read."""
    before = utc_now() - timedelta(days=settings().keep_sent_events_days)
    first = select(OutboxEvent.position).order_by(OutboxEvent.position).limit(STEP_ROWS_MAX)
    old = OutboxEvent.position.in_(first), OutboxEvent.published_at < before
    return delete(OutboxEvent).where(*old).returning(OutboxEvent.position)


async def _prune_on(sessions: Sessions, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            if count := await prune(sessions):
                logger.info("forgot what is old", extra={"rows": count})
        except UNAVAILABLE as error:
            logger.info("nothing was forgotten: %r", error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY_S)
