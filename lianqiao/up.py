"""`lianqiao up`: all of Lianqiao on this machine, in one process, until it is told to stop."""

import asyncio
import logging
import os
import secrets
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

import segno
import uvloop
from rich.console import Console

from lianqiao import embedded, installation
from lianqiao.certificate import Certificate, certificate_for
from lianqiao.installation import DATABASE_URL, ISSUER, KAFKA_SERVERS, PORTAL_SECRET, CannotError
from lianqiao.listening import EVERYWHERE, LOOPBACK, listening
from shared.local import AlreadyRunningError, Server, sole_user
from shared.logs import JsonLines, log_to

if TYPE_CHECKING:  # it reads the settings, which are not known yet
    from lianqiao.serving import WebServer

logger = logging.getLogger(__name__)

END = signal.SIGINT, signal.SIGTERM, signal.SIGHUP  # a keyboard, a manager, a closed terminal
KEPT = "lock", "certificate.pem", "certificate.key"  # when RESET=1 takes the rest away
OPERATOR_SECRET = "LIANQIAO_OPERATOR_CLIENT_SECRET"  # noqa: S105  the name of a variable
LOG_BYTES_MAX, LOGS_MAX = 10_000_000, 3

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What was asked for on the command line."""

    port: int
    reset: bool = False
    demo: bool = True
    lan: str | None = None  # the address by which phones reach this machine


class Running:
    """One run: what it says, where it is reached, and what it stands on."""

    def __init__(self, options: Options, console: Console) -> None:
        self.options, self.console = options, console
        self.folder, self.since = installation.folder(), time.monotonic()
        self.certificate: Certificate | None = None
        host = "localhost"
        if options.lan:
            host, self.certificate = options.lan, certificate_for(options.lan, self.folder)
        self.address = f"{'https' if options.lan else 'http'}://{host}:{options.port}"

    def mark(self, what: str) -> None:
        """Tell what was reached, and when."""
        self.say(f"{time.monotonic() - self.since:6.1f} s  {what}")

    def say(self, what: str) -> None:
        """Tell the person who started this."""
        self.console.print(what, markup=False, highlight=False, soft_wrap=True)


def run(options: Options, console: Console) -> None:
    """Run until interrupted; raises `CannotError` when there is no way to start."""
    own_database = not os.environ.get(DATABASE_URL)
    own_broker = not os.environ.get(KAFKA_SERVERS)
    _refuse(options, embedded_both=own_database and own_broker)
    installation.folder().mkdir(parents=True, exist_ok=True)
    for number in END:
        signal.signal(number, signal.default_int_handler)
    running = Running(options, console)
    with ExitStack() as stack, suppress(KeyboardInterrupt):
        stack.enter_context(_alone(running))
        hosts = EVERYWHERE if options.lan else LOOPBACK
        sockets = stack.enter_context(listening(options.port, hosts))
        if options.reset:
            _erase(running)
        _log_to_file(running.folder)
        servers = _prepare(running, own_database=own_database)
        stack.enter_context(embedded.started(servers, _steps(running)))
        stack.enter_context(_announced(running))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(running, servers, sockets, demo=options.demo and own_database))
    running.say("Stopped.")


def _refuse(options: Options, *, embedded_both: bool) -> None:
    if embedded_both:
        return
    if options.reset:
        raise CannotError(
            f"RESET=1 empties the servers that `up` runs itself. What {DATABASE_URL} or "
            f"{KAFKA_SERVERS} names is yours to empty."
        )


@contextmanager
def _alone(running: Running) -> Iterator[None]:
    try:
        with sole_user(running.folder) as say:
            say(f"{running.address} (process {os.getpid()})")
            yield
    except AlreadyRunningError as first:
        raise CannotError(
            f"Lianqiao runs here already: {first}. Use that one, or end it with Ctrl-C where it "
            "was started."
        ) from None


def _erase(running: Running) -> None:
    """Take away what earlier runs made, and what a killed one left running."""
    for server in embedded.servers_in(running.folder):
        server.end_orphan()
    for name in DATABASE_URL, KAFKA_SERVERS:
        os.environ.pop(name)  # the servers of this run are yet to be made
    for path in running.folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in KEPT and path.suffix != ".log":
            path.unlink()
    running.say("What was here is erased.")


def _log_to_file(folder: Path) -> None:
    """Send the log to a file: what a person must know is said on the terminal."""
    log_to()
    handler = RotatingFileHandler(
        folder / "lianqiao.log", maxBytes=LOG_BYTES_MAX, backupCount=LOGS_MAX, encoding="utf-8"
    )
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # a full disk is said once, not at every line


def _prepare(running: Running, *, own_database: bool) -> list[Server]:
    """Settle what this process and its servers need; settings are read after this."""
    embedded.require_space(running.folder)
    os.environ.setdefault(ISSUER, running.address)
    os.environ.setdefault(PORTAL_SECRET, installation.secret("portal"))
    if own_database:
        os.environ.setdefault(OPERATOR_SECRET, installation.secret("operator"))
    return embedded.servers_in(running.folder)


def _steps(running: Running) -> Mapping[str, Callable[[], None]]:
    """Return what follows the start of each server; all three go on side by side."""

    def migrate() -> None:
        from lianqiao.migration import migrate_all  # noqa: PLC0415  reads the settings

        migrate_all(lambda _: None)
        running.mark("PostgreSQL is ready")

    def create_topics() -> None:
        from lianqiao.migration import create_all_topics  # noqa: PLC0415  reads the settings

        create_all_topics()
        running.mark("Kafka is ready")

    def import_services() -> None:
        installation.every_service()

    return {"PostgreSQL": migrate, "Kafka": create_topics, "services": import_services}


@contextmanager
def _announced(running: Running) -> Iterator[None]:
    """Let other commands on this machine find what runs here."""
    names = DATABASE_URL, KAFKA_SERVERS, ISSUER
    found: dict[str, Any] = {name: os.environ[name] for name in names}
    certificate = running.certificate and str(running.certificate.certificate)
    installation.keep("running", found | {"process": os.getpid(), "certificate": certificate})
    try:
        yield
    finally:
        installation.forget("running")


async def _serve(
    running: Running, servers: Sequence[Server], sockets: Sequence[socket.socket], *, demo: bool
) -> None:
    from lianqiao import migration, serving  # noqa: PLC0415  they read the settings

    await migration.introduce()
    async with serving.everything() as platform:
        keys = running.certificate
        tls: dict[str, Any] = (
            {"ssl_certfile": keys.certificate, "ssl_keyfile": keys.key} if keys else {}
        )
        server = serving.web_server(platform, **tls)
        async with asyncio.TaskGroup() as group:
            beside = [
                group.create_task(embedded.watch(servers, running.say)),
                group.create_task(_greet(running, server, demo=demo)),
            ]
            await server.serve(sockets=list(sockets))
            running.say("Stopping …")
            for task in beside:
                task.cancel()


async def _greet(running: Running, server: "WebServer", *, demo: bool) -> None:
    """Say where everything is, and who can sign in."""
    await server.answering.wait()
    running.mark(f"Lianqiao 链桥 answers at {running.address}")
    if running.certificate:
        running.say(
            "Phones in this network reach it there too. They warn of a certificate they do not "
            f"know; its SHA-256 fingerprint must be\n{running.certificate.fingerprint}"
        )
        if running.console.is_terminal:
            segno.make(running.address).terminal(compact=True)
    if demo:
        await _show_demo(running)
    port = running.address.rpartition(":")[2]  # the mailbox answers this machine alone
    mailbox = f"{running.address.partition('://')[0]}://localhost:{port}/mailbox"
    running.say(
        f"Mail lands on {mailbox}. Data and logs are in {running.folder}.\n"
        "Ctrl-C stops everything; `make run RESET=1` begins anew."
    )


async def _show_demo(running: Running) -> None:
    """Load the demo at the first start, and print its sign-ins at every start."""
    known = installation.kept("demo")
    if not known.get("sign_ins"):
        running.say("Loading the demo …")
        try:
            known["sign_ins"] = await asyncio.to_thread(_load_demo, running)
        except Exception as error:
            logger.exception("the demo was not loaded")
            running.say(f"The demo was not loaded: {_innermost(error)}\nThe next start goes on.")
            return
        installation.keep("demo", installation.kept("demo") | known)
        running.mark("The demo is loaded")
    running.say("Sign in as (e-mail, password, what for)")
    widths = [max(len(one[name]) for one in known["sign_ins"]) for name in ("email", "password")]
    for one in known["sign_ins"]:  # never cut off: nobody could sign in with that
        words = f"{one['email']:{widths[0]}}  {one['password']:{widths[1]}}"
        running.say(f"  {words}  {one['role']}: {one['person']}, {one['organization']}")


def _innermost(error: BaseException) -> str:
    """Say what a group of errors is about: the first that is no group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or repr(error)


def _load_demo(running: Running) -> list[dict[str, str]]:
    from lianqiao.simulation.demo import load_demo  # noqa: PLC0415  only a first start needs it

    def password(email: str) -> str:
        """Draw a password once: a first start that was interrupted goes on with it."""
        known = installation.kept("demo")
        drawn = known.setdefault("passwords", {}).setdefault(email, secrets.token_urlsafe(12))
        installation.keep("demo", known)
        return str(drawn)

    people = load_demo(installation.operator(), password=password, say=running.say)
    return [person._asdict() for person in people]
