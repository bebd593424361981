"""Receipts and acceptances over HTTP."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.values import Quantity, Unit
from services.logistics.domain.quantities import ZERO
from services.logistics.schemas.stories import EntryOut
from shared.problem import ProblemDetails
from shared.types import (
    BULK_MAX,
    Body,
    Code,
    Day,
    Instant,
    Line,
    NonNegativeQuantity,
    Position,
    PositiveQuantity,
    UnitCode,
    View,
)

LINES_MAX, POSTINGS_MAX = 500, 100
TINY = (  # a picture of 8 × 8
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFElEQVR4nGOsqKhgwAaYsIoOWgkAHYcBeHFoDCsA"
    "AAAASUVORK5CYII="
)


class ReceiptState(StrEnum):
    """Whether something of a receipt waits to be accepted or rejected."""

    WAITING = "waiting"
    JUDGED = "judged"


class ReceiptLineIn(Body):
    """What was counted of a line of the notice or of an order, or else of a wrong item."""

    notice_line_id: UUID | None = None
    schedule_line_id: UUID | None = None
    item_number: Code | None = Field(None, description="Of a wrong item.")
    item_name: Line | None = Field(None, description="Of a wrong item.")
    unit: UnitCode | None = Field(None, description="Of a wrong item; else C62, pieces.")
    received: NonNegativeQuantity = Field(description="All that is there, over and damaged too.")
    damaged: NonNegativeQuantity = ZERO
    note: Line | None = None
    photo_id: UUID | None = None


class ReceiptIn(Body):
    """A goods receipt, with a notice or without one."""

    number: Code | None = Field(None, description="Your own; the next free one where left out.")
    shipment_id: UUID | None = None
    supplier_id: UUID | None = None
    received_at: Instant | None = Field(None, description="Now, where left out.")
    lines: Annotated[list[ReceiptLineIn], Field(max_length=LINES_MAX)]
    complete: bool = Field(
        True, description="Nothing more comes with this shipment: what is not counted is missing."
    )


class ReceiptsIn(Body):
    """Receipts that count in this order."""

    receipts: Annotated[list[ReceiptIn], Field(min_length=1, max_length=BULK_MAX)]


class PastLineIn(Body):
    """What came of a schedule line, or of a position of the order."""

    schedule_line_id: UUID | None = None
    position: Position | None = None
    quantity: PositiveQuantity


class PastReceiptIn(Body):
    """A receipt from another system's history."""

    number: Code
    order_number: Code
    supplier_id: UUID
    postings: Annotated[list[Instant], Field(min_length=1, max_length=POSTINGS_MAX)] = Field(
        description="When it was posted; a receipt may have been posted in several parts."
    )
    lines: Annotated[list[PastLineIn], Field(max_length=LINES_MAX)] = Field(
        [], description="Empty where only the times are known."
    )
    delivered_on: Day | None = Field(None, description="The day of the last posting if left out.")
    accepted: bool = True


class PastReceiptsIn(Body):
    """Receipts of the past, in the order in which they happened."""

    receipts: Annotated[list[PastReceiptIn], Field(min_length=1, max_length=BULK_MAX)]


class VerdictIn(Body):
    """What is accepted and rejected of one line."""

    receipt_line_id: UUID
    accepted: NonNegativeQuantity = ZERO
    rejected: NonNegativeQuantity = ZERO
    reason: Line | None = Field(None, description="Needed where something is rejected.")


class AcceptanceIn(Body):
    """Verdicts on some lines; without any, all that waits is accepted but what is damaged."""

    lines: Annotated[list[VerdictIn], Field(min_length=1, max_length=LINES_MAX)] | None = None


class ReceiptLineOut(View):
    """A line of a receipt; with no schedule line it is an item that nobody ordered."""

    id: UUID
    receipt_line_id: UUID
    sequence: int
    notice_line_id: UUID | None
    schedule_line_id: UUID | None
    order_id: UUID | None
    order_number: str | None
    position: int | None
    item_number: str
    item_name: str
    unit: Unit
    received: Quantity
    over: Quantity
    missing: Quantity
    damaged: Quantity
    accepted: Quantity
    rejected: Quantity
    waiting: Quantity
    note: str | None
    photo_id: UUID | None


class AcceptanceLineOut(View):
    """What was accepted and rejected of one line at a time."""

    receipt_line_id: UUID
    accepted: Quantity
    rejected: Quantity
    reason: str | None


class AcceptanceOut(View):
    """A verdict on a receipt, or that its time ran out."""

    id: UUID
    deemed: bool
    accepted_on: date
    by: str
    occurred_at: datetime
    recorded_at: datetime
    lines: list[AcceptanceLineOut]


class ReceiptSummary(View):
    """A receipt in a list."""

    id: UUID
    number: str
    state: ReceiptState
    shipment_id: UUID | None
    shipment_number: str | None
    order_id: UUID | None = Field(description="Where all of it belongs to one.")
    order_numbers: list[str]
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    complete: bool
    line_count: int
    short: bool = Field(description="Something announced did not come.")
    over: bool
    damaged: bool
    wrong: bool
    rejected: bool
    received_at: datetime
    delivered_on: date
    inspection_ends_on: date = Field(description="The last day to judge; then deemed accepted.")
    days_left: int | None = Field(description="Calendar days until then, while something waits.")
    provisional: bool = Field(description="Holidays not yet announced may move that day.")
    by: str
    recorded_at: datetime
    imported: bool


class ReceiptOut(ReceiptSummary):
    """A receipt with all that belongs to it."""

    lines: list[ReceiptLineOut]
    acceptances: list[AcceptanceOut]
    story: list[EntryOut]


class ReceiptResult(View):
    """What became of one receipt of many."""

    index: int
    number: str | None
    receipt_id: UUID | None = None
    status: Literal["recorded", "unchanged", "refused"]
    problem: ProblemDetails | None = None


class ReceiptResults(View):
    """What became of each receipt, in the order in which they were sent."""

    results: list[ReceiptResult]


class ReceiptCounts(View):
    """How many receipts stand how, for a home page."""

    waiting: int
    due_today: int = Field(description="Of those that wait: today is the last day to judge.")
    received_today: int
    deviating: int = Field(description="Of the last 30 days: short, over, damaged or wrong.")
    rejected: int = Field(description="Of the last 30 days.")


class ExpectedLineOut(View):
    """What is expected of a line, to be counted."""

    notice_line_id: UUID | None
    schedule_line_id: UUID
    order_number: str
    position: int
    item_number: str
    item_name: str
    unit: Unit
    lot: str | None
    expected: Quantity = Field(description="On the way or, without a notice, still to come.")
    in_package: Quantity | None = Field(description="Of it, in the package that was scanned.")


class ExpectedOut(View):
    """What a scan means: a notice (or one of its packages), or an order without one."""

    kind: Literal["package", "shipment", "order"]
    shipment_id: UUID | None
    shipment_number: str | None
    shipment_state: str | None
    sscc: str | None
    order_number: str | None
    supplier_id: UUID
    supplier_name: str
    expected_at: datetime | None
    lines: list[ExpectedLineOut]


class ScanOut(View):
    """What may be meant by a code; nothing where the caller expects nothing under it."""

    code: str = Field(description="As it was understood.")
    matches: list[ExpectedOut]


class PhotoIn(Body):
    """A picture of goods."""

    content: Annotated[str, Field(min_length=4, max_length=7_100_000)] = Field(
        description="A JPEG or PNG of at most 5 MiB, in base64.",
        examples=[TINY],
    )


class PhotoOut(View):
    """A picture that is kept."""

    id: UUID
    width: int
    height: int
    created_at: datetime
