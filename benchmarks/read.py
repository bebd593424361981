"""What lists, numbers and pages cost as an order book grows: the curve ought to be flat."""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import cycle
from typing import NamedTuple

from benchmarks.book import Buyer, seed_books
from benchmarks.load import Load, Loaded, get, loaded
from benchmarks.result import Chart, Figure, Point, Result, Target, middle
from benchmarks.slices import in_turn, ratio
from benchmarks.stage import Options, Stage, stage
from benchmarks.visiting import signed_in
from contracts.scopes import Role, Scope
from shared.ports import free_port

ROWS = "LIANQIAO_BENCH_READ_ROWS"  # lines of each buyer, by commas
SIZES, SIZES_QUICK = (10_000, 1_000_000), (1_000, 20_000)
SLICE_S, BEFORE_S = 0.5, 0.1
API_MS_MAX, PAGE_MS_MAX, FLAT = 40, 200, 1.25
ORDERS_ASKED = 20
LINES = "/api/orders/v1/schedule-lines"
CARDS = "/api/insights/v1/scorecards"
API = {
    "order book, by due day": f"{LINES}?view=all",
    "order book, open ones, most urgent first": f"{LINES}?view=open&sort=-lateness",
    "order book, all, most urgent first": f"{LINES}?view=all&sort=-lateness",
    "order book, late ones": f"{LINES}?view=late&sort=-lateness",
    "order book, by value": f"{LINES}?view=all&sort=-value",
    "search by order": f"{LINES}?q=PO-77",
    "search by item": f"{LINES}?q=Housing%2077",
    "search in vain": f"{LINES}?q=nowhere",
    "numbers of the order book": f"{LINES}/summary",
    "orders, newest first": "/api/orders/v1/orders",
    "one order": "",
    "board: what is made, open ones": "/api/production/v1/work-orders?status=open",
    "dashboard: scorecards of 50 suppliers": f"{CARDS}?limit=50",
    "dashboard: one scorecard": CARDS + "/{supplier}",
    "dashboard: what a figure counts": CARDS + "/{supplier}/events?figure=on_time_current",
}
PAGES = {
    "page: home": "/",
    "page: order book": "/orders",
    "page: order book, late ones": "/orders?view=late",
    "page: suppliers, by name": "/suppliers",
    "page: one supplier": "/suppliers/{supplier}",
    "page: what a figure counts": "/suppliers/{supplier}/figures/on_time_current",
}
SCOPES = Scope.ORDERS_READ, Scope.PRODUCTION_READ, Scope.INSIGHTS_READ


class Asked(NamedTuple):
    """What a buyer asks for, again and again."""

    buyer: Buyer
    token: str
    cookie: str


class Turn(NamedTuple):
    """What came of asking one thing for a while."""

    first_ms: float  # of the first answer, when other things had been asked for a while
    then: Loaded


def run(options: Options) -> Result:
    """Ask buyers' order books of different sizes in turn, in one table and of one process."""
    given = [int(rows) for rows in os.environ.get(ROWS, "").split(",") if rows]
    sizes = given or list(SIZES_QUICK if options.quick else SIZES)
    with stage() as here:
        with here.connect() as connection:
            buyers = seed_books(connection, sizes)
        asking = [_asked(here, buyer) for buyer in buyers]
        here.end()  # identity, which was asked for its key: `up` has one of its own
        port = free_port()
        up = here.program("up", "--no-demo", "--port", str(port))
        up.until_ready(port, "/api/orders/v1/health/ready")
        sides = {
            (name, asked.buyer.lines): partial(_load, port, asked, path)
            for name, path in (API | PAGES).items()
            for asked in asking
        }
        seconds = min(SLICE_S, options.slice_s)
        for side in sides.values():
            side(seconds=seconds)
        turns = {
            f"{name} {lines}": partial(side, seconds=seconds)
            for (name, lines), side in sides.items()
        }
        found = in_turn(turns, rounds=options.rounds)
    return _result(found, sizes, by_environment=bool(given))


def _asked(here: Stage, buyer: Buyer) -> Asked:
    roles = [Role.BUYER_PROCUREMENT]
    return Asked(buyer, here.token(buyer.id, *SCOPES), signed_in(here, buyer.id, roles))


def _load(port: int, asked: Asked, path: str, *, seconds: float) -> Turn:
    requests = partial(_requests, asked.buyer, asked.token, asked.cookie, path)
    load = Load(port, requests, connections=1, seconds=seconds)
    before, found = loaded(load._replace(seconds=min(BEFORE_S, seconds))), loaded(load)
    assert not before.errors + found.errors, before.refused + found.refused
    return Turn(before.latencies_ms[0], found)


def _requests(buyer: Buyer, token: str, cookie: str, path: str, _: int) -> Iterator[bytes]:
    path = path.format(supplier=buyer.supplier_id(7))
    if path.startswith("/api"):
        return cycle([get(path, token=token)])
    if path:
        return cycle([get(path, headers={"cookie": cookie})])
    last = buyer.lines // 10
    ids = [buyer.order_id(n * 7_919 % last) for n in range(ORDERS_ASKED)]
    return cycle([get(f"/api/orders/v1/orders/{id_}", token=token) for id_ in ids])


LARGEST = f"10 million lines: {ROWS}=10000,1000000,10000000 takes that size too."
TITLE = "What asking costs as an order book grows, p50"
NOTES = [
    "Ratios are of medians. Each size is a buyer's own, and all are in one table.",
    "One line in a hundred is open, and a tenth of those is late.",
    "p50 and p95 are of what is asked again and again. The first answer is a figure of its own:",
    "for it much comes from the disk, where not all that is stored fits into memory.",
]


def _figures(name: str, turns: Sequence[Turn]) -> list[Figure]:
    """Give the median over turns of what each turn found."""
    found = {
        "p50": [turn.then.percentile(0.5) for turn in turns],
        "p95": [turn.then.percentile(0.95) for turn in turns],
        "first answer": [turn.first_ms for turn in turns],
    }
    return [
        Figure(name=f"{name}, {what}", value=middle(values), unit="ms")
        for what, values in found.items()
    ]


def _result(
    found: Mapping[str, Sequence[Turn]], sizes: Sequence[int], *, by_environment: bool
) -> Result:
    small, *larger = sizes
    ratios, figures, points, targets = [], [], [], []
    for name in API | PAGES:
        at_most = PAGE_MS_MAX if name in PAGES else API_MS_MAX
        for lines in sizes:
            named = f"{name}, {lines:,} lines"
            p50, *rest = _figures(named, found[f"{name} {lines}"])
            figures += [p50, *rest]
            targets.append(Target(name=f"{named}, p95", at_most=at_most))
            points.append(Point(series=name, at=f"{lines:,}", value=p50.value))
        for before, lines in zip([small, *larger], larger, strict=False):
            named = f"{name}: {lines:,} / {before:,} lines"
            sides = [
                [turn.then.percentile(0.5) for turn in found[f"{name} {size}"]]
                for size in (lines, before)
            ]
            ratios.append(Figure(name=named, value=ratio(*sides)))
            targets.append(Target(name=named, at_most=FLAT))
    return Result.of(
        "read",
        "Lists, numbers and pages of an order book as it grows: one connection, one process",
        ratios=ratios,
        figures=figures,
        targets=targets,
        absent=[] if by_environment else [LARGEST],
        notes=NOTES,
        charts=[Chart(name="bench-read", title=TITLE, unit="ms", kind="lines", points=points)],
    )
