"""The loops that wait for events lose none and stop when told to."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import Store, transaction
from shared.events import Message, bell
from shared.inbox import Handlers, Inbound, Position
from shared.run import (
    ENOUGH,
    PROMPT_S,
    SIDE_BY_SIDE_MAX,
    Job,
    apart,
    consume,
    relay_on,
    run_until_told_to_stop,
    running,
)
from tests.probe import factories
from tests.probe.contracts import Noted
from tests.probe.models import Effect
from tests.probe.service import handlers

HELD_UP_S = PROMPT_S + 0.05


async def nothing() -> Sequence[Position]:
    return []


async def test_what_is_relayed_is_consumed_and_then_acknowledged(probe: Store) -> None:
    await factories.said(probe, *(factories.noted(uuid4()) for _ in range(3)))
    wire: list[Message] = []
    stop = asyncio.Event()

    async def send(batch: Sequence[Message]) -> None:
        wire.extend(batch)
        stop.set()

    async def poll() -> Sequence[Sequence[Message]]:
        return [wire]

    async def acknowledge() -> None:
        async with transaction(probe.system) as session:
            assert await session.scalar(select(func.count()).select_from(Effect)) == 3
        stop.set()

    await relay_on(probe.system, send, stop)
    stop.clear()
    await consume(handlers, probe.system, Inbound(poll, acknowledge, nothing), stop)


@pytest.mark.parametrize(("each", "at_once"), [(1, 1), (2 * ENOUGH // 3, SIDE_BY_SIDE_MAX)])
async def test_small_partitions_go_together_and_large_ones_side_by_side(
    each: int, at_once: int, probe: Store
) -> None:
    stop, slow, side_by_side, most = asyncio.Event(), Handlers(), 0, 0

    @slow.on(Noted)
    async def take_time(_: AsyncSession, event: Noted) -> None:  # noqa: ARG001
        nonlocal side_by_side, most
        side_by_side += 1
        most = max(most, side_by_side)
        await asyncio.sleep(0.001)
        side_by_side -= 1

    async def poll() -> Sequence[Sequence[Message]]:
        stop.set()
        return [[factories.message(uuid4()) for _ in range(each)] for _ in range(12)]

    await consume(slow, probe.system, Inbound(poll, nothing_else, nothing), stop)
    assert most == at_once
    async with transaction(probe.system) as session:
        assert await session.scalar(text("SELECT count(*) FROM inbox")) == 12 * each


async def nothing_else() -> None:
    """Acknowledge to nobody."""


async def test_a_relay_that_is_told_to_stop_marks_what_it_sent(probe: Store) -> None:
    await factories.said(probe, *(factories.noted(uuid4()) for _ in range(3)))
    stop = asyncio.Event()

    async def send(_: Sequence[Message]) -> None:
        stop.set()

    await relay_on(probe.system, send, stop)
    async with transaction(probe.system) as session:
        unsent = text("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        assert await session.scalar(unsent) == 0


@pytest.mark.parametrize(("count", "rests"), [(0, 0), (1, 1), (ENOUGH, 0)])
async def test_few_events_wait_for_company_and_many_do_not(
    count: int, rests: int, probe: Store
) -> None:
    stop, gather_s, polled_at = asyncio.Event(), 0.2, list[float]()

    async def poll() -> Sequence[Sequence[Message]]:
        polled_at.append(time.monotonic())
        if len(polled_at) == 2:
            stop.set()
            return []
        return [[factories.message(uuid4()) for _ in range(count)]] if count else []

    inbound = Inbound(poll, nothing_else, nothing)
    await consume(Handlers(), probe.system, inbound, stop, gather_s=gather_s)
    first, second = polled_at
    assert (second - first >= gather_s) == bool(rests)


async def test_a_consumer_that_is_held_up_makes_way(probe: Store) -> None:
    stop, slow, moments = asyncio.Event(), Handlers(), list[float]()

    @slow.on(Noted)
    async def take_time(_: AsyncSession, event: Noted) -> None:  # noqa: ARG001
        await asyncio.sleep(HELD_UP_S)

    async def poll() -> Sequence[Sequence[Message]]:
        moments.append(time.monotonic())
        if len(moments) == 2:
            stop.set()
            return []
        return [[factories.message(uuid4())]]

    await consume(slow, probe.system, Inbound(poll, nothing_else, nothing), stop)
    first, second = moments
    assert second - first >= HELD_UP_S + 2 * (HELD_UP_S - PROMPT_S)


async def test_a_relay_that_is_held_up_makes_way(probe: Store) -> None:
    await factories.said(probe, factories.noted(uuid4()))
    stop, moments = asyncio.Event(), list[float]()

    async def send(_: Sequence[Message]) -> None:
        moments.append(time.monotonic())
        await factories.said(probe, factories.noted(uuid4()))
        await asyncio.sleep(HELD_UP_S)
        if len(moments) == 2:
            stop.set()

    await relay_on(probe.system, send, stop)
    first, second = moments
    assert second - first >= HELD_UP_S + 2 * (HELD_UP_S - PROMPT_S)


async def test_what_was_not_applied_is_not_acknowledged(probe: Store) -> None:
    acknowledged = False

    async def poll() -> Sequence[Sequence[Message]]:
        return [[factories.message(uuid4())], [factories.message(uuid4())]]

    async def acknowledge() -> None:
        nonlocal acknowledged
        acknowledged = True

    async def hold_the_table() -> None:
        async with transaction(probe.system) as session:
            await session.execute(text("LOCK TABLE inbox IN SHARE MODE"))
            held.set()
            await asyncio.sleep(60)

    held = asyncio.Event()
    holding = asyncio.create_task(hold_the_table())
    await held.wait()
    inbound = Inbound(poll, acknowledge, nothing)
    consuming = asyncio.create_task(consume(handlers, probe.system, inbound, asyncio.Event()))
    await asyncio.sleep(0.2)
    consuming.cancel()
    holding.cancel()
    for task in (consuming, holding):
        with suppress(asyncio.CancelledError):
            await task
    assert not acknowledged
    async with transaction(probe.system) as session:
        assert await session.scalar(select(func.count()).select_from(Effect)) == 0


async def test_a_job_that_fails_ends_the_others_and_whoever_waits() -> None:
    ended: list[str] = []

    async def endless(stop: asyncio.Event) -> None:
        try:
            await stop.wait()
        except asyncio.CancelledError:
            ended.append("endless")
            raise

    async def failing(_: asyncio.Event) -> None:
        raise ZeroDivisionError

    with pytest.RaisesGroup(ZeroDivisionError):
        await run_until_told_to_stop([endless, failing])
    assert ended == ["endless"]


async def test_a_failure_beside_the_jobs_stops_them_in_order_and_stays_itself() -> None:
    done: list[str] = []

    async def job(stop: asyncio.Event) -> None:
        await stop.wait()
        done.append("what was under way")

    with pytest.raises(OSError, match="beside"):
        async with running([job]):
            await asyncio.sleep(0)
            raise OSError("beside")
    assert done == ["what was under way"]


async def test_what_is_left_waits_for_jobs_to_stop() -> None:
    done: list[str] = []

    async def job(stop: asyncio.Event) -> None:
        await stop.wait()
        await asyncio.sleep(0.01)
        done.append("what was under way")

    async with running([job, job]):
        assert done == []
    assert done == ["what was under way"] * 2


async def test_jobs_apart_have_a_thread_of_their_own_and_hear_of_commits(probe: Store) -> None:
    ready, rung, done = threading.Event(), threading.Event(), list[str]()

    async def job(stop: asyncio.Event) -> None:
        with bell(probe.system) as ringing:
            ready.set()
            await ringing.wait()
            rung.set()
        await stop.wait()
        done.append(threading.current_thread().name)

    @asynccontextmanager
    async def jobs() -> AsyncIterator[list[Job]]:
        yield [job]
        done.append("closed")

    async with running([apart(jobs)]):
        assert await asyncio.to_thread(ready.wait, 5)
        await factories.said(probe, factories.noted(uuid4()))
        assert rung.wait(5)  # while this loop stands still
    assert done[0] != threading.current_thread().name
    assert done[1:] == ["closed"]


async def test_a_failure_apart_ends_whoever_waits() -> None:
    @asynccontextmanager
    async def jobs() -> AsyncIterator[list[Job]]:
        raise ZeroDivisionError
        yield []

    with pytest.RaisesGroup(ZeroDivisionError):
        await run_until_told_to_stop([apart(jobs)])


async def test_a_process_told_to_stop_finishes_what_is_under_way() -> None:
    done: list[str] = []

    async def job(stop: asyncio.Event) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await stop.wait()
        done.append("what was under way")

    await run_until_told_to_stop([job])
    assert done == ["what was under way"]


def test_a_signal_ends_a_process_in_order() -> None:
    process = subprocess.Popen([sys.executable, "-c", PROCESS], stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"under way\n"
    process.terminate()
    said, _ = process.communicate(timeout=20)
    assert (said, process.returncode) == (b"finished\n", 0)


PROCESS = """
import asyncio
from shared.run import run_until_told_to_stop

async def job(stop):
    print("under way", flush=True)
    await stop.wait()
    await asyncio.sleep(0.1)
    print("finished", flush=True)

asyncio.run(run_until_told_to_stop([job]))
"""
