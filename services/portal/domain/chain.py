"""How far an order has come, from promise to payment: shares of its value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from contracts.orders import Light
from contracts.values import Money

ZERO, ONE, HUNDRED = Decimal(0), Decimal(1), Decimal(100)
_ = str  # marks what the catalog translates

STATIONS = {
    "confirmed": _("Confirmed"),
    "made": _("Made"),
    "shipped": _("Shipped"),
    "accepted": _("Accepted"),
    "invoiced": _("Invoiced"),
    "paid": _("Paid"),
}


class Row(Protocol):
    """A schedule line, as orders tells of it."""

    @property
    def id(self) -> UUID: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def good(self) -> Decimal: ...
    @property
    def amount(self) -> Money: ...
    @property
    def light(self) -> Light: ...


class Goods(Protocol):
    """What became of a schedule line's goods, as logistics tells of them."""

    @property
    def schedule_line_id(self) -> UUID: ...
    @property
    def shipped(self) -> Decimal: ...
    @property
    def accepted(self) -> Decimal: ...


@dataclass(frozen=True)
class Station:
    """One of the steps of an order, and how much of its value has passed it."""

    name: str
    share: Decimal

    @property
    def percent(self) -> Decimal:
        """Whole percent; 100 only when all of it has passed."""
        if self.share >= ONE:
            return HUNDRED
        return min((self.share * HUNDRED).quantize(ONE), HUNDRED - 1)


def chain_of(
    rows: Sequence[Row],
    goods: Mapping[UUID, Goods] | None,
    money: tuple[int, int] | None,
) -> list[Station]:
    """Return the stations of an order; those of which nobody tells are left out.

    `money` is what was invoiced and what was paid, in minor units.
    """
    live = [row for row in rows if row.light is not Light.CANCELLED]
    worth = sum(row.amount.amount_minor for row in live)
    if not worth:
        return []

    def share(parts: Sequence[Decimal]) -> Decimal:
        passed = sum(
            (row.amount.amount_minor * part for row, part in zip(live, parts, strict=True)), ZERO
        )
        return passed / worth

    def of(row: Row, quantity: Decimal) -> Decimal:
        return min(quantity / row.quantity, ONE) if row.quantity else ZERO

    found = [
        Station(
            "confirmed", share([ZERO if row.light is Light.UNCONFIRMED else ONE for row in live])
        ),
        Station("made", share([of(row, row.good) for row in live])),
    ]
    if goods is not None:
        known = [goods.get(row.id) for row in live]
        pairs = list(zip(live, known, strict=True))
        shipped = [of(row, one.shipped) if one else ZERO for row, one in pairs]
        accepted = [of(row, one.accepted) if one else ZERO for row, one in pairs]
        found += [Station("shipped", share(shipped)), Station("accepted", share(accepted))]
    if money is not None:
        invoiced, paid = (min(Decimal(minor) / worth, ONE) for minor in money)
        found += [Station("invoiced", invoiced), Station("paid", paid)]
    return found
