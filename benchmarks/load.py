"""HTTP load from processes of its own: as many connections as asked, nothing but bytes."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import NamedTuple, cast

import orjson
import uvloop

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
PROCESSES_MAX = 4
ANSWERED_WITHIN_S_MAX = 120
OK = 2  # the first digit of its status
SHOWN_MAX = 3

Requests = Callable[[int], Iterator[bytes]]
"""What the n-th connection sends in turn; a function of a module, or a `partial` of one."""


class Load(NamedTuple):
    """What is sent where. With a `rate`, requests fall due whether or not others are answered."""

    port: int
    requests: Requests
    connections: int = 8
    seconds: float = 2.0
    rate: float | None = None  # requests per second, over all connections
    counts: bytes = b""  # what is counted in answers; empty: each answer of 2xx counts as one
    processes: int = 1


class Loaded(NamedTuple):
    """What came of it."""

    done: int  # what was counted
    seconds: float
    latencies_ms: list[float]  # of answers of 2xx; with a rate, since they fell due
    statuses: Counter[int]
    failed: int  # connections that broke, or were not answered in time
    refused: list[bytes]  # the first few answers that were not 2xx

    @property
    def per_s(self) -> float:
        """How many were done in a second."""
        return self.done / self.seconds

    @property
    def errors(self) -> int:
        """How many requests were not answered with 2xx."""
        return self.failed + sum(n for status, n in self.statuses.items() if status // 100 != OK)

    def percentile(self, share: float) -> float:
        """Return the latency in ms that this share of the requests did not exceed."""
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def post(
    path: str, body: object, *, token: str = "", headers: Mapping[str, str] | None = None
) -> bytes:
    """Return a POST of JSON as it goes over the wire; bytes go as they are."""
    sent = body if isinstance(body, bytes) else orjson.dumps(body)
    given = {"content-type": "application/json", "content-length": str(len(sent))}
    return _head("POST", path, token, given | dict(headers or {})) + sent


def get(path: str, *, token: str = "", headers: Mapping[str, str] | None = None) -> bytes:
    """Return a GET as it goes over the wire."""
    return _head("GET", path, token, dict(headers or {}))


def _head(method: str, path: str, token: str, headers: dict[str, str]) -> bytes:
    authorized = {"authorization": f"Bearer {token}"} if token else {}
    fields = {"host": "localhost"} | authorized | headers
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def call(port: int, request: bytes) -> tuple[int, bytes]:
    """Send one request; return the status and the body of its answer."""

    async def called() -> tuple[int, bytes]:
        wire = await _connected(port)
        status, answer = await wire.send(request)
        wire.close()
        return status, answer.partition(b"\r\n\r\n")[2]

    return asyncio.run(called())


def loaded(load: Load) -> Loaded:
    """Send a load, and return what came of it."""
    share = load.connections // load.processes
    assert share * load.processes == load.connections
    rate = load.rate and load.rate / load.processes
    parts = [
        processes().submit(_drive, load._replace(connections=share, rate=rate), number * share)
        for number in range(load.processes)
    ]
    return together([part.result() for part in parts])


def together(parts: list[Loaded]) -> Loaded:
    """Add up what several loads came to in the same time."""
    return Loaded(
        sum(part.done for part in parts),
        max(part.seconds for part in parts),
        [latency for part in parts for latency in part.latencies_ms],
        sum((part.statuses for part in parts), Counter()),
        sum(part.failed for part in parts),
        [answer for part in parts for answer in part.refused][:SHOWN_MAX],
    )


@cache
def processes() -> ProcessPoolExecutor:
    """Return the processes in which loads are made; they are started once."""
    return ProcessPoolExecutor(PROCESSES_MAX, mp_context=get_context("spawn"))


def _drive(load: Load, first: int) -> Loaded:
    return uvloop.run(_driven(load, first))


async def _driven(load: Load, first: int) -> Loaded:
    turns = [load.requests(first + number) for number in range(load.connections)]
    wires = [await _connected(load.port) for _ in turns]
    begun = time.perf_counter()
    interval = load.connections / load.rate if load.rate else 0.0
    sending = [
        _send_all(load, wire, turn, begun + interval * number / load.connections, interval)
        for number, (wire, turn) in enumerate(zip(wires, turns, strict=True))
    ]
    return together(await asyncio.gather(*sending))


async def _send_all(
    load: Load, wire: "_Wire", turn: Iterator[bytes], due: float, interval: float
) -> Loaded:
    """Send what one connection sends, one after the other, until the time is over."""
    begun = time.perf_counter()
    done = failed = 0
    latencies: list[float] = []
    refused: list[bytes] = []
    statuses = Counter[int]()
    for request in turn:
        now = time.perf_counter()
        if interval and due > now:
            await asyncio.sleep(due - now)
        if max(now, due) >= begun + load.seconds:
            break
        since, due = (due, due + interval) if interval else (now, now)
        try:
            status, answer = await asyncio.wait_for(wire.send(request), ANSWERED_WITHIN_S_MAX)
        except (OSError, TimeoutError):
            failed, wire = failed + 1, await _connected(load.port)
            continue
        statuses[status] += 1
        if status // 100 == OK:
            latencies.append((time.perf_counter() - since) * 1_000)
            done += answer.count(load.counts) if load.counts else 1
        elif len(refused) < SHOWN_MAX:
            refused.append(answer)
    wire.close()
    return Loaded(done, time.perf_counter() - begun, latencies, statuses, failed, refused)


class _Wire(asyncio.Protocol):
    """One connection that is kept, with at most one request under way."""

    def __init__(self) -> None:
        self._got = bytearray()
        self._needed = 0
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no instance of it

    def send(self, request: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        """Send, and return what will be the status and the whole answer."""
        if self._transport.is_closing():
            raise ConnectionResetError
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._waiting

    def data_received(self, received: bytes) -> None:
        self._got += received
        if not self._needed:
            end = self._got.find(b"\r\n\r\n")
            if end < 0:
                return
            length = LENGTH.search(self._got, 0, end)
            self._needed = end + 4 + (int(length[1]) if length else 0)
        if len(self._got) >= self._needed:
            answer, self._got, self._needed = bytes(self._got), bytearray(), 0
            if self._waiting and not self._waiting.done():
                self._waiting.set_result((int(answer[9:12]), answer))

    def connection_lost(self, _: Exception | None) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError())

    def close(self) -> None:
        self._transport.close()


async def _connected(port: int) -> _Wire:
    loop = asyncio.get_running_loop()
    _, wire = await loop.create_connection(_Wire, "127.0.0.1", port)
    return wire
