"""The inbox: events arrive inside a database transaction, each once, and none is skipped."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import NamedTuple, TypeVar
from uuid import NAMESPACE_OID, UUID, uuid5

from sqlalchemy import ARRAY, Index, Text, any_, func, literal, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from contracts.event import Envelope, Event
from shared.batches import at_once
from shared.database import (
    KernelModel,
    Sessions,
    is_away,
    is_locked,
    transaction,
    utc_now,
)
from shared.events import Message
from shared.problem import Problem
from shared.trace import following

logger = logging.getLogger(__name__)

E = TypeVar("E", bound=Event)
Handler = Callable[..., Awaitable[None]]  # (session, event)
Subjects = set[tuple[str, str]]  # with their topics

REASON_MAX = 2_000
TYPE = re.compile(rb'"type" ?: ?"([a-z0-9_.]+)"')
HEAD_BYTES = 400  # of a message: an envelope names its type before what it carries
BACK_OFF_S = 0.05, 0.2, 0.8, 3.2  # between five tries
LETTERS = func.hashtext(func.current_schema() + ".dead_letters")  # locks arrivals out of a replay
ENTER = text(
    """
    WITH arrived AS (
        SELECT *
        FROM unnest(CAST(:ids AS uuid[]), CAST(:topics AS text[]), CAST(:subjects AS text[]))
            AS arrived (event_id, topic, subject)
    ), entered AS (
        INSERT INTO inbox (event_id) SELECT event_id FROM arrived
        ON CONFLICT DO NOTHING RETURNING event_id
    )
    SELECT event_id, EXISTS (
        SELECT FROM dead_letters AS letter
        WHERE letter.subject = arrived.subject AND letter.topic = arrived.topic
    ) AS waits
    FROM arrived JOIN entered USING (event_id)
    """
)


class Position(NamedTuple):
    """How far a consumer has read one partition of a topic, and how far it could read."""

    topic: str
    partition: int
    position: int
    log_end: int


class Inbound(NamedTuple):
    """Where messages come from: each poll returns some, in order, per partition."""

    poll: Callable[[], Awaitable[Sequence[Sequence[Message]]]]
    acknowledge: Callable[[], Awaitable[None]]
    positions: Callable[[], Awaitable[Sequence[Position]]]


class Unreadable(Problem):
    """The message is not an event as its contract describes it."""

    status = 422


class InboxEvent(KernelModel):
    """An event that had its effect here."""

    __tablename__ = "inbox"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    arrived_at: Mapped[datetime] = mapped_column(server_default=func.now())


class DeadLetter(KernelModel):
    """A message that could not be applied, or that waits behind one on the same subject."""

    __tablename__ = "dead_letters"
    __table_args__ = (
        Index("ix_dead_letters_subject_topic_position", "subject", "topic", "position"),
    )

    position: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str]
    subject: Mapped[str]
    body: Mapped[bytes]
    reason: Mapped[str | None] = mapped_column(Text)  # None: it only waits
    arrived_at: Mapped[datetime] = mapped_column(default=utc_now)


class DiscardedLetter(KernelModel):
    """A dead letter that somebody gave up: what it said, who gave it up, and why."""

    __tablename__ = "discarded_letters"

    position: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str]
    subject: Mapped[str]
    body: Mapped[bytes]
    reason: Mapped[str | None] = mapped_column(Text)
    discarded_because: Mapped[str] = mapped_column(Text)
    discarded_by: Mapped[str]
    discarded_at: Mapped[datetime] = mapped_column(default=utc_now)


class ConsumerPosition(KernelModel):
    """How far this service has read a partition, as its consumer last said."""

    __tablename__ = "consumer_positions"

    topic: Mapped[str] = mapped_column(primary_key=True)
    partition: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int]
    log_end: Mapped[int]
    seen_at: Mapped[datetime] = mapped_column(default=utc_now)


class Arrival(NamedTuple):
    """A message some handler is for; applying it has that handler's effect."""

    event_id: UUID
    message: Message
    traceparent: str | None
    effect: Callable[[AsyncSession], Awaitable[None]]
    event: Event | None = None
    many: Handler | None = None  # what has the effect of several at once
    in_turn: bool = False  # … also of several on one subject

    async def apply(self, session: AsyncSession) -> None:
        """Have the effect, as a step of the trace in which the event was published."""
        with following(self.traceparent):
            await self.effect(session)

    @property
    def subject(self) -> tuple[str, str]:
        return self.message.topic, self.message.subject

    def letter(self, reason: Exception | None = None) -> DeadLetter:
        return DeadLetter(**self.message._asdict(), reason=said(reason) if reason else None)


