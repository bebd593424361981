"""Kafka, through kafka-python: a client of its own threads, called from one thread of ours."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import Any, ParamSpec, TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import (
    CommitFailedError,
    KafkaError,
    RebalanceInProgressError,
    RetriableError,
    TopicAlreadyExistsError,
)

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
    "bootstrap_timeout_ms": 10_000,
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
    "linger_ms": 0,
    "batch_size": 65_536,
    "max_block_ms": 10_000,
    "delivery_timeout_ms": 120_000,  # never reached: a batch is given up as a whole, and earlier
}
CONSUMER = CLIENT | {
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "partition_assignment_strategy": [CooperativeStickyAssignor],
    "max_poll_records": 500,
    "max_poll_interval_ms": 300_000,
    "session_timeout_ms": 10_000,
    "heartbeat_interval_ms": 1_000,
}
ACKNOWLEDGED_WITHIN_S_MAX = 20
POLL_MS_MAX = 500
COMMIT_MS_MAX = 5_000
NOT_COMMITTED = CommitFailedError, RebalanceInProgressError, RetriableError

P = ParamSpec("P")
T = TypeVar("T")


def create_topics(servers: str, names: Iterable[str]) -> None:
    """Create the topics of publishing services, where they do not exist yet."""
    with _outages():
        admin = KafkaAdminClient(bootstrap_servers=servers)
        for name in names:
            with suppress(TopicAlreadyExistsError):
                admin.create_topics({name: TOPIC}, wait_for_metadata=True)
        admin.close()


@asynccontextmanager
async def outgoing(servers: str) -> AsyncIterator[Send]:
    """Yield a `Send` that ends when every message is acknowledged.

    Connect anew after it failed: a producer that dropped a message sends what followed it, and
    so out of order.
    """
    with _outages():
        connect = partial(KafkaProducer, bootstrap_servers=servers, **PRODUCER)
        producer = await asyncio.to_thread(connect)

        async def send(batch: Sequence[Message]) -> None:
            await asyncio.to_thread(_send_all, producer, batch)

        try:
            yield send
        finally:
            await asyncio.to_thread(_end, producer)


def _send_all(producer: KafkaProducer, batch: Sequence[Message]) -> None:
    with _outages():
        sent = [producer.send(m.topic, key=m.subject.encode(), value=m.body) for m in batch]
        for acknowledgement in sent:
            acknowledgement.get(timeout=ACKNOWLEDGED_WITHIN_S_MAX)


def _end(producer: KafkaProducer) -> None:
    producer._sender.force_close()  # noqa: SLF001  close() alone lets it send what is left, later
    producer.close(timeout=ACKNOWLEDGED_WITHIN_S_MAX)


@asynccontextmanager
async def incoming(servers: str, *, group: str, topics: Iterable[str]) -> AsyncIterator[Inbound]:
    """Open a consumer that only one thread ever touches, as it is not safe to share."""
    with _outages(), ThreadPoolExecutor(max_workers=1, thread_name_prefix="kafka") as thread:

        async def call(function: Callable[P, T], *args: P.args, **given: P.kwargs) -> T:
            work = partial(function, *args, **given)
            return await asyncio.get_running_loop().run_in_executor(thread, work)

        consumer = await call(
            KafkaConsumer, *topics, bootstrap_servers=servers, group_id=group, **CONSUMER
        )

        async def poll() -> Sequence[Sequence[Message]]:
            found = await call(consumer.poll, timeout_ms=POLL_MS_MAX)
            return [[_message(record) for record in records] for records in found.values()]

        async def acknowledge() -> None:
            try:
                await call(consumer.commit, timeout_ms=COMMIT_MS_MAX)
            except NOT_COMMITTED:  # the messages may come again, and the inbox absorbs them
                logger.warning("offsets of %s were not committed", group, exc_info=True)

        async def positions() -> Sequence[Position]:
            return await call(_positions, consumer)

        try:
            yield Inbound(poll, acknowledge, positions)
        finally:
            await asyncio.shield(call(consumer.close, autocommit=False))


def _positions(consumer: KafkaConsumer) -> Sequence[Position]:
    assigned = consumer.assignment()
    ends = consumer.end_offsets(list(assigned)) if assigned else {}
    return [
        Position(part.topic, part.partition, consumer.position(part), end)
        for part, end in ends.items()
    ]


@asynccontextmanager
async def broadcast(
    servers: str, *, topics: Iterable[str]
) -> AsyncIterator[Callable[[], Awaitable[Sequence[Message]]]]:
    """Open a consumer of everything that comes from now on, shared with nobody."""
    settings = CONSUMER | {"auto_offset_reset": "latest"}
    del settings["partition_assignment_strategy"]
    with _outages(), ThreadPoolExecutor(max_workers=1, thread_name_prefix="kafka-live") as thread:
        loop = asyncio.get_running_loop()
        opened = partial(
            KafkaConsumer, *topics, bootstrap_servers=servers, group_id=None, **settings
        )
        consumer = await loop.run_in_executor(thread, opened)

        async def poll() -> Sequence[Message]:
            polled = partial(consumer.poll, timeout_ms=POLL_MS_MAX)
            found = await loop.run_in_executor(thread, polled)
            return [_message(record) for records in found.values() for record in records]

        try:
            yield poll
        finally:
            await asyncio.shield(loop.run_in_executor(thread, consumer.close))


def _message(record: Any) -> Message:  # noqa: ANN401
    key = (record.key or b"").decode(errors="replace").replace("\0", "")
    return Message(record.topic, key, record.value or b"")


@contextmanager
def _outages() -> Iterator[None]:
    """Say that Kafka is away in a word that its client does not own."""
    try:
        yield
    except KafkaError as error:
        raise ConnectionError(repr(error)) from error
