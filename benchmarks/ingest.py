"""Progress reports, in bulk and singly: committed with state, history and outbox."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import cycle
from typing import Any

from benchmarks import straight, tutorial
from benchmarks.load import Load, Loaded, loaded, post
from benchmarks.programs import Program, surroundings
from benchmarks.result import Chart, Figure, Point, Result, Target, middle
from benchmarks.seeding import Seeded, Size
from benchmarks.slices import in_turn, ratio
from benchmarks.stage import Options, Stage, stage
from contracts.scopes import Scope
from shared.ports import free_port

SINGLES = 1, 8, 32
ROUNDS = 3
OURS, STRAIGHT, COPY, TUTORIAL = "over HTTP", "straight on PostgreSQL", "COPY", "tutorial's app"
NOTES = [
    "Straight: the same statements in the same transactions; singly by pgbench, in one round trip.",
    "COPY writes history and outbox alone, as the superuser, and leaves the state as it is.",
    "No relay runs: what waits in the outbox grows on both sides alike.",
]
REPORT = {"operation": 1, "good": "1", "scrapped": "0"}


def bulk(token: str, seeded: Seeded, size: int, turn: int) -> Iterator[bytes]:
    """Send reports on the connection's own work orders, so many per call."""
    ids = [str(seeded.work_order_id(turn * size + n)) for n in range(size)]
    body = {"reports": [{"work_order_id": id_, **REPORT} for id_ in ids]}
    return cycle([post("/api/production/v1/reports", body, token=token)])


def single(token: str, seeded: Seeded, each: int, turn: int) -> Iterator[bytes]:
    """Send one report per call, on the connection's own work orders in turn."""
    ids = [seeded.work_order_id(turn * each + n) for n in range(each)]
    path = "/api/production/v1/work-orders/{}/reports"
    return cycle([post(path.format(id_), REPORT, token=token) for id_ in ids])


def tutorial_bulk(token: str, seeded: Seeded, size: int, turn: int) -> Iterator[bytes]:
    """Send the same to the app that a tutorial would have."""
    ids = [str(seeded.work_order_id(turn * size + n)) for n in range(size)]
    body = [{"work_order_id": id_, **REPORT} for id_ in ids]
    return cycle([post("/reports/bulk", body, token=token)])


def tutorial_single(token: str, seeded: Seeded, each: int, turn: int) -> Iterator[bytes]:
    """Send the same to the app that a tutorial would have."""
    ids = [str(seeded.work_order_id(turn * each + n)) for n in range(each)]
    return cycle([post("/reports", {"work_order_id": i, **REPORT}, token=token) for i in ids])


def run(options: Options) -> Result:
    """Measure ours, the limits and the tutorial's in turn on the same tables."""
    sizes = (20, 50) if options.quick else (1_000, 5_000)
    with stage(broker=not options.quick, services=["production"]) as here:
        seeded = here.seed(Size(lines=2 * sizes[-1], suppliers=1, orders=False))
        sides = _sides(here, seeded, sizes, options)
        rounds = min(options.rounds, ROUNDS)
        found = in_turn(sides, rounds=rounds)
    return _result(found, sizes)


def _sides(
    here: Stage, seeded: Seeded, sizes: Sequence[int], options: Options
) -> Mapping[str, Callable[[], Loaded | float]]:
    ours, _ = here.api("production")
    theirs = _tutorial(here)
    token = here.token(seeded.supplier_id(0), Scope.PRODUCTION_WRITE)
    their_token = tutorial.token(seeded.supplier_id(0))
    seconds = options.slice_s * 0.75
    load = partial(Load, seconds=seconds, counts=b'"recorded"')
    sides: dict[str, Any] = {}
    for size, n in _bulks(sizes):
        plans = [
            straight.Plan(here.conninfo, seeded, turn * size, size, seconds) for turn in range(n)
        ]
        ask = partial(bulk, token, seeded, size)
        sides[_name(OURS, size, n)] = partial(loaded, load(ours, ask, connections=n))
        sides[_name(STRAIGHT, size, n)] = partial(straight.statements, plans)
        sides[_name(COPY, size, n)] = partial(straight.copies, plans)
    ask = partial(tutorial_bulk, their_token, seeded, sizes[0])
    sides[_name(TUTORIAL, sizes[0], 2)] = partial(loaded, load(theirs, ask, connections=2))
    each = seeded.size.lines // SINGLES[-1]
    plan = straight.Plan(here.conninfo, seeded, 0, seeded.size.lines, seconds)
    for n in SINGLES:
        ask = partial(single, token, seeded, each)
        sides[_name(OURS, 1, n)] = partial(loaded, load(ours, ask, connections=n))
        sides[_name(STRAIGHT, 1, n)] = partial(
            straight.pgbench, plan, connections=n, folder=here.folder
        )
        ask = partial(tutorial_single, their_token, seeded, each)
        sides[_name(TUTORIAL, 1, n)] = partial(loaded, load(theirs, ask, connections=n))
    return sides


