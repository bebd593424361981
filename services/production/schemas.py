"""What the production API accepts and returns."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.production import Prediction
from contracts.values import Exact, Quantity, Unit
from services.production.domain.progress import OPERATIONS_MAX, ZERO, Status
from shared.problem import ProblemDetails
from shared.types import BULK_MAX, Body, Code, Instant, Line, NonNegativeQuantity, View

Sequence = Annotated[int, Field(ge=1, le=OPERATIONS_MAX, strict=True)]


class OperationIn(Body):
    """One step of the work."""

    name: Line


class OperationsIn(Body):
    """The steps in which a work order is made, first to last."""

    operations: Annotated[list[OperationIn], Field(min_length=1, max_length=OPERATIONS_MAX)]


class ReportIn(Body):
    """What newly left an operation, in the work order's unit."""

    operation: Sequence
    good: NonNegativeQuantity
    scrapped: NonNegativeQuantity = ZERO
    scrap_reason: Line | None = Field(None, description="For your own eyes: no buyer reads it.")
    reference: Code | None = Field(
        None,
        description="Your own number of this report, unique within the work order: sent again, it"
        " is answered with `unchanged` and counts once.",
    )


class BulkReportIn(ReportIn):
    """A report and the work order that it is about."""

    work_order_id: UUID


class BulkReportsIn(Body):
    """Reports that count in this order."""

    reports: Annotated[list[BulkReportIn], Field(min_length=1, max_length=BULK_MAX)]


class PastReportIn(BulkReportIn):
    """A report from another system's history, and when it was made there."""

    occurred_at: Instant


class PastReportsIn(Body):
    """Reports that count in this order, whenever they happened."""

    reports: Annotated[list[PastReportIn], Field(min_length=1, max_length=BULK_MAX)]


class ReversalIn(Body):
    """Why a report is taken back; both sides read it."""

    reason: Line


class OperationOut(View):
    """What has left one operation."""

    sequence: int
    name: str
    good: Quantity
    scrapped: Quantity
    open: Quantity = Field(description="How much more good quantity can be reported of it now.")


class ProgressOut(View):
    """How far a work order has come."""

    status: Status
    agreed: Quantity = Field(description="What both sides agreed on last.")
    ordered: Quantity = Field(description="What is to be made: as agreed, or what is completed.")
    excess: Quantity = Field(description="Completed before the agreed quantity was reduced.")
    completed: Quantity
    remaining: Quantity
    operations: list[OperationOut]
    started_at: datetime | None
    last_reported_at: datetime | None
    reports: int = Field(description="Reports that stand: neither reversed nor reversals.")
    prediction: Prediction | None = Field(
        description="At the pace of these reports; null where they show none yet."
    )


class WorkOrderOut(ProgressOut):
    """What one supplier makes for one buyer, and how far it has come."""

    id: UUID
    order_id: UUID
    schedule_line_id: UUID
    buyer_id: UUID
    buyer_name: str | None
    supplier_id: UUID
    supplier_name: str | None
    order_number: str
    position: int
    sequence: int
    item_number: str
    item_name: str
    unit: Unit
    due_on: date
    promised_on: date
    opened_at: datetime
    cancelled_at: datetime | None
    imported: bool


class ReportedOut(ProgressOut):
    """A report that counts now, and how far it has brought its work order."""

    report_id: UUID
    work_order_id: UUID
    outcome: Literal["recorded", "unchanged"]


class ResultOut(View):
    """What became of one report of many."""

    index: int
    work_order_id: UUID
    report_id: UUID | None = None
    status: Literal["recorded", "unchanged", "refused"]
    completed: Quantity | None = Field(None, description="Of the work order, after this report.")
    ordered: Quantity | None = None
    problem: ProblemDetails | None = None


class ResultsOut(View):
    """What became of each report, in the order in which they were sent."""

    results: list[ResultOut]


class ReportOut(View):
    """A report on record; a reversal has quantities with a minus sign."""

    id: UUID
    work_order_id: UUID
    operation: int
    good: Exact
    scrapped: Exact
    reverses: UUID | None
    reversed_by: UUID | None
    reason: str | None = Field(description="Of a reversal.")
    reference: str | None
    reported_by: str
    occurred_at: datetime
    recorded_at: datetime
    imported: bool


class OwnReportOut(ReportOut):
    """A report as its supplier sees it."""

    scrap_reason: str | None


class SheetRowOut(View):
    """What became of one row of a spreadsheet."""

    row: int = Field(description="As the spreadsheet numbers it.")
    cell: str = Field(description="The cell that is in the way, or says the quantity.")
    work_order_id: UUID | None = None
    report_id: UUID | None = None
    order_number: str = Field("", description="As the spreadsheet says it.")
    item_name: str = Field("", description="As the spreadsheet says it.")
    operation: int | None = None
    good: Quantity | None = None
    scrapped: Quantity | None = None
    status: Literal["recorded", "unchanged", "refused"]
    completed: Quantity | None = Field(None, description="Of the work order, after this row.")
    ordered: Quantity | None = None
    problem: ProblemDetails | None = None


class SheetOut(View):
    """What became of a spreadsheet's rows or, in a dry run, what would."""

    dry_run: bool
    recorded: int = 0
    unchanged: int = 0
    refused: int = 0
    rows: list[SheetRowOut]