def said(reason: Exception) -> str:
    """Return what an exception says, as text that can be stored."""
    text = repr(reason)[:REASON_MAX].replace("\0", "")
    return text.encode(errors="replace").decode()


class Handlers:
    """The events a service listens to, and what it does about each."""

    def __init__(self) -> None:
        self.topics: set[str] = set()
        self._by_type: dict[str, Handler] = {}
        self._together: dict[str, Handler] = {}
        self._in_turn: set[Handler] = set()

    def on(self, contract: type[E]) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            assert contract.type not in self._by_type, f"{contract.type} is handled twice"
            self._by_type[contract.type] = handler
            self.topics.add(contract.topic())
            return handler

        return register

    def together(self, contract: type[E], *, in_turn: bool = False) -> Callable[[Handler], Handler]:
        """Register a handler of `(session, events)`, for effects that are set-based.

        What comes at once is sorted by handler as far as each subject's order allows: no two of the
        events that it is given are on one subject, unless it takes such events in turn.
        """

        def register(handler: Handler) -> Handler:
            async def alone(session: AsyncSession, event: Event) -> None:
                await handler(session, [event])

            self.on(contract)(alone)
            self._together[contract.type] = handler
            if in_turn:
                self._in_turn.add(handler)
            return handler

        return register

    @property
    def types(self) -> list[str]:
        """Name the types of event that have a handler."""
        return sorted(self._by_type)

    def read(self, message: Message) -> Arrival | None:
        """Open a message; None when this service has no handler for it."""
        told = TYPE.search(message.body, 0, HEAD_BYTES)
        name = told[1].decode() if told else ""
        if name in Event.catalogue and name not in self._by_type:
            return None  # as most are: what they say need not be read
        try:
            envelope = Envelope.model_validate_json(message.body)
            handler = self._by_type.get(envelope.type)
            event = envelope.open() if handler else None
        except Exception as error:  # noqa: BLE001  whatever a contract makes of whatever came
            return _unreadable(message, error)
        if handler is None:
            return None
        effect, many = partial(handler, event=event), self._together.get(envelope.type)
        in_turn = many in self._in_turn
        return Arrival(envelope.id, message, envelope.traceparent, effect, event, many, in_turn)


def _unreadable(message: Message, error: Exception) -> Arrival:
    """Know a message that names no id by what it says and where it was said."""

    async def refuse(_: AsyncSession) -> None:
        raise Unreadable(str(error)) from error

    content = sha256(repr(message).encode()).hexdigest()
    return Arrival(uuid5(NAMESPACE_OID, content), message, None, refuse)


async def receive(
    handlers: Handlers,
    sessions: Sessions,
    messages: Sequence[Message],
    *,
    back_off_s: Sequence[float] = BACK_OFF_S,
) -> None:
    """Apply messages in order, each once: its effect and its inbox row commit together.

    One that is refused, or fails at every try, becomes a dead letter, and what follows on its
    subject waits behind it. Raises only what says that the database is away.
    """
    arrivals = [arrival for message in messages if (arrival := handlers.read(message))]
    await _settle(sessions, arrivals, back_off_s)


