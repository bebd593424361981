"""Late interest (Decree 802, Art. 17): the agreed rate, not below the one-year LPR at signing.

Where none was agreed 0.05 % per day; a year counts 365 days, also a leap year; rounded half up to
the currency's smallest unit, once, at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from services.settlement.domain.clock import Agreement, percent_per_year
from services.settlement.domain.rules import Rule

YEAR_DAYS = 365
PERCENT = 100


@dataclass(frozen=True, slots=True)
class Paid:
    """A part of a debt that was paid."""

    on: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Interest:
    """What lateness costs up to a day, at which rate and by which rule."""

    amount_minor: int | None  # None: no rate was agreed and no law names one
    days_late: int
    percent_per_year: Decimal | None
    percent_per_day: Decimal | None
    rule: Rule
    floor_unknown: bool = False  # a rate was agreed, but nobody told the LPR at signing


def interest(  # noqa: PLR0913  # a debt has that many sides
    agreed: Agreement,
    *,
    late_from: date,
    owed_minor: int,
    until: date,
    disputed_minor: int = 0,
    paid: Sequence[Paid] = (),
) -> Interest:
    """Reckon the interest on what is undisputed and unpaid after the last day in time.

    Each day bears interest on what was open at its end; a payment's own day still counts as late.
    """
    yearly = percent_per_year(agreed.terms, floor=agreed.protected)
    rule = _rule(agreed, yearly)
    daily = rule.percent_per_day
    undisputed = max(owed_minor - disputed_minor, 0)
    slices = _open(undisputed, paid, late_from, until)
    rate = _per_day(yearly, daily)
    weighed = sum(days * amount for days, amount in slices)
    return Interest(
        amount_minor=None if rate is None else half_up(weighed * rate),
        days_late=sum(days for days, amount in slices if amount),
        percent_per_year=yearly if daily is None else None,
        percent_per_day=daily,
        rule=rule,
        floor_unknown=agreed.protected and yearly is not None and agreed.terms.lpr_percent is None,
    )


def half_up(amount: Fraction) -> int:
    """Round an amount that is not negative to a whole one, a half upwards."""
    return (2 * amount.numerator + amount.denominator) // (2 * amount.denominator)


def _rule(agreed: Agreement, yearly: Decimal | None) -> Rule:
    if not agreed.protected:
        return agreed.law["interest_outside"]
    if yearly is None:
        return agreed.law["interest_default"]
    lifted = yearly != agreed.terms.late_interest_percent
    return agreed.law["interest_floor" if lifted else "interest_agreed"]


def _per_day(yearly: Decimal | None, daily: Decimal | None) -> Fraction | None:
    if daily is not None:
        return Fraction(daily) / PERCENT
    return None if yearly is None else Fraction(yearly) / PERCENT / YEAR_DAYS


def _open(owed: int, paid: Sequence[Paid], late_from: date, until: date) -> list[tuple[int, int]]:
    """Return for how many late days which amount was open."""
    found: list[tuple[int, int]] = []
    since = late_from
    for each in sorted(paid, key=lambda each: each.on):
        if each.on > until:
            break
        if each.on > since:
            found.append(((each.on - since).days, owed))
            since = each.on
        owed = max(owed - each.amount_minor, 0)
    if until > since:
        found.append(((until - since).days, owed))
    return found
