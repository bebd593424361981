"""An installation of its own in one folder: servers, a slow line between, and its processes."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import psycopg
from joserfc.jwk import OKPKey
from psycopg.rows import TupleRow

from benchmarks.torture.door import Door
from benchmarks.torture.parts import ROOT, Part, inherited
from lianqiao.client import Credentials, Platform
from shared.local import Kafka, NotStartedError, Postgres
from shared.ports import free_port, free_ports

SERVICES = (
    *("identity", "onboarding", "orders", "production"),
    *("logistics", "settlement", "insights"),
)
SILENT = "identity"  # it listens to nobody
DISK_BYTES = 1_500_000_000
SMALL = {"max_wal_size": "256MB", "min_wal_size": "80MB", "wal_keep_size": "0"}
ARCHIVE = "archive"
SECRET = "drawn-for-this-run-alone" * 2
READY_WITHIN_S_MAX = 240
WATCHED_EVERY_S = 0.3
OWN_START_S_MAX = 1.0


@dataclass
class Installation:
    """What runs, and how it is reached; `url` goes through the proxy, `directly` does not."""

    folder: Path
    postgres: Postgres
    kafka: Kafka
    proxy: subprocess.Popen[bytes]
    url: str
    ports: dict[str, list[int]]
    disk: Path | None  # what can be filled
    environment: dict[str, str]
    parts: dict[str, Part] = field(default_factory=dict)
    fell: list[str] = field(default_factory=list)  # parts that ended by themselves
    servers_held: set[str] = field(default_factory=set)

    @property
    def directly(self) -> str:
        return self.postgres.url.replace("+psycopg", "")

    @property
    def issuer(self) -> str:
        return self.environment["LIANQIAO_ISSUER"]

    @contextmanager
    def database(self) -> Iterator[psycopg.Connection[TupleRow]]:
        """Open the database as its superuser, past the proxy."""
        with psycopg.connect(self.directly, autocommit=True, connect_timeout=5) as connection:
            yield connection

    def slow_down(self, milliseconds: int) -> None:
        """Delay everything between the services and the database."""
        assert self.proxy.stdin
        self.proxy.stdin.write(f"{milliseconds}\n".encode())
        self.proxy.stdin.flush()

    def run(self, *words: str, url: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command of the program to its end."""
        own = {"LIANQIAO_DATABASE_URL": url} if url else {}
        return subprocess.run(  # noqa: S603  every word is ours
            [sys.executable, "-m", "lianqiao", *words],
            cwd=ROOT,
            env=inherited() | {"COLUMNS": "200"} | self.environment | own,
            capture_output=True,
            text=True,
            check=False,
            timeout=READY_WITHIN_S_MAX,
        )

    def start_parts(self) -> None:
        for part in self.parts.values():
            part.start()

    def end_parts(self) -> None:
        """End every process, all at once, as an operator does."""
        for part in self.parts.values():
            part.ask_to_end()
        for part in self.parts.values():
            part.wait()

    def said(self) -> str:
        """Return the last that each process wrote: its log goes with the folder."""
        return "\n".join(f"--- {part.name}\n{part.last_words()}" for part in self.parts.values())

    async def ready(self, *, within_s: float = READY_WITHIN_S_MAX) -> None:
        """Wait until every service can serve."""
        deadline = time.monotonic() + within_s
        async with httpx2.AsyncClient(timeout=5) as http:
            for name, ports in self.ports.items():
                for port in ports:
                    while not await is_ready(http, name, port):
                        if time.monotonic() > deadline:
                            raise TimeoutError(f"{name} at {port} is not ready: {self.folder}")
                        await asyncio.sleep(0.1)

    @asynccontextmanager
    async def platform(self, door: Door | None = None) -> AsyncIterator[Platform]:
        """Reach the platform as its operator."""
        known = json.loads((self.folder / "here" / "operator.json").read_text())
        operator = Credentials(known["client_id"], SECRET)
        key = OKPKey.generate_key("Ed25519", auto_kid=True)
        transport = door or Door(self.ports)
        async with httpx2.AsyncClient(
            base_url=self.issuer, transport=transport, timeout=30
        ) as http:
            yield Platform(http, operator, self.issuer, key)

    async def watch(self) -> None:
        """Start again what ends by itself, as `restart: unless-stopped` does."""
        while True:
            for part in self.parts.values():
                if not part.held and not part.alive:
                    self.fell.append(part.name)
                    await asyncio.sleep(OWN_START_S_MAX)
                    if not part.held:  # it may be wanted down by now
                        part.start()
            for server in (self.postgres, self.kafka):
                if server.name not in self.servers_held and not server.alive:
                    with suppress(NotStartedError, OSError):
                        await asyncio.to_thread(server.start)
            await asyncio.sleep(WATCHED_EVERY_S)


