"""Kafka, through kafka-python: a client of its own threads, called from one thread of ours."""

import asyncio
import logging
import socket
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple, ParamSpec, TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import (
    CommitFailedError,
    KafkaError,
    NoError,
    RebalanceInProgressError,
    RetriableError,
    TopicAlreadyExistsError,
)
from kafka.structs import OffsetAndMetadata

from shared.events import Message, Send
from shared.inbox import Inbound, Position

logger = logging.getLogger(__name__)

PARTITIONS = 8  # of every topic and for good: another number would move subjects about
TOPIC = {
    "num_partitions": PARTITIONS,
    "replication_factor": -1,  # the broker's default
    "configs": {"retention.ms": "-1"},  # a new reader starts from the first event
}
CLIENT = {
    "bootstrap_timeout_ms": 3_000,
    "request_timeout_ms": 10_000,
    "metadata_max_age_ms": 30_000,
    "reconnect_backoff_ms": 50,
    "reconnect_backoff_max_ms": 1_000,
    "retry_backoff_ms": 100,
    "allow_auto_create_topics": False,
}
PRODUCER = CLIENT | {
    "acks": "all",
    "enable_idempotence": True,
    "max_in_flight_requests_per_connection": 5,
    "linger_ms": 20,  # for a batch to gather: its end is what sends it, and nothing waits
    "batch_size": 262_144,  # per partition; each batch is a write to the broker's disk
    "max_block_ms": 3_000,
    "delivery_timeout_ms": 120_000,  # never reached: a batch is given up as a whole, and earlier
}
CONSUMER = CLIENT | {
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "partition_assignment_strategy": [CooperativeStickyAssignor],
    "max_poll_records": 2_000,  # several partitions at once, which are then applied side by side
    "max_poll_interval_ms": 300_000,
    "session_timeout_ms": 10_000,
    "heartbeat_interval_ms": 1_000,
}
ACKNOWLEDGED_WITHIN_S_MAX = 20
POLL_MS_MAX = 500
COMMIT_MS_MAX = 5_000
REACHED_WITHIN_S_MAX = 3
JOINED_WITHIN_S_MAX = 30  # others have as long to end what they are at
CLOSE_MS_MAX = 2_000
NOTE_MS_MAX = 2_000
SUBJECT_MAX, SHOWN_MAX = 200, 80
NOT_COMMITTED = CommitFailedError, RebalanceInProgressError, RetriableError

P = ParamSpec("P")
T = TypeVar("T")
C = TypeVar("C")


class Thread:
    """The one thread that ever touches a client, as none of them is safe to share."""

    def __init__(self, name: str) -> None:
        self.executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def call(self, function: Callable[P, T], *args: P.args, **given: P.kwargs) -> T:
        """Have it call a function, after all that was asked of it before."""
        work = partial(function, *args, **given)
        return await asyncio.get_running_loop().run_in_executor(self.executor, work)


def create_topics(servers: str, names: Iterable[str]) -> None:
    """Create the topics of publishing services, where they do not exist yet."""
    connect = partial(KafkaAdminClient, bootstrap_servers=servers)
    with _outages(), closing(_connected(connect, servers)) as admin:
        for name in names:
            with suppress(TopicAlreadyExistsError):
                admin.create_topics({name: TOPIC}, wait_for_metadata=True)


@asynccontextmanager
async def outgoing(servers: str) -> AsyncIterator[Send]:
    """Yield a `Send` that ends when every message is acknowledged.

    Connect anew after it failed: a producer that dropped a message sends what followed it, and
    so out of order.
    """
    connect = partial(KafkaProducer, bootstrap_servers=servers, **PRODUCER)
    async with _alone(connect, _end, servers=servers, name="kafka-out") as (producer, thread):

        async def send(batch: Sequence[Message]) -> None:
            await thread.call(_send_all, producer, batch)

        try:
            yield send
        finally:
            producer._sender.force_close()  # noqa: SLF001  close() alone sends what is left, later


def _send_all(producer: KafkaProducer, batch: Sequence[Message]) -> None:
    sent = [producer.send(m.topic, key=m.subject.encode(), value=m.body) for m in batch]
    producer.flush(timeout=ACKNOWLEDGED_WITHIN_S_MAX)
    for acknowledgement in sent:
        acknowledgement.get(timeout=ACKNOWLEDGED_WITHIN_S_MAX)


def _end(producer: KafkaProducer) -> None:
    producer.close(timeout=ACKNOWLEDGED_WITHIN_S_MAX)


