"""What the logistics service tells the others: what left, what came, what was accepted."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from contracts.event import Event
from contracts.values import Quantity, Unit


class ShippedLine(BaseModel):
    """One line of an advance ship notice."""

    model_config = ConfigDict(frozen=True)

    notice_line_id: UUID
    order_id: UUID
    schedule_line_id: UUID
    item_number: str
    quantity: Quantity
    unit: Unit
    lot: str | None = None


class ReceivedLine(BaseModel):
    """What was counted of one line; what was not ordered is a line of its own.

    `received` is all that is there, what is over or damaged included; `missing` was announced and
    did not come.
    """

    model_config = ConfigDict(frozen=True)

    receipt_line_id: UUID
    notice_line_id: UUID | None = None
    order_id: UUID | None = None  # None: a wrong item
    schedule_line_id: UUID | None = None
    item_number: str
    unit: Unit
    received: Quantity
    over: Quantity
    missing: Quantity
    damaged: Quantity


class AcceptedLine(BaseModel):
    """What was judged of one received line, now."""

    model_config = ConfigDict(frozen=True)

    receipt_line_id: UUID
    order_id: UUID
    schedule_line_id: UUID
    accepted: Quantity
    rejected: Quantity
    reason: str | None = None  # of the rejection


class ShipmentPlanned(Event, type="logistics.shipment_planned.v1", subject="shipment_id"):
    """A supplier announced what it is about to ship; nothing has left yet."""

    shipment_id: UUID
    number: str  # of the notice, the supplier's own
    buyer_id: UUID
    supplier_id: UUID
    carrier_id: UUID | None = None
    lines: list[ShippedLine]
    estimated_arrival_at: datetime | None = None
    occurred_at: datetime
    recorded_at: datetime


class ShipmentCancelled(Event, type="logistics.shipment_cancelled.v1", subject="shipment_id"):
    """A notice was taken back before its goods had left."""

    shipment_id: UUID
    number: str
    buyer_id: UUID
    supplier_id: UUID
    reason: str
    occurred_at: datetime
    recorded_at: datetime


class ShipmentTracked(Event, type="logistics.shipment_tracked.v1", subject="shipment_id"):
    """A carrier told where a shipment is or what holds it up."""

    shipment_id: UUID
    number: str
    buyer_id: UUID
    supplier_id: UUID
    carrier_id: UUID
    kind: str
    place: str | None = None
    occurred_at: datetime
    recorded_at: datetime


class ShipmentDispatched(Event, type="logistics.shipment_dispatched.v1", subject="shipment_id"):
    """Goods left the supplier under an advance ship notice."""

    shipment_id: UUID
    number: str  # of the notice, the supplier's own
    buyer_id: UUID
    supplier_id: UUID
    carrier_id: UUID | None = None
    lines: list[ShippedLine]
    estimated_arrival_at: datetime | None = None
    occurred_at: datetime
    recorded_at: datetime
    imported: bool = False


class ShipmentArrived(Event, type="logistics.shipment_arrived.v1", subject="shipment_id"):
    """Goods are at the buyer's gate; nobody has counted them yet."""

    shipment_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    imported: bool = False


class GoodsReceived(Event, type="logistics.goods_received.v1", subject="receipt_id"):
    """The buyer counted what came; the days of inspection run from now."""

    receipt_id: UUID
    number: str
    shipment_id: UUID | None = None  # None: received without a notice
    buyer_id: UUID
    supplier_id: UUID
    lines: list[ReceivedLine]
    delivered_on: date
    inspection_ends_on: date  # the last day to accept or reject; then all is deemed accepted
    provisional: bool = False  # that day: the holidays of its year are not published yet
    occurred_at: datetime
    recorded_at: datetime
    imported: bool = False


class GoodsAccepted(Event, type="logistics.goods_accepted.v1", subject="receipt_id"):
    """Received quantities were accepted or rejected, by the buyer or because its time ran out."""

    acceptance_id: UUID
    receipt_id: UUID
    number: str
    buyer_id: UUID
    supplier_id: UUID
    lines: list[AcceptedLine]
    deemed: bool
    delivered_on: date
    inspection_ends_on: date
    accepted_on: date
    provisional: bool = False
    occurred_at: datetime
    recorded_at: datetime
    imported: bool = False
