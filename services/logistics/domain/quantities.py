"""What became of the goods of a schedule line, and of one line of a notice.

Nothing vanishes: shipped + over = received + missing + on the way, and
received = accepted + rejected + waiting. Quantities are exact decimals of the line's unit.
"""

from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal

from contracts.values import plain
from services.logistics.domain.problems import MoreThanLeft, QuantityTooLarge

ZERO, MILLIONTH = Decimal(0), Decimal("0.000001")
QUANTITY_MAX = Decimal(10) ** 12  # what a column of numeric(18, 6) cannot hold any more


def add(*quantities: Decimal) -> Decimal:
    """Add quantities up; refused is a sum that could not be kept."""
    total = sum(quantities, ZERO)
    if total >= QUANTITY_MAX:
        raise QuantityTooLarge(f"Less than {plain(QUANTITY_MAX)} can be counted of one line.")
    return total


@dataclass(frozen=True, slots=True)
class Tally:
    """The goods of one schedule line, over all notices and receipts."""

    ordered: Decimal
    planned: Decimal = ZERO  # on notices that have not left
    shipped: Decimal = ZERO  # left, on a notice or without
    over: Decimal = ZERO  # came beyond what was shipped to the buyer's knowledge
    received: Decimal = ZERO
    missing: Decimal = ZERO  # announced, and did not come
    accepted: Decimal = ZERO
    rejected: Decimal = ZERO

    def __post_init__(self) -> None:
        assert min(self.planned, self.shipped, self.over, self.received, self.missing) >= 0
        assert min(self.on_the_way, self.waiting, self.accepted, self.rejected) >= 0

    @property
    def on_the_way(self) -> Decimal:
        return self.shipped + self.over - self.received - self.missing

    @property
    def waiting(self) -> Decimal:
        return self.received - self.accepted - self.rejected

    @property
    def committed(self) -> Decimal:
        """What needs not be shipped any more: announced, on the way, or there and not rejected."""
        return self.planned + self.on_the_way + self.received - self.rejected

    @property
    def left(self) -> Decimal:
        """What is still to be shipped; what was missing or rejected is to come again."""
        return max(self.ordered - self.committed, ZERO)

    def most(self, tolerance_percent: Decimal) -> Decimal:
        """Return how much may be shipped yet, with what the relationship tolerates above it."""
        limit = self.ordered * (100 + tolerance_percent) / 100
        return max(limit.quantize(MILLIONTH, ROUND_DOWN) - self.committed, ZERO)

    def plan(self, quantity: Decimal, *, tolerance_percent: Decimal) -> "Tally":
        """Announce a quantity; refused above what is left and tolerated."""
        most = self.most(tolerance_percent)
        if quantity > most:
            raise MoreThanLeft(
                f"{plain(most)} can be shipped, not {plain(quantity)}: {plain(self.ordered)} are"
                f" ordered, with a tolerance of {plain(tolerance_percent)} %, and"
                f" {plain(self.committed)} are announced, on the way or received."
            )
        return replace(self, planned=self.planned + quantity)

    def cancel(self, quantity: Decimal) -> "Tally":
        """Take back what was announced."""
        return replace(self, planned=self.planned - quantity)

    def depart(self, quantity: Decimal) -> "Tally":
        """Send what was announced on its way."""
        shipped = add(self.shipped, quantity)
        return replace(self, planned=self.planned - quantity, shipped=shipped)

    def receive(self, quantity: Decimal, *, over: Decimal) -> "Tally":
        """Count what came of what is on the way, and what came beyond it."""
        received, beyond = add(self.received, quantity), add(self.over, over)
        return replace(self, received=received, over=beyond)

    def receive_unannounced(self, quantity: Decimal) -> tuple["Tally", Decimal]:
        """Count what came without a notice; what is above the quantity still expected is over."""
        expected = max(self.ordered - (self.committed - self.planned), ZERO)
        over = max(quantity - expected, ZERO)
        shipped = add(self.shipped, quantity - over)
        return replace(self, shipped=shipped).receive(quantity, over=over), over

    def miss(self, quantity: Decimal) -> "Tally":
        """Give up waiting for what did not come."""
        return replace(self, missing=self.missing + quantity)

    def judge(self, *, accepted: Decimal, rejected: Decimal) -> "Tally":
        """Accept and reject of what waits."""
        return replace(self, accepted=self.accepted + accepted, rejected=self.rejected + rejected)


@dataclass(frozen=True, slots=True)
class Announced:
    """The goods of one line of a notice."""

    quantity: Decimal
    departed: bool = False
    over: Decimal = ZERO
    received: Decimal = ZERO
    missing: Decimal = ZERO

    def __post_init__(self) -> None:
        assert self.quantity > 0
        assert min(self.over, self.received, self.missing, self.on_the_way) >= 0

    @property
    def on_the_way(self) -> Decimal:
        if not self.departed:
            return ZERO
        return self.quantity + self.over - self.received - self.missing

    def receive(self, quantity: Decimal) -> tuple["Announced", Decimal]:
        """Count what came; above what is on the way it is over."""
        over = max(quantity - self.on_the_way, ZERO)
        received = add(self.received, quantity)
        return replace(self, received=received, over=self.over + over), over

    def miss(self) -> tuple["Announced", Decimal]:
        """Give up waiting for what is still on the way."""
        missing = self.on_the_way
        return replace(self, missing=self.missing + missing), missing
