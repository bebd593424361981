"""What a network and others do to topics: repeat, mix up, and send what nobody can read."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from uuid import UUID

import psycopg
from kafka import KafkaProducer
from kafka.errors import KafkaError

from benchmarks.torture.journal import Journal
from benchmarks.torture.standing import Installation
from contracts.event import Event
from lianqiao.installation import service, topics
from shared.events import Message
from shared.kafka import PRODUCER, whole

REPEATED_MAX = 200
UNDER_WAY = 4  # work orders, of which more is yet to be told
SHARE = 0.01  # of all messages are poison
TRIES_MAX, AGAIN_AFTER_S = 60, 0.5
WAITING = (
    "SELECT topic, subject, message FROM {}.outbox WHERE published_at IS NULL ORDER BY position"
)
NO_JSON, NO_EVENT, BROKEN = "no JSON", "no event", "breaks its contract"
UNREADABLE = "Unreadable"


@dataclass(frozen=True)
class Poison:
    """A message that nobody can apply, and who must say so."""

    topic: str
    subject: str
    body: bytes
    kind: str
    hearers: frozenset[str]
    reason: str = UNREADABLE  # begins with that


class Mischief:
    """Does it, and remembers what was poison."""

    def __init__(
        self, standing: Installation, chance: Random, journal: Journal, *, hearers: Sequence[str]
    ) -> None:
        self._standing, self._chance, self._journal = standing, chance, journal
        self._hearers = hearers
        self.publishers = topics()
        self.poisons: list[Poison] = []
        self.repeated = self.shuffled = 0

    async def repeat(self) -> None:
        """Send again what some partitions hold, from somewhere on."""
        known = [m for m in await self._all() if m.body not in {p.body for p in self.poisons}]
        start = self._chance.randrange(max(1, len(known)))
        some = known[start : start + REPEATED_MAX]
        await self._send(some)
        self.repeated += len(some)

    async def send_shuffled(self, name: str | None) -> None:
        """Send what waits in outboxes: each subject in its order, subjects in any."""
        for one in [name] if name else self.publishers:
            by_subject = defaultdict(list)
            for topic, subject, message in await asyncio.to_thread(self._waiting, one):
                by_subject[subject].append(Message(topic, subject, message.encode()))
            subjects = sorted(by_subject)
            self._chance.shuffle(subjects)
            await self._send([message for name in subjects for message in by_subject[name]])
            self.shuffled += len(subjects)

    async def poison(self) -> None:
        """Add poison until it is its share of all messages."""
        total = len(await self._all())
        wanted = max(3, int(total * SHARE)) - len(self.poisons)
        new = [self._brew() for _ in range(max(1, wanted))]
        self.poisons += new
        await self._send([Message(one.topic, one.subject, one.body) for one in new])

    def _brew(self) -> Poison:
        topic = self._chance.choice([name for name in self.publishers if self._hear(name)])
        subject = str(UUID(int=self._chance.getrandbits(128), version=4))
        if topic == "production" and self._journal.work_orders:  # whose next events then wait
            subject = self._chance.choice(self._journal.work_orders[-UNDER_WAY:])
        kind = self._chance.choice([NO_JSON, NO_EVENT, BROKEN])
        if kind == NO_JSON:
            body = self._chance.randbytes(40) + b"\0\xff"
        elif kind == NO_EVENT:
            body = json.dumps({"hello": self._chance.random()}).encode()
        else:
            types = [name for name in Event.catalogue if name.startswith(f"{topic}.")]
            chosen = self._chance.choice(types)
            hearers = frozenset(n for n in self._hearers if chosen in service(n).handlers.types)
            return Poison(topic, subject, self._broken(chosen, topic, subject), kind, hearers)
        return Poison(topic, subject, body, kind, frozenset(self._hear(topic)))

    def _broken(self, chosen: str, topic: str, subject: str) -> bytes:
        envelope = {
            "specversion": "1.0",
            "id": str(UUID(int=self._chance.getrandbits(128), version=4)),
            "source": f"/{topic}",
            "type": chosen,
            "subject": subject,
            "time": datetime.now(UTC).isoformat(),
            "data": {"said": "nothing that was agreed"},
        }
        return json.dumps(envelope).encode()

    def _hear(self, topic: str) -> list[str]:
        return [name for name in self._hearers if topic in service(name).handlers.topics]

    async def _all(self) -> list[Message]:
        for _ in range(TRIES_MAX):
            try:
                return await logged(self._standing.kafka.servers, self.publishers)
            except (ConnectionError, KafkaError):
                await asyncio.sleep(AGAIN_AFTER_S)
        raise TimeoutError("the topics cannot be read")

    async def _send(self, messages: Sequence[Message]) -> None:
        """Send in order; what is not acknowledged is sent again from the first on."""
        for _ in range(TRIES_MAX):
            try:
                await asyncio.to_thread(sent, self._standing.kafka.servers, messages)
            except (KafkaError, OSError):
                await asyncio.sleep(AGAIN_AFTER_S)
            else:
                return
        raise TimeoutError("the broker takes no message")

    def _waiting(self, name: str) -> list[tuple[str, str, str]]:
        try:
            with self._standing.database() as connection:
                return list(connection.execute(WAITING.format(name).encode()))
        except psycopg.Error:  # it is away: then nothing is sent early
            return []


def sent(servers: str, messages: Sequence[Message]) -> None:
    """Send messages in order, with a producer of this call's own."""
    producer = KafkaProducer(bootstrap_servers=servers, **PRODUCER)
    try:
        futures = [producer.send(m.topic, key=m.subject.encode(), value=m.body) for m in messages]
        for future in futures:
            future.get(timeout=20)
    finally:
        producer.close(timeout=5)


async def logged(
    servers: str, names: Sequence[str], *, say: Callable[[int], None] | None = None
) -> list[Message]:
    """Return all that topics hold by now; each partition in its order."""
    found: list[Message] = []
    async with whole(servers, topics=names) as log:
        total = await log.left()  # now: under load there is always more
        while len(found) < total:
            found += await log.poll()
            if say:
                say(len(found))
    return found
