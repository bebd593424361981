"""What a benchmark found: ratios first, as only they travel from one machine to another."""

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Literal, Self

import psutil
from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PACKAGES = "fastapi", "kafka-python", "psycopg", "pydantic", "sqlalchemy", "uvicorn"
FEW, SEVERAL, MANY = 0.1, 10, 1_000


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(_Part):
    """One measured value; a ratio's unit says of what it is one."""

    name: str
    value: float
    unit: str = ""

    @property
    def shown(self) -> str:
        """The value with as many digits as it deserves, and its unit."""
        size = abs(self.value)
        digits = 0 if size >= MANY else 1 if size >= SEVERAL else 4 if 0 < size < FEW else 2
        return f"{self.value:,.{digits}f} {self.unit}".rstrip()


class Target(_Part):
    """What a ratio or a figure of this name ought to be."""

    name: str
    at_least: float | None = None
    at_most: float | None = None

    def met_by(self, value: float) -> bool:
        """Tell whether a value is as promised."""
        low = self.at_least is None or value >= self.at_least
        return low and (self.at_most is None or value <= self.at_most)

    @property
    def shown(self) -> str:
        """The limits in words."""
        limits = {"≥": self.at_least, "≤": self.at_most}
        return " and ".join(
            f"{sign} {limit:,g}" for sign, limit in limits.items() if limit is not None
        )


class Point(_Part):
    """One bar of a chart, or one point of a line."""

    series: str
    at: str  # what is on the axis below: a size, a number of connections
    value: float


class Chart(_Part):
    """What is worth a picture in the documents."""

    name: str  # of the file, below docs/pictures
    title: str
    unit: str
    points: list[Point]
    kind: Literal["bars", "lines"] = "bars"


class Result(_Part):
    """What one run of one benchmark found, and where."""

    name: str
    title: str
    quick: bool = False  # a tiny run, whose figures mean nothing
    ratios: list[Figure]
    figures: list[Figure] = []
    targets: list[Target] = []
    absent: list[str] = []  # what was not measured, and why
    notes: list[str] = []  # what a reader must know to read the figures rightly
    charts: list[Chart] = []
    machine: str
    versions: dict[str, str]
    commit: str
    at: datetime
    seconds: float = 0

    @classmethod
    def of(cls, name: str, title: str, **found: object) -> Self:
        """Say what was found, here and now."""
        here = {
            "machine": _machine(),
            "versions": {"python": platform.python_version()} | {p: version(p) for p in PACKAGES},
            "commit": _commit(),
            "at": datetime.now(UTC),
        }
        return cls.model_validate({"name": name, "title": title} | here | found)

    def value(self, name: str) -> float | None:
        """Return the ratio or figure of a name."""
        named = (found.value for found in [*self.ratios, *self.figures] if found.name == name)
        return next(named, None)

    def verdict(self, name: str) -> bool | None:
        """Tell whether the target of a name is met; None where there is none, or no value."""
        value = self.value(name)
        if value is None:
            return None
        verdicts = [target.met_by(value) for target in self.targets if target.name == name]
        return all(verdicts) if verdicts else None

    def keep(self, folder: Path = RESULTS) -> Path:
        """Write it down."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.json"
        path.write_text(self.model_dump_json(indent=2) + "\n")
        return path


def kept(folder: Path = RESULTS) -> list[Result]:
    """Return what was written down, by name."""
    return [Result.model_validate_json(path.read_text()) for path in sorted(folder.glob("*.json"))]


def middle(values: Sequence[float]) -> float:
    """Return the median, which one disturbed slice does not move."""
    return float(median(values))


def show(result: Result, console: Console) -> None:
    """Print ratios first, then figures, then what is to be known of them."""
    said = f"{result.title}{' (a tiny run: figures mean nothing)' if result.quick else ''}"
    table = Table("", "", "target", "", title=said, title_justify="left", box=None, pad_edge=False)
    for found in [*result.ratios, *result.figures]:
        limits = ", ".join(target.shown for target in result.targets if target.name == found.name)
        met = {True: "[green]met[/green]", False: "[red]missed[/red]", None: ""}
        table.add_row(found.name, found.shown, limits, met[result.verdict(found.name)])
    console.print(table)
    for said in [*result.notes, *(f"Not measured: {absent}" for absent in result.absent)]:
        console.print(f"  {said}", markup=False, highlight=False)
    versions = ", ".join(f"{name} {number}" for name, number in result.versions.items())
    where = f"{result.machine}; {versions}; commit {result.commit}"
    console.print(f"  {where}; {result.seconds:.0f} s", style="dim", markup=False, highlight=False)


def _machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    memory = psutil.virtual_memory().total / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}"


def _commit() -> str:
    asked = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603
    return said.stdout.strip() or "unknown"
