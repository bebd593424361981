"""Requests that fall due on a schedule and wait for nobody, from a process of its own."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

import uvloop

CONNECTIONS = 128
LENGTH, RETRY_AFTER = b"content-length:", b"retry-after:"
FAILED = 0


class Rush(NamedTuple):
    """What falls due: each request in turn, so many in a second."""

    port: int
    requests: Sequence[bytes]
    rate: float
    seconds: float


class Rushed(NamedTuple):
    """What was answered."""

    statuses: Counter[int]  # 0: the connection broke
    unexplained: int  # refused by 429 or 5xx, and not told when to come again
    latencies_ms: list[float]  # of answers of 2xx, since they fell due


def rushed(rush: Rush) -> Rushed:
    """Send all that falls due, and return what was answered."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_run, rush).result()


def _run(rush: Rush) -> Rushed:
    return uvloop.run(_rushed(rush))


async def _rushed(rush: Rush) -> Rushed:
    found, turns = Rushed(Counter(), 0, []), iter(range(int(rush.rate * rush.seconds)))
    begun, unexplained = time.perf_counter() + 0.2, 0

    async def one_after_the_other() -> None:
        nonlocal unexplained
        wires = await asyncio.open_connection("127.0.0.1", rush.port)
        for number in turns:
            due = begun + number / rush.rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            try:
                status, told = await _asked(*wires, rush.requests[number % len(rush.requests)])
            except (OSError, EOFError):
                found.statuses[FAILED] += 1
                wires = await asyncio.open_connection("127.0.0.1", rush.port)
                continue
            found.statuses[status] += 1
            if status // 100 == 2:  # noqa: PLR2004
                found.latencies_ms.append((time.perf_counter() - due) * 1_000)
            elif status == 429 or status // 100 == 5:  # noqa: PLR2004
                unexplained += not told
        wires[1].close()

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(one_after_the_other())
    return found._replace(unexplained=unexplained)


async def _asked(
    stream: asyncio.StreamReader, wire: asyncio.StreamWriter, request: bytes
) -> tuple[int, bool]:
    wire.write(request)
    head = (await stream.readuntil(b"\r\n\r\n")).lower()
    lines = head.split(b"\r\n")
    for line in lines:
        if line.startswith(LENGTH):
            await stream.readexactly(int(line.removeprefix(LENGTH)))
    return int(head[9:12]), any(line.startswith(RETRY_AFTER) for line in lines)
