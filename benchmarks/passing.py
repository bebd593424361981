"""Events on their way: what fills an outbox, and when what was in it had its effect."""

import time
from importlib.resources import files

from benchmarks.seeding import Seeded
from benchmarks.stage import Stage

PASSED_WITHIN_S_MAX = 180
LOOKED_EVERY_S = 0.05
PROGRESS = files("benchmarks").joinpath("progress_events.sql").read_text()


class NotPassedError(Exception):
    """Events did not have their effect in time."""


class Passing:
    """Progress reports of seeded work orders, published as production publishes them."""

    def __init__(self, stage: Stage, seeded: Seeded) -> None:
        self._given, self.published = seeded.size._asdict(), 0
        self.taken_in = 0  # by a consumer, as who lets one run writes down
        self._connection = stage.connect()

    def publish(self, events: int) -> float:
        """Write events to production's outbox in one transaction; return when it was committed."""
        given = self._given | {"first": self.published, "events": events}
        self._connection.execute(PROGRESS, given)
        self.published += events
        return time.perf_counter()

    def until(self, count: str, reached: int) -> float:
        """Wait until a count has come so far, and return when that was."""
        ends = time.perf_counter() + PASSED_WITHIN_S_MAX
        while (here := self.number(count)) < reached:
            if time.perf_counter() > ends:
                raise NotPassedError(f"{here} of {reached} after {PASSED_WITHIN_S_MAX} s")
            time.sleep(LOOKED_EVERY_S)
        return time.perf_counter()

    def until_none(self, count: str) -> float:
        """Wait until nothing is counted any more, and return when that was."""
        ends = time.perf_counter() + PASSED_WITHIN_S_MAX
        while here := self.number(count):
            if time.perf_counter() > ends:
                raise NotPassedError(f"{here} left after {PASSED_WITHIN_S_MAX} s")
            time.sleep(LOOKED_EVERY_S)
        return time.perf_counter()

    @staticmethod
    def now() -> float:
        """Return the time on the clock of all others here."""
        return time.perf_counter()

    def number(self, query: str) -> float:
        """Return the one number that a query asks for."""
        row = self._connection.execute(query).fetchone()
        assert row
        return float(row[0] or 0)

    def forget(self) -> None:
        """Empty the mail, which would grow from one round to the next."""
        for table in ("production.outbox", "orders.outbox", "orders.inbox", "logistics.inbox"):
            self._connection.execute(f"TRUNCATE {table}")


SENT = "SELECT count(*) FROM {}.outbox WHERE published_at IS NOT NULL"
WAITING = "SELECT count(*) FROM {}.outbox WHERE published_at IS NULL"
TAKEN_IN = "SELECT count(*) FROM {}.inbox"
"""Effects and inbox rows are committed together, so one counts the other."""

SENT_PER_S = """
    SELECT (count(*) FILTER (WHERE published_at > first)) / extract(epoch FROM last - first)
    FROM production.outbox,
        (SELECT min(published_at) AS first, max(published_at) AS last FROM production.outbox) AS s
    GROUP BY first, last
"""
"""From the end of the first batch, so that nothing which only begins is counted."""

TAKEN_IN_PER_S = """
    SELECT count(*) / extract(epoch FROM clock_timestamp() - min(arrived_at)) FROM orders.inbox
"""
"""From the begin of the first transaction until now: to be asked once the last has ended."""
