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
SLICE_S = 0.5
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


def _load(port: int, asked: Asked, path: str, *, seconds: float) -> Loaded:
    requests = partial(_requests, asked.buyer, asked.token, asked.cookie, path)
    found = loaded(Load(port, requests, connections=1, seconds=seconds))
    assert not found.errors, found.refused
    return found


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
]


def _result(
    found: Mapping[str, Sequence[Loaded]], sizes: Sequence[int], *, by_environment: bool
) -> Result:
    small, *larger = sizes
    ratios, figures, points, targets = [], [], [], []
    for name in API | PAGES:
        at_most = PAGE_MS_MAX if name in PAGES else API_MS_MAX
        for lines in sizes:
            turns = found[f"{name} {lines}"]
            p50, p95 = (middle([turn.percentile(share) for turn in turns]) for share in (0.5, 0.95))
            named = f"{name}, {lines:,} lines"
            figures += [
                Figure(name=f"{named}, p50", value=p50, unit="ms"),
                Figure(name=f"{named}, p95", value=p95, unit="ms"),
            ]
            targets.append(Target(name=f"{named}, p95", at_most=at_most))
            points.append(Point(series=name, at=f"{lines:,}", value=p50))
        for before, lines in zip([small, *larger], larger, strict=False):
            named = f"{name}: {lines:,} / {before:,} lines"
            sides = [
                [turn.percentile(0.5) for turn in found[f"{name} {size}"]]
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
