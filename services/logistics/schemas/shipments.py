"""Notices and shipments over HTTP."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.values import Quantity, Unit
from services.logistics.domain.shipments import ShipmentState
from services.logistics.schemas.stories import EntryOut
from shared.problem import ProblemDetails
from shared.types import (
    BULK_MAX,
    Body,
    Code,
    Instant,
    Line,
    Paragraph,
    PositiveQuantity,
    View,
)

LINES_MAX, PACKAGES_MAX = 500, 1_000


class PackageKind(StrEnum):
    """What a handling unit is."""

    PALLET = "pallet"
    CARTON = "carton"
    CRATE = "crate"
    BAG = "bag"
    DRUM = "drum"
    BUNDLE = "bundle"
    OTHER = "other"


class NoticeLineIn(Body):
    """So much of a schedule line goes; the same line may stand twice, with two lots."""

    schedule_line_id: UUID
    quantity: PositiveQuantity
    lot: Code | None = None


class PackedIn(Body):
    """How much of a line of the notice lies in a package."""

    line: Annotated[int, Field(ge=1, le=LINES_MAX, strict=True)] = Field(
        description="Which line of the notice, from 1."
    )
    quantity: PositiveQuantity


class PackageIn(Body):
    """A handling unit; it gets an SSCC of its own."""

    kind: PackageKind = PackageKind.CARTON
    lines: Annotated[list[PackedIn], Field(min_length=1, max_length=LINES_MAX)]


class PackagesIn(Body):
    """All handling units of a shipment, in place of those before."""

    packages: Annotated[list[PackageIn], Field(max_length=PACKAGES_MAX)]


class ShipmentIn(Body):
    """An advance ship notice."""

    number: Code | None = Field(None, description="Your own; the next free one where left out.")
    buyer_id: UUID
    carrier_id: UUID | None = Field(None, description="An organization here: it sees the shipment.")
    carrier_name: Line | None = None
    vehicle: Code | None = Field(None, description="A license plate, or a waybill's number.")
    note: Paragraph | None = None
    lines: Annotated[list[NoticeLineIn], Field(min_length=1, max_length=LINES_MAX)]
    packages: Annotated[list[PackageIn], Field(max_length=PACKAGES_MAX)] = Field([])
    estimated_departure_at: Instant | None = None
    estimated_arrival_at: Instant | None = None


class ShipmentsIn(Body):
    """Notices that count in this order."""

    shipments: Annotated[list[ShipmentIn], Field(min_length=1, max_length=BULK_MAX)]


class MomentIn(Body):
    """When it happened (now, where nothing is said), or else when it is expected to."""

    at: Instant | None = Field(None, description="Never in the future.")
    estimated_at: Instant | None = Field(None, description="An estimate, where `at` is left out.")


class CancellationIn(Body):
    """Why a notice is taken back; both sides read it."""

    reason: Line


class NoticeLineOut(View):
    """A line of a notice, and what was counted of it."""

    id: UUID
    notice_line_id: UUID
    sequence: int
    schedule_line_id: UUID
    order_id: UUID
    order_number: str
    position: int
    item_number: str
    item_name: str
    unit: Unit
    lot: str | None
    quantity: Quantity
    on_the_way: Quantity
    received: Quantity
    over: Quantity
    missing: Quantity


class PackedOut(View):
    """What lies in a package."""

    notice_line_id: UUID
    line: int
    item_number: str
    item_name: str
    unit: Unit
    lot: str | None
    quantity: Quantity


class PackageOut(View):
    """A handling unit."""

    id: UUID
    sequence: int
    kind: PackageKind
    sscc: str = Field(description="18 digits, GS1.")
    lines: list[PackedOut]


class ShipmentSummary(View):
    """A shipment in a list."""

    id: UUID
    number: str
    state: ShipmentState
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    carrier_id: UUID | None
    carrier_name: str | None
    vehicle: str | None
    package_count: int
    line_count: int
    order_numbers: list[str]
    estimated_departure_at: datetime | None
    estimated_arrival_at: datetime | None
    expected_at: datetime = Field(description="As estimated, or else the end of the promised day.")
    departed_at: datetime | None
    arrived_at: datetime | None
    received_at: datetime | None
    late: bool = Field(description="Neither there nor received, and expected before now.")
    created_at: datetime
    updated_at: datetime


class ReceiptOfShipment(View):
    """A receipt of a shipment, in short."""

    id: UUID
    number: str
    state: Literal["waiting", "judged"]
    occurred_at: datetime


class ShipmentOut(ShipmentSummary):
    """A shipment with all that belongs to it."""

    note: str | None
    cancel_reason: str | None
    lines: list[NoticeLineOut]
    packages: list[PackageOut]
    receipts: list[ReceiptOfShipment]
    story: list[EntryOut]
    tracking: list[EntryOut] = Field(description="What the carrier said, of the story.")


class ArrivalOut(ShipmentSummary):
    """A shipment that is expected, or that should be there."""

    at_an_hour: bool = Field(description="Whether somebody estimated the hour.")


class ShipmentResult(View):
    """What became of one notice of many."""

    index: int
    number: str | None
    shipment_id: UUID | None = None
    status: Literal["planned", "unchanged", "refused"]
    problem: ProblemDetails | None = None


class ShipmentResults(View):
    """What became of each notice, in the order in which they were sent."""

    results: list[ShipmentResult]


class ShipmentCounts(View):
    """How many shipments stand how, for a home page."""

    planned: int
    dispatched: int
    arrived: int
    late: int
    expected_today: int
    ready_lines: int = Field(description="Schedule lines with something left to ship.")
    ready_due: int = Field(description="Of these, promised by today.")


class CarriedOut(View):
    """A shipment as its carrier sees it: no prices, no orders, no items."""

    id: UUID
    shipment_id: UUID
    number: str
    state: ShipmentState
    supplier_name: str
    buyer_name: str
    vehicle: str | None
    package_count: int
    estimated_departure_at: datetime | None
    estimated_arrival_at: datetime | None
    departed_at: datetime | None
    arrived_at: datetime | None
    tracking: list[EntryOut]
