"""Shipments, receipts and what was judged of them, as the logistics service tells."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import Field

from contracts.orders import Side
from services.portal.schemas.answers import Answer


class Parties(Answer):
    """Who is on each side of something."""

    buyer_id: UUID
    buyer_name: str | None = None
    supplier_id: UUID
    supplier_name: str | None = None

    def side_of(self, organization_id: UUID) -> Side:
        """Say on which side an organization stands."""
        return Side.BUYER if organization_id == self.buyer_id else Side.SUPPLIER

    def partner(self, side: Side) -> str:
        """Name whoever stands on the other side."""
        return (self.supplier_name if side is Side.BUYER else self.buyer_name) or ""


class NoticeLine(Answer):
    """A line of an advance ship notice."""

    id: UUID
    schedule_line_id: UUID
    order_id: UUID | None = None
    order_number: str = ""
    position: int | None = None
    item_number: str
    item_name: str = ""
    unit: str
    quantity: Decimal
    lot: str | None = None
    received: Decimal = Decimal(0)
    plant: str | None = None


class Arrival(Parties):
    """A shipment that is on its way, or there."""

    id: UUID
    number: str
    state: str
    carrier_name: str | None = None
    dock: str | None = None
    plant: str | None = None
    estimated_departure_at: datetime | None = None
    departed_at: datetime | None = None
    estimated_arrival_at: datetime | None = None
    arrived_at: datetime | None = None
    promised_on: date | None = None
    late: bool = False
    line_count: int = 0
    package_count: int = 0
    lines: list[NoticeLine] = Field(default_factory=list)


class Expected(Answer):
    """A line that may be received: of a notice, or straight from an order."""

    notice_line_id: UUID | None = None
    schedule_line_id: UUID
    order_number: str = ""
    position: int | None = None
    item_number: str
    item_name: str = ""
    unit: str
    lot: str | None = None
    expected: Decimal


class Found(Answer):
    """What a scanned code stands for."""

    kind: str = ""
    code: str = ""
    shipment_id: UUID | None = None
    receipt_id: UUID | None = None
    number: str | None = None
    state: str | None = None
    sscc: str | None = None
    supplier_id: UUID | None = None
    supplier_name: str | None = None
    estimated_arrival_at: datetime | None = None
    lines: list[Expected] = Field(default_factory=list)


class ReceiptLine(Answer):
    """What was counted of one line, and what has been judged of it."""

    id: UUID
    order_id: UUID | None = None
    order_number: str | None = None
    schedule_line_id: UUID | None = None
    position: int | None = None
    item_number: str
    item_name: str = ""
    unit: str
    expected: Decimal | None = None
    received: Decimal
    over: Decimal = Decimal(0)
    missing: Decimal = Decimal(0)
    damaged: Decimal = Decimal(0)
    accepted: Decimal = Decimal(0)
    rejected: Decimal = Decimal(0)
    waiting: Decimal = Decimal(0)
    wrong: bool = False
    note: str | None = None
    photo_id: UUID | None = None


class Judgement(Answer):
    """An acceptance: somebody's, or because the time had run out."""

    id: UUID
    deemed: bool = False
    by: str | None = None
    accepted_on: date
    occurred_at: datetime
    lines: list[dict[str, Any]] = Field(default_factory=list)


class Told(Answer):
    """An entry of a story."""

    kind: str
    side: str | None = None
    by: str | None = None
    text: str | None = None
    values: dict[str, Any] = Field(default_factory=dict)
    occurred_at: datetime | None = None
    recorded_at: datetime


class Receipt(Parties):
    """Goods that were counted."""

    id: UUID
    number: str
    shipment_id: UUID | None = None
    shipment_number: str | None = None
    state: str
    delivered_on: date
    inspection_ends_on: date
    provisional: bool = False
    received_by: str | None = None
    occurred_at: datetime | None = None
    recorded_at: datetime | None = None
    lines: list[ReceiptLine] = Field(default_factory=list)
    acceptances: list[Judgement] = Field(default_factory=list)
    story: list[Told] = Field(default_factory=list)
    has_deviations: bool = False

    def sum(self, name: str) -> Decimal:
        """Add up one quantity of all lines."""
        return sum((getattr(line, name) for line in self.lines), Decimal(0))


class Counts(Answer):
    """How many there are of what, for a home page."""

    waiting: int = 0
    overdue: int = 0
    deviations: int = 0
    planned: int = 0
    dispatched: int = 0
    arrived: int = 0
    late: int = 0
