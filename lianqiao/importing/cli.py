"""`lianqiao import`: take in an event log, or a list of order lines with their deliveries."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lianqiao.client import operator
from lianqiao.importing import sources, sums
from lianqiao.importing.load import Loaded, load
from lianqiao.importing.mapping import DeliveriesMapping, OcelMapping, shipped
from lianqiao.importing.mapping import load as load_mapping
from lianqiao.importing.ocel.opening import open_log
from lianqiao.importing.ocel.summary import summarize
from lianqiao.importing.printing import print_reconciliation, print_summary
from lianqiao.importing.reconciliation import Reconciliation, account
from lianqiao.importing.staging import staging
from lianqiao.importing.values import UnusableError
from lianqiao.progress import progress_bars, sentences

CANNOT, DIFFERS = 1, 3  # exit codes; 0: everything is stored, to the cent

app = typer.Typer(
    help="Import the past of a company from its event log or its list of order lines.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Source = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The file to import.")
]
MappingName = Annotated[
    str | None,
    typer.Option("--mapping", "-m", help="A mapping: a TOML file, or the name of one that ships."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Read and judge everything, send nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the account as JSON.")]
Refused = Annotated[
    Path | None,
    typer.Option(help="Where refused rows are written; by default FILE.refused.csv here."),
]
Url = Annotated[
    str | None, typer.Option(help="Address of the platform; by default what runs here.")
]


@app.command()
def ocel(  # noqa: PLR0913, PLR0917  each is an option
    file: Source,
    mapping: MappingName = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    refused: Refused = None,
    url: Url = None,
) -> None:
    """Import orders, receipts, invoices and payments from an OCEL 2.0 log (SQLite or JSON).

    Without a mapping the log is summarized, and it is said what a mapping must name. An import
    can be run again at any time: what is there already is left as it is.
    """
    with sentences(as_json=as_json):
        if mapping is None:
            _summarize(file, as_json=as_json)
            raise typer.Exit(CANNOT)
        named = load_mapping(OcelMapping, mapping)
        told = _import(file, named, url=url, dry_run=dry_run, refused_file=refused)
        _finish(told, as_json=as_json)


@app.command()
def deliveries(  # noqa: PLR0913, PLR0917  each is an option
    file: Source,
    mapping: MappingName = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    refused: Refused = None,
    url: Url = None,
) -> None:
    """Import order lines and their deliveries from a CSV or Excel file.

    The mapping names columns, encoding, formats of dates and words that mean unknown. An import
    can be run again at any time: what is there already is left as it is.
    """
    with sentences(as_json=as_json):
        if mapping is None:
            names = ", ".join(shipped("deliveries"))
            raise UnusableError(
                "An import needs --mapping: a TOML file that names the columns, "
                f"or one that ships ({names})."
            )
        named = load_mapping(DeliveriesMapping, mapping)
        told = _import(file, named, url=url, dry_run=dry_run, refused_file=refused)
        _finish(told, as_json=as_json)


def _summarize(file: Path, *, as_json: bool) -> None:
    with progress_bars() as told, open_log(file, wanted=(), told=told.of_bytes(file)) as log:
        summary = summarize(log)
    if as_json:
        typer.echo(json.dumps(summary.document(), ensure_ascii=False, indent=2))
    else:
        print_summary(Console(), summary)


def _import(
    file: Path,
    mapping: OcelMapping | DeliveriesMapping,
    *,
    url: str | None,
    dry_run: bool,
    refused_file: Path | None,
) -> Reconciliation:
    known = None if dry_run else operator(url=url)
    currency, buyer = mapping.values.currency, mapping.buyer.name
    with progress_bars() as told, staging() as staged:
        sources.stage(file, mapping, staged, told=told.of_bytes(file))
        given, documents, loaded = staged.sums(), sums.given(staged), None
        if known:

            async def send() -> Loaded:
                async with known.reached() as platform:
                    return await load(
                        staged,
                        platform,
                        buyer=buyer,
                        values=mapping.values,
                        given=documents,
                        told=told,
                    )

            loaded = asyncio.run(send())
        return account(
            staged,
            source=file,
            buyer=buyer,
            currency=currency,
            given=given,
            documents=documents,
            loaded=loaded,
            refused_file=refused_file or Path(f"{file.stem}.refused.csv"),
        )


def _finish(told: Reconciliation, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(told.document(), ensure_ascii=False, indent=2))
    else:
        print_reconciliation(Console(), told)
    if not told.matches:
        raise typer.Exit(DIFFERS)
