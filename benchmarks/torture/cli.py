"""`lianqiao torture`: see that an installation under load survives what a seed does to it."""

import json
import secrets
import signal
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from lianqiao.progress import sentences

FAILED = 1
MINUTES, MINUTES_MAX = 5.0, 15.0
MINUTES_FOR_ALL = 2.0  # below, one process for all services is enough


class Part(StrEnum):
    """What there is to go through."""

    TORTURE = "torture"
    ROLLING = "rolling"
    RESTORE = "restore"


app = typer.Typer(add_completion=False, rich_markup_mode=None)
console = Console(emoji=False)

Seed = Annotated[int | None, typer.Option(help="What happens and when; drawn where left out.")]
Minutes = Annotated[float, typer.Option(help="How long the load lasts.", min=0.1)]
Only = Annotated[
    Part | None, typer.Option(help="One part: the torture, a rolling restart, a restore.")
]
Long = Annotated[bool, typer.Option("--soak", help="Allow more than 15 minutes.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the account as JSON.")]


@app.command()
def torture(
    *,
    seed: Seed = None,
    minutes: Minutes = MINUTES,
    only: Only = None,
    soak: Long = False,
    as_json: AsJson = False,
) -> None:
    """Kill, stop, fill, slow, repeat and poison an installation under load, then check it.

    Then restart processes under load, and restore a database to a moment in the past.
    It makes an installation of its own in a temporary folder and touches no other. Exits with 1
    when a check fails, and prints the command that does the same again.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if minutes > MINUTES_MAX and not soak:
        raise typer.BadParameter(f"at most {MINUTES_MAX:.0f}; more with --soak")
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    with sentences(as_json=as_json):
        from benchmarks.torture import drills  # noqa: PLC0415  it reads the settings
        from benchmarks.torture.run import Outcome  # noqa: PLC0415  as above

        say = (lambda _: None) if as_json else _say
        say(f"Seed {seed}")
        outcome = Outcome(seed, minutes, "full" if minutes >= MINUTES_FOR_ALL else "compact")
        for part in [only] if only else Part:
            drills.PARTS[part](outcome, say)
        if as_json:
            typer.echo(json.dumps(outcome.as_json(), indent=2, ensure_ascii=False))
        else:
            _print(outcome.as_json())
        if outcome.failed:
            raise typer.Exit(FAILED)


def _say(what: str) -> None:
    console.print(what, markup=False, highlight=False, soft_wrap=True)


def _print(account: dict) -> None:  # type: ignore[type-arg]
    table = Table("fault", "at s", "recovered after s", box=None, pad_edge=False)
    for one in account["faults"]:
        recovered = "never" if one["recovered_s"] is None else f"{one['recovered_s']:.1f}"
        named = f"{one['kind']}: {one['target']}" if one["target"] else one["kind"]
        table.add_row(named, f"{one['at_s']:.0f}", recovered)
    console.print(table)
    for name, figure in account["figures"].items():
        _say(f"{name.replace('_', ' ')}: {figure}")
    for said in account["skipped"]:
        _say(f"skipped: {said}")
    for name, wrong in account["checks"].items():
        _say(f"{'✗' if wrong else '✓'} {name}")
        for line in wrong:
            _say(f"    {line}")
    failed = [name for name, wrong in account["checks"].items() if wrong]
    again = f"lianqiao torture --seed {account['seed']} --minutes {account['minutes']:g}"
    said = f"{len(failed)} do not hold. Again: {again}" if failed else "All hold."
    _say(f"Seed {account['seed']}: {len(account['checks'])} promises checked. {said}")
