"""What it costs to run: memory and CPU at rest and per event, start, size, row-level security."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from benchmarks import ingest
from benchmarks.load import Load, loaded
from benchmarks.programs import Program, surroundings, used
from benchmarks.result import ROOT, Chart, Figure, Point, Result, Target
from benchmarks.seeding import Seeded, Size
from benchmarks.slices import in_turn, ratio
from benchmarks.stage import Options, Stage, stage
from contracts.scopes import Scope
from shared.ports import free_port

READY = "/api/production/v1/health/ready"
REST_S = 10
TARGETS = [
    Target(name="start with warm data", at_most=15),
    Target(name="memory at rest: the one Python process", at_most=350),
    Target(name="a list of 50 rows with row policies ÷ without", at_most=1.2),
    Target(name="1,000 inserts with row policies ÷ without", at_most=1.2),
]
LIST = """
    SELECT * FROM work_orders WHERE supplier_id = %s ORDER BY promised_on, id LIMIT 50
"""
INSERT = """
    INSERT INTO reports (id, work_order_id, buyer_id, supplier_id, operation, good, scrapped,
        reported_by, occurred_at, recorded_at, imported)
    SELECT uuidv7(), id, buyer_id, supplier_id, 1, 1, 0, 'Li Wei', now(), now(), false
    FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[]) AS given (id, buyer_id, supplier_id)