async def _settle(
    sessions: Sessions, arrivals: Sequence[Arrival], back_off_s: Sequence[float]
) -> None:
    """Apply messages together if that works, or else in halves, down to what fails alone."""
    if len(arrivals) == 1:
        await _settle_alone(sessions, arrivals[0], back_off_s)
    elif arrivals:
        try:
            await _apply(sessions, arrivals)
        except Exception as obstacle:
            if is_away(obstacle):
                raise
            logger.info("%s messages were not applied together: %r", len(arrivals), obstacle)
            half = len(arrivals) // 2
            await _settle(sessions, arrivals[:half], back_off_s)
            await _settle(sessions, arrivals[half:], back_off_s)


async def _settle_alone(sessions: Sessions, arrival: Arrival, back_off_s: Sequence[float]) -> None:
    obstacle = await _obstacle(sessions, arrival)
    for pause_s in back_off_s:
        if obstacle is None or isinstance(obstacle, Problem):
            break
        await asyncio.sleep(pause_s)
        obstacle = await _obstacle(sessions, arrival)
    if obstacle and is_locked(obstacle):
        raise obstacle
    if obstacle:
        async with transaction(sessions) as session:
            new, _ = await _enter(session, [arrival])
            session.add_all(one.letter(obstacle) for one in new)


async def _obstacle(sessions: Sessions, arrival: Arrival) -> Exception | None:
    """Apply one message by itself and return what stood in the way, if anything did."""
    try:
        await _apply(sessions, [arrival])
    except Exception as obstacle:
        if is_away(obstacle):
            raise
        with following(arrival.traceparent):
            logger.warning("event %s was not applied", arrival.event_id, exc_info=True)
        return obstacle
    return None


async def _apply(sessions: Sessions, arrivals: Sequence[Arrival]) -> None:
    async with transaction(sessions) as session:
        new, held_up = await _enter(session, arrivals)
        if held_up:  # perhaps not any more: a replay may just have taken the last one away
            await session.execute(select(func.pg_advisory_xact_lock_shared(LETTERS)))
            held_up = await _held_up(session, new)
        session.add_all(arrival.letter() for arrival in new if arrival.subject in held_up)
        for some in at_once([arrival for arrival in new if arrival.subject not in held_up]):
            await _apply_together(session, some)


async def _apply_together(session: AsyncSession, some: Sequence[Arrival]) -> None:
    first = some[0]
    if first.many is None or len(some) == 1:
        await first.apply(session)
    else:
        with following(first.traceparent):
            await first.many(session, [arrival.event for arrival in some])


async def _enter(
    session: AsyncSession, arrivals: Sequence[Arrival]
) -> tuple[Sequence[Arrival], Subjects]:
    """Enter messages in the inbox; return those that were not in it, in order, and who waits.

    Those who wait are the subjects among them that have dead letters.
    """
    by_id = {arrival.event_id: arrival for arrival in arrivals}
    topics, subjects = zip(*(arrival.subject for arrival in by_id.values()), strict=True)
    given = {"ids": list(by_id), "topics": list(topics), "subjects": list(subjects)}
    waits = {row.event_id: row.waits for row in await session.execute(ENTER, given)}
    new = [arrival for event_id, arrival in by_id.items() if event_id in waits]
    return new, {arrival.subject for arrival in new if waits[arrival.event_id]}


async def _held_up(session: AsyncSession, arrivals: Sequence[Arrival]) -> Subjects:
    """Return the subjects that have dead letters, behind which later messages wait."""
    subjects = literal([arrival.message.subject for arrival in arrivals], ARRAY(Text))
    letters = select(DeadLetter.topic, DeadLetter.subject).where(
        DeadLetter.subject == any_(subjects)
    )
    return {(topic, subject) for topic, subject in await session.execute(letters.distinct())}


async def note_positions(sessions: Sessions, positions: Sequence[Position]) -> None:
    """Write down how far the consumer has read, for those who watch from another process."""
    rows = [position._asdict() | {"seen_at": utc_now()} for position in positions]
    noted = insert(ConsumerPosition)
    new = {name: noted.excluded[name] for name in ("position", "log_end", "seen_at")}
    async with transaction(sessions) as session:
        await session.execute(
            noted.on_conflict_do_update(index_elements=["topic", "partition"], set_=new), rows
        )
