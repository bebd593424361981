"""Run what waits for events until told to stop: a service's relay and its consumer."""

import asyncio
import logging
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from typing import TypeVar

import uvloop
from psycopg import AsyncConnection

from shared import kafka
from shared.database import UNAVAILABLE, Sessions
from shared.events import NONE, Message, Send, bell, mark, outbox_alone, send_oldest
from shared.inbox import Handlers, Inbound, note_positions, receive

logger = logging.getLogger(__name__)

IDLE_S_MIN, IDLE_S_MAX = 0.005, 0.2
OUTAGE_S = 0.5
DEFECT_S = 5.0
SIDE_BY_SIDE_MAX = 4  # transactions: each needs a connection, and others need some too
ENOUGH = 200  # messages for a transaction, before there is another beside it
PROMPT_S = 0.02  # work on a few messages that takes longer stood behind others' work
ANOTHER_S = 0.5  # how often to look whether another relay has ended
ACKNOWLEDGE_S = 1.0
NOTE_S = 5.0  # how often a consumer writes down how far it has come

T = TypeVar("T")
Job = Callable[[asyncio.Event], Coroutine[None, None, None]]
Deliver = Callable[[Sequence[Message]], Awaitable[None]]


def relaying(sessions: Sessions, *, servers: str) -> Job:
    """Send the events of a service's outbox to Kafka, as its system role."""
    connect = partial(kafka.outgoing, servers)
    return partial(_through_outages, connect, partial(relay_on, sessions))


def consuming(
    handlers: Handlers, sessions: Sessions, *, servers: str, group: str, gather_s: float = 0.0
) -> Job:
    """Receive from Kafka what a service listens to; a group shares the work among its members.

    With `gather_s`, events gather for at least so long after a few: one transaction for many.
    """
    assert handlers.topics, f"{group} listens to nothing"
    connect = partial(kafka.incoming, servers, group=group, topics=handlers.topics)
    work = partial(consume, handlers, sessions, gather_s=gather_s)
    return partial(_through_outages, connect, work)


def following(topics: Sequence[str], deliver: Deliver, *, servers: str, since_s: int = 0) -> Job:
    """Show this process every event of some topics from now on: for live pages, not for books.

    With seconds, it begins with the events of so long ago, also after each outage.
    """
    connect = partial(kafka.broadcast, servers, topics=topics, since_s=since_s)
    return partial(_through_outages, connect, partial(follow, deliver))


@asynccontextmanager
async def running(jobs: Sequence[Job]) -> AsyncIterator[None]:
    """Run jobs beside the caller; one that fails ends all, and leaving waits for them to stop."""
    stop, failure = asyncio.Event(), None
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(job(stop))
        try:
            yield
        except Exception as error:  # noqa: BLE001  raised again, as itself and not as of a group
            failure = error
        finally:
            stop.set()
    if failure:
        raise failure


