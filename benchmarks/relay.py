"""Events from the outbox through Kafka to the consumer's committed effect."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from benchmarks.kafka_tools import consumed_per_s, produced_per_s
from benchmarks.passing import SENT, SENT_PER_S, TAKEN_IN, TAKEN_IN_PER_S, Passing
from benchmarks.result import Chart, Figure, Point, Result, Target, middle
from benchmarks.seeding import Size
from benchmarks.slices import in_turn, ratio
from benchmarks.stage import Options, Stage, stage
from shared.ports import free_port

EVENTS, EVENTS_QUICK = 20_000, 1_500
ROUNDS_MAX = 3  # each starts programs and Kafka's tools anew
SIZE_BYTES = 1_250  # as one of ours
LONGER = 5  # a virtual machine needs some time to become fast
RELAY, PRODUCER = "relay", "Kafka's own producer"
CONSUMER, READER = "consumer, one process", "Kafka's own consumer"
TOGETHER, SETTLED = "all in one process", "all in one process, with all that follows"
NEWS_SENT = SENT.format("orders")
TARGETS = [
    Target(name=RELAY, at_least=7_000),
    Target(name=CONSUMER, at_least=5_000),
    Target(name=TOGETHER, at_least=3_000),
]


def run(options: Options) -> Result:
    """Measure relay and consumer, each alone and then with everything else, beside Kafka's own."""
    events = EVENTS_QUICK if options.quick else EVENTS
    rounds = min(options.rounds, ROUNDS_MAX)
    with stage() as here:
        passing = Passing(here, here.seed(Size(lines=4_000, buyers=2, suppliers=50)))
        relay = here.program("relay", "production")
        limit = Limit(here.servers, LONGER * events)
        sides: dict[str, Callable[[], float]] = {
            RELAY: partial(_relayed, passing, events),
            PRODUCER: limit.produced,
            CONSUMER: partial(_consumed, here, passing, events),
            READER: limit.consumed,
        }
        apart = in_turn(sides, rounds=rounds)
        here.end(relay)
        together = _all_in_one(here, passing, events, rounds)
    return _result(apart, together)


class Limit:
    """Kafka's own tools, on a topic of the same kind that nobody else hears."""

    def __init__(self, servers: str, records: int) -> None:
        self._servers, self._records = servers, records
        self.produced()  # so that there is something to read

    def produced(self) -> float:
        """Return how many records a second its producer sends as safely as we do."""
        return produced_per_s(self._servers, records=self._records, size_bytes=SIZE_BYTES)

    def consumed(self) -> float:
        """Return how many records a second its consumer reads, and does nothing with."""
        return consumed_per_s(self._servers, records=self._records)


def _relayed(passing: Passing, events: int) -> float:
    passing.forget()
    passing.publish(events)
    passing.until(SENT.format("production"), events)
    return passing.number(SENT_PER_S)


def _consumed(here: Stage, passing: Passing, events: int) -> float:
    """Let a consumer of a process of its own take in what waits for it by now."""
    passing.forget()
    passing.publish(events)
    passing.until(SENT.format("production"), events)
    consumer = here.program("consume", "orders")
    passing.until(TAKEN_IN.format("orders"), passing.published - passing.taken_in)
    per_s = passing.number(TAKEN_IN_PER_S)
    passing.taken_in = passing.published
    here.end(consumer)
    return per_s


def _all_in_one(here: Stage, passing: Passing, events: int, rounds: int) -> dict[str, list[float]]:
    """Run the whole platform as one process, and let events pass through all of it."""
    port = free_port()
    passing.forget()
    up = here.program("up", "--no-demo", "--port", str(port))
    up.until_ready(port, "/api/orders/v1/health/ready")
    passing.until(TAKEN_IN.format("logistics"), passing.published)  # what was sent before it came
    found: dict[str, list[float]] = {TOGETHER: [], SETTLED: []}
    for number in range(rounds + 1):  # the first warms it up
        passing.forget()
        begun = passing.publish(events)
        passed = passing.until(TAKEN_IN.format("orders"), events)
        passing.until(TAKEN_IN.format("logistics"), events)
        settled = passing.until(NEWS_SENT, events)
        if number:
            found[TOGETHER].append(events / (passed - begun))
            found[SETTLED].append(events / (settled - begun))
    return found


def _result(apart: Mapping[str, Sequence[float]], together: dict[str, list[float]]) -> Result:
    figures = {name: middle(values) for name, values in (dict(apart) | together).items()}
    return Result.of(
        "relay",
        "From the outbox through Kafka to the consumer's committed effect",
        ratios=[
            Figure(name="relay / Kafka's own producer", value=ratio(apart[RELAY], apart[PRODUCER])),
            Figure(
                name="consumer / Kafka's own consumer", value=ratio(apart[CONSUMER], apart[READER])
            ),
        ],
        figures=[
            Figure(name=name, value=value, unit="events/s") for name, value in figures.items()
        ],
        targets=TARGETS,
        notes=[
            "The effect: a row of the order book, its story, and the announcement of the news.",
            "Kafka's consumer only reads; ours commits an effect for each event.",
            f"{TOGETHER}: of `lianqiao up`, from the commit of {EVENTS} events to the last effect.",
            f"{SETTLED}: the same until logistics has its effects too and the news is sent.",
        ],
        charts=[
            Chart(
                name="bench-relay",
                title="Events per second from outbox to effect",
                unit="events/s",
                points=[
                    Point(series="median", at=name, value=value) for name, value in figures.items()
                ],
            )
        ],
    )