"""


def run(options: Options) -> Result:
    """Start everything as one process, let it rest, and look at it; let reports through another."""
    with stage(broker=not options.quick, services=["production"]) as here:
        policies = _policies(here, options)
        figures = _per_report(here, options)
    absent = ["start, memory and CPU of the whole: not in a tiny run"] if options.quick else []
    figures += [] if options.quick else _whole()
    figures += _sizes()
    ratios = [
        Figure(name=f"{what} with row policies ÷ without", value=value, unit="×")
        for what, value in policies.items()
    ]
    memory = [figure for figure in figures if figure.name.startswith("memory")]
    points = [Point(series=f.name.partition(": ")[2], at="", value=f.value) for f in memory]
    charts = [Chart(name="bench-memory", title="Memory at rest", unit="MB", points=points)]
    return Result.of(
        "cost",
        "What it costs to run",
        ratios=ratios,
        figures=figures,
        targets=TARGETS,
        absent=absent,
        notes=["Row policies: the same rows and statement by production_app and by the superuser."],
        charts=charts if points else [],
    )


def _whole() -> list[Figure]:
    with ExitStack() as stack:
        name = TemporaryDirectory(prefix="lianqiao-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(name))
        port = free_port()
        given = {"LIANQIAO_FOLDER": str(folder / "here")}
        words = "up", "--no-demo", "--port", str(port)
        starts = []
        for _ in range(2):  # the first also makes the folder
            program = Program(words, surroundings(given), folder / "up.log")
            stack.callback(program.stop)
            starts.append(program.until_ready(port, READY, within_s=180))
            if len(starts) == 1:
                program.stop()
        return [
            Figure(name="start with warm data", value=starts[1], unit="s"),
            Figure(name="first start", value=starts[0], unit="s"),
            *_at_rest(program),
        ]


def _per_report(here: Stage, options: Options) -> list[Figure]:
    """Tell what the API and PostgreSQL use for 1,000 reports, singly and in bulk."""
    size = 50 if options.quick else 1_000
    seeded = here.seed(Size(lines=2_000, suppliers=1, orders=False))
    port, program = here.api("production")
    token = here.token(seeded.supplier_id(0), Scope.PRODUCTION_WRITE)
    asked = {
        "singly": Load(port, partial(ingest.single, token, seeded, 60), 8),
        "in bulk": Load(port, partial(ingest.bulk, token, seeded, size), 2),
    }
    server = int((here.folder / "postgres" / "postmaster.pid").read_text().split("\n")[0])
    figures = []
    for name, load in asked.items():
        warm = load._replace(counts=b'"recorded"', seconds=options.slice_s)
        loaded(warm)
        before = program.used().cpu_s, used(server, children=True).cpu_s
        done = loaded(warm).done
        after = program.used().cpu_s, used(server, children=True).cpu_s
        for what, one, other in zip(("API", "PostgreSQL"), before, after, strict=True):
            value = (other - one) / done * 1_000
            said = f"CPU per 1,000 reports {name}: {what}"
            figures.append(Figure(name=said, value=value, unit="s"))
    here.end(program)
    return figures


def _at_rest(program: Program) -> list[Figure]:
    time.sleep(REST_S)
    parts = {"the one Python process": program.pid}
    for child in psutil.Process(program.pid).children():
        parts["PostgreSQL" if child.name() == "postgres" else "Kafka"] = child.pid
    figures, before = [], {}
    for name, pid in parts.items():
        before[name] = used(pid, children=name == "PostgreSQL")
        size = before[name].memory_mb
        figures.append(Figure(name=f"memory at rest: {name}", value=size, unit="MB"))
    time.sleep(REST_S)
    for name, pid in parts.items():
        spent = used(pid, children=name == "PostgreSQL").cpu_s - before[name].cpu_s
        value = 100 * spent / REST_S
        figures.append(Figure(name=f"CPU at rest: {name}", value=value, unit="% of a core"))
    return figures


def _policies(here: Stage, options: Options) -> Mapping[str, float]:
    lines = 500 if options.quick else 20_000
    seeded = here.seed(Size(lines=lines, orders=False))
    turns = 20 if options.quick else 300
    sides: dict[str, Callable[[], Any]] = {}
    for role in "production_app", "postgres":
        sides[f"list {role}"] = partial(_listed, here, seeded, role, turns)
        sides[f"insert {role}"] = partial(_inserted, here, seeded, role, max(3, turns // 20))
    found = in_turn(sides, rounds=1 if options.quick else 7)
    return {
        said: ratio(found[f"{what} production_app"], found[f"{what} postgres"])
        for said, what in (("a list of 50 rows", "list"), ("1,000 inserts", "insert"))
    }


def _listed(here: Stage, seeded: Seeded, role: str, turns: int) -> float:
    party = seeded.supplier_id(0)
    return _median_s(here, role, party, turns, LIST, [party], undone=False)


def _inserted(here: Stage, seeded: Seeded, role: str, turns: int) -> float:
    rows = seeded.lines_of(supplier=0)[:1_000]
    parties = [seeded.parties(line) for line in rows]
    given = [
        [seeded.work_order_id(line) for line in rows],
        [buyer_id for buyer_id, _ in parties],
        [supplier_id for _, supplier_id in parties],
    ]
    return _median_s(here, role, seeded.supplier_id(0), turns, INSERT, given)


def _median_s(  # noqa: PLR0913, PLR0917
    here: Stage,
    role: str,
    party: object,
    turns: int,
    statement: str,
    given: Sequence[object],
    *,
    undone: bool = True,
) -> float:
    """Return how long a statement takes in its own transaction; what it writes is undone.

    A driver forgets its prepared statements when a transaction is undone: what reads is planned
    once, as in a service, if its transaction is not.
    """
    taken = []
    with here.connect(role, schema="production") as connection:
        connection.execute("SET search_path = production")
        for _ in range(turns):
            with connection.transaction(force_rollback=undone):
                setting = "SELECT set_config('app.organization_id', %s, true)"
                connection.execute(setting, [str(party)])
                begun = time.perf_counter()
                connection.execute(statement, given, prepare=True)
                taken.append(time.perf_counter() - begun)
    return median(taken)


def _sizes() -> list[Figure]:
    own = [ROOT / name for name in ("contracts", "lianqiao", "migrations", "services", "shared")]
    return [
        Figure(name="size: our own code", value=sum(map(_mb, own)), unit="MB"),
        Figure(name="size: Python packages", value=_mb(Path(sys.prefix)), unit="MB"),
    ]


def _mb(folder: Path) -> float:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6