def apart(jobs: Callable[[], AbstractAsyncContextManager[Sequence[Job]]]) -> Job:
    """Run jobs as one, in a thread with an event loop of its own, where no request holds them up.

    What they need is opened there: a pool of connections belongs to one event loop.
    """

    async def work(told: asyncio.Event) -> None:
        async with jobs() as opened, running(opened):
            await told.wait()

    def run(loop: asyncio.AbstractEventLoop, told: asyncio.Event) -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(work(told))

    async def job(stop: asyncio.Event) -> None:
        loop, told = uvloop.new_event_loop(), asyncio.Event()
        thread = asyncio.ensure_future(asyncio.to_thread(run, loop, told))
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([thread, stopped], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            with suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(told.set)
            await asyncio.shield(thread)

    return job


async def run_until_told_to_stop(jobs: Sequence[Job]) -> None:
    """Run jobs in a process of their own; at SIGTERM or SIGINT finish what is under way."""
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    async with running(jobs):
        await told.wait()


async def relay_on(sessions: Sessions, send: Send, stop: asyncio.Event) -> None:
    """Relay batch after batch; rest longer the longer nothing is left, or until a commit rings.

    While another relay of the service works, wait for it to end.
    """
    with bell(sessions) as ringing:
        while not stop.is_set():
            async with outbox_alone(sessions) as outbox:
                if outbox:
                    await _relay_from(outbox, send, ringing, stop)
            await _rest(stop, ANOTHER_S)


async def _relay_from(
    outbox: AsyncConnection, send: Send, ringing: asyncio.Event, stop: asyncio.Event
) -> None:
    idle_s, sent = IDLE_S_MIN, NONE
    while not stop.is_set():
        ringing.clear()
        began = time.monotonic()
        sent = await send_oldest(outbox, send, sent=sent)
        if sent:
            await _make_way(stop, began, len(sent))
            idle_s = IDLE_S_MIN
        else:
            await _rest(ringing, idle_s)
            idle_s = min(2 * idle_s, IDLE_S_MAX)
    await mark(outbox, sent)


async def consume(
    handlers: Handlers,
    sessions: Sessions,
    inbound: Inbound,
    stop: asyncio.Event,
    *,
    gather_s: float = 0.0,
) -> None:
    """Receive partitions, each in order, and many side by side; commit offsets after all effects.

    Not after each poll: what comes again after a failure is in the inbox, and nobody waits for it.
    """
    noted_at = acknowledged_at = 0.0
    applied = False  # since offsets were committed
    while not stop.is_set():
        partitions = await inbound.poll()
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for messages in _packed(partitions):
                group.create_task(receive(handlers, sessions, messages))
        applied = applied or bool(partitions)
        if applied and (not partitions or time.monotonic() - acknowledged_at > ACKNOWLEDGE_S):
            await inbound.acknowledge()
            applied, acknowledged_at = False, time.monotonic()
        if time.monotonic() - noted_at > NOTE_S:
            noted_at = time.monotonic()
            if positions := await inbound.positions():
                await note_positions(sessions, positions)
        await _make_way(stop, began, sum(map(len, partitions)), gather_s)
    if applied:
        await inbound.acknowledge()


async def _make_way(stop: asyncio.Event, began: float, count: int, gather_s: float = 0.0) -> None:
    """Rest after a few messages, the longer the slower the work on them was.

    It is slow where requests and it hold up each other; rested, it does more messages at once, for
    less work each.
    """
    held_up_s = time.monotonic() - began - PROMPT_S
    rest_s = max(gather_s, min(2 * held_up_s, IDLE_S_MAX))
    if 0 < count < ENOUGH and rest_s > 0:
        await _rest(stop, rest_s)


def _packed(partitions: Sequence[Sequence[Message]]) -> Sequence[Sequence[Message]]:
    """Put partitions together, each in order: a transaction for each of many small ones is slow."""
    count = sum(map(len, partitions))
    packed: list[list[Message]] = [[] for _ in range(min(SIDE_BY_SIDE_MAX, -(-count // ENOUGH)))]
    for messages in sorted(partitions, key=len, reverse=True):
        min(packed, key=len).extend(messages)
    return [messages for messages in packed if messages]


async def follow(
    deliver: Deliver, poll: Callable[[], Awaitable[Sequence[Message]]], stop: asyncio.Event
) -> None:
    """Pass on events as they come, from now; an empty delivery says that some may be missed."""
    await deliver([])
    while not stop.is_set():
        if messages := await poll():
            await deliver(messages)


async def _through_outages(
    connect: Callable[[], AbstractAsyncContextManager[T]],
    work: Callable[[T, asyncio.Event], Awaitable[None]],
    stop: asyncio.Event,
) -> None:
    """Connect and work until told to stop; after an outage of Kafka or the database, again.

    So after a defect of ours, which is logged as one: the others in this process go on, nothing is
    lost meanwhile, and how far this one is behind is what operators watch.
    """
    said = ""
    while not stop.is_set():
        pause_s = OUTAGE_S
        try:
            async with connect() as transport:
                await work(transport, stop)
        except* (ConnectionError, *UNAVAILABLE) as outage:
            reason = _reason(outage)
            level = logging.DEBUG if reason == said else logging.WARNING  # once is enough
            logger.log(level, "interrupted, and tried again until it works: %s", reason)
            said = reason
        except* Exception:
            logger.exception("failed, and tried again in %s s", DEFECT_S)
            pause_s = DEFECT_S
        else:
            return
        await _rest(stop, pause_s)


def _reason(error: BaseException) -> str:
    """Return the first line of what is at the bottom of a group of exceptions."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}".partition("\n")[0][:300]


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
