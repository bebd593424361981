"""`lianqiao insights`: see that the figures are what the events say."""

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from lianqiao.installation import attach
from lianqiao.progress import progress_bars, sentences

DIFFERS = 3  # exit code; 0: what is shown is what the events say

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Replace = Annotated[
    bool, typer.Option("--replace", help="Where they differ, put the new rows in place.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the account as JSON.")]


@app.callback()
def insights() -> None:
    """See that the figures of scorecards and releases are what the events say."""


@app.command()
def rebuild(replace: Replace = False, as_json: AsJson = False) -> None:
    """Make all read tables anew from the topics, beside the live ones, and compare the two.

    Reading and writing go on meanwhile; if it is cut off, nothing has changed. Prints a SHA-256 of
    the live tables' sorted rows and one of the new ones', and exits with 3 when they differ.
    """
    with sentences(as_json=as_json):
        attach()
        from lianqiao.insights.rebuilding import rebuilt  # noqa: PLC0415  it reads the settings

        with progress_bars() as bars:
            say = lambda done, of: bars("events", done, of)  # noqa: E731
            account = asyncio.run(rebuilt(say, replace=replace))
        if as_json:
            typer.echo(json.dumps(account, indent=2))
        else:
            _print(account)
        if account["live"] != account["rebuilt"]:
            raise typer.Exit(DIFFERS)


def _print(account: dict[str, object]) -> None:
    console = Console(emoji=False)
    table = Table("table", "rows", "rebuilt", "", box=None, pad_edge=False)
    assert isinstance(account["tables"], list)
    for one in account["tables"]:
        same = one["live"] == one["rebuilt"]
        table.add_row(
            one["table"], f"{one['rows']:,}", f"{one['rows_rebuilt']:,}", "" if same else "differs"
        )
    console.print(table)
    console.print(f"{account['events']:,} events read.")
    for name, said in (
        ("unheard", "{:,} of them the live tables have not heard yet."),
        ("lacking", "{:,} more the live tables have heard, and the topics do not hold."),
        ("failed", "{:,} of them could not be applied."),
    ):
        count = account[name]
        assert isinstance(count, int)
        if count:
            console.print(said.format(count))
    console.print(f"SHA-256 live    {account['live']}", highlight=False, soft_wrap=True)
    console.print(f"SHA-256 rebuilt {account['rebuilt']}", highlight=False, soft_wrap=True)
