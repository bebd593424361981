"""A buyer's open page beside suppliers who report on a schedule, in one process with one clock."""

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager, suppress
from multiprocessing import get_context
from typing import NamedTuple

import uvloop

HEARD_WITHIN_S_MAX = 20.0
CONNECTIONS = 32
CREATED = b"HTTP/1.1 201"
LENGTH = b"content-length:"


class Schedule(NamedTuple):
    """Who reports what when; each line is reported in turn, so that its news tells of which."""

    port: int
    live: bytes  # the request for the stream of news
    reports: Sequence[tuple[str, bytes]]  # of which schedule line, and the request
    rate: float  # reports that fall due in a second, whether or not others are answered
    seconds: float
    kind: str  # of event


class Heard(NamedTuple):
    """What came of it."""

    since_answer_ms: list[float]  # from the supplier's 201 to the buyer's message
    since_due_ms: list[float]  # from when the report fell due
    refused: int
    lost: int


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def watched(schedule: Schedule) -> Heard:
    """Let suppliers report while a buyer watches, in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_run, schedule).result()


def _run(schedule: Schedule) -> Heard:
    return uvloop.run(_watched(schedule))


class _Ear:
    """Which reports are waited for, by line in turn, and when each was heard."""

    def __init__(self, kind: str) -> None:
        self.kind, self.heard_at = kind, dict[int, float]()
        self.waiting: defaultdict[str, deque[int]] = defaultdict(deque)
        self._heard = asyncio.Event()

    async def listen(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            if not line.startswith(b"data: {"):
                continue
            told = json.loads(line[6:])
            queue = self.waiting.get(told.get("schedule_line_id", ""))
            if told.get("type") == self.kind and queue:
                self.heard_at[queue.popleft()] = time.perf_counter()
                self._heard.set()

    async def rest(self) -> None:
        """Wait until everything that was reported was heard."""
        while any(self.waiting.values()):
            self._heard.clear()
            await self._heard.wait()


async def _watched(schedule: Schedule) -> Heard:
    ear = _Ear(schedule.kind)
    async with _stream(schedule) as stream:
        listening = asyncio.create_task(ear.listen(stream))
        answered = await _report_all(schedule, ear)
        with suppress(TimeoutError):
            await asyncio.wait_for(ear.rest(), HEARD_WITHIN_S_MAX)
        listening.cancel()
    refused = [number for number, (_, at) in answered.items() if at is None]
    known = [(number, due, at) for number, (due, at) in answered.items() if at is not None]
    found = [(ear.heard_at[n], due, at) for n, due, at in known if n in ear.heard_at]
    return Heard(
        [(heard - at) * 1_000 for heard, _, at in found],
        [(heard - due) * 1_000 for heard, due, _ in found],
        len(refused),
        len(known) - len(found),
    )


@asynccontextmanager
async def _stream(schedule: Schedule) -> AsyncIterator[asyncio.StreamReader]:
    stream, wire = await asyncio.open_connection("127.0.0.1", schedule.port)
    wire.write(schedule.live)
    head = await stream.readuntil(b"\r\n\r\n")
    assert b" 200 " in head.partition(b"\r\n")[0], head
    yield stream
    wire.close()


async def _report_all(schedule: Schedule, ear: _Ear) -> dict[int, tuple[float, float | None]]:
    """Send each report when it falls due, by whatever connection is free, and note the answer."""
    total = int(schedule.rate * schedule.seconds)
    answered: dict[int, tuple[float, float | None]] = {}
    turns = iter(range(total))
    begun = time.perf_counter() + 0.2

    async def one_after_the_other() -> None:
        stream, wire = await asyncio.open_connection("127.0.0.1", schedule.port)
        for number in turns:
            due = begun + number / schedule.rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            line, request = schedule.reports[number % len(schedule.reports)]
            ear.waiting[line].append(number)
            wire.write(request)
            created = await _created(stream)
            answered[number] = due, time.perf_counter() if created else None
            if not created and number in ear.waiting[line]:
                ear.waiting[line].remove(number)
        wire.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(one_after_the_other())
    return answered


async def _created(stream: asyncio.StreamReader) -> bool:
    head = await stream.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(LENGTH):
            await stream.readexactly(int(line.removeprefix(LENGTH)))
    return head.startswith(CREATED)
