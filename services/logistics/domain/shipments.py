"""Notices of what is shipped: what may stand on them, and how a shipment goes its way."""

from collections import ChainMap, defaultdict
from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from contracts.values import plain
from services.logistics.domain.problems import (
    AlreadyDeparted,
    CarrierUnknown,
    NotConfirmed,
    NotUnderWay,
    NotYetHappened,
    NotYourSide,
    NumberTaken,
    OtherBuyer,
    OutOfOrder,
    PackedOtherwise,
    ScheduleLineNotFound,
)
from services.logistics.domain.quantities import ZERO, Announced, Tally
from shared.problem import FieldError, Problem


class ShipmentState(StrEnum):
    """How far a shipment has come."""

    PLANNED = "planned"
    DISPATCHED = "dispatched"
    ARRIVED = "arrived"
    RECEIVED = "received"
    CANCELLED = "cancelled"


UNDER_WAY = frozenset({ShipmentState.DISPATCHED, ShipmentState.ARRIVED})


class LineState(StrEnum):
    """How a schedule line stands, as orders told."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Goods:
    """A schedule line whose quantities nobody else changes meanwhile."""

    id: UUID
    buyer_id: UUID
    supplier_id: UUID
    order_id: UUID
    order_number: str
    position: int
    sequence: int
    item_number: str
    item_name: str
    unit: str
    state: LineState
    expected_on: date  # promised, or else wanted
    tally: Tally
    tolerance_percent: Decimal = ZERO


class LineAsked(NamedTuple):
    """So much of a schedule line is to go."""

    schedule_line_id: UUID
    quantity: Decimal
    lot: str | None = None


class PackageAsked(NamedTuple):
    """A handling unit, and how much of which line of the notice (from 1) lies in it."""

    kind: str
    contents: tuple[tuple[int, Decimal], ...]


@dataclass(frozen=True, slots=True)
class ShipmentAsked:
    """A notice as the supplier wrote it."""

    id: UUID
    number: str  # empty: it gets the next
    buyer_id: UUID
    lines: tuple[LineAsked, ...]
    packages: tuple[PackageAsked, ...] = ()
    carrier_id: UUID | None = None
    carrier_name: str | None = None
    vehicle: str | None = None
    note: str | None = None
    estimated_departure_at: datetime | None = None
    estimated_arrival_at: datetime | None = None

    def digest(self) -> bytes:
        """Tell content apart: the same number and the same content are the same notice."""
        said = [str(self.buyer_id), str(self.carrier_id), self.carrier_name, self.vehicle]
        said += [self.note]
        said += [
            f"{line.schedule_line_id} {plain(line.quantity)} {line.lot}" for line in self.lines
        ]
        return sha256(repr(said).encode()).digest()


class Known(NamedTuple):
    """A document that is there already."""

    id: UUID
    digest: bytes


class AsBefore(NamedTuple):
    """The same document was sent before."""

    id: UUID
    number: str


class Planned(NamedTuple):
    """A notice that is new, and what its lines are about."""

    asked: ShipmentAsked
    goods: tuple[Goods, ...]

    @property
    def expected_on(self) -> date:
        """The earliest day on which something of it was promised."""
        return min(goods.expected_on for goods in self.goods)

    def numbered(self, number: str) -> "Planned":
        """Give it the number that was drawn for it."""
        return self._replace(asked=replace(self.asked, number=number))


def plan(
    asked: Sequence[ShipmentAsked],
    *,
    goods: MutableMapping[UUID, Goods],
    known: Mapping[str, Known],
    supplier_id: UUID,
    carriers: Collection[UUID] = (),
) -> list[Planned | AsBefore | Problem]:
    """Say of each notice whether it is new, was there before, or is refused, and why.

    They count in turn, as they would one at a time; `goods` holds afterwards what is left. Whoever
    of `carriers` is asked to carry exists, and the two parties may always carry themselves.
    """
    there, outcomes = dict(known), []
    for one in asked:
        outcome: Planned | AsBefore | Problem
        try:
            trial = ChainMap({}, goods)
            outcome = _planned(one, trial, there.get(one.number), supplier_id)
            if isinstance(outcome, Planned):
                check_carrier(one, {supplier_id, one.buyer_id, *carriers})
        except Problem as refusal:
            outcome = refusal
        else:
            goods.update(trial.maps[0])
            if one.number:
                there.setdefault(one.number, Known(one.id, one.digest()))
        outcomes.append(outcome)
    return outcomes


def _planned(
    asked: ShipmentAsked,
    goods: MutableMapping[UUID, Goods],
    before: Known | None,
    supplier_id: UUID,
) -> Planned | AsBefore:
    if before:
        return as_before(asked.number, asked.digest(), before)
    check_packages(asked.packages, [line.quantity for line in asked.lines])
    _check_estimates(asked)
    chosen = []
    for line in asked.lines:
        found = to_ship(goods.get(line.schedule_line_id), asked.buyer_id, supplier_id)
        tally = found.tally.plan(line.quantity, tolerance_percent=found.tolerance_percent)
        goods[found.id] = replace(found, tally=tally)
        chosen.append(found)
    return Planned(asked, tuple(chosen))


def check_carrier(asked: ShipmentAsked, known: Collection[UUID]) -> None:
    """Refuse a carrier that is nobody here: its tracking would never come."""
    if asked.carrier_id is not None and asked.carrier_id not in known:
        raise CarrierUnknown(
            "carrier_id: no organization here has this id, or it registered a moment ago: then try"
            " again shortly. Write the name of another carrier into carrier_name."
        )


def as_before(number: str, digest: bytes, before: Known) -> AsBefore:
    """Recognize a document that is there, or refuse another one under its number."""
    if digest != before.digest:
        raise NumberTaken(f"{number} is there with another content. Use another number.")
    return AsBefore(before.id, number)


def to_ship(found: Goods | None, buyer_id: UUID, supplier_id: UUID) -> Goods:
    """Return goods that the caller may ship to this buyer; refused are any others."""
    if found is None:
        raise ScheduleLineNotFound("There is no such schedule line among yours.")
    if found.supplier_id != supplier_id:
        raise NotYourSide("Only the supplier ships this schedule line.")
    if found.buyer_id != buyer_id:
        raise OtherBuyer(f"Order {found.order_number} is another buyer's: make a notice for each.")
    if found.state is not LineState.CONFIRMED:
        said = "was cancelled" if found.state is LineState.CANCELLED else "waits to be confirmed"
        raise NotConfirmed(f"Line {found.position} of order {found.order_number} {said}.")
    return found


def check_packages(packages: Sequence[PackageAsked], quantities: Sequence[Decimal]) -> None:
    """Refuse packages that hold more than the notice says; what is loose lies in none."""
    packed: defaultdict[int, Decimal] = defaultdict(Decimal)
    for package in packages:
        for line, quantity in package.contents:
            if not 1 <= line <= len(quantities):
                said = f"The notice has lines 1 to {len(quantities)}."
                raise PackedOtherwise(said, errors=[FieldError(field="packages", detail=said)])
            packed[line] += quantity
    for line, quantity in packed.items():
        if quantity > quantities[line - 1]:
            said = (
                f"Line {line} has {plain(quantities[line - 1])}, and {plain(quantity)} are packed."
            )
            raise PackedOtherwise(said, errors=[FieldError(field="packages", detail=said)])


def _check_estimates(asked: ShipmentAsked) -> None:
    leaves, comes = asked.estimated_departure_at, asked.estimated_arrival_at
    if leaves and comes and comes < leaves:
        said = "It cannot arrive before it leaves."
        field = "estimated_arrival_at"
        raise OutOfOrder(said, errors=[FieldError(field=field, detail=said)])


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A line of a notice while nobody else changes it."""

    id: UUID
    schedule_line_id: UUID
    goods: Announced
    lot: str | None = None


