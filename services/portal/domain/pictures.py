"""The progress picture: what is drawn for a schedule line, and one time axis for a whole list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from contracts.production import OperationProgress, Prediction

PLANNED_DAYS = 14  # how much time before the promise is drawn for work that has not begun
PAST_DAYS_MAX, FUTURE_DAYS_MAX = 60, 90
PAST_DAYS_MIN, FUTURE_DAYS_MIN = 21, 28
MARGIN = timedelta(days=3)
FEW = 3  # dates of a list that is mostly history: an axis needs at least so many
TICK_DAYS = 7, 14, 30, 61, 122, 365, 730


@dataclass(frozen=True)
class Picture:
    """Work above: each operation's share done; time below: promise, prediction."""

    shares: tuple[Decimal, ...]  # of each operation, 0 to 1
    start: date | None
    end: date | None
    due: date
    promised: date | None
    predicted: Prediction | None

    @property
    def operations_done(self) -> int:
        return sum(share >= 1 for share in self.shares)

    @property
    def dates(self) -> list[date]:
        """Every day that the picture shows."""
        known = [self.start, self.end, self.promised or self.due]
        if self.predicted:
            known += [self.predicted.early_90_on, self.predicted.late_90_on]
        return [day for day in known if day]

    @property
    def attributes(self) -> dict[str, str]:
        """What progress.js draws from."""
        drawn = {"data-promised" if self.promised else "data-due": str(self.promised or self.due)}
        if self.start and self.end and self.shares:
            drawn["data-work"] = f"{self.start} {self.end}"
            drawn["data-shares"] = " ".join(format(share, ".3f") for share in self.shares)
        if self.predicted:
            p = self.predicted
            whisker = p.early_90_on, p.early_50_on, p.late_50_on, p.late_90_on
            drawn["data-predicted"] = " ".join(map(str, whisker))
        return drawn


def picture(  # noqa: PLR0913
    *,
    quantity: Decimal,
    operations: Sequence[OperationProgress],
    due_on: date,
    promised_on: date | None,
    started_on: date | None,
    completed_on: date | None,
    predicted: Prediction | None,
    today: date,
) -> Picture:
    """Return the picture of a schedule line; it is drawn the same in a list, a story, on a phone.

    Operations overlap in truth; the picture gives each an equal part of the time between the
    first report and the expected end, filled by the share that has left it.
    """
    shares = tuple(
        min(Decimal(1), op.good / quantity) if quantity else Decimal(0) for op in operations
    )
    start = end = None
    if completed_on:
        start, end = min(started_on or completed_on, completed_on), completed_on
    elif started_on:
        likely = predicted.predicted_on if predicted else promised_on or due_on
        start, end = started_on, max(likely, today, started_on + timedelta(days=1))
    elif promised_on:
        start = max(
            min(today, promised_on - timedelta(days=1)), promised_on - timedelta(days=PLANNED_DAYS)
        )
        end = promised_on
    expected = None if completed_on else predicted
    return Picture(shares, start, end, due_on, promised_on, expected)


@dataclass(frozen=True)
class Axis:
    """The days that all pictures of a list share."""

    start: date
    end: date
    today: date

    @property
    def every(self) -> int:
        """How many days lie between two ticks, so that about five fit."""
        span = (self.end - self.start).days
        return next((days for days in TICK_DAYS if span / days <= 6), TICK_DAYS[-1])  # noqa: PLR2004


def axis_for(pictures: Sequence[Picture], *, today: date) -> Axis:
    """Return the axis on which most of a list can be read.

    Around today while most of it is; a list of history has its own years.
    """
    days = sorted(day for drawn in pictures for day in drawn.dates)
    first = today - timedelta(days=PAST_DAYS_MAX)
    last = today + timedelta(days=FUTURE_DAYS_MAX)
    near = [day for day in days if first <= day <= last]
    if len(days) >= FEW and 2 * len(near) < len(days):
        low, high = days[len(days) // 20], days[-1 - len(days) // 20]
        return Axis(low - MARGIN, max(high, low + timedelta(days=PAST_DAYS_MIN)) + MARGIN, today)
    start = min([*near, today - timedelta(days=PAST_DAYS_MIN)])
    end = max([*near, today + timedelta(days=FUTURE_DAYS_MIN)])
    return Axis(max(start, first) - MARGIN, min(end, last) + MARGIN, today)
