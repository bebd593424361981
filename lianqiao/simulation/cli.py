"""`lianqiao simulate`: a chain at work, drawn from a seed."""

import asyncio
import json
import time
from contextlib import suppress
from random import Random
from typing import Annotated

import typer
from rich.console import Console

from lianqiao.client import Reach, operator
from lianqiao.progress import progress_bars, sentences
from lianqiao.simulation.demo import LINE_COUNT, SEED, SUPPLIER_COUNT, kept_plan
from lianqiao.simulation.live import report_on
from lianqiao.simulation.plan import Plan
from lianqiao.simulation.play import Stage, play
from lianqiao.simulation.scenes import play_scenes

NOT_SUPPLIERS = 2  # the car maker, and the forge of one of its suppliers

app = typer.Typer(add_completion=False, rich_markup_mode=None)

Seed = Annotated[int, typer.Option(help="The same seed draws the same chain.")]
Organizations = Annotated[
    int, typer.Option(min=NOT_SUPPLIERS + 2, max=2_000, help="How many companies take part.")
]
Lines = Annotated[int, typer.Option(min=10, max=100_000, help="How many order lines there are.")]
Live = Annotated[bool, typer.Option("--live", help="Go on reporting until interrupted.")]
Rate = Annotated[float, typer.Option(min=0.01, max=200, help="Live: reports per second.")]
Seconds = Annotated[float | None, typer.Option(min=0, help="Live: end after so long.")]
Url = Annotated[
    str | None, typer.Option(help="Address of the platform; by default what runs here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")]


@app.command()
def simulate(  # noqa: PLR0913, PLR0917  each is an option
    seed: Seed = SEED,
    organizations: Organizations = SUPPLIER_COUNT + NOT_SUPPLIERS,
    lines: Lines = LINE_COUNT,
    live: Live = False,
    rate: Rate = 1.0,
    seconds: Seconds = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Play a car maker, its suppliers, their orders, promises and reports of eight weeks.

    Everything goes through the public APIs. The same call again changes nothing; with --live it
    goes on from there.
    """
    with sentences(as_json=as_json):
        reach = operator(url=url)
        suppliers = organizations - NOT_SUPPLIERS
        plan = kept_plan(seed=seed, supplier_count=suppliers, line_count=lines)
        pace = rate if live else None
        count = asyncio.run(_run(plan, reach, seed=seed, rate=pace, seconds=seconds))
    done = {
        "seed": seed,
        "organizations": len(plan.companies),
        "orders": len(plan.orders),
        "lines": sum(len(order.lines) for order in plan.orders),
        "reports": sum(len(line.reports) for _, line in plan.lines()),
        "live_reports": count,
    }
    if as_json:
        typer.echo(json.dumps(done))
    else:
        console = Console()
        console.print(
            f"{done['organizations']} companies, {done['orders']:,} orders with {done['lines']:,} "
            f"lines and {done['reports']:,} reports are on the platform."
        )
        if live:
            console.print(f"{count:,} more reports were made live.")


async def _run(
    plan: Plan, reach: Reach, *, seed: int, rate: float | None, seconds: float | None
) -> int:
    async with reach.reached() as platform:
        with progress_bars() as bars:
            stage = Stage(platform, seed, bars)
            await play(plan, stage)
            await play_scenes(plan, stage)
        return await _live(plan, stage, rate, seconds) if rate else 0


async def _live(plan: Plan, stage: Stage, rate: float, seconds: float | None) -> int:
    console, count, started = Console(stderr=True), 0, time.monotonic()

    def over() -> bool:
        return seconds is not None and time.monotonic() - started > seconds

    chance = Random(stage.seed)  # noqa: S311  a story, not a secret
    with console.status("Reporting; Ctrl-C ends it") as status, suppress(asyncio.CancelledError):
        async for report in report_on(plan, stage, chance, rate=rate, until=over):
            count += 1
            said = f"{count:,} · {report.company} · {report.operation} +{report.good:,}"
            status.update(f"{said} · Ctrl-C ends it")
    return count
