"""More consumer processes on one topic: what they add, what a change among them costs."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psutil

from benchmarks.passing import SENT, TAKEN_IN, TAKEN_IN_PER_S, Passing
from benchmarks.programs import Program
from benchmarks.result import Chart, Figure, Point, Result, Target, middle
from benchmarks.seeding import Size
from benchmarks.slices import in_turn, ratio
from benchmarks.stage import Options, Stage, stage
from shared.run import ACKNOWLEDGE_S

PROCESSES = 1, 2, 4
EVENTS, EVENTS_QUICK = 12_000, 1_000
ROUNDS_MAX = 3
TRICKLE, TRICKLE_EVERY_S = 20, 0.1  # events at a time, while the group changes
GROUPED_S = 8.0
BEFORE_S, AFTER_S = 2.0, 14.0  # a killed member is missed after ten seconds
STALL = """
    SELECT extract(epoch FROM max(arrived_at - recorded_at))
    FROM production.outbox JOIN orders.inbox ON event_id = (message::json ->> 'id')::uuid
"""
"""How long the event waited that waited longest, from its commit to its effect's begin."""

OUT_OF_ORDER = """
    SELECT count(*) FROM (
        SELECT (values ->> 'completed')::numeric AS completed,
            lag((values ->> 'completed')::numeric)
                OVER (PARTITION BY schedule_line_id ORDER BY id) AS before
        FROM orders.entries WHERE kind = 'reported') AS told
    WHERE completed <= before
"""
"""What is reported of a line only grows here, and each report says how much it came to."""

TOLD = "SELECT count(*) FROM orders.entries WHERE kind = 'reported'"
TARGETS = [
    Target(name="events out of order", at_most=0),
    Target(name="effects lost or doubled", at_most=0),
]


NOTES = [
    "PostgreSQL, the broker and all consumers share this machine's cores.",
    "Nobody is told that a member was killed: the broker misses it after ten seconds.",
    "Measured from an event's commit to the begin of the transaction that has its effect.",
]


def run(options: Options) -> Result:
    """Take the same backlog in by more and more processes, and let the group change under load."""
    events = EVENTS_QUICK if options.quick else EVENTS
    rounds = min(options.rounds, ROUNDS_MAX)
    with stage() as here:
        passing = Passing(here, here.seed(Size(lines=4_000, buyers=2, suppliers=50)))
        here.program("relay", "production")
        sides: dict[str, Callable[[], float]] = {
            str(count): partial(_taken_in, here, passing, events, count) for count in PROCESSES
        }
        found = in_turn(sides, rounds=rounds)
        stalls = _stalls(here, passing)
        told, disordered = passing.number(TOLD), passing.number(OUT_OF_ORDER)
        wrong = abs(told - passing.published)
    return _result(found, stalls, disordered=disordered, wrong=wrong)


def _result(
    found: Mapping[str, Sequence[float]],
    stalls: Mapping[str, float],
    *,
    disordered: float,
    wrong: float,
) -> Result:
    figures = {count: middle(found[count]) for count in found}
    return Result.of(
        "scale",
        "One topic, more consumer processes: throughput, a changing group, order per key",
        ratios=[
            Figure(name=f"{count} processes / 1", value=ratio(found[count], found["1"]))
            for count in list(found)[1:]
        ],
        figures=[
            *(
                Figure(name=f"{count} processes", value=value, unit="events/s")
                for count, value in figures.items()
            ),
            *(
                Figure(name=f"longest wait while {what}", value=waited, unit="s")
                for what, waited in stalls.items()
            ),
            Figure(name="events out of order", value=disordered),
            Figure(name="effects lost or doubled", value=wrong),
        ],
        targets=TARGETS,
        notes=NOTES,
        charts=[_chart(figures)],
    )


def _chart(figures: Mapping[str, float]) -> Chart:
    points = [Point(series="median", at=count, value=value) for count, value in figures.items()]
    title = "Consumer processes on one topic"
    return Chart(name="bench-scale", title=title, unit="events/s", points=points)


def _consumers(here: Stage, count: int) -> list[Program]:
    return [here.program("consume", "orders") for _ in range(count)]


def _taken_in(here: Stage, passing: Passing, events: int, count: int) -> float:
    """Let a group that is complete take a backlog in.

    The inbox is emptied only when what it holds is acknowledged: members that left at once may
    have left their last second to come again.
    """
    known = int(passing.number(TAKEN_IN.format("orders")))
    members = _consumers(here, count)
    _flow(passing, seconds=BEFORE_S + count)  # until each has its part
    passing.until(TAKEN_IN.format("orders"), known + passing.published - passing.taken_in)
    passing.taken_in = passing.published
    _forget_what_is_acknowledged(passing)
    for member in members:
        psutil.Process(member.pid).suspend()  # for less than the broker would mind
    passing.publish(events)
    passing.until(SENT.format("production"), events)
    for member in members:
        psutil.Process(member.pid).resume()
    passing.until(TAKEN_IN.format("orders"), events)
    per_s = passing.number(TAKEN_IN_PER_S)
    passing.taken_in = passing.published
    here.end(*members)
    return per_s


def _stalls(here: Stage, passing: Passing) -> dict[str, float]:
    """Change a group under a trickle of events, and see how long one waits at most."""
    members, found = _consumers(here, 2), {}
    _flow(passing, seconds=GROUPED_S)  # until each has its part, also on a slow machine
    for what in ("nothing changes", "one joins", "one leaves", "one is killed"):
        _settle(passing)
        _forget_what_is_acknowledged(passing)
        before = {member: member.used().cpu_s for member in members}
        _flow(passing, seconds=BEFORE_S)
        busiest = max(members, key=lambda member: member.used().cpu_s - before[member])
        if what == "one joins":
            members += _consumers(here, 1)
        elif what != "nothing changes":
            members.remove(busiest)
        with ThreadPoolExecutor(1) as meanwhile:
            if what == "one leaves":
                meanwhile.submit(busiest.stop)
            elif what == "one is killed":
                busiest.kill()
            _flow(passing, seconds=AFTER_S if what == "one is killed" else AFTER_S / 2)
        _settle(passing)
        found[what] = passing.number(STALL)
    return found


def _forget_what_is_acknowledged(passing: Passing) -> None:
    time.sleep(2 * ACKNOWLEDGE_S)  # nothing comes meanwhile
    passing.forget()


def _settle(passing: Passing) -> None:
    passing.until(TAKEN_IN.format("orders"), int(passing.number(OUTBOX)))


OUTBOX = "SELECT count(*) FROM production.outbox"


def _flow(passing: Passing, *, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        passing.publish(TRICKLE)
        time.sleep(TRICKLE_EVERY_S)
