"""What a scorecard says: figures, each a quotient of two sums that can be followed to events."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import NamedTuple

from contracts.values import minor_digits

SECONDS_PER_HOUR = 3_600
MONTHS_MAX = 36


class Figure(StrEnum):
    """What is measured of a supplier and its buyer with each other."""

    ON_TIME_FIRST = "on_time_first"  # delivered in full by the day promised first
    ON_TIME = "on_time_current"  # … by the day agreed on last
    CONFIRMATION = "confirmation_hours"  # from the order to its first promise
    ACCEPTANCE = "acceptance_days"  # from delivery to acceptance, calendar days
    PAYMENT = "payment_days"  # from delivery to payment, calendar days
    WITHIN_LEGAL_TERM = "within_term"  # of what had to be paid by law, paid by then
    ORDERED = "ordered_amount"
    OVERDUE = "overdue_amount"  # today: past the agreed or the legal day, and not paid


class Kind(StrEnum):
    """How a figure reads."""

    SHARE = "share"
    HOURS = "hours"
    DAYS = "days"
    AMOUNT = "amount"


UNITS = {Kind.SHARE: "%", Kind.HOURS: "h", Kind.DAYS: "d"}
TIMES = {Kind.SHARE: Decimal(100), Kind.HOURS: 1 / Decimal(SECONDS_PER_HOUR), Kind.DAYS: Decimal(1)}


class Counts(NamedTuple):
    """What a buyer and a supplier did with each other in some months, added up."""

    confirmations: int = 0
    confirmation_s: int = 0
    acceptances: int = 0
    acceptance_days: int = 0
    first_promised: int = 0
    first_kept: int = 0
    promised: int = 0
    kept: int = 0


class Amounts(NamedTuple):
    """What they ordered, owed and paid in some months in one currency, added up."""

    ordered_minor: int = 0
    payments: int = 0
    payment_days: int = 0
    legal_due_minor: int = 0
    legal_kept_minor: int = 0


class Pending(NamedTuple):
    """Promises of those months whose day has not passed, and that are not kept in full either."""

    first_promised: int = 0
    promised: int = 0


@dataclass(frozen=True, slots=True)
class Figured:
    """A figure with the two sums it comes from; no value where there is nothing to measure."""

    figure: Figure
    kind: Kind
    currency: str | None
    numerator: Decimal
    numerator_unit: str
    denominator: Decimal | None
    denominator_unit: str | None

    @property
    def value(self) -> Decimal | None:
        """Percent, hours and days to one decimal, an amount as it is."""
        if self.kind is Kind.AMOUNT:
            return self.numerator
        if not self.denominator:
            return None
        quotient = self.numerator * TIMES[self.kind] / self.denominator
        return quotient.quantize(Decimal("0.1"), ROUND_HALF_UP)

    @property
    def unit(self) -> str:
        """What the value is in: %, h, d, or the currency."""
        return self.currency or "" if self.kind is Kind.AMOUNT else UNITS[self.kind]


def figured(
    counts: Counts,
    amounts: Mapping[str, Amounts],
    overdue_minor: Mapping[str, int],
    pending: Pending,
) -> list[Figured]:
    """Work out all figures; those of money come once per currency.

    A promise counts once its day has passed, or once all of it is there.
    """
    found = list(_counted(counts, pending))
    for currency in sorted({*amounts, *overdue_minor}):
        found += _of_money(currency, amounts.get(currency, Amounts()))
        owed = overdue_minor.get(currency, 0)
        found.append(_amount(Figure.OVERDUE, owed, currency))
    return found


def _counted(counts: Counts, pending: Pending) -> Iterator[Figured]:
    share, lines = Kind.SHARE, ("lines", "lines")
    due = counts.first_promised - pending.first_promised
    yield _quotient(Figure.ON_TIME_FIRST, share, counts.first_kept, due, lines)
    due = counts.promised - pending.promised
    yield _quotient(Figure.ON_TIME, share, counts.kept, due, lines)
    took = counts.confirmation_s, counts.confirmations
    yield _quotient(Figure.CONFIRMATION, Kind.HOURS, *took, ("seconds", "lines"))
    took = counts.acceptance_days, counts.acceptances
    yield _quotient(Figure.ACCEPTANCE, Kind.DAYS, *took, ("days", "acceptances"))


def _of_money(currency: str, amounts: Amounts) -> Iterator[Figured]:
    took = amounts.payment_days, amounts.payments
    yield _quotient(Figure.PAYMENT, Kind.DAYS, *took, ("days", "payments"), currency)
    yield Figured(
        Figure.WITHIN_LEGAL_TERM,
        Kind.SHARE,
        currency,
        major(amounts.legal_kept_minor, currency),
        currency,
        major(amounts.legal_due_minor, currency),
        currency,
    )
    yield _amount(Figure.ORDERED, amounts.ordered_minor, currency)


def _quotient(  # noqa: PLR0913, PLR0917  each is one of its parts
    figure: Figure,
    kind: Kind,
    numerator: int,
    denominator: int,
    units: tuple[str, str],
    currency: str | None = None,
) -> Figured:
    of, by = Decimal(numerator), Decimal(denominator)
    return Figured(figure, kind, currency, of, units[0], by, units[1])


def _amount(figure: Figure, minor: int, currency: str) -> Figured:
    amount = major(minor, currency)
    return Figured(figure, Kind.AMOUNT, currency, amount, currency, None, None)


def major(minor: int, currency: str) -> Decimal:
    """Return an amount in its currency's own unit."""
    return Decimal(minor).scaleb(-minor_digits(currency))


def first_of_month(day: date) -> date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def month_after(month: date, *, months: int = 1) -> date:
    """Return the first day of a month so many months later, or earlier."""
    number = month.year * 12 + month.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)
