"""The hour before a deadline: twenty times the usual load, and what is left of it afterwards."""

from benchmarks.freshness import reports_of
from benchmarks.passing import WAITING, Passing
from benchmarks.result import Figure, Result, Target
from benchmarks.rushing import FAILED, Rush, Rushed, rushed
from benchmarks.seeding import Size
from benchmarks.stage import Options, stage
from benchmarks.watching import percentile
from shared.ports import free_port

USUAL, TIMES = 20, 20  # reports a second, each a request of its own
SECONDS, SECONDS_QUICK = 60.0, 5.0
WARM_S = 3.0
STORED = "SELECT count(*) FROM production.reports"
TOLD = "SELECT count(*) FROM orders.entries WHERE kind = 'reported'"
CREATED, RETRIED = 201, (429, 503)
REFUSED = "refused without Retry-After"
TARGETS = [
    Target(name=REFUSED, at_most=0),
    Target(name="accepted and not stored", at_most=0),
    Target(name="stored and not in the order book", at_most=0),
]


def run(options: Options) -> Result:
    """Rush the platform in one process, then wait until every accepted report had its effect."""
    seconds = SECONDS_QUICK if options.quick else SECONDS
    with stage() as here:
        seeded = here.seed(Size(lines=5_000, buyers=2, suppliers=20))
        passing, requests = Passing(here, seeded), [body for _, body in reports_of(here, seeded)]
        here.end()  # identity, which was asked for its key: `up` has one of its own
        port = free_port()
        up = here.program("up", "--no-demo", "--port", str(port))
        up.until_ready(port, "/api/production/v1/health/ready")
        usual = rushed(Rush(port, requests, USUAL, WARM_S))
        peak = rushed(Rush(port, requests, USUAL * TIMES, seconds))
        ended = passing.now()
        stored = passing.number(STORED)
        left = stored - passing.number(TOLD)
        passing.until(TOLD, int(stored))
        for service in ("production", "orders"):
            passing.until_none(WAITING.format(service))
        gone_s = passing.now() - ended
        told = passing.number(TOLD)
    accepted = sum(one.statuses[CREATED] for one in (usual, peak))
    return _result(peak, accepted, stored, told, left, gone_s)


def _result(  # noqa: PLR0913, PLR0917  what was counted
    peak: Rushed, accepted: int, stored: float, told: float, left: float, gone_s: float
) -> Result:
    asked = peak.statuses.total()
    figures = {
        "asked for": (asked, ""),
        "accepted": (peak.statuses[CREATED], ""),
        "refused with Retry-After": (
            sum(peak.statuses[status] for status in RETRIED) - peak.unexplained,
            "",
        ),
        REFUSED: (peak.unexplained + peak.statuses[FAILED], ""),
        "answer, p50": (percentile(peak.latencies_ms, 0.5), "ms"),
        "answer, p99": (percentile(peak.latencies_ms, 0.99), "ms"),
        "accepted and not stored": (max(0, accepted - stored), ""),
        "stored and not in the order book": (stored - told, ""),
        "backlog when it ended": (left, "events"),
        "time until the backlog was gone": (gone_s, "s"),
    }
    return Result.of(
        "peak",
        f"{TIMES} times the usual {USUAL} reports a second, one request each, by one process",
        ratios=[Figure(name="accepted / asked for", value=peak.statuses[CREATED] / asked)],
        figures=[
            Figure(name=name, value=value, unit=unit) for name, (value, unit) in figures.items()
        ],
        targets=TARGETS,
        notes=[
            "Reports fall due on a schedule and wait for no other; times count from then on.",
            "The backlog: events whose effect the order book does not show yet.",
        ],
    )
