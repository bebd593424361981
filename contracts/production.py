"""What the production service tells the others. Every event is about one work order."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt

from contracts.event import Event
from contracts.values import Exact, Quantity, Unit


class OperationProgress(BaseModel):
    """How far one operation of a work order has come."""

    model_config = ConfigDict(frozen=True)

    sequence: PositiveInt
    name: str
    good: Quantity
    scrapped: Quantity


class Prediction(BaseModel):
    """When a work order will be completed at its pace so far, and what that was taken from.

    n reports span n - 1 intervals, so the pace is (n - 1) / n × done_share by the time between the
    first report and the last. Its logarithm has the standard error 1/√n (reports as a Poisson
    process); the 50 % and 90 % ranges are the dates at ± 0.674 and ± 1.645 of it. Days are those of
    the platform's zone.
    """

    model_config = ConfigDict(frozen=True)

    predicted_on: date
    early_50_on: date
    late_50_on: date
    early_90_on: date
    late_90_on: date
    started_at: datetime  # the first report
    last_reported_at: datetime | None = None
    reports: NonNegativeInt
    done_share: Annotated[Exact, Field(ge=0, le=1, max_digits=7, decimal_places=6)]


class WorkOrderOpened(Event, type="production.work_order_opened.v1", subject="work_order_id"):
    """A confirmed line is to be made, in these operations; told again when they change."""

    work_order_id: UUID
    order_id: UUID
    schedule_line_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    revision: PositiveInt  # counts the work order's events: of two, the higher is the newer
    operations: list[OperationProgress]
    opened_at: datetime


class ProgressReported(Event, type="production.progress_reported.v1", subject="work_order_id"):
    """The supplier reported good and scrapped quantity of one operation, or took a report back.

    A reversal names the report that it takes back and has its quantities with a minus sign.
    """

    work_order_id: UUID
    order_id: UUID
    schedule_line_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    revision: PositiveInt  # counts the work order's events: of two, the higher is the newer
    report_id: UUID
    reverses: UUID | None = None
    operation: PositiveInt
    good: Exact
    scrapped: Exact
    completed: Quantity  # what has left the last operation
    ordered: Quantity
    unit: Unit
    operations: list[OperationProgress]
    prediction: Prediction | None = None
    occurred_at: datetime
    recorded_at: datetime
    imported: bool = False


class WorkOrderCompleted(Event, type="production.work_order_completed.v1", subject="work_order_id"):
    """Everything that was promised has left the last operation."""

    work_order_id: UUID
    order_id: UUID
    schedule_line_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    revision: PositiveInt  # counts the work order's events: of two, the higher is the newer
    quantity: Quantity
    unit: Unit
    completed_at: datetime


class SlippagePredicted(Event, type="production.slippage_predicted.v1", subject="work_order_id"):
    """At its pace so far a work order will be later than promised, or later than said before."""

    work_order_id: UUID
    order_id: UUID
    schedule_line_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    revision: PositiveInt  # counts the work order's events: of two, the higher is the newer
    promised_on: date
    prediction: Prediction
    predicted_at: datetime
