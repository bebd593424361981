"""What runs beside the requests outlives outages, stops when told and leaves nothing behind."""

import asyncio
import gc
import logging
import threading
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from uuid import uuid4

import pytest
from kafka import KafkaConsumer

from shared import kafka
from shared.database import Store
from shared.events import Message
from shared.inbox import Handlers
from shared.kafka import broadcast, create_topics, incoming, outgoing
from shared.local import Kafka
from shared.run import consuming, following, relaying, running
from tests.probe import factories
from tests.probe.contracts import Noted

NOBODY = "127.0.0.1:1"
STOPPED_WITHIN_S = 15  # an acknowledgement would be waited for 20 s


def listening() -> Handlers:
    handlers = Handlers()

    @handlers.on(Noted)
    async def hear(*_: object, **__: object) -> None: ...

    return handlers


def kafka_threads() -> list[str]:
    return [x.name for x in threading.enumerate() if "kafka" in x.name.lower()]


async def until_no_kafka_thread() -> None:
    for _ in range(STOPPED_WITHIN_S * 20):
        if not kafka_threads():
            break
        await asyncio.sleep(0.05)
    assert kafka_threads() == []


async def test_without_a_broker_jobs_try_again_and_stop_when_told(
    probe: Store, caplog: pytest.LogCaptureFixture
) -> None:
    jobs = [
        relaying(probe.system, servers=NOBODY),
        consuming(listening(), probe.system, servers=NOBODY, group="g"),
        following(["probe"], lambda _: asyncio.sleep(0), servers=NOBODY),
    ]
    caplog.set_level(logging.WARNING)

    def complaints() -> int:
        said = [record.getMessage() for record in caplog.records]
        return len([line for line in said if f"no broker answers at {NOBODY}" in line])

    async with running(jobs):
        for _ in range(STOPPED_WITHIN_S * 20):
            if complaints() == len(jobs):
                break
            await asyncio.sleep(0.05)
        await asyncio.sleep(1.2)  # each tries again, and has said before that nobody answers
        began = time.monotonic()
    assert time.monotonic() - began < STOPPED_WITHIN_S
    assert complaints() == len(jobs)
    await until_no_kafka_thread()


async def test_what_runs_stops_while_the_broker_is_away(probe: Store, probe_broker: Kafka) -> None:
    servers = probe_broker.servers
    jobs = [
        relaying(probe.system, servers=servers),
        consuming(listening(), probe.system, servers=servers, group=f"g-{uuid4()}"),
    ]
    try:
        async with running(jobs):
            await asyncio.sleep(1.5)
            probe_broker.kill()
            await asyncio.sleep(0.2)
            began = time.monotonic()
        assert time.monotonic() - began < STOPPED_WITHIN_S
    finally:
        await asyncio.to_thread(probe_broker.start)
    await until_no_kafka_thread()


@pytest.mark.parametrize("after_s", [0, 0.02, 0.2, 0.6])
async def test_what_is_cancelled_at_any_moment_leaves_no_thread(
    after_s: float, probe_broker: Kafka
) -> None:
    servers = probe_broker.servers

    async def use(kind: str) -> None:
        if kind == "out":
            async with outgoing(servers) as send:
                await send([Message("probe", "s", b"{}")])
                await asyncio.sleep(60)
        elif kind == "in":
            async with incoming(servers, group=f"g-{uuid4()}", topics=["probe"]) as inbound:
                while True:
                    await inbound.poll()
        else:
            async with broadcast(servers, topics=["probe"]) as poll:
                while True:
                    await poll()

    tasks = [asyncio.create_task(use(kind)) for kind in ("out", "in", "live")]
    await asyncio.sleep(after_s)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await until_no_kafka_thread()


async def longest_pause_s() -> float:
    longest = 0.0
    with suppress(asyncio.CancelledError):
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - began)
    return longest


async def test_waiting_for_a_client_to_close_does_not_hold_up_the_others(
    probe_broker: Kafka,
) -> None:
    ticks = asyncio.create_task(longest_pause_s())
    async with incoming(probe_broker.servers, group=f"g-{uuid4()}", topics=["probe"]) as inbound:
        polling = asyncio.ensure_future(inbound.poll())
        await asyncio.sleep(0.05)
        polling.cancel()
    ticks.cancel()
    assert await ticks < 0.3


