"""Rows per second of two real files: a procure-to-pay log, and a list of deliveries."""

import csv
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.programs import Program, surroundings
from benchmarks.result import Figure, Result
from benchmarks.stage import Options
from shared.ports import free_port

HERE = "LIANQIAO_TEST_DATA"
WITHIN_S_MAX = 240
READY = "/api/orders/v1/health/ready"


class Source(NamedTuple):
    """A real file, how it is imported, and how its rows are merely read."""

    name: str
    path: str
    words: tuple[str, ...]
    read: Callable[[Path], int]


def _events(path: Path) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as log:
        return len(log.execute("SELECT * FROM event").fetchall())


def _lines(path: Path) -> int:
    with path.open(encoding="latin-1", newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


SOURCES = (
    Source("OCEL 2.0 log", "ocel/ocel2-p2p.sqlite", ("import", "ocel", "-m", "ocel2-p2p"), _events),
    Source(
        "USAID deliveries",
        "usaid-scms/SCMS_Delivery_History_Dataset_20150929.csv",
        ("import", "deliveries", "-m", "usaid-scms"),
        _lines,
    ),
)


def run(options: Options) -> Result:
    """Read each file, judge it, import it and import it again, and say how long that took."""
    folder = os.environ.get(HERE)
    here = [one for one in SOURCES if folder and Path(folder, one.path).exists()]
    absent = [f"{one.name}: {HERE} names no folder with {one.path}" for one in SOURCES]
    absent = [said for one, said in zip(SOURCES, absent, strict=True) if one not in here]
    ratios: list[Figure] = []
    figures: list[Figure] = []
    if here:
        with _installation(running=not options.quick) as place:
            for source in here[-1:] if options.quick else here:
                _measure(source, Path(str(folder), source.path), place, options, ratios, figures)
    return Result.of(
        "import_files",
        "Two real files, from the file to stored orders, receipts, invoices and payments",
        ratios=ratios,
        figures=figures,
        absent=absent,
        notes=["Judged: a dry run. Importing waits until all services have heard of everything."],
    )


def _measure(  # noqa: PLR0913, PLR0917
    source: Source,
    path: Path,
    place: "_Place",
    options: Options,
    ratios: list[Figure],
    figures: list[Figure],
) -> None:
    begun = time.monotonic()
    rows = source.read(path)
    per_s = {"read": rows / (time.monotonic() - begun)}
    turns = {"judged": ("--dry-run",), "imported": (), "imported again": ()}
    for name in ["judged"] if options.quick else turns:
        per_s[name] = rows / place.took(*source.words, *turns[name], str(path))
    figures += [
        Figure(name=f"{source.name} {name}", value=value, unit="rows/s")
        for name, value in per_s.items()
    ]
    names = list(per_s)
    ratios += [
        Figure(
            name=f"{source.name}: {after} ÷ {before}",
            value=per_s[after] / per_s[before],
            unit="×",
        )
        for before, after in pairwise(names)
    ]


class _Place:
    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment

    def took(self, *words: str) -> float:
        """Run a command and return how many seconds it took."""
        begun = time.monotonic()
        log = self.folder / f"{'-'.join(words[:2])}.log"
        program = Program(words, self.environment, log)
        ended = program.ended(within_s=WITHIN_S_MAX)
        assert ended == 0, program.said()
        return time.monotonic() - begun


@contextmanager
def _installation(*, running: bool) -> Iterator[_Place]:
    with TemporaryDirectory(prefix="lianqiao-", ignore_cleanup_errors=True) as name:
        folder, port = Path(name), free_port()
        place = _Place(folder, surroundings({"LIANQIAO_FOLDER": str(folder / "here")}))
        if not running:
            yield place
            return
        words = "up", "--no-demo", "--port", str(port)
        whole = Program(words, place.environment, folder / "up.log")
        try:
            whole.until_ready(port, READY, within_s=180)
            yield place
        finally:
            whole.stop()
