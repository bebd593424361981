"""What is counted at the gate, against a notice or without one."""

from collections import ChainMap
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from decimal import Decimal
from hashlib import sha256
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from contracts.values import plain
from services.logistics.domain.deadlines import Inspection
from services.logistics.domain.quantities import ZERO
from services.logistics.domain.shipments import (
    Goods,
    Shipment,
    ShipmentState,
)

WRONG = "不是所订物料 Not what was ordered"  # why a wrong item is rejected from the start


class LineCounted(NamedTuple):
    """What was counted of one line; with no line named, of an item that nobody ordered."""

    received: Decimal
    damaged: Decimal = ZERO
    notice_line_id: UUID | None = None
    schedule_line_id: UUID | None = None
    item_number: str | None = None
    item_name: str | None = None
    unit: str | None = None
    note: str | None = None
    photo_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ReceiptAsked:
    """A receipt as the buyer wrote it."""

    id: UUID
    number: str  # empty: it gets the next
    lines: tuple[LineCounted, ...]
    received_at: datetime
    shipment_id: UUID | None = None
    supplier_id: UUID | None = None
    complete: bool = True  # what is still on the way of the shipment is missing

    def digest(self) -> bytes:
        """Tell content apart: the same number and the same content are the same receipt."""
        said = [str(self.shipment_id), str(self.complete)]
        said += [
            f"{line.notice_line_id} {line.schedule_line_id} {line.item_number}"
            f" {plain(line.received)} {plain(line.damaged)}"
            for line in self.lines
        ]
        return sha256(repr(said).encode()).digest()


@dataclass(frozen=True, slots=True)
class Counted:
    """A line of a receipt that counts."""

    id: UUID
    received: Decimal
    item_number: str
    item_name: str
    unit: str
    over: Decimal = ZERO
    missing: Decimal = ZERO
    damaged: Decimal = ZERO
    accepted: Decimal = ZERO
    rejected: Decimal = ZERO
    reason: str | None = None
    goods: Goods | None = None  # None: a wrong item
    notice_line_id: UUID | None = None
    note: str | None = None
    photo_id: UUID | None = None

    @property
    def waiting(self) -> Decimal:
        return self.received - self.accepted - self.rejected


class Received(NamedTuple):
    """A receipt that counts, and what it brings about."""

    asked: ReceiptAsked
    supplier_id: UUID
    lines: tuple[Counted, ...]
    delivered_on: date
    inspection: Inspection
    working_days: int
    digest: bytes
    postings: tuple[datetime, ...]  # when it was counted; history may know several times
    before: Shipment | None = None
    after: Shipment | None = None
    shipped: Mapping[UUID, Goods] = MappingProxyType({})  # what the shipment brings

    def numbered(self, number: str) -> "Received":
        """Give it the number that was drawn for it."""
        return self._replace(asked=replace(self.asked, number=number))

    @property
    def departs(self) -> bool:
        """Whether nobody had said before that the shipment left."""
        return self.before is not None and self.before.state is ShipmentState.PLANNED

    @property
    def arrives(self) -> bool:
        """Whether nobody had said before that the shipment is there."""
        return self.before is not None and self.before.arrived_at is None


class Circumstances(NamedTuple):
    """Who receives, when, whose calendar counts, and what was agreed with each supplier."""

    buyer_id: UUID
    at: datetime
    zone: tzinfo
    working_days: Mapping[UUID, int]
    new_id: Callable[[], UUID]
    working_days_default: int = 3


@dataclass
class Floor:
    """What is held while receipts are counted: shipments and the goods of schedule lines."""

    goods: MutableMapping[UUID, Goods]
    shipments: MutableMapping[UUID, Shipment] = field(default_factory=dict)

    def trial(self) -> "Floor":
        """Return a floor on which what is done can be forgotten."""
        return Floor(ChainMap({}, self.goods), ChainMap({}, self.shipments))

    def keep(self, trial: "Floor") -> None:
        """Let count what was done on a trial."""
        assert isinstance(trial.goods, ChainMap)
        assert isinstance(trial.shipments, ChainMap)
        self.goods.update(trial.goods.maps[0])
        self.shipments.update(trial.shipments.maps[0])