async def is_ready(http: httpx2.AsyncClient, service: str, port: int) -> bool:
    """Ask one process whether it can serve."""
    try:
        url = f"http://127.0.0.1:{port}/api/{service}/v1/health/ready"
        return (await http.get(url)).status_code == httpx2.codes.OK
    except httpx2.HTTPError:
        return False


@contextmanager
def installed(
    *, full: bool, may_fill: bool = True, archived: bool = False
) -> Iterator[Installation]:
    """Make an installation in a folder that goes with it; its processes are not started yet."""
    with (
        TemporaryDirectory(prefix="lianqiao-torture-", ignore_cleanup_errors=True) as made,
        _disk(Path(made) / "disk", wanted=may_fill) as disk,
    ):
        folder = Path(made)
        folder.chmod(0o711)  # PostgreSQL has an account of its own where we are root
        postgres = Postgres(
            (disk or folder) / "postgres", own=SMALL | (_archiving(folder) if archived else {})
        )
        broker = Kafka(folder / "kafka")
        try:
            postgres.start()
            broker.start()
            with _proxy(postgres) as (proxy, url):
                yield from _prepared(folder, postgres, broker, proxy, url, disk, full=full)
        finally:
            postgres.stop()
            broker.stop()


def _archiving(folder: Path) -> dict[str, str]:
    """Let PostgreSQL put its log aside, segment by segment, beside its own folder."""
    place = folder / ARCHIVE
    place.mkdir()
    place.chmod(0o777)
    command = f"test ! -f {place}/%f && cp %p {place}/%f"
    return {"archive_mode": "on", "archive_command": command}


def _prepared(  # noqa: PLR0913, PLR0917  all that it is made of
    folder: Path,
    postgres: Postgres,
    broker: Kafka,
    proxy: subprocess.Popen[bytes],
    url: str,
    disk: Path | None,
    *,
    full: bool,
) -> Iterator[Installation]:
    ports = free_ports(len(SERVICES) if full else 1)
    places = {name: [ports[turn if full else 0]] for turn, name in enumerate(SERVICES)}
    addresses = {name: f"http://127.0.0.1:{found[0]}" for name, found in places.items()}
    environment = {
        "LIANQIAO_FOLDER": str(folder / "here"),
        "LIANQIAO_DATABASE_URL": url,
        "LIANQIAO_KAFKA_SERVERS": broker.servers,
        "LIANQIAO_ISSUER": addresses["identity"],
        "LIANQIAO_SERVICE_URLS": json.dumps(addresses),
        "LIANQIAO_OPERATOR_CLIENT_SECRET": SECRET,
        "LIANQIAO_CONNECTIONS_MAX": "4",
    }
    made = Installation(folder, postgres, broker, proxy, url, places, disk, environment)
    migrated = made.run("migrate", "--json")
    if migrated.returncode:
        raise RuntimeError(f"The installation was not migrated: {migrated.stderr}")
    logs = folder / "logs"
    logs.mkdir()
    for name, words in _words(places, full=full).items():
        made.parts[name] = Part(name, words, environment=environment, logs=logs)
    try:
        yield made
    finally:
        made.end_parts()


def _words(places: dict[str, list[int]], *, full: bool) -> dict[str, list[str]]:
    """Return by name what each process runs."""
    if not full:
        port = str(places["identity"][0])
        together = "benchmarks.torture.together"
        return {
            "api": [together, "api", port],
            "relay": [together, "relay"],
            "consume": [together, "consume"],
        }
    found = {}
    for name in SERVICES:
        found[f"{name}-api"] = api_words(name, places[name][0])
        found[f"{name}-relay"] = ["lianqiao", "relay", name]
        if name != SILENT:
            found[f"{name}-consume"] = ["lianqiao", "consume", name]
    return found


def api_words(name: str, port: int) -> list[str]:
    return ["lianqiao", "api", name, "--port", str(port)]


@contextmanager
def _proxy(postgres: Postgres) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    port = free_port()
    path = postgres.url.partition("host=")[2] + "/.s.PGSQL.5432"
    words = [sys.executable, "-m", "benchmarks.torture.proxy", str(port), path]
    proxy = subprocess.Popen(words, stdin=subprocess.PIPE, cwd=ROOT, start_new_session=True)  # noqa: S603
    try:
        yield proxy, f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    finally:
        proxy.kill()
        proxy.communicate()


@contextmanager
def _disk(place: Path, *, wanted: bool) -> Iterator[Path | None]:
    """Mount a small file system, where we may: a disk that can be full without harm to others."""
    if not wanted or os.geteuid() != 0:
        yield None
        return
    place.mkdir()
    options = f"size={DISK_BYTES},mode=711"
    mount, umount = shutil.which("mount") or "mount", shutil.which("umount") or "umount"
    words = [mount, "-t", "tmpfs", "-o", options, "lianqiao-torture", str(place)]
    if subprocess.run(words, check=False, capture_output=True).returncode:  # noqa: S603
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run([umount, "--lazy", str(place)], check=False, capture_output=True)  # noqa: S603