async def test_whoever_follows_misses_nothing_after_the_signal(
    probe: Store, probe_broker: Kafka
) -> None:
    subjects, heard, signals = [uuid4() for _ in range(3)], list[Message](), list[int]()

    async def deliver(messages: Sequence[Message]) -> None:
        if not messages:
            signals.append(len(heard))
            await factories.said(probe, factories.noted(subjects[len(signals) - 1]))
            await asyncio.sleep(0.5)  # relayed before the first poll
        heard.extend(messages)

    async def until_heard(count: int) -> None:
        for _ in range(600):
            if len(heard) >= count:
                return
            await asyncio.sleep(0.05)
        pytest.fail(f"heard {len(heard)}")

    servers = probe_broker.servers
    await factories.said(probe, factories.noted(uuid4()))
    async with running([relaying(probe.system, servers=servers)]):
        await asyncio.sleep(1)  # what was said before is in the topic, and not for us
        async with running([following(["probe"], deliver, servers=servers)]):
            await until_heard(1)
            await factories.said(probe, factories.noted(subjects[1]))
            await until_heard(2)
    assert [m.subject for m in heard] == [str(subjects[0]), str(subjects[1])]
    assert signals == [0]


async def test_whoever_follows_is_told_of_every_interruption(probe_broker: Kafka) -> None:
    signals = 0

    async def deliver(messages: Sequence[Message]) -> None:
        nonlocal signals
        signals += not messages
        if signals == 1:
            raise ConnectionError("interrupted")

    async with running([following(["probe"], deliver, servers=probe_broker.servers)]):
        for _ in range(200):
            if signals == 2:
                break
            await asyncio.sleep(0.05)
    assert signals == 2


async def test_a_job_with_a_defect_is_logged_and_begun_again(
    probe_broker: Kafka, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("shared.run.DEFECT_S", 0.01)
    tries, done = 0, asyncio.Event()

    async def deliver(_: Sequence[Message]) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise AssertionError("in what is done with events")
        done.set()

    async with running([following(["probe"], deliver, servers=probe_broker.servers)]):
        await asyncio.wait_for(done.wait(), 60)
    failed = [record for record in caplog.records if record.name == "shared.run"]
    assert [record.levelno for record in failed] == [logging.ERROR] * 2
    assert failed[0].exc_info


def test_topics_are_not_created_without_a_broker() -> None:
    with pytest.raises(ConnectionError):
        create_topics(NOBODY, ["probe"])


async def test_a_member_that_its_group_forgot_says_so_to_join_again(probe_broker: Kafka) -> None:
    group = f"g-{uuid4()}"
    with pytest.raises(ConnectionError, match="has not heard"):
        async with incoming(probe_broker.servers, group=group, topics=["probe"]) as inbound:
            [consumer] = [
                found
                for found in gc.get_objects()
                if type(found) is KafkaConsumer and found.config["group_id"] == group
            ]
            coordinator = consumer._coordinator  # noqa: SLF001  where the fault is planted
            while not coordinator.stable():
                await inbound.poll()
            coordinator.heartbeat.config["session_timeout_ms"] = 3_000
            for _ in range(4):
                await inbound.poll()  # as long as it is heard of, all is well
            coordinator._disable_heartbeat()  # noqa: SLF001  as a wake-up that was lost
            for _ in range(20):
                await inbound.poll()


async def test_a_member_that_its_group_does_not_let_in_says_so_to_try_again(
    probe_broker: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka, "JOINED_WITHIN_S_MAX", 3)
    group, servers = f"g-{uuid4()}", probe_broker.servers
    other = KafkaConsumer("probe", bootstrap_servers=servers, group_id=group, **kafka.CONSUMER)
    with closing(other) as busy:
        while not busy.assignment():
            busy.poll(timeout_ms=100)
        with pytest.raises(ConnectionError, match="has not let"):
            async with incoming(servers, group=group, topics=["probe"]) as inbound:
                for _ in range(20):  # the other one does not poll, and so does not make room
                    await inbound.poll()