@dataclass(frozen=True, slots=True)
class Shipment:
    """A shipment while nobody else changes it."""

    id: UUID
    number: str
    buyer_id: UUID
    supplier_id: UUID
    state: ShipmentState
    lines: tuple[NoticeLine, ...]
    departed_at: datetime | None = None
    arrived_at: datetime | None = None
    received_at: datetime | None = None

    def depart(self, when: datetime, *, now: datetime) -> "Shipment":
        """Leave; refused in the future, and twice."""
        if self.state is not ShipmentState.PLANNED:
            raise AlreadyDeparted(f"The shipment is {self.state} already.")
        _refuse_future(when, now)
        lines = tuple(
            replace(line, goods=replace(line.goods, departed=True)) for line in self.lines
        )
        return replace(self, state=ShipmentState.DISPATCHED, departed_at=when, lines=lines)

    def arrive(self, when: datetime, *, now: datetime) -> "Shipment":
        """Stand at the gate; refused before departure, in the future, and twice."""
        if self.state is not ShipmentState.DISPATCHED or self.departed_at is None:
            raise NotUnderWay(f"The shipment is {self.state}: only what has left can arrive.")
        _refuse_future(when, now)
        if when < self.departed_at:
            said = f"It left at {self.departed_at.isoformat()}."
            raise OutOfOrder(said, errors=[FieldError(field="at", detail=said)])
        return replace(self, state=ShipmentState.ARRIVED, arrived_at=when)

    def cancel(self) -> "Shipment":
        """Take a notice back before its goods have left."""
        if self.state is not ShipmentState.PLANNED:
            raise AlreadyDeparted(
                f"The shipment is {self.state}: what does not come is counted as missing when it"
                " is received."
            )
        return replace(self, state=ShipmentState.CANCELLED)


def _refuse_future(when: datetime, now: datetime) -> None:
    if when > now:
        said = f"{when.isoformat()} is yet to come; say when it is estimated instead."
        raise NotYetHappened(said, errors=[FieldError(field="at", detail=said)])


def apply_departure(shipment: Shipment, goods: MutableMapping[UUID, Goods]) -> None:
    """Count as shipped what a shipment took with it."""
    for line in shipment.lines:
        of = goods[line.schedule_line_id]
        goods[of.id] = replace(of, tally=of.tally.depart(line.goods.quantity))


def apply_cancellation(shipment: Shipment, goods: MutableMapping[UUID, Goods]) -> None:
    """Give back what a notice had announced."""
    for line in shipment.lines:
        of = goods[line.schedule_line_id]
        goods[of.id] = replace(of, tally=of.tally.cancel(line.goods.quantity))
