"""What quantities are worth: to the minor unit, and never a unit lost on the way."""

from decimal import ROUND_HALF_UP, Decimal

from contracts.values import minor_digits, plain
from services.settlement.domain.problems import AmountImpossible

AMOUNT_MINOR_MAX = 10**17
ONE = Decimal(1)


def share(amount_minor: int, part: Decimal, whole: Decimal) -> int:
    """Return what a part of a whole is worth, rounded half up."""
    return int((amount_minor * part / whole).quantize(ONE, ROUND_HALF_UP))


def accepted_value(
    amount_minor: int, ordered: Decimal, *, before: Decimal, accepted: Decimal
) -> int:
    """Return what newly accepted goods of an order line are worth.

    It is what all that is accepted now is worth, less what was worth before: so all of a line is
    worth the line's amount, however it comes. What is accepted above the order is worth the same
    per piece.
    """
    return share(amount_minor, before + accepted, ordered) - share(amount_minor, before, ordered)


def taken_value(rest_minor: int, rest: Decimal, taken: Decimal) -> int:
    """Return what is taken of a rest is worth; all of the rest is worth all that is left."""
    return share(rest_minor, taken, rest) if taken < rest else rest_minor


def minor(amount: Decimal, currency: str, *, field: str = "amount") -> int:
    """Return an amount in whole minor units; refused where the currency has none so small."""
    exact = amount.scaleb(minor_digits(currency))
    if exact != exact.to_integral_value() or abs(exact) > AMOUNT_MINOR_MAX:
        raise AmountImpossible(f"{field}: {plain(amount)} is no amount of {currency}.")
    return int(exact)
