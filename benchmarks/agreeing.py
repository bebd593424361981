"""Whether runs agree: a ratio that comes out differently each time says nothing."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.result import Figure, Result, middle

RUNS_MIN = 2
APART_MAX = 0.25  # of the median


class Seen(NamedTuple):
    """One ratio of one benchmark, in run after run."""

    name: str
    found: list[Figure]

    @property
    def apart(self) -> float:
        """How far the run that is furthest from the median is from it, as a share of it."""
        values = [figure.value for figure in self.found]
        usual = middle(values)
        return max(abs(value - usual) for value in values) / usual if usual else float(any(values))

    @property
    def agrees(self) -> bool:
        """Tell whether all runs are near their median."""
        return self.apart <= APART_MAX


def seen(runs: Sequence[Sequence[Result]]) -> Iterator[Seen]:
    """Yield each ratio that more than one run has."""
    found: defaultdict[str, list[Figure]] = defaultdict(list)
    for run in runs:
        for result in run:
            for ratio in result.ratios:
                found[f"{result.name}: {ratio.name}"].append(ratio)
    for name, figures in found.items():
        if len(figures) >= RUNS_MIN:
            yield Seen(name, figures)


def show(ratios: Sequence[Seen], console: Console) -> None:
    """Print what every run found of each ratio, the least agreed first."""
    shown = Table("ratio", "runs", "apart", "", box=None, pad_edge=False)
    for one in sorted(ratios, key=lambda one: -one.apart):
        verdict = "" if one.agrees else "[red]differs[/red]"
        values = "  ".join(figure.shown for figure in one.found)
        shown.add_row(one.name, values, f"{one.apart:.0%}", verdict)
    console.print(shown)
    agreed = sum(one.agrees for one in ratios)
    console.print(f"{agreed} of {len(ratios)} ratios within {APART_MAX:.0%} of their median")
