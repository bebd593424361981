"""The three-way match of order, receipt and invoice.

A line of an invoice takes accepted deliveries of its order line, the earliest first. What they
are worth at the order's price, within the tolerances that both sides agreed on, is undisputed and
payable although the rest of the invoice is disputed (Decree 802, Art. 15).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from contracts.orders import Side
from contracts.settlement import Verdict
from services.settlement.domain.valuation import share, taken_value

ZERO, HUNDRED = Decimal(0), Decimal(100)


class Reason(StrEnum):
    """Why a line is not simply payable."""

    PRICE_ABOVE_ORDER = "price_above_order"
    PRICE_BELOW_ORDER = "price_below_order"
    NOT_YET_ACCEPTED = "not_yet_accepted"  # it came, and nobody has judged it
    MORE_THAN_ACCEPTED = "more_than_accepted"
    ALREADY_INVOICED = "already_invoiced"
    REJECTED = "rejected"  # by the buyer: a credit note is awaited


ACTS = {
    Reason.PRICE_ABOVE_ORDER: Side.BUYER,
    Reason.PRICE_BELOW_ORDER: Side.BUYER,
    Reason.NOT_YET_ACCEPTED: Side.BUYER,
    Reason.MORE_THAN_ACCEPTED: Side.SUPPLIER,
    Reason.ALREADY_INVOICED: Side.SUPPLIER,
    Reason.REJECTED: Side.SUPPLIER,
}
"""Who must act first; either side may hand it to the other."""


class Delivery(NamedTuple):
    """An accepted delivery: what of it nobody has invoiced yet."""

    payable_id: UUID
    rest: Decimal
    rest_minor: int


class Claimed(NamedTuple):
    """What a line of an invoice asks for."""

    quantity: Decimal
    amount_minor: int


class Background(NamedTuple):
    """What else is known of the order line."""

    waiting: Decimal = ZERO  # received, and neither accepted nor rejected
    invoiced: Decimal = ZERO  # accepted and invoiced before


class Taken(NamedTuple):
    """A part of a delivery that an invoice line claims."""

    payable_id: UUID
    quantity: Decimal
    value_minor: int  # at the order's price
    amount_minor: int  # undisputed
    disputed_minor: int = 0  # a price above the order's


class Match(NamedTuple):
    """How a line of an invoice stands beside its order and receipts."""

    verdict: Verdict
    reason: Reason | None
    must_act: Side | None
    taken: tuple[Taken, ...]
    unmatched: Decimal  # quantity that no accepted delivery stands behind
    unmatched_minor: int

    @property
    def undisputed_minor(self) -> int:
        return sum(part.amount_minor for part in self.taken)

    @property
    def disputed_minor(self) -> int:
        return self.unmatched_minor + sum(part.disputed_minor for part in self.taken)


@dataclass(slots=True)
class Tolerance:
    """By how much an invoice may differ: each line by a share, all lines by an amount together."""

    percent: Decimal = ZERO
    left_minor: int | None = field(default=None)  # None: no limit per invoice

    def bears(self, difference_minor: int, value_minor: int) -> bool:
        """Tell whether a line may differ by so much; what it uses up is gone for the next."""
        by = abs(difference_minor)
        if by * HUNDRED > abs(value_minor) * self.percent:
            return False
        if self.left_minor is not None:
            if by > self.left_minor:
                return False
            self.left_minor -= by
        return True


def take(deliveries: Sequence[Delivery], quantity: Decimal) -> list[tuple[UUID, Decimal, int]]:
    """Take a quantity from deliveries in turn; return which, how much and what it is worth."""
    taken = []
    for delivery in deliveries:
        part = min(quantity, delivery.rest)
        if part > 0:
            value = taken_value(delivery.rest_minor, delivery.rest, part)
            taken.append((delivery.payable_id, part, value))
            quantity -= part
    return taken


def match(
    claimed: Claimed,
    deliveries: Sequence[Delivery],
    *,
    tolerance: Tolerance,
    background: Background = Background(),  # noqa: B008  immutable
) -> Match:
    """Match a line with what was accepted; what nothing stands behind is disputed.

    A price above the order's, beyond the tolerance, is disputed by the difference alone.
    """
    parts = take(deliveries, claimed.quantity)
    quantity = sum((part for _, part, _ in parts), ZERO)
    unmatched = claimed.quantity - quantity
    asked = share(claimed.amount_minor, quantity, claimed.quantity)
    missing = claimed.amount_minor - asked
    taken, verdict, reason = _priced(parts, asked, tolerance)
    if unmatched:
        verdict, reason = Verdict.EXCEPTION, _lacking(unmatched, background)
    return Match(verdict, reason, ACTS[reason] if reason else None, taken, unmatched, missing)


def _lacking(unmatched: Decimal, background: Background) -> Reason:
    if background.waiting >= unmatched:
        return Reason.NOT_YET_ACCEPTED
    return Reason.ALREADY_INVOICED if background.invoiced else Reason.MORE_THAN_ACCEPTED


def _priced(
    parts: Sequence[tuple[UUID, Decimal, int]], asked: int, tolerance: Tolerance
) -> tuple[tuple[Taken, ...], Verdict, Reason | None]:
    value = sum(worth for _, _, worth in parts)
    difference = asked - value
    bearable = not parts or tolerance.bears(difference, value)
    above = difference if difference > 0 and not bearable else 0
    spread = _spread(asked - above, [worth for _, _, worth in parts])
    last = len(parts) - 1
    taken = tuple(
        Taken(payable_id, quantity, worth, spread[n], above if n == last else 0)
        for n, (payable_id, quantity, worth) in enumerate(parts)
    )
    if not difference:
        return taken, Verdict.MATCHED, None
    if bearable:
        return taken, Verdict.WITHIN_TOLERANCE, None
    reason = Reason.PRICE_ABOVE_ORDER if above else Reason.PRICE_BELOW_ORDER
    return taken, Verdict.EXCEPTION, reason


def _spread(amount_minor: int, values: Sequence[int]) -> list[int]:
    """Spread an amount over parts by their values, exactly."""
    whole, spread, so_far, given = sum(values), [], 0, 0
    for n, value in enumerate(values):
        so_far += value
        if n == len(values) - 1:
            upto = amount_minor
        else:
            upto = share(amount_minor, Decimal(so_far), Decimal(whole)) if whole else 0
        spread.append(upto - given)
        given = upto
    return spread


def overall(verdicts: Sequence[Verdict]) -> Verdict:
    """Return how an invoice stands whose lines stand so."""
    for verdict in (Verdict.EXCEPTION, Verdict.WITHIN_TOLERANCE):
        if verdict in verdicts:
            return verdict
    return Verdict.MATCHED
