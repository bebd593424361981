"""How soon a buyer's open page hears what a supplier reported, through Kafka both times."""

from collections.abc import Mapping, Sequence
from functools import partial
from uuid import UUID

from benchmarks.kafka_tools import end_to_end_ms
from benchmarks.load import get, post
from benchmarks.result import Chart, Figure, Point, Result, Target, middle
from benchmarks.seeding import Seeded, Size
from benchmarks.slices import in_turn
from benchmarks.stage import Options, Stage, stage
from benchmarks.visiting import signed_in
from benchmarks.watching import Heard, Schedule, percentile, watched
from contracts.orders import LineProgressed
from contracts.production import ProgressReported
from contracts.scopes import Role, Scope
from shared.ports import free_port

RATES = 50, 200, 500  # reports per second
RATES_QUICK = 50, 200
PROMISED_AT = 200
SECONDS, SECONDS_QUICK = 8.0, 2.0
ROUNDS_MAX = 3
LIMIT_RECORDS, SIZE_BYTES = 500, 1_000
LIMIT = "Kafka's own end-to-end latency, p50"
HOPS = 2  # production tells orders, and orders tells the page
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
TARGETS = [
    Target(name=f"201 → buyer's page at {PROMISED_AT}/s, p50", at_most=20),
    Target(name=f"201 → buyer's page at {PROMISED_AT}/s, p99", at_most=150),
    Target(name="messages lost", at_most=0),
]


def run(options: Options) -> Result:
    """Report at fixed rates to the platform in one process, while a buyer watches the order book.

    What is measured is the message on which the page asks for the changed row, so the row is
    already there: production's event has reached orders, and that of orders the portal.
    """
    seconds = SECONDS_QUICK if options.quick else SECONDS
    wanted = RATES_QUICK if options.quick else RATES
    rounds = min(options.rounds, ROUNDS_MAX)
    with stage() as here:
        seeded = here.seed(Size(lines=5_000, buyers=1, suppliers=20))
        cookie = signed_in(here, seeded.buyer_id(0), [Role.BUYER_PROCUREMENT])
        reports = reports_of(here, seeded)
        here.end()  # identity, which was asked for its key: `up` has one of its own
        port = free_port()
        up = here.program("up", "--no-demo", "--port", str(port))
        up.until_ready(port, "/api/production/v1/health/ready")
        live = get("/live", headers={"cookie": cookie})
        usual = Schedule(port, live, reports, PROMISED_AT, seconds, LineProgressed.type)
        watched(usual._replace(seconds=2.0))  # warms everything up
        rates = {str(rate): partial(watched, usual._replace(rate=rate)) for rate in wanted}
        found = in_turn(rates, rounds=rounds)
        early = watched(usual._replace(kind=ProgressReported.type))
        limit = [_limit(here) for _ in range(rounds)]
    return _result(found, early, middle(limit))


def reports_of(here: Stage, seeded: Seeded) -> list[tuple[str, bytes]]:
    """Return a report of one piece for every line: of which schedule line, and the request."""
    tokens: dict[UUID, str] = {}
    reports = []
    for line in range(seeded.size.lines):
        _, supplier_id = seeded.parties(line)
        if supplier_id not in tokens:
            tokens[supplier_id] = here.token(supplier_id, Scope.PRODUCTION_WRITE)
        path = f"/api/production/v1/work-orders/{seeded.work_order_id(line)}/reports"
        request = post(path, {"operation": 1, "good": "1"}, token=tokens[supplier_id])
        reports.append((str(seeded.schedule_line_id(line)), request))
    return reports


def _limit(here: Stage) -> float:
    return end_to_end_ms(here.servers, records=LIMIT_RECORDS, size_bytes=SIZE_BYTES)


def _figures(rate: str, found: Sequence[Heard]) -> list[Figure]:
    """Give the median over rounds of each percentile of a round."""
    figures = []
    for name, share in SHARES.items():
        values = [percentile(heard.since_answer_ms, share) for heard in found]
        named = f"201 → buyer's page at {rate}/s, {name}"
        figures.append(Figure(name=named, value=middle(values), unit="ms"))
    late = middle([percentile(heard.since_due_ms, SHARES["p99"]) for heard in found])
    named = f"report due → buyer's page at {rate}/s, p99"
    return [*figures, Figure(name=named, value=late, unit="ms")]


def _result(found: Mapping[str, Sequence[Heard]], early: Heard, limit: float) -> Result:
    figures = [figure for rate, heard in found.items() for figure in _figures(rate, heard)]
    usual = next(one.value for one in figures if one.name == TARGETS[0].name)
    every = [heard for some in found.values() for heard in some]
    first = percentile(early.since_answer_ms, 0.5)
    return Result.of(
        "freshness",
        "From the supplier's 201 to the message on the buyer's open page",
        ratios=[
            Figure(name=f"p50 at {PROMISED_AT}/s / two hops of Kafka", value=usual / HOPS / limit)
        ],
        figures=[
            *figures,
            Figure(name=f"201 → first sign of it at {PROMISED_AT}/s, p50", value=first, unit="ms"),
            Figure(name=LIMIT, value=limit, unit="ms"),
            Figure(name="messages lost", value=sum(heard.lost for heard in every)),
            Figure(name="reports refused", value=sum(heard.refused for heard in every)),
        ],
        targets=TARGETS,
        notes=[
            "One process runs everything. Reports fall due on a schedule and wait for no other.",
            "The message is the one on which the page asks for the changed row: two hops of Kafka.",
            "The first sign is production's own event, which passes Kafka once.",
        ],
        charts=[_chart(figures)],
    )


def _chart(figures: Sequence[Figure]) -> Chart:
    points = [
        Point(series=name, at=f"{rate}/s", value=figure.value)
        for rate in RATES
        for name in SHARES
        for figure in figures
        if figure.name == f"201 → buyer's page at {rate}/s, {name}"
    ]
    title = "From a supplier's report to the buyer's open page"
    return Chart(name="bench-freshness", title=title, unit="ms", points=points)
