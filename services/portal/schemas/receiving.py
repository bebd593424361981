"""Shipments, receipts and what was judged of them, as the logistics service tells."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
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
    order_number: str
    position: int
    item_number: str
    item_name: str
    unit: str
    lot: str | None
    quantity: Decimal
    received: Decimal
    missing: Decimal

    @property
    def expected(self) -> Decimal:
        """What of it was announced and has not been counted yet."""
        return max(self.quantity - self.received - self.missing, Decimal(0))


class Arrival(Parties):
    """A shipment that is on its way, or there."""

    id: UUID
    number: str
    state: str
    carrier_name: str | None = None
    vehicle: str | None = None
    plants: list[str] = Field(default_factory=list)
    expected_at: datetime
    at_an_hour: bool = True
    arrived_at: datetime | None
    received_at: datetime | None
    late: bool
    line_count: int
    package_count: int
    lines: list[NoticeLine] = Field(default_factory=list)

    @property
    def place(self) -> str:
        """Where it goes, or else from whom it comes."""
        return " · ".join(self.plants) or self.supplier_name or ""


class Expected(Answer):
    """A line that may be received: of a notice, or straight from an order."""

    notice_line_id: UUID | None
    schedule_line_id: UUID
    order_number: str
    position: int
    item_number: str
    item_name: str
    unit: str
    lot: str | None
    expected: Decimal
    in_package: Decimal | None = None


class Match(Answer):
    """What a scanned code may stand for."""

    kind: str
    shipment_id: UUID | None
    shipment_number: str | None
    shipment_state: str | None = None
    sscc: str | None = None
    order_number: str | None = None
    supplier_id: UUID
    supplier_name: str
    expected_at: datetime | None = None
    lines: list[Expected]


class Scan(Answer):
    """All that may be meant by a code."""

    code: str
    matches: list[Match]


@dataclass(frozen=True)
class Counted:
    """What is to be counted, and what it belongs to."""

    lines: list[Expected]
    supplier_name: str
    number: str
    shipment_id: UUID | None = None
    state: str | None = None
    supplier_id: UUID | None = None
    code: str = ""
    which: int = 1

    @classmethod
    def announced(cls, shipment: Arrival) -> "Counted":
        """Turn a notice into what is expected of it."""
        lines = [
            Expected(
                notice_line_id=line.id, **line.model_dump(exclude={"id"}), expected=line.expected
            )
            for line in shipment.lines
        ]
        return cls(
            lines,
            shipment.supplier_name or "",
            shipment.number,
            shipment_id=shipment.id,
            state=shipment.state,
        )

    @classmethod
    def scanned(cls, found: Scan, place: int) -> "Counted":
        """Turn what a code stands for into what is expected of it."""
        match = found.matches[place if 0 <= place < len(found.matches) else 0]
        return cls(
            match.lines,
            match.supplier_name,
            match.shipment_number or match.order_number or found.code,
            shipment_id=match.shipment_id,
            state=match.shipment_state,
            supplier_id=match.supplier_id,
            code=found.code,
            which=found.matches.index(match) + 1,
        )


class ReceiptLine(Answer):
    """What was counted of one line, and what has been judged of it."""

    id: UUID
    order_id: UUID | None
    order_number: str | None
    schedule_line_id: UUID | None
    position: int | None
    item_number: str
    item_name: str
    unit: str
    received: Decimal
    over: Decimal
    missing: Decimal
    damaged: Decimal
    accepted: Decimal
    rejected: Decimal
    waiting: Decimal
    note: str | None
    photo_id: UUID | None


class Told(Answer):
    """An entry of a story."""

    kind: str
    side: str | None
    by: str | None
    text: str | None
    place: str | None = None
    occurred_at: datetime | None = None
    recorded_at: datetime


class ReceiptRow(Parties):
    """A receipt in a list."""

    id: UUID
    number: str
    state: str
    shipment_id: UUID | None
    shipment_number: str | None
    order_numbers: list[str]
    line_count: int
    short: bool
    over: bool
    damaged: bool
    wrong: bool
    rejected: bool
    received_at: datetime
    delivered_on: date
    inspection_ends_on: date
    days_left: int | None
    provisional: bool
    by: str


class Receipt(ReceiptRow):
    """Goods that were counted, with all that belongs to them."""

    lines: list[ReceiptLine]
    story: list[Told]

    def sum(self, name: str) -> Decimal:
        """Add up one quantity of all lines."""
        return sum((getattr(line, name) for line in self.lines), Decimal(0))


class ReceiptCounts(Answer):
    """How many receipts stand how."""

    waiting: int
    due_today: int
    received_today: int
    deviating: int
    rejected: int


class ShipmentCounts(Answer):
    """How many shipments stand how."""

    dispatched: int
    arrived: int
    late: int
    expected_today: int
