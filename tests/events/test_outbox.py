"""Events leave once they are committed, in order, and in one form whoever seals them."""

import asyncio
import gc
import json
import tracemalloc
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from contracts.event import Envelope
from shared.database import Store, transaction
from shared.events import (
    MESSAGE_BYTES_MAX,
    RELAY_BATCH_MAX,
    Message,
    OutboxEvent,
    bell,
    publish,
    published,
)
from shared.trace import following, trace_id
from tests.network import relay, relayed
from tests.probe.factories import NOW, noted, said

SEAL = text("SELECT cloud_event(:type, :subject, :at, :data, :trace)")
INSERT = text(
    "INSERT INTO outbox (topic, subject, message) SELECT 'probe', 'a', n::text"
    " FROM generate_series(1, :count) n"
)


def numbers(wire: Sequence[Message], subject: UUID) -> list[int]:
    """Return the numbers of a subject's events, each at its first arrival."""
    seen = [json.loads(m.body)["data"]["number"] for m in wire if m.subject == str(subject)]
    return list(dict.fromkeys(seen))


async def said_in_vain(probe: Store) -> None:
    """Publish in a transaction that fails."""
    with suppress(ZeroDivisionError):
        async with transaction(probe.app) as session:
            publish(session, noted(uuid4(), 3))
            await session.flush()
            raise ZeroDivisionError


async def test_what_is_published_and_rolled_back_was_never_said(probe: Store) -> None:
    async with transaction(probe.app) as session:
        async with session.begin_nested() as undone:
            publish(session, noted(uuid4(), 1))
            await session.flush()
            await undone.rollback()
        publish(session, noted(uuid4(), 2))
    await said_in_vain(probe)

    [sent] = await relayed(probe)
    assert b'"number":2' in sent.body


async def test_a_statement_seals_an_event_as_python_does(probe: Store) -> None:
    event = noted(uuid4())
    given = {"type": event.type, "subject": event.subject, "data": event.model_dump_json()}
    with following(None):
        trace = {"trace": f"00-{trace_id()}-{'0' * 15}1-01"}
        async with transaction(probe.app) as session:
            publish(session, event)
            in_sql = json.loads(await session.scalar(SEAL, {**given, **trace, "at": NOW}) or "")
            bare = json.loads(await session.scalar(SEAL, {**given, "trace": None, "at": NOW}) or "")

    [sent] = await relayed(probe)
    in_python: dict[str, Any] = json.loads(sent.body)
    assert Envelope(**in_sql).time == NOW
    assert Envelope(**bare).traceparent is None
    for envelope in (in_sql, in_python):
        del envelope["id"], envelope["time"]
        assert envelope.pop("traceparent")[3:35] == trace["trace"][3:35]
    assert in_sql == in_python


async def test_an_event_is_marked_only_when_it_was_acknowledged(probe: Store) -> None:
    await said(probe, noted(uuid4()))

    async def send(_: Sequence[Message]) -> None:
        async with transaction(probe.system) as other:
            assert (await other.scalars(select(OutboxEvent.published_at))).one() is None
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await relay(probe.system, send)
    assert len(await relayed(probe)) == 1


async def test_a_relay_that_is_cancelled_while_it_sends_marks_nothing(probe: Store) -> None:
    await said(probe, noted(uuid4()))
    sending = asyncio.Event()

    async def send(_: Sequence[Message]) -> None:
        sending.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(relay(probe.system, send))
    await sending.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(await relayed(probe)) == 1


async def test_one_relay_at_a_time_keeps_the_order(probe: Store) -> None:
    await said(probe, noted(uuid4()))

    async def send(_: Sequence[Message]) -> None:
        assert await relayed(probe) == []

    assert await relay(probe.system, send) == 1


async def test_two_relays_and_eight_writers_lose_nothing_and_keep_every_order(
    probe: Store,
) -> None:
    subjects, wire, writing = [uuid4() for _ in range(8)], list[Message](), True

    async def write(subject: UUID) -> None:
        for number in range(40):
            await said(probe, noted(subject, number))

    async def send(batch: Sequence[Message]) -> None:
        await asyncio.sleep(0.001)
        wire.extend(batch)
        if len(wire) % 7 == 0:  # killed after sending and before marking
            raise ConnectionError

    async def go_on_relaying() -> None:
        while writing or await relayed_one():
            await relayed_one()

    async def relayed_one() -> int:
        try:
            return await relay(probe.system, send)
        except ConnectionError:
            return 1

    relays = [asyncio.create_task(go_on_relaying()) for _ in range(2)]
    await asyncio.gather(*(write(subject) for subject in subjects))
    writing = False
    await asyncio.gather(*relays)
    for subject in subjects:
        assert numbers(wire, subject) == list(range(40))


async def test_more_than_a_batch_leaves_in_order(probe: Store) -> None:
    async with transaction(probe.app) as session:
        await session.execute(INSERT, {"count": 2 * RELAY_BATCH_MAX + 1})
    sent = [int(message.body) for message in await relayed(probe)]
    assert sent == list(range(1, 2 * RELAY_BATCH_MAX + 2))


async def test_a_commit_wakes_the_relay_and_a_rollback_does_not(probe: Store) -> None:
    with bell(probe.system) as ringing:
        await said_in_vain(probe)
        assert not ringing.is_set()
        await said(probe, noted(uuid4()))
        assert ringing.is_set()


async def test_a_statement_that_writes_the_outbox_wakes_the_relay_at_the_commit(
    probe: Store,
) -> None:
    with bell(probe.system) as ringing:
        async with transaction(probe.app) as session:
            await session.execute(INSERT, {"count": 1})
            published(session)
            async with session.begin_nested():
                pass
            ringing.clear()  # a savepoint is no commit, and must not use the bell up
        assert ringing.is_set()


async def test_an_event_that_no_broker_would_take_is_never_committed(probe: Store) -> None:
    with pytest.raises(ValueError, match="bytes"):
        await said(probe, noted(uuid4(), text="x" * MESSAGE_BYTES_MAX))
    with pytest.raises(IntegrityError, match="message_is_sendable"):
        async with transaction(probe.app) as session:
            await session.execute(
                text("INSERT INTO outbox (topic, subject, message) VALUES ('p', 's', :message)"),
                {"message": "x" * (MESSAGE_BYTES_MAX + 1)},
            )
    assert await relayed(probe) == []


async def test_publishing_leaves_nothing_behind_in_memory(probe: Store) -> None:
    async def some(count: int) -> None:
        for _ in range(count):
            await said(probe, noted(uuid4()))

    await some(20)
    tracemalloc.start()
    await some(150)  # until the registries that SQLAlchemy keeps have found their size
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    await some(150)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 100_000  # an event that stayed would be 150 × 1 KB and more
