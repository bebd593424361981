"""Shipments and what is ready for them, as the logistics service tells of them."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from contracts.orders import Side
from services.portal.schemas.answers import Answer


class ShipmentState(StrEnum):
    """How far a shipment has come."""

    PLANNED = "planned"
    DISPATCHED = "dispatched"
    ARRIVED = "arrived"
    RECEIVED = "received"
    CANCELLED = "cancelled"


class ReadyLine(Answer):
    """A confirmed schedule line of which something is still to be shipped."""

    schedule_line_id: UUID
    order_id: UUID
    order_number: str
    position: int
    sequence: int
    item_number: str
    item_name: str
    unit: str
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    quantity: Decimal
    planned: Decimal = Decimal(0)
    shipped: Decimal = Decimal(0)
    accepted: Decimal = Decimal(0)
    left_to_ship: Decimal
    good: Decimal | None = None
    due_on: date
    promised_on: date | None = None

    @property
    def until(self) -> date:
        return self.promised_on or self.due_on

    @property
    def ready(self) -> Decimal:
        """How much of it is made and not yet under way; all of it where nobody reports."""
        if self.good is None:
            return self.left_to_ship
        return max(min(self.left_to_ship, self.good - self.shipped - self.planned), Decimal(0))


class NoticeLine(Answer):
    """A line of a notice, and what was counted of it."""

    id: UUID
    sequence: int
    schedule_line_id: UUID
    order_id: UUID
    order_number: str
    position: int
    item_number: str
    item_name: str
    unit: str
    quantity: Decimal
    lot: str | None = None
    received: Decimal = Decimal(0)
    missing: Decimal = Decimal(0)
    over: Decimal = Decimal(0)
    on_the_way: Decimal = Decimal(0)


class Content(Answer):
    """How much of which line of the notice lies in a package."""

    line: int
    quantity: Decimal


class Package(Answer):
    """A handling unit with its number."""

    id: UUID
    sequence: int
    kind: str
    sscc: str
    lines: list[Content] = Field(default_factory=list)

    @property
    def holds(self) -> dict[int, Decimal]:
        return {content.line: content.quantity for content in self.lines}


class ShipmentSummary(Answer):
    """A shipment in a list."""

    id: UUID
    number: str
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    state: ShipmentState
    carrier_name: str | None = None
    vehicle: str | None = None
    package_count: int = 0
    line_count: int = 0
    order_numbers: list[str] = Field(default_factory=list)
    estimated_departure_at: datetime | None = None
    estimated_arrival_at: datetime | None = None
    expected_at: datetime | None = None
    departed_at: datetime | None = None
    arrived_at: datetime | None = None
    received_at: datetime | None = None

    def side_of(self, organization_id: UUID) -> Side:
        """Say on which side an organization stands."""
        return Side.BUYER if organization_id == self.buyer_id else Side.SUPPLIER


class ShipmentReceipt(Answer):
    """A receipt of a shipment."""

    id: UUID
    number: str
    received_at: datetime
    state: str | None = None


class ShipmentEntry(Answer):
    """One thing that was said of a shipment."""

    id: UUID
    kind: str
    side: str
    by: str = ""
    text: str | None = None
    place: str | None = None
    occurred_at: datetime | None = None
    recorded_at: datetime


class Shipment(ShipmentSummary):
    """A shipment with its lines, packages, receipts and story."""

    note: str | None = None
    cancel_reason: str | None = None
    lines: list[NoticeLine] = Field(default_factory=list)
    packages: list[Package] = Field(default_factory=list)
    receipts: list[ShipmentReceipt] = Field(default_factory=list)
    story: list[ShipmentEntry] = Field(default_factory=list)

    @property
    def loose(self) -> dict[int, Decimal]:
        """What of each line lies in no package."""
        rest = {line.sequence: line.quantity for line in self.lines}
        for package in self.packages:
            for content in package.lines:
                rest[content.line] = rest.get(content.line, Decimal(0)) - content.quantity
        return {line: quantity for line, quantity in rest.items() if quantity}


class ShipmentsSummary(Answer):
    """How many shipments stand how, and how many lines are ready."""

    states: dict[str, int] = Field(default_factory=dict)
    ready_lines: int = 0
    ready_today: int = 0
    late_lines: int = 0

    def count(self, state: str) -> int:
        return self.states.get(state, 0)
