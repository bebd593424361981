"""PostgreSQL and Kafka of this machine alone: started side by side, and kept alive."""

import asyncio
import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

from lianqiao.installation import DATABASE_URL, KAFKA_SERVERS, CannotError
from shared.jars import NotFetchedError
from shared.local import Kafka, NotStartedError, Postgres, Server

FREE_BYTES_MIN = 500_000_000
FREE_BYTES_LOW = 200_000_000
WATCHED_EVERY_S = 0.5
PAUSES_S = 0.0, 1.0, 2.0, 5.0, 10.0, 30.0  # between tries to start again; then always the last
MEANWHILE = {
    "Kafka": "What is written meanwhile waits, and is delivered afterwards.",
    "PostgreSQL": "Until it runs, pages and requests are answered with a request for patience.",
}

Say = Callable[[str], None]


def servers_in(folder: Path) -> list[Server]:
    """Return the servers that nobody else provides, and tell this process where they will be."""
    found: list[Server] = []
    if not os.environ.get(DATABASE_URL):
        postgres = Postgres(folder / "postgres")
        os.environ[DATABASE_URL] = postgres.url
        found.append(postgres)
    if not os.environ.get(KAFKA_SERVERS):
        kafka = Kafka(folder / "kafka")
        os.environ[KAFKA_SERVERS] = kafka.servers
        found.append(kafka)
    return found


def require_space(folder: Path) -> None:
    """Refuse to start on a disk that is full: databases on one do harm to themselves."""
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES_MIN:
        raise CannotError(
            f"The disk of {folder} has {free / 1e6:.0f} MB left, and a start needs "
            f"{FREE_BYTES_MIN / 1e6:.0f} MB: free some space first."
        )


@contextmanager
def started(servers: Sequence[Server], then: Mapping[str, Callable[[], None]]) -> Iterator[None]:
    """Start servers side by side, each with what follows it; end them together."""
    try:
        with ThreadPoolExecutor(max(2, len(then))) as threads:
            by_name = {server.name: server for server in servers}
            starts = [threads.submit(_start, by_name.get(name), then[name]) for name in then]
            try:
                for done in as_completed(starts):
                    done.result()
            except BaseException:
                for server in servers:
                    server.kill()  # a start that is still under way ends with it
                raise
        yield
    finally:
        stop_all(servers)


def _start(server: Server | None, then: Callable[[], None]) -> None:
    if server:
        try:
            server.start()
        except (NotStartedError, NotFetchedError, OSError) as error:
            raise CannotError(sentence(server, error)) from error
    then()


def stop_all(servers: Sequence[Server]) -> None:
    """Stop servers side by side; they write down what a quick start needs, so none is hurried."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda server: server.stop(), servers))


def sentence(server: Server, error: Exception) -> str:
    """Say why a server did not start, and what can be done."""
    if isinstance(error, NotFetchedError):
        return str(error)
    if "No space left on device" in str(error):
        return f"{server.name} did not start: the disk of {server.folder} is full. Free some space."
    return f"{server.name} did not start. It said last, in {server.folder}.log:\n{error}"


async def watch(servers: Sequence[Server], say: Say) -> None:
    """Start again what dies, for as long as it takes; warn of a disk that fills up."""
    async with asyncio.TaskGroup() as group:
        for server in servers:
            group.create_task(_keep_alive(server, say))
        if servers:
            group.create_task(_mind_the_disk(servers[0].folder, say))


async def _keep_alive(server: Server, say: Say) -> None:
    while True:
        if not server.alive:
            say(f"{server.name} has ended unexpectedly and is started again.")
            say(MEANWHILE[server.name])
            await _revive(server, say)
            say(f"{server.name} runs again.")
        await asyncio.sleep(WATCHED_EVERY_S)


async def _revive(server: Server, say: Say) -> None:
    said = ""
    for attempt in range(1_000_000):
        await asyncio.sleep(PAUSES_S[min(attempt, len(PAUSES_S) - 1)])
        starting = asyncio.ensure_future(asyncio.to_thread(server.start))
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            server.kill()  # a start that is under way ends with it
            await asyncio.wait([starting])
            raise
        except (NotStartedError, NotFetchedError, OSError) as error:
            if said != (reason := sentence(server, error)):
                say(f"{reason}\nIt is tried again and again.")
                said = reason
        else:
            return


async def _mind_the_disk(folder: Path, say: Say) -> None:
    low = False
    while True:
        free = shutil.disk_usage(folder.parent).free
        if free < FREE_BYTES_LOW and not low:
            say(
                f"The disk of {folder.parent} has only {free / 1e6:.0f} MB left. When it is full, "
                "nothing can be written: free some space."
            )
        low = free < FREE_BYTES_LOW
        await asyncio.sleep(10 * WATCHED_EVERY_S)
