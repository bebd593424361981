"""When a work order will be completed, from the reports so far; inputs and method are shown."""

from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from math import exp, sqrt
from typing import NamedTuple

from services.production.domain.progress import Progress, Status

REPORTS_MIN = 2  # one report shows no pace
ELAPSED_S_MIN = 3_600  # nor do two that were typed in one after the other
DAY_S = 86_400
HORIZON_S_MAX = 10 * 365 * DAY_S
Z_50, Z_90 = 0.674, 1.645  # half-widths of the normal distribution's 50 % and 90 %


class Pace(NamedTuple):
    """What the reports that stand (neither reversed nor reversals) say about speed."""

    reports: int = 0
    started_at: datetime | None = None  # the first of them
    last_reported_at: datetime | None = None

    def with_report(self, at: datetime) -> "Pace":
        """Count one more report, which may have happened before others."""
        return Pace(
            self.reports + 1,
            min(self.started_at or at, at),
            max(self.last_reported_at or at, at),
        )


class Prediction(NamedTuple):
    """When a work order will be completed at its pace so far; see `contracts.production`."""

    predicted_on: date
    early_50_on: date
    late_50_on: date
    early_90_on: date
    late_90_on: date
    started_at: datetime
    last_reported_at: datetime
    reports: int
    done_share: Decimal


def predict(progress: Progress, pace: Pace, *, zone: tzinfo) -> Prediction | None:
    """Say when a work order will be completed if it goes on as from its first report to its last.

    n reports span n - 1 intervals, so the pace is (n - 1) / n of what is done, by the time between
    the first and the last. The reports are taken as a Poisson process, whose estimated rate has a
    logarithm with the standard error 1 / √n (Cox and Lewis, Statistical Analysis of Series of
    Events, 1966): the time that is left is multiplied by e^(± z / √n). None: not open, or fewer
    than two reports an hour apart.
    """
    reports, first, last = pace
    if progress.status is not Status.OPEN or reports < REPORTS_MIN or not first or not last:
        return None
    elapsed_s, share = (last - first).total_seconds(), progress.done_share
    if elapsed_s < ELAPSED_S_MIN or not share:
        return None
    rest_s = elapsed_s * reports / (reports - 1) * float((1 - share) / share)
    here = last.astimezone(zone)
    midnight, gone_s = here.toordinal(), here.hour * 3_600 + here.minute * 60 + here.second
    on, early_50_on, late_50_on, early_90_on, late_90_on = [
        date.fromordinal(midnight + int((gone_s + min(rest_s * factor, HORIZON_S_MAX)) // DAY_S))
        for factor in _spread(reports)
    ]
    return Prediction(
        on, early_50_on, late_50_on, early_90_on, late_90_on, first, last, reports, share
    )


@lru_cache(maxsize=1_024)
def _spread(reports: int) -> tuple[float, ...]:
    error = 1 / sqrt(reports)
    return 1.0, exp(-Z_50 * error), exp(Z_50 * error), exp(-Z_90 * error), exp(Z_90 * error)


def slippage(
    prediction: Prediction | None, promised_on: date, told_on: date | None
) -> tuple[bool, date | None]:
    """Decide whether to warn of a prediction, and what date has then been told.

    Warned is when it passes the promise, and again when it is a day or more later than was told.
    """
    if prediction is None or prediction.predicted_on <= promised_on:
        return False, None
    slips = told_on is None or prediction.predicted_on > told_on
    return slips, prediction.predicted_on if slips else told_on
