"""How work goes through its operations: reports whose pace leads where a story wants it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import exp, sqrt
from random import Random

SHIFT_STARTS, SHIFT_ENDS = time(8), time(20)
SHIFT = timedelta(hours=12)
FITTINGS, SHARE_MAX, CLOSE_ENOUGH = 6, 0.995, 0.03
Z_90 = 1.645  # of the prediction's 90 % range
SCRAP_FROM, SCRAP_CHANCE = 200, 0.6  # of fewer pieces rarely one is spoiled
SCRAP_REASONS = "毛刺超差", "尺寸超差", "气孔", "表面划伤", "硬度不足"


@dataclass(frozen=True)
class Report:
    """What newly left an operation."""

    at: datetime
    operation: int
    good: int
    scrapped: int = 0
    scrap_reason: str | None = None


def working_times(chance: Random, *, first: datetime, last: datetime, count: int) -> list[datetime]:
    """Draw times within shifts, in order, from about a first one up to a last one at most."""
    first, last = _within_a_shift(first), _within_a_shift(last)
    days = (last.date() - first.date()).days
    total = days * SHIFT + (last - _starts(last)) - (first - _starts(first))
    cuts = sorted(chance.random() for _ in range(max(count - 2, 0)))
    times = [_after(first, total * cut) for cut in cuts]
    return [first, *times, last] if count > 1 else [last]


def wide(reports: int) -> float:
    """Return by which factor the late 90 % edge lies farther off than the prediction."""
    return exp(Z_90 / sqrt(reports))


def run(
    chance: Random, *, quantity: int, operations: int, times: Sequence[datetime], rest: timedelta
) -> list[Report]:
    """Return reports at these times, at whose pace the work that is left takes so long; none: 0.

    An operation follows the one before it at a distance; scrap is made good from the first on.
    """
    seed = chance.getrandbits(64)
    if not rest:
        return _run(Random(seed), quantity, operations, times, 1.0)  # noqa: S311  a story
    odds = (times[-1] - times[0]) / rest
    reports: list[Report] = []
    for _ in range(FITTINGS):  # whole pieces and early ends move the pace a little
        share = min(odds / (1 + odds), SHARE_MAX)
        reports = _run(Random(seed), quantity, operations, times, share)  # noqa: S311  a story
        off = rest_at_pace(reports, quantity, operations) / rest
        if abs(off - 1) < CLOSE_ENOUGH:
            break
        odds *= off
    return reports


def rest_at_pace(reports: Sequence[Report], quantity: int, operations: int) -> timedelta:
    """Return how long the rest takes at the pace so far, as production predicts it."""
    good = [0] * operations
    for report in reports:
        good[report.operation - 1] += report.good
    done = sum(min(one, quantity) for one in good) / (quantity * operations)
    count, elapsed = len(reports), reports[-1].at - reports[0].at
    return elapsed * count / (count - 1) * (1 - done) / done


def _run(
    chance: Random, quantity: int, operations: int, times: Sequence[datetime], share: float
) -> list[Report]:
    floor = _Floor(chance, quantity, operations)
    distance = chance.uniform(0.08, 0.2) if share < 1 else 0.0
    reports = []
    for turn, at in enumerate(times, start=1):
        lead = _lead(share * turn / len(times), operations, distance)
        while report := floor.next_report(at, lead, distance):
            reports.append(report)
            if turn < len(times):
                break  # one at a time; in the end, everything that stands about
    return [*reports, *floor.finished(times[-1])] if share >= 1 else reports


class _Floor:
    """What has left each operation so far."""

    def __init__(self, chance: Random, quantity: int, operations: int) -> None:
        self.chance, self.quantity = chance, quantity
        self.good, self.scrapped = [0] * operations, [0] * operations
        self.spoiled_at, self.spoiled = -1, 0  # where something will go wrong once, and how much
        if quantity >= SCRAP_FROM and chance.random() < SCRAP_CHANCE:
            self.spoiled_at = chance.randrange(operations)
            self.spoiled = max(1, quantity // chance.randint(120, 400))

    def wanted(self, index: int) -> int:
        """Return how much is to leave an operation in all."""
        return self.quantity + sum(self.scrapped[index + 1 :])

    def waiting(self, index: int) -> int:
        """Return how much has come to an operation and not left it."""
        if index == 0:
            return self.wanted(0) - self.good[0]
        return self.good[index - 1] - self.good[index] - self.scrapped[index]

    def next_report(self, at: datetime, lead: float, distance: float) -> Report | None:
        """Report the operation that lags most behind, as far as pieces have come to it."""
        lags = []
        for index, good in enumerate(self.good):
            part = min(max(lead - index * distance, 0.0), 1.0)
            lags.append(min(int(self.wanted(index) * part) - good, self.waiting(index)))
        lag = max(lags)
        if lag <= 0:
            return None
        index, bad = lags.index(lag), 0
        if index == self.spoiled_at and lag > 4 * self.spoiled:
            bad, self.spoiled_at = self.spoiled, -1
        return self._report(at, index, lag - bad, bad)

    def finished(self, at: datetime) -> list[Report]:
        """Report what is still missing, operation by operation."""
        rests = ((index, self.wanted(index) - good) for index, good in enumerate(list(self.good)))
        return [self._report(at, index, rest, 0) for index, rest in rests if rest]

    def _report(self, at: datetime, index: int, good: int, bad: int) -> Report:
        self.good[index] += good
        self.scrapped[index] += bad
        reason = self.chance.choice(SCRAP_REASONS) if bad else None
        return Report(at, index + 1, good, bad, reason)


def _lead(share: float, operations: int, distance: float) -> float:
    """Return how far the first operation is, so that all together have done the share."""
    low, high = 0.0, 1.0 + operations * distance
    for _ in range(30):
        middle = (low + high) / 2
        parts = (min(max(middle - index * distance, 0.0), 1.0) for index in range(operations))
        low, high = (middle, high) if sum(parts) / operations < share else (low, middle)
    return high


def _starts(moment: datetime) -> datetime:
    return datetime.combine(moment.date(), SHIFT_STARTS, moment.tzinfo)


def _within_a_shift(moment: datetime) -> datetime:
    """Move a moment at night back to the end of the shift before."""
    if moment.timetz().replace(tzinfo=None) < SHIFT_STARTS:
        return datetime.combine(moment.date() - timedelta(days=1), SHIFT_ENDS, moment.tzinfo)
    return min(moment, datetime.combine(moment.date(), SHIFT_ENDS, moment.tzinfo))


def _after(first: datetime, working: timedelta) -> datetime:
    """Go on from a moment by so much working time, to the full minute."""
    days, rest = divmod(first - _starts(first) + working, SHIFT)
    return (_starts(first) + timedelta(days=days) + rest).replace(second=0, microsecond=0)
