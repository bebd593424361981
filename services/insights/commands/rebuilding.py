"""Make the read tables anew from the topics, beside the live ones, and compare the two.

The new ones are temporary tables of one connection under the same names: the handlers write into
them by the same statements, the live ones are read and written meanwhile as ever, and of a rebuild
that is cut off nothing is left.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker

from services.insights.commands.facts import alone
from services.insights.models import READ_TABLES
from services.insights.queries.digests import Digest, digests
from shared.database import Sessions, transaction
from shared.events import Message
from shared.inbox import DeadLetter, DiscardedLetter, Handlers, receive
from shared.kafka import Log

SCHEMA = "insights"
MAIL = "inbox", "dead_letters", "discarded_letters"
HEARD_WITHIN_S_MAX = 30.0  # by the live consumer
LOOKED_AGAIN_EVERY_S = 0.2

UNHEARD = text(
    "SELECT count(*) FROM pg_temp.inbox AS read"
    " WHERE NOT EXISTS (SELECT FROM insights.inbox AS heard WHERE heard.event_id = read.event_id)"
)
AHEAD = text(
    "SELECT event_id FROM insights.inbox AS heard"
    " WHERE NOT EXISTS (SELECT FROM pg_temp.inbox AS read WHERE read.event_id = heard.event_id)"
)

Say = Callable[[int, int], None]  # so many events of so many


class Rebuilt(NamedTuple):
    """What came of it: both sets of tables as numbers, and what stands between them."""

    live: list[Digest]
    anew: list[Digest]
    events: int
    unheard: int  # events in the topics that the live tables had not heard in time
    lacking: int  # events that the live tables have heard and the topics do not hold
    failed: int  # events that could not be applied


async def rebuild(
    live: Sessions, log: Log, handlers: Handlers, *, say: Say, replace: bool = False
) -> Rebuilt:
    """Read the topics from the beginning, compare, and with `replace` put the new rows in place.

    Nothing is replaced where the topics lack what the live tables have heard, or where an event
    could not be applied: that would lose something. While it compares, which takes as long as the
    rows take to be read, the live handlers wait.
    """
    async with _aside(live) as anew:
        passed_over = await _letters(live, handlers)
        reader = _Reader(anew, log, handlers, passed_over)
        await reader.read(say)
        unheard = await _wait_for_the_live_ones(anew)
        async with transaction(live) as held:
            await alone(held)
            lacking = await reader.catch_up()
            found = await _compared(held, anew, reader)
            if replace and found.live != found.anew and not (lacking or found.failed):
                await _put_in_place(anew)
                found = await _compared(held, anew, reader)
        return found._replace(unheard=unheard, lacking=lacking)


@asynccontextmanager
async def _aside(live: Sessions) -> AsyncIterator[Sessions]:
    """Open a connection in which the read tables and the inbox are there anew, and empty."""
    connection: AsyncConnection = await live.kw["bind"].connect()
    try:
        anew = async_sessionmaker(connection, expire_on_commit=False)
        async with transaction(anew) as session:
            for name in (*MAIL, *(model.__tablename__ for model in READ_TABLES)):
                copied = f"CREATE TEMP TABLE {name} (LIKE {SCHEMA}.{name} INCLUDING ALL)"
                await session.execute(text(copied))
        yield anew
    finally:
        await connection.invalidate()  # or the pool would lend it to somebody
        await connection.close()


class _Reader:
    """Applies the log to the new tables, each event once, and counts."""

    def __init__(
        self, anew: Sessions, log: Log, handlers: Handlers, passed_over: set[UUID]
    ) -> None:
        self._anew, self._log, self._handlers = anew, log, handlers
        self._passed_over = passed_over
        self.count = 0

    async def read(self, say: Say) -> None:
        """Apply all that there is by now."""
        total = await self._log.left()
        read = 0
        say(0, total)
        while read < total:
            messages = await self._log.poll()
            read += len(messages)
            await self._apply(messages)
            say(min(read, total), total)

    async def catch_up(self) -> int:
        """Apply what the live tables have heard meanwhile, while they hear nothing more.

        Return how much of that the topics do not hold.
        """
        async with transaction(self._anew) as session:
            ahead = set(await session.scalars(AHEAD)) - self._passed_over
        while ahead and await self._log.left():
            for message in await self._log.poll():
                arrival = self._handlers.read(message)
                if arrival and arrival.event_id in ahead:
                    await self._apply([message])
                    ahead.discard(arrival.event_id)
        return len(ahead)

    async def _apply(self, messages: Sequence[Message]) -> None:
        wanted = [m for m in messages if not self._is_passed_over(m)]
        await receive(self._handlers, self._anew, wanted, back_off_s=())
        self.count += len(wanted)

    def _is_passed_over(self, message: Message) -> bool:
        if not self._passed_over:
            return False
        arrival = self._handlers.read(message)
        return arrival is not None and arrival.event_id in self._passed_over


async def _letters(live: Sessions, handlers: Handlers) -> set[UUID]:
    """Return the events that had no effect: those that wait for a decision or were given up."""
    found: set[UUID] = set()
    async with transaction(live) as session:
        for kind in (DeadLetter, DiscardedLetter):
            for row in await session.execute(select(kind.topic, kind.subject, kind.body)):
                if arrival := handlers.read(Message(*row)):
                    found.add(arrival.event_id)
    return found


async def _wait_for_the_live_ones(anew: Sessions) -> int:
    """Wait until the live tables have heard what was read, and return what they have not."""
    deadline = time.monotonic() + HEARD_WITHIN_S_MAX
    while True:
        async with transaction(anew) as session:
            unheard = int(await session.scalar(UNHEARD) or 0)
        if not unheard or time.monotonic() > deadline:
            return unheard
        await asyncio.sleep(LOOKED_AGAIN_EVERY_S)


async def _compared(held: AsyncSession, anew: Sessions, reader: _Reader) -> Rebuilt:
    async with transaction(anew) as session:
        failed = await session.scalar(select(func.count()).select_from(DeadLetter))
        made = await digests(session)
    return Rebuilt(await digests(held), made, reader.count, 0, 0, failed or 0)


async def _put_in_place(anew: Sessions) -> None:
    """Exchange the live rows for the new ones at once; readers see the old ones until then."""
    async with transaction(anew) as session:
        for model in READ_TABLES:
            name = model.__tablename__
            columns = ", ".join(c.name for c in model.__table__.columns if c.computed is None)
            copied = f"INSERT INTO {SCHEMA}.{name} ({columns}) SELECT {columns} FROM pg_temp.{name}"  # noqa: S608
            await session.execute(text(f"DELETE FROM {SCHEMA}.{name}"))  # noqa: S608  ours
            await session.execute(text(copied))