@asynccontextmanager
async def incoming(servers: str, *, group: str, topics: Iterable[str]) -> AsyncIterator[Inbound]:
    """Join a group of consumers that share the partitions of some topics."""
    connect = partial(KafkaConsumer, *topics, bootstrap_servers=servers, group_id=group, **CONSUMER)
    leave = partial(KafkaConsumer.close, autocommit=False, timeout_ms=CLOSE_MS_MAX)
    async with _alone(connect, leave, servers=servers, name="kafka-in") as (consumer, thread):
        membership = _Membership(consumer)

        async def poll() -> Sequence[Sequence[Message]]:
            found = await thread.call(consumer.poll, timeout_ms=POLL_MS_MAX)
            membership.require(heard=bool(found))
            return [[_message(record) for record in records] for records in found.values()]

        async def acknowledge() -> None:
            try:
                await thread.call(consumer.commit, timeout_ms=COMMIT_MS_MAX)
            except NOT_COMMITTED as why:  # the messages may come again, and the inbox absorbs them
                logger.warning("offsets of %s were not committed: %r", group, why)

        async def positions() -> Sequence[Position]:
            try:
                return await thread.call(_positions, consumer)
            except KafkaError:  # another time
                return []

        yield Inbound(poll, acknowledge, positions)


class _Membership:
    """Whether a consumer is in its group; one that is not for too long leaves, to join anew.

    kafka-python 3.0.12 can lose the wake-up of its heartbeat when the process stalls in a
    rebalance. The broker then gives the partitions away, while this consumer goes on as if it had
    them, and computes without a pause. And it waits for the answer to a request to join for more
    than `max_poll_interval_ms`, 5 minutes in which nothing is heard if that answer is lost.
    """

    def __init__(self, consumer: KafkaConsumer) -> None:
        self._coordinator = consumer._coordinator  # noqa: SLF001  nothing public tells
        self._was_in = time.monotonic()

    def require(self, *, heard: bool) -> None:
        """Raise ConnectionError when it is time to join anew; what hears something is in."""
        now, within = time.monotonic(), self._coordinator.stable()
        if heard or within:
            self._was_in = now
        if not heard and within and self._coordinator.heartbeat.session_timeout_expired():
            raise ConnectionError("the group has not heard of this consumer for too long")
        if now - self._was_in > JOINED_WITHIN_S_MAX:
            raise ConnectionError("the group has not let this consumer in for too long")


def _positions(consumer: KafkaConsumer) -> Sequence[Position]:
    assigned = consumer.assignment()
    ends = consumer.end_offsets(list(assigned), timeout_ms=NOTE_MS_MAX) if assigned else {}
    read = {part: consumer.position(part, timeout_ms=NOTE_MS_MAX) for part in ends}
    return [
        Position(part.topic, part.partition, read[part], end)
        for part, end in ends.items()
        if read[part] is not None
    ]


@asynccontextmanager
async def broadcast(
    servers: str, *, topics: Iterable[str], since_s: int = 0
) -> AsyncIterator[Callable[[], Awaitable[Sequence[Message]]]]:
    """Open a consumer of the last seconds and of all that comes, shared with nobody."""
    connect = partial(_from_now_on, servers, topics, since_s)
    leave = partial(KafkaConsumer.close, timeout_ms=CLOSE_MS_MAX)
    async with _alone(connect, leave, servers=servers, name="kafka-live") as (consumer, thread):

        async def poll() -> Sequence[Message]:
            found = await thread.call(consumer.poll, timeout_ms=POLL_MS_MAX)
            return [_message(record) for records in found.values() for record in records]

        yield poll


def _from_now_on(servers: str, topics: Iterable[str], since_s: int) -> KafkaConsumer:
    """Fix where each partition ends now; left to the first poll, what comes before it is lost.

    With seconds, go back to what the broker's log holds from then on.
    """
    consumer = _of_nobody(servers, topics, auto_offset_reset="latest")
    try:
        parts = list(consumer.assignment())
        then = int((time.time() - since_s) * 1000)
        begun = consumer.offsets_for_times(dict.fromkeys(parts, then)) if since_s else {}
        for part, end in consumer.end_offsets(parts).items():
            first = begun.get(part)
            consumer.seek(part, first.offset if first else end)
    except BaseException:
        consumer.close(timeout_ms=CLOSE_MS_MAX)
        raise
    return consumer