def _bulks(sizes: Sequence[int]) -> list[tuple[int, int]]:
    small, large = sizes
    return [(small, 1), (small, 2), (large, 2)]


def _tutorial(here: Stage) -> int:
    port = free_port()
    environment = surroundings({tutorial.DATABASE_URL: here.url})
    words = ["benchmarks.tutorial:app", "--port", str(port), "--no-access-log"]
    log = here.folder / "tutorial.log"
    program = here.add(Program(words, environment, log, python=("-m", "uvicorn")))
    program.until_ready(port, "/openapi.json")
    return port


def _name(whose: str, size: int, connections: int) -> str:
    each = f"{size:,} per call" if size > 1 else "singly"
    return f"{whose}: {each}, {connections} connection{'s' if connections > 1 else ''}"


def _result(found: Mapping[str, Sequence[Loaded | float]], sizes: Sequence[int]) -> Result:
    _require_answers(found)
    per_s = {
        name: [one.per_s if isinstance(one, Loaded) else one for one in several]
        for name, several in found.items()
    }
    cases = [*_bulks(sizes), *((1, n) for n in SINGLES)]
    ratios = [
        Figure(
            name=_name(f"ours ÷ {limit}", size, n),
            value=ratio(per_s[_name(OURS, size, n)], per_s[_name(limit, size, n)]),
            unit="×",
        )
        for limit in (STRAIGHT, COPY, TUTORIAL)
        for size, n in cases
        if _name(limit, size, n) in per_s
    ]
    slowest = [
        Figure(
            name=f"p99 of {_name(OURS, 1, n)}",
            value=middle(
                [f.percentile(0.99) for f in found[_name(OURS, 1, n)] if isinstance(f, Loaded)]
            ),
            unit="ms",
        )
        for n in SINGLES
    ]
    figures = [
        Figure(name=name, value=middle(values), unit="rows/s") for name, values in per_s.items()
    ]
    return Result.of(
        "ingest",
        "Progress reports, committed with state, history and outbox",
        ratios=ratios,
        figures=figures + slowest,
        targets=_targets(sizes),
        notes=NOTES,
        charts=_charts(per_s, cases),
    )


def _require_answers(found: Mapping[str, Sequence[Loaded | float]]) -> None:
    for name, several in found.items():
        for one in several:
            assert not isinstance(one, Loaded) or not one.errors, (name, one.failed, one.refused)


def _targets(sizes: Sequence[int]) -> list[Target]:
    ratio_of = "ours ÷ {}".format
    bulks = [(size, n) for size, n in _bulks(sizes) if n > 1]
    return [
        *(Target(name=_name(ratio_of(STRAIGHT), size, n), at_least=0.7) for size, n in bulks),
        *(Target(name=_name(OURS, size, n), at_least=25_000) for size, n in bulks),
        *(Target(name=_name(ratio_of(STRAIGHT), 1, n), at_least=0.3) for n in SINGLES[1:]),
        *(Target(name=_name(ratio_of(TUTORIAL), 1, n), at_least=8) for n in SINGLES[1:]),
        *(Target(name=f"p99 of {_name(OURS, 1, n)}", at_most=60) for n in SINGLES[1:]),
    ]


def _charts(per_s: Mapping[str, Sequence[float]], cases: Sequence[tuple[int, int]]) -> list[Chart]:
    many, one = [case for case in cases if case[0] > 1], [case for case in cases if case[0] == 1]
    return [
        Chart(
            name=f"bench-ingest-{kind}",
            title=title,
            unit="rows per second",
            points=[
                Point(
                    series=whose,
                    at=_name("", size, n).removeprefix(": "),
                    value=middle(per_s[_name(whose, size, n)]),
                )
                for size, n in chosen
                for whose in (OURS, STRAIGHT, COPY, TUTORIAL)
                if _name(whose, size, n) in per_s
            ],
        )
        for kind, title, chosen in (
            ("bulk", "Progress reports in bulk", many),
            ("single", "Progress reports singly", one),
        )
    ]
