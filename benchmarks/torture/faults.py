"""What is done to an installation, drawn from a seed; each undoes itself."""

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psutil
import psycopg

from benchmarks.torture.mischief import Mischief
from benchmarks.torture.standing import Installation

SLOW_MS = 15
FILLER = "filler"
BLOCK = b"\0" * 1_000_000
BACKENDS = (
    "SELECT pid FROM pg_stat_activity WHERE usename LIKE '%\\_app' OR usename LIKE '%\\_system'"
)


@dataclass(frozen=True)
class Fault:
    """One thing that happens: after so many seconds, to whom, and for how long."""

    kind: str
    target: str
    after_s: float
    lasts_s: float


Do = Callable[[Installation, Fault, Mischief], Awaitable[None]]
KINDS: dict[str, Do] = {}
DISK, POISON = "disk is full", "poison"


def kind(name: str) -> Callable[[Do], Do]:
    """Name what a function does."""

    def register(do: Do) -> Do:
        KINDS[name] = do
        return do

    return register


def deck(chance: Random, parts: Sequence[str], *, without: Sequence[str] = ()) -> list[Fault]:
    """Draw each kind once, in some order, with its target and its times."""
    kinds = [name for name in KINDS if name not in without]
    chance.shuffle(kinds)
    return [
        Fault(
            name,
            _target(name, chance, parts),
            round(chance.uniform(0.5, 3.0), 2),
            round(chance.uniform(0.5, 4.0), 2),
        )
        for name in kinds
    ]


def _target(name: str, chance: Random, parts: Sequence[str]) -> str:
    for role in "api", "relay", "consume":
        if role in name:
            return chance.choice([part for part in parts if part.endswith(role)])
    return chance.choice(parts) if "process" in name else ""


@kind("kill -9 an api")
@kind("kill -9 a relay")
@kind("kill -9 a consumer (consume)")
async def kill_part(standing: Installation, fault: Fault, _: Mischief) -> None:
    part = standing.parts[fault.target]
    await asyncio.to_thread(part.kill)
    await asyncio.sleep(fault.lasts_s)
    part.start()


@kind("kill -9 one of each at once")
async def kill_many(standing: Installation, fault: Fault, _: Mischief) -> None:
    parts = [part for name, part in standing.parts.items() if name.endswith(("relay", "consume"))]
    for part in parts[::3] + parts[1::3]:
        await asyncio.to_thread(part.kill)
    await asyncio.sleep(fault.lasts_s)
    for part in parts:
        if not part.alive:
            part.start()


@kind("stop and start an api")
@kind("stop and start a relay")
@kind("stop and start a consumer (consume)")
async def pause_part(standing: Installation, fault: Fault, _: Mischief) -> None:
    part = standing.parts[fault.target]
    part.pause()
    try:
        await asyncio.sleep(2 * fault.lasts_s)
    finally:
        part.resume()


@kind("consumer stands still beyond its session (consume)")
async def pause_long(standing: Installation, fault: Fault, _: Mischief) -> None:
    part = standing.parts[fault.target]
    part.pause()
    try:
        await asyncio.sleep(11 + fault.lasts_s)  # the session of a consumer is 10 s
    finally:
        part.resume()


@kind("kill -9 the postmaster")
async def kill_postmaster(standing: Installation, fault: Fault, _: Mischief) -> None:
    standing.servers_held.add(standing.postgres.name)
    await asyncio.to_thread(standing.postgres.kill)
    await asyncio.sleep(fault.lasts_s)
    standing.servers_held.discard(standing.postgres.name)


@kind("kill -9 a database backend")
async def kill_backend(standing: Installation, fault: Fault, _: Mischief) -> None:
    """PostgreSQL then throws out everybody and recovers from its log."""
    with suppress(psycopg.Error, psutil.Error), standing.database() as connection:
        ours = {child.pid for child in psutil.Process(_postmaster(standing)).children()}
        pids = [row[0] for row in connection.execute(BACKENDS.encode())]
        for pid in [pid for pid in pids if pid in ours][:1]:
            os.kill(pid, signal.SIGKILL)
    await asyncio.sleep(fault.lasts_s / 4)


@kind("stop and start the database")
async def pause_database(standing: Installation, fault: Fault, _: Mischief) -> None:
    """Everything of PostgreSQL's stands still, as on a disk that does not answer."""
    stopped: list[psutil.Process] = []
    try:
        with suppress(psutil.Error):
            root = psutil.Process(_postmaster(standing))
            for process in [root, *root.children()]:
                with suppress(psutil.Error):
                    process.suspend()
                    stopped.append(process)
        await asyncio.sleep(fault.lasts_s)
    finally:
        for process in stopped:
            with suppress(psutil.Error):
                process.resume()


@kind("kill -9 the broker")
async def kill_broker(standing: Installation, fault: Fault, _: Mischief) -> None:
    standing.servers_held.add(standing.kafka.name)
    await asyncio.to_thread(standing.kafka.kill)
    await asyncio.sleep(fault.lasts_s)
    standing.servers_held.discard(standing.kafka.name)


@kind("stop and start the broker")
async def pause_broker(standing: Installation, fault: Fault, _: Mischief) -> None:
    with suppress(psutil.Error):
        process = psutil.Process(_process_of(standing.kafka))
        process.suspend()
        try:
            await asyncio.sleep(2 * fault.lasts_s)
        finally:
            process.resume()


@kind("the database is slow")
async def slow(standing: Installation, fault: Fault, _: Mischief) -> None:
    standing.slow_down(SLOW_MS)
    try:
        await asyncio.sleep(2 * fault.lasts_s)
    finally:
        standing.slow_down(0)


@kind(DISK)
async def fill(standing: Installation, fault: Fault, _: Mischief) -> None:
    assert standing.disk
    filler = standing.disk / FILLER
    try:
        await asyncio.to_thread(_fill, filler)
        await asyncio.sleep(2 + fault.lasts_s)
    finally:
        filler.unlink(missing_ok=True)


@kind("duplicates")
async def duplicate(_: Installation, __: Fault, mischief: Mischief) -> None:
    await mischief.repeat()


@kind("subjects out of order (relay)")
async def shuffle(standing: Installation, fault: Fault, mischief: Mischief) -> None:
    """While a relay is dead, send what waits, the subjects in another order."""
    part = standing.parts[fault.target]
    await asyncio.to_thread(part.kill)
    await asyncio.sleep(2 + fault.lasts_s)
    service = fault.target.partition("-")[0]
    await mischief.send_shuffled(service if service in mischief.publishers else None)
    part.start()


@kind(POISON)
async def poison(_: Installation, __: Fault, mischief: Mischief) -> None:
    await mischief.poison()


def _fill(place: Path) -> None:
    """Take all there is."""
    with suppress(OSError), place.open("wb") as file:
        while shutil.disk_usage(place.parent).free:
            file.write(BLOCK)
            file.flush()


def _postmaster(standing: Installation) -> int:
    return _process_of(standing.postgres)


def _process_of(server: object) -> int:
    """Return the process of a server that this program has started itself."""
    process = getattr(server, "_process", None)
    if process is None or process.poll() is not None:
        raise psutil.NoSuchProcess(0)
    return int(process.pid)
