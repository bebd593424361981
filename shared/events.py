"""The outbox: events leave inside a database transaction and are sent on in order."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Index,
    Select,
    Text,
    any_,
    func,
    literal,
    select,
    text,
    update,
)
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, Session, mapped_column
from uuid_utils.compat import uuid7

from contracts.event import Envelope, Event
from shared.database import KernelModel, Sessions, transaction, utc_now
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
    if not session.info.get("rings"):
        session.info["rings"] = True
        sqlalchemy_event.listen(session.sync_session, "after_commit", _ring)  # and savepoints


_bells: defaultdict[object, set[asyncio.Event]] = defaultdict(set)


def _ring(session: Session) -> None:
    for bell in _bells[session.info.get("service")]:
        bell.set()


@contextmanager
def bell(sessions: Sessions) -> Iterator[asyncio.Event]:
    """Yield what is set whenever this process commits an event of the same service."""
    ringing, service = asyncio.Event(), (sessions.kw.get("info") or {}).get("service")
    _bells[service].add(ringing)
    try:
        yield ringing
    finally:
        _bells[service].discard(ringing)


def _oldest() -> Select[int, str, str, str]:
    """Select what was not sent yet, as much as one batch may hold, and at least one event."""
    columns = OutboxEvent.position, OutboxEvent.topic, OutboxEvent.subject, OutboxEvent.message
    size = func.octet_length(OutboxEvent.message)
    before = func.sum(size).over(order_by=OutboxEvent.position, rows=(None, 0)) - size
    unpublished = select(*columns, before.label("before")).where(OutboxEvent.published_at.is_(None))
    some = unpublished.order_by(OutboxEvent.position).limit(RELAY_BATCH_MAX).subquery()
    chosen = select(some.c.position, some.c.topic, some.c.subject, some.c.message)
    return chosen.where(some.c.before < RELAY_BYTES_MAX).order_by(some.c.position)


_OLDEST = _oldest()


async def relay(sessions: Sessions, send: Send) -> int:
    """Send the oldest unpublished events in order and return how many were sent.

    One relay at a time holds the lock, which keeps the order. A crash after sending and
    before the commit sends again: delivery is at least once, and the inbox absorbs it.
    """
    alone = select(func.pg_try_advisory_xact_lock(func.hashtext(func.current_schema())))
    async with transaction(sessions) as session:
        if not await session.scalar(alone):
            return 0
        batch = (await session.execute(_OLDEST)).all()
        if batch:
            await send([Message(row.topic, row.subject, row.message.encode()) for row in batch])
            positions = literal([row.position for row in batch], ARRAY(BigInteger))
            sent = update(OutboxEvent).where(OutboxEvent.position == any_(positions))
            await session.execute(sent.values(published_at=utc_now()))
    return len(batch)
