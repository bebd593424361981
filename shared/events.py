"""The outbox: events leave inside a database transaction and are sent on in order."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from typing import NamedTuple

import psycopg
from sqlalchemy import CheckConstraint, Index, Text, func, text
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, Session, mapped_column
from uuid_utils.compat import uuid7

from contracts.event import Envelope, Event
from shared.database import KernelModel, Sessions, own_connection, utc_now
from shared.trace import traceparent

RELAY_BATCH_MAX = 1_000
RELAY_BYTES_MAX = 32_000_000  # that one batch holds in memory
MESSAGE_BYTES_MAX = 1_000_000  # a broker takes 2^20 with key and frame, and would refuse for ever


class Message(NamedTuple):
    """What travels: the sealed envelope, where to, and what it must stay in order with."""

    topic: str
    subject: str
    body: bytes


Send = Callable[[Sequence[Message]], Awaitable[None]]  # ConnectionError: not all acknowledged


class OutboxEvent(KernelModel):
    """An event that is to be sent, exactly as it will be sent."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint(
            f"octet_length(message) <= {MESSAGE_BYTES_MAX}"
            " AND octet_length(subject) BETWEEN 1 AND 200",
            "message_is_sendable",
        ),
        Index("ix_outbox_unpublished", "position", postgresql_where=text("published_at IS NULL")),
    )
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012  who posts may read no more

    position: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str]
    subject: Mapped[str]
    message: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    published_at: Mapped[datetime | None]


def publish(session: AsyncSession, event: Event) -> None:
    """Record an event in the caller's transaction; the relay sends it after the commit."""
    envelope = Envelope.seal(event, id=uuid7(), time=utc_now(), traceparent=traceparent())
    message = envelope.model_dump_json(exclude_none=True)
    if len(message.encode()) > MESSAGE_BYTES_MAX:
        raise ValueError(f"{event.type} has more than {MESSAGE_BYTES_MAX} bytes")
    session.add(OutboxEvent(topic=event.topic(), subject=event.subject, message=message))
    published(session)


def published(session: AsyncSession) -> None:
    """Wake the relay at the commit; for statements that write to the outbox by themselves."""
    session.info["rings"] = True


class _Bell(NamedTuple):
    """What is set in the event loop that waits for it, wherever it is rung."""

    loop: asyncio.AbstractEventLoop
    ringing: asyncio.Event

    def ring(self) -> None:
        with suppress(RuntimeError):  # the loop has just ended, and nobody waits
            self.loop.call_soon_threadsafe(self.ringing.set)


_bells: defaultdict[object, set[_Bell]] = defaultdict(set)


@sqlalchemy_event.listens_for(Session, "after_commit")  # and savepoints
def _ring(session: Session) -> None:
    if session.info.get("rings"):
        for one in tuple(_bells[session.info.get("service")]):
            one.ring()


@contextmanager
def bell(sessions: Sessions) -> Iterator[asyncio.Event]:
    """Yield what is set whenever this process commits an event of the same service."""
    service = (sessions.kw.get("info") or {}).get("service")
    own = _Bell(asyncio.get_running_loop(), asyncio.Event())
    _bells[service].add(own)
    try:
        yield own.ringing
    finally:
        _bells[service].discard(own)


OLDEST = f"""
    SELECT topic, subject, message, position FROM (
        SELECT position, topic, subject, message,
            sum(octet_length(message)) OVER (ORDER BY position) - octet_length(message) AS before
        FROM outbox WHERE published_at IS NULL ORDER BY position LIMIT {RELAY_BATCH_MAX}
    ) AS oldest
    WHERE before < {RELAY_BYTES_MAX} ORDER BY position
"""  # noqa: S608  as much as one batch may hold, and at least one event
SENT = "UPDATE outbox SET published_at = clock_timestamp() WHERE position = ANY (%s)"
ALONE = "SELECT pg_try_advisory_lock(hashtext(current_schema()))"


LIGHTLY = "SET synchronous_commit = off"  # a mark that is lost with the power is a repetition
Positions = Sequence[int]
NONE: Positions = ()


@asynccontextmanager
async def outbox_alone(sessions: Sessions) -> AsyncIterator[psycopg.AsyncConnection | None]:
    """Open the outbox to the one relay at a time that may read it; None while there is another.

    One alone keeps the order. The database lets another in as soon as this connection ends.
    """
    async with own_connection(sessions) as connection:
        found = await (await connection.execute(ALONE)).fetchone()
        await connection.execute(LIGHTLY)
        yield connection if found and found[0] else None


async def send_oldest(
    outbox: psycopg.AsyncConnection, send: Send, *, sent: Positions = NONE
) -> Positions:
    """Send the oldest unpublished events in order and return their positions, to be marked next.

    What was sent before is marked in the same round trip that reads what follows. A crash after
    sending sends again: delivery is at least once, and the inbox absorbs it.
    """
    async with outbox.pipeline():
        if sent:
            await outbox.execute(SENT, [sent])
        oldest = await outbox.execute(OLDEST)
    batch = await oldest.fetchall()
    if batch:
        await send([Message(topic, subject, text.encode()) for topic, subject, text, _ in batch])
    return [position for *_, position in batch]


async def mark(outbox: psycopg.AsyncConnection, sent: Positions) -> None:
    """Mark what was sent, where nothing is read next."""
    if sent:
        await outbox.execute(SENT, [sent])