def set_offsets(servers: str, *, group: str, positions: Mapping[tuple[str, int], int]) -> None:
    """Let a group read on from some positions, by topic and partition, when it has no members."""
    connect = partial(KafkaAdminClient, bootstrap_servers=servers)
    wanted = {
        TopicPartition(*place): OffsetAndMetadata(position, "", -1)
        for place, position in positions.items()
    }
    with _outages(), closing(_connected(connect, servers)) as admin:
        for part, error in admin.alter_group_offsets(group, wanted).items():
            if error is not NoError:
                raise error(f"{group} on {part.topic}-{part.partition}")


class Log(NamedTuple):
    """All that topics hold, from the first message on: read at will, and by nobody else's leave."""

    poll: Callable[[], Awaitable[Sequence[Message]]]
    left: Callable[[], Awaitable[int]]  # messages until the ends of all partitions, as of now
    positions: Callable[[], Awaitable[Sequence[Position]]]  # of all partitions


@asynccontextmanager
async def whole(servers: str, *, topics: Iterable[str]) -> AsyncIterator[Log]:
    """Open topics at their first message, outside of any group: each partition comes in order."""
    connect = partial(_from_the_start, servers, topics)
    leave = partial(KafkaConsumer.close, timeout_ms=CLOSE_MS_MAX)
    async with _alone(connect, leave, servers=servers, name="kafka-log") as (consumer, thread):

        async def poll() -> Sequence[Message]:
            found = await thread.call(consumer.poll, timeout_ms=POLL_MS_MAX)
            return [_message(record) for records in found.values() for record in records]

        async def positions() -> Sequence[Position]:
            return await thread.call(_positions, consumer)

        async def left() -> int:
            return sum(p.log_end - p.position for p in await positions())

        yield Log(poll, left, positions)


def _from_the_start(servers: str, topics: Iterable[str]) -> KafkaConsumer:
    consumer = _of_nobody(servers, topics)
    consumer.seek_to_beginning()
    return consumer


def _of_nobody(servers: str, topics: Iterable[str], **options: Any) -> KafkaConsumer:  # noqa: ANN401
    """Open every partition of some topics to a consumer of no group."""
    settings = CONSUMER | options
    del settings["partition_assignment_strategy"]
    consumer = KafkaConsumer(bootstrap_servers=servers, group_id=None, **settings)
    try:
        parts = [
            TopicPartition(topic, number)
            for topic in topics
            for number in consumer.partitions_for_topic(topic) or ()
        ]
        consumer.assign(parts)
    except BaseException:
        consumer.close(timeout_ms=CLOSE_MS_MAX)
        raise
    return consumer


@asynccontextmanager
async def _alone(
    connect: Callable[[], C], close: Callable[[C], None], *, servers: str, name: str
) -> AsyncIterator[tuple[C, Thread]]:
    """Open a client in a thread of its own; it is closed even if nobody waited for it to open."""
    thread = Thread(name)
    opening = thread.executor.submit(_connected, connect, servers)
    try:
        with _outages():
            yield await asyncio.wrap_future(opening), thread
    finally:
        await asyncio.shield(thread.call(_close, opening, close))
        thread.executor.shutdown(wait=False)


def _connected(connect: Callable[[], C], servers: str) -> C:
    """Connect if there is anybody: a client that fails to leaves its sockets to the collector."""
    for server in servers.split(","):
        host, _, port = server.strip().rpartition(":")
        address = host.rpartition("//")[2].strip("[]"), int(port)
        with suppress(OSError), socket.create_connection(address, timeout=REACHED_WITHIN_S_MAX):
            return connect()
    raise ConnectionError(f"no broker answers at {servers}")


def _close(opening: Future[C], close: Callable[[C], None]) -> None:
    if not opening.cancelled() and not opening.exception():
        try:
            close(opening.result())
        except KafkaError as error:  # it is not needed any more
            logger.info("a client of Kafka was not closed well: %r", error)


def _message(record: Any) -> Message:  # noqa: ANN401
    return Message(record.topic, subject_of(record.key or b""), record.value or b"")


def subject_of(key: bytes) -> str:
    """Return a message's key, or what operators can call it by if no service of ours made it."""
    with suppress(UnicodeDecodeError):
        text = key.decode()
        if 0 < len(text) <= SUBJECT_MAX and text.isprintable() and text == text.strip():
            return text
    start = "".join(c for c in key[:SHOWN_MAX].decode(errors="ignore") if c.isprintable())
    return f"{start.strip()}…{sha256(key).hexdigest()}"


@contextmanager
def _outages() -> Iterator[None]:
    """Say that Kafka is away in a word that its client does not own."""
    try:
        yield
    except KafkaError as error:
        raise ConnectionError(repr(error)) from error
