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
    planned: Decimal
    shipped: Decimal
    missing: Decimal
    rejected: Decimal
    accepted: Decimal
    left_to_ship: Decimal
    most_to_ship: Decimal
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
        gone = self.shipped + self.planned - self.rejected
        return max(min(self.left_to_ship, self.good - gone), Decimal(0))


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
    late: bool = False

    def side_of(self, organization_id: UUID) -> Side:
        """Say on which side an organization stands."""
        return Side.BUYER if organization_id == self.buyer_id else Side.SUPPLIER


class ShipmentReceipt(Answer):
    """A receipt of a shipment."""

    id: UUID
    number: str
    occurred_at: datetime
    state: str = ""


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


class ShipmentsSummary(Answer):
    """How many shipments stand how, and how many lines are ready."""

    planned: int = 0
    dispatched: int = 0
    arrived: int = 0
    late: int = 0
    expected_today: int = 0
    ready_lines: int = 0
    ready_due: int = 0

    def count(self, state: str) -> int:
        """Return how many shipments stand so; of what is over nobody counts."""
        return int(getattr(self, state, 0))
