"""`lianqiao bench`: measure what we promise, or print what was measured."""

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Annotated

import typer
from rich.console import Console

import benchmarks
from benchmarks.result import RESULTS, Result, show
from benchmarks.stage import Options

app = typer.Typer(add_completion=False, rich_markup_mode=None)
console = Console(emoji=False)
errors = Console(stderr=True, emoji=False)

CANNOT, MISSED = 1, 3  # exit codes


def found() -> list[str]:
    """Name every benchmark: a module of this package that has a `run`."""
    names = sorted(module.name for module in iter_modules(benchmarks.__path__))
    return [name for name in names if hasattr(_module(name), "run")]


def measured(name: str, options: Options) -> Result:
    """Run one benchmark and return what it found."""
    begun = time.monotonic()
    result: Result = _module(name).run(options)
    seconds = time.monotonic() - begun
    return result.model_copy(update={"seconds": seconds, "quick": options.quick})


def _module(name: str) -> ModuleType:
    return import_module(f"benchmarks.{name}")


@app.command()
def bench(
    names: Annotated[list[str] | None, typer.Argument(help="Which; all if none.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only see that it runs; figures mean nothing.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Write benchmarks/results/NAME.json and the charts.")
    ] = False,
    folder: Annotated[Path, typer.Option(help="Where results are kept.")] = RESULTS,
) -> None:
    """Measure what we promise, each figure beside its limit, on servers of its own."""
    known = found()
    if unknown := sorted(set(names or ()) - set(known)):
        errors.print(f"There is no {', '.join(unknown)}; there are {', '.join(known)}.")
        raise typer.Exit(CANNOT)
    results = []
    for name in names or known:
        with errors.status(f"{name} …"):
            result = measured(name, Options(quick=quick))
        results.append(result)
        if keep:
            result.keep(folder)
        if not as_json:
            show(result, console)
            console.print()
    if as_json:
        shown = [result.model_dump(mode="json") for result in results]
        sys.stdout.write(json.dumps(shown, ensure_ascii=False, indent=2) + "\n")
