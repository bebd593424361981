"""`lianqiao bench`: measure what we promise, or print what was measured."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Annotated

import typer
from rich.console import Console

import benchmarks
from benchmarks import agreeing
from benchmarks.charts import PICTURES, drawn
from benchmarks.result import RESULTS, Result, kept, show
from benchmarks.stage import Options
from benchmarks.table import README, table, written

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


Names = Annotated[list[str] | None, typer.Argument(help="Which; all if none.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")]
Quick = Annotated[
    bool, typer.Option("--quick", help="Only see that it runs; figures mean nothing.")
]
Keep = Annotated[
    bool,
    typer.Option(
        "--keep", help="Write benchmarks/results/NAME.json, the charts and the README's table."
    ),
]
AsTable = Annotated[
    bool, typer.Option("--table", help="Measure nothing: print the README's table.")
]
Agree = Annotated[
    list[Path] | None,
    typer.Option(help="Measure nothing: compare the ratios of runs that folders hold."),
]
Folder = Annotated[Path, typer.Option(help="Where results are kept.")]


@app.command()
def bench(  # noqa: PLR0913  each is an option
    names: Names = None,
    *,
    as_json: AsJson = False,
    quick: Quick = False,
    keep: Keep = False,
    as_table: AsTable = False,
    agree: Agree = None,
    folder: Folder = RESULTS,
) -> None:
    """Measure what we promise, each figure beside its limit, on servers of its own.

    Exits with 3 when a target is missed, or runs do not agree.
    """
    if as_table:
        sys.stdout.write(table(kept(folder)))
        return
    if agree:
        raise typer.Exit(_agreed(agree))
    known = _known(names or ())
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that its servers end, too
    results = []
    for result in _each(names or known, Options(quick=quick)):
        results.append(result)
        if keep:
            _keep(result, folder)
        if not as_json:
            show(result, console)
            console.print()
    if keep and folder == RESULTS:
        README.write_text(written(README.read_text(), table(kept(folder))))
    if as_json:
        _print(results)
    if code := _verdict(results, len(names or known), quick=quick):
        raise typer.Exit(code)


def _agreed(folders: Sequence[Path]) -> int:
    """Compare kept runs; return the exit code."""
    ratios = list(agreeing.seen([kept(folder) for folder in folders]))
    if not ratios:
        errors.print("There are no two runs of the same benchmark in these folders.")
        return CANNOT
    agreeing.show(ratios, console)
    return 0 if all(one.agrees for one in ratios) else MISSED


def _known(names: Sequence[str]) -> Sequence[str]:
    """Return what there is to measure; end where something else was named."""
    known = found()
    if unknown := sorted(set(names) - set(known)):
        errors.print(f"There is no {', '.join(unknown)}; there are {', '.join(known)}.")
        raise typer.Exit(CANNOT)
    return known


def _verdict(results: Sequence[Result], asked: int, *, quick: bool) -> int:
    """Return the exit code: something failed, a target was missed, or neither."""
    if len(results) < asked:
        return CANNOT
    return MISSED if not quick and any(map(_missed, results)) else 0


def _print(results: Sequence[Result]) -> None:
    shown = [result.model_dump(mode="json") for result in results]
    sys.stdout.write(json.dumps(shown, ensure_ascii=False, indent=2) + "\n")


def _each(names: Sequence[str], options: Options) -> Iterator[Result]:
    """Run one after the other; one that fails is named, and stops no other."""
    for name in names:
        try:
            with errors.status(f"{name} …"):
                result = measured(name, options)
        except Exception as error:
            if os.environ.get("LIANQIAO_DEBUG"):
                raise
            errors.print(f"{name} failed: {error!r}", markup=False, soft_wrap=True, style="red")
        else:
            yield result


def _missed(result: Result) -> bool:
    return any(result.verdict(target.name) is False for target in result.targets)


def _keep(result: Result, folder: Path) -> None:
    result.keep(folder)
    drawn([result], PICTURES if folder == RESULTS else folder)
