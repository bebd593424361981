"""What may be ordered, of whom, and what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from itertools import accumulate, pairwise
from typing import NamedTuple
from uuid import UUID

from contracts.onboarding import RelationshipState
from contracts.values import minor_digits, plain
from shared.problem import Conflict, FieldError, InvalidInput, NotFound, Problem

AMOUNT_MINOR_MAX = 10**17  # of an order; within bigint, with room for sums over many
ORDERABLE = frozenset({RelationshipState.ACTIVE})
ONCE_ORDERABLE = ORDERABLE | {RelationshipState.SUSPENDED, RelationshipState.ENDED}


class OrderNotFound(NotFound):
    """There is no such order, or it is not the caller's to see."""


class NoActiveRelationship(Conflict):
    """An order needs an active relationship with its supplier."""


class NumberTaken(Conflict):
    """The buyer has another order under this number."""


class IdTaken(Conflict):
    """Another order has this id."""


class AmountImpossible(InvalidInput):
    """The amount cannot be kept in whole minor units of its currency."""


class PositionTwice(InvalidInput):
    """Two lines of the order have the same position."""


class Wanted(NamedTuple):
    """So much of a line is wanted on a day."""

    quantity: Decimal
    due_on: date


@dataclass(frozen=True, slots=True)
class LineAsked:
    """One line of an order as the buyer wrote it."""

    position: int
    item_number: str
    item_name: str
    unit: str
    price: Decimal
    price_unit: int
    amount: Decimal | None
    plant: str | None
    wanted: tuple[Wanted, ...]

    @property
    def quantity(self) -> Decimal:
        """All that is wanted of it, whenever."""
        return sum((wanted.quantity for wanted in self.wanted), Decimal(0))


@dataclass(frozen=True, slots=True)
class OrderAsked:
    """An order as the buyer wrote it."""

    id: UUID
    number: str
    supplier_id: UUID
    currency: str
    incoterm: str | None
    incoterm_place: str | None
    lines: tuple[LineAsked, ...]

    def digest(self) -> bytes:
        """Tell content apart: the same number and the same content are the same order."""
        said = [self.number, str(self.supplier_id), self.currency, self.incoterm]
        said += [self.incoterm_place]
        for line in sorted(self.lines, key=lambda line: line.position):
            said += [str(line.position), line.item_number, line.item_name, line.unit, line.plant]
            said += [plain(line.price), str(line.price_unit)]
            said += [plain(line.amount) if line.amount is not None else None]
            for wanted in line.wanted:
                said += [plain(wanted.quantity), wanted.due_on.isoformat()]
            said += ["/"]
        return sha256(repr(said).encode()).digest()


class PricedLine(NamedTuple):
    """What a line costs: as given (or else as computed), as computed, and part by part."""

    amount_minor: int
    computed_minor: int
    parts_minor: tuple[int, ...]


class Known(NamedTuple):
    """An order that is already there."""

    id: UUID
    digest: bytes


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that may be placed, with what it costs."""

    order: OrderAsked
    digest: bytes
    lines: tuple[PricedLine, ...]

    @property
    def amount_minor(self) -> int:
        """What the whole order costs."""
        return sum(line.amount_minor for line in self.lines)


class AsBefore(NamedTuple):
    """The same order was placed before."""

    order_id: UUID


def price(line: LineAsked, currency: str) -> PricedLine:
    """Cost a line: the amount that was given counts, quantity × price is kept beside it."""
    digits = minor_digits(currency)
    exact = (line.quantity * line.price / line.price_unit).scaleb(digits)
    if exact > AMOUNT_MINOR_MAX:
        raise AmountImpossible(f"Quantity × price of line {line.position} is too large to keep.")
    computed = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    amount_minor = computed if line.amount is None else _minor(line, currency)
    return PricedLine(
        amount_minor, computed, shares(amount_minor, [part.quantity for part in line.wanted])
    )


def _minor(line: LineAsked, currency: str) -> int:
    assert line.amount is not None
    exact = line.amount.scaleb(minor_digits(currency))
    if exact != exact.to_integral_value() or exact > AMOUNT_MINOR_MAX:
        said = f"{plain(line.amount)} on line {line.position} is no amount of {currency}."
        raise AmountImpossible(said, errors=[FieldError(field="amount", detail=said)])
    return int(exact)


def shares(amount_minor: int, quantities: Sequence[Decimal]) -> tuple[int, ...]:
    """Share an amount out by quantity; the shares add up to it, each within one minor unit."""
    if len(quantities) == 1:
        return (amount_minor,)
    total = sum(quantities, Decimal(0))
    reached = (
        int((amount_minor * quantity / total).quantize(Decimal(1), ROUND_HALF_UP))
        for quantity in accumulate(quantities)
    )
    return tuple(after - before for before, after in pairwise([0, *reached]))


def judge(
    orders: Sequence[OrderAsked],
    *,
    known: Mapping[str, Known],
    relationships: Mapping[UUID, RelationshipState],
    orderable: frozenset[RelationshipState] = ORDERABLE,
) -> list[Placed | AsBefore | Problem]:
    """Say of each order whether it is new, was there before, or is refused, and why.

    `known` holds the buyer's orders by number, `relationships` how it stands with suppliers.
    They count in turn, as they would one at a time.
    """
    there = dict(known)
    ids = {order.id for order in known.values()}
    judged: list[Placed | AsBefore | Problem] = []
    for order in orders:
        try:
            outcome = _judged(order, there, ids, relationships.get(order.supplier_id), orderable)
        except Problem as refusal:
            judged.append(refusal)
        else:
            judged.append(outcome)
            if isinstance(outcome, Placed):
                there[order.number] = Known(order.id, outcome.digest)
                ids.add(order.id)
    return judged


def _judged(
    order: OrderAsked,
    there: Mapping[str, Known],
    ids: set[UUID],
    state: RelationshipState | None,
    orderable: frozenset[RelationshipState],
) -> Placed | AsBefore:
    digest = order.digest()
    if before := there.get(order.number):
        return as_before(order, digest, before)
    if order.id in ids:
        raise IdTaken("Draw a new id, or leave it out.")
    if state not in orderable:
        raise NoActiveRelationship(_remedy(state))
    positions = [line.position for line in order.lines]
    if len(set(positions)) < len(positions):
        said = "Give each line a position of its own."
        raise PositionTwice(said, errors=[FieldError(field="lines", detail=said)])
    lines = tuple(price(line, order.currency) for line in order.lines)
    placed = Placed(order, digest, lines)
    if placed.amount_minor > AMOUNT_MINOR_MAX:
        raise AmountImpossible("The order as a whole is too large to keep; split it.")
    return placed


def as_before(order: OrderAsked, digest: bytes, before: Known) -> AsBefore:
    """Recognize an order that is there, or refuse another one under its number."""
    if digest != before.digest:
        raise NumberTaken(
            f"Order {order.number} is there with another content. "
            "Propose changes to its lines, or use another number."
        )
    return AsBefore(before.id)


def _remedy(state: RelationshipState | None) -> str:
    if state is None:
        return "Propose a relationship to this supplier; you can order once it has accepted."
    if state is RelationshipState.PROPOSED:
        return "The supplier has not accepted the relationship yet; you can order once it has."
    if state is RelationshipState.SUSPENDED:
        return "The relationship is suspended; you can order once it is resumed."
    return "The relationship has ended; propose a new one to order again."
