"""After a restore: let topics and consumers agree again with a database that went back in time.

What was published after the point of the restore is in the topics, and its publishers know nothing
of it. Each service that would hear it enters it in its inbox and keeps it among its discarded
letters: it has no effect, a topic can be read again from any point, and a rebuild passes over it.
Consumers go back to where the restored database says that they had read.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import ARRAY, LargeBinary, Uuid, any_, func, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.event import Envelope
from lianqiao.installation import CannotError, service, service_names, topics
from lianqiao.serving import stores_of
from shared.database import Sessions, Store, transaction
from shared.events import Message
from shared.inbox import ConsumerPosition, DeadLetter, DiscardedLetter, Handlers, InboxEvent
from shared.kafka import set_offsets, whole
from shared.settings import settings

SEALED_BEFORE = timedelta(days=1)  # the longest that a transaction takes, and clocks differ
BATCH = 1_000
BECAUSE = "published after the point to which the database was restored"
BY = "lianqiao restored"
KNOWN = text("SELECT (message::json ->> 'id')::uuid FROM outbox WHERE recorded_at >= :since")


class Agreed(NamedTuple):
    """What it came to in one service."""

    service: str
    lost: int  # events of the time that is gone, which are without effect here from now on
    heard: int  # of these, as many as have had their effect here: this service went back less far
    rewound: int  # messages that its consumer will read again


class Lost(NamedTuple):
    """An event that its publisher does not know any more."""

    id: UUID
    type: str
    message: Message


async def agree(
    restored_to: datetime, *, dry_run: bool, say: Callable[[str], None]
) -> list[Agreed]:
    """Disown what was published after a point in time, and set consumers back; all may be repeated.

    No process of the installation may run meanwhile.
    """
    async with stores_of(service_names()) as stores:
        say("Reading what publishers know …")
        known = await _known(stores, since=restored_to - 2 * SEALED_BEFORE)
        say("Reading the topics …")
        lost, ends = await _lost(known, since=restored_to - SEALED_BEFORE)
        found = []
        for name in service_names():
            say(f"Agreeing with {name} …")
            handlers, system = service(name).handlers, stores[name].system
            found.append(await _agreed(name, handlers, system, lost, ends, dry_run=dry_run))
    return found


async def _known(stores: dict[str, Store], *, since: datetime) -> dict[str, set[UUID]]:
    """Return, by topic, the events that the restored outboxes hold."""
    found = {}
    for name in topics():
        async with transaction(stores[name].system) as session:
            found[name] = set(await session.scalars(KNOWN, {"since": since}))
    return found


async def _lost(
    known: dict[str, set[UUID]], *, since: datetime
) -> tuple[list[Lost], dict[tuple[str, int], int]]:
    """Find in the topics what their publishers do not know, and where each partition ends."""
    lost: dict[UUID, Lost] = {}
    async with whole(settings().kafka_servers, topics=topics()) as log:
        while await log.left():
            for message in await log.poll():
                try:
                    envelope = Envelope.model_validate_json(message.body)
                except ValidationError:  # a dead letter, now as before
                    continue
                if envelope.time >= since and envelope.id not in known[message.topic]:
                    lost[envelope.id] = Lost(envelope.id, envelope.type, message)
        ends = {(p.topic, p.partition): p.log_end for p in await log.positions()}
    return list(lost.values()), ends


async def _agreed(  # noqa: PLR0913  what it is about
    name: str,
    handlers: Handlers,
    system: Sessions,
    lost: Sequence[Lost],
    ends: dict[tuple[str, int], int],
    *,
    dry_run: bool,
) -> Agreed:
    mine = [one for one in lost if one.type in handlers.types]
    async with transaction(system) as session:
        rows = (await session.scalars(select(ConsumerPosition))).all()
    read = defaultdict(int, {(row.topic, row.partition): row.position for row in rows})
    places = {place: read[place] for place in ends if place[0] in handlers.topics}
    rewound = sum(ends[place] - position for place, position in places.items())
    heard = await _disowned(system, mine, dry_run=dry_run)
    if places and not dry_run:
        try:
            set_offsets(settings().kafka_servers, group=name, positions=places)
        except ConnectionError as error:
            raise CannotError(
                f"The consumers of {name} could not be set back ({error}): stop every process, "
                "wait 10 s until Kafka has forgotten them, and run this again."
            ) from error
    return Agreed(name, len(mine), heard, rewound)


async def _disowned(system: Sessions, lost: Sequence[Lost], *, dry_run: bool) -> int:
    """Let events have no effect on a service, kept with the reason; count those that had one."""
    heard = 0
    for start in range(0, len(lost), BATCH):
        some = {one.id: one for one in lost[start : start + BATCH]}
        async with transaction(system) as session:
            there = InboxEvent.event_id == any_(literal(list(some), ARRAY(Uuid)))
            entered = set(await session.scalars(select(InboxEvent.event_id).where(there)))
            for id_ in () if dry_run else some.keys() - entered:
                session.add(InboxEvent(event_id=id_))
                await _keep(session, some[id_].message)
            messages = [some[id_].message for id_ in entered]
            heard += len(entered) - await _without_effect(session, messages)
    return heard


async def _keep(session: AsyncSession, message: Message) -> None:
    """Keep an event as one that was given up; its letter never waits for anybody."""
    letter = DeadLetter(**message._asdict(), reason=BECAUSE)
    session.add(letter)
    await session.flush()
    given_up = DiscardedLetter(
        position=letter.position,
        **message._asdict(),
        reason=None,
        discarded_because=BECAUSE,
        discarded_by=BY,
    )
    session.add(given_up)
    await session.delete(letter)
    await session.flush()


async def _without_effect(session: AsyncSession, messages: Sequence[Message]) -> int:
    """Count which of some messages only wait, or were given up."""
    bodies = literal([message.body for message in messages], ARRAY(LargeBinary))
    found = 0
    for kind in DeadLetter, DiscardedLetter:
        same = select(func.count(kind.body.distinct())).where(kind.body == any_(bodies))
        found += await session.scalar(same) or 0
    return found
