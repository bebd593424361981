"""Work orders and reports, as the production service tells of them."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from contracts.production import Prediction
from services.portal.schemas.answers import Answer


class Operation(Answer):
    """One step of the work, and how much more of it can be reported."""

    sequence: int
    name: str
    good: Decimal
    scrapped: Decimal
    open: Decimal


class WorkOrder(Answer):
    """What a supplier makes, and how far it has come."""

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
    unit: str
    due_on: date
    promised_on: date
    status: str
    ordered: Decimal
    completed: Decimal
    remaining: Decimal
    operations: list[Operation]
    started_at: datetime | None
    last_reported_at: datetime | None
    reports: int
    prediction: Prediction | None = None


class Report(Answer):
    """A report on record; its supplier also reads why something was scrapped."""

    id: UUID
    work_order_id: UUID
    operation: int
    good: Decimal
    scrapped: Decimal
    reverses: UUID | None
    reversed_by: UUID | None
    reason: str | None
    reported_by: str
    occurred_at: datetime
    recorded_at: datetime
    scrap_reason: str | None = None


class Obstacle(Answer):
    """Why a row was not taken."""

    title: str
    detail: str
    type: str
    status: int


class SheetRow(Answer):
    """What became of one row of a spreadsheet."""

    row: int
    cell: str | None = None
    order_number: str | None = None
    item_name: str | None = None
    operation: int | None = None
    good: Decimal | None = None
    scrapped: Decimal | None = None
    status: str
    completed: Decimal | None = None
    ordered: Decimal | None = None
    problem: Obstacle | None = None


class Sheet(Answer):
    """What became of a spreadsheet, or would."""

    dry_run: bool
    recorded: int
    unchanged: int
    refused: int
    rows: list[SheetRow]
