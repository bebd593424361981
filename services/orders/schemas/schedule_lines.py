"""Schedule lines, promises and changes: what the API accepts and returns."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.orders import Light, Side
from contracts.production import OperationProgress, Prediction
from contracts.values import Exact, Money
from services.orders.domain.lights import State
from services.orders.domain.schedule_lines import ChangeKind, ChangeState
from shared.problem import ProblemDetails
from shared.types import (
    BULK_MAX,
    Body,
    Day,
    Instant,
    Paragraph,
    PositiveQuantity,
    View,
)


class ConfirmationIn(Body):
    """What is promised: all of it by the day it is due, where nothing else is said."""

    quantity: PositiveQuantity | None = None
    promised_on: Day | None = None


class BulkConfirmationIn(ConfirmationIn):
    """A promise for one schedule line."""

    schedule_line_id: UUID


class ImportedConfirmationIn(BulkConfirmationIn):
    """A promise of the past."""

    occurred_at: Instant


class ConfirmationsIn(Body):
    """Promises, judged one after the other."""

    confirmations: Annotated[list[BulkConfirmationIn], Field(min_length=1, max_length=BULK_MAX)]


class ImportedConfirmationsIn(Body):
    """Promises of the past, judged one after the other."""

    confirmations: Annotated[list[ImportedConfirmationIn], Field(min_length=1, max_length=BULK_MAX)]


class ConfirmationResult(View):
    """What became of one promise; `rest_id` is the schedule line of what was not promised."""

    index: int
    schedule_line_id: UUID
    status: Literal["confirmed", "unchanged", "refused"]
    rest_id: UUID | None = None
    problem: ProblemDetails | None = None


class ConfirmationResults(View):
    """The answers, in the order of the questions."""

    results: list[ConfirmationResult]


class ChangeIn(Body):
    """Another quantity or day (of the promise or, before there is one, of the wish), or none."""

    kind: ChangeKind
    quantity: PositiveQuantity | None = None
    promised_on: Day | None = None
    reason: Paragraph


class DecisionIn(Body):
    """Yes or no to what the other side proposed."""

    agree: bool
    reason: Paragraph | None = None


class ChangeOut(View):
    """What one side proposed, and what became of it."""

    id: UUID
    order_id: UUID
    schedule_line_id: UUID
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
    kind: ChangeKind
    state: ChangeState
    proposed_by: Side
    by: str  # who wrote it
    was_quantity: Exact
    was_on: date  # promised or, before there was a promise, due
    quantity: Exact
    promised_on: date | None  # none: a cancellation
    reason: str
    proposed_at: datetime
    decided_by: str | None
    decision_reason: str | None
    decided_at: datetime | None


class OpenChangeOut(View):
    """A change that waits for an answer, as a row of the order book shows it."""

    id: UUID
    kind: ChangeKind
    proposed_by: Side
    by: str
    was_quantity: Exact
    was_on: date
    quantity: Exact
    promised_on: date | None
    reason: str
    proposed_at: datetime


class ScheduleLineOut(View):
    """A row of the order book: what is wanted, promised, made and expected."""

    id: UUID
    order_id: UUID
    line_id: UUID
    order_number: str
    position: int
    sequence: int
    item_number: str
    item_name: str
    plant: str | None
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    state: State
    quantity: Exact
    unit: str
    amount: Money
    due_on: date
    first_promised_on: date | None
    first_promised_quantity: Exact | None
    promised_on: date | None
    predicted: Prediction | None
    operations: list[OperationProgress]
    work_order_id: UUID | None
    good: Exact  # what has left the last operation
    scrapped: Exact  # at any operation
    started_at: datetime | None
    last_reported_at: datetime | None
    completed_at: datetime | None
    light: Light
    days_late: int  # by which it is or will be late; 0: not
    open_change: OpenChangeOut | None
    imported: bool
    updated_at: datetime


class ConfirmationOut(View):
    """A schedule line as promised, and the one that holds the rest, if any."""

    status: Literal["confirmed", "unchanged"]
    schedule_line: ScheduleLineOut
    rest: ScheduleLineOut | None = None


class BookView(StrEnum):
    """Which part of the order book."""

    ALL = "all"
    OPEN = "open"  # not completed, not cancelled
    UNCONFIRMED = "unconfirmed"
    LATE = "late"
    AT_RISK = "at_risk"
    DUE_THIS_WEEK = "due_this_week"  # Monday to Sunday, and open
    CHANGES = "changes"  # a change of the other side waits for an answer


class BookSort(StrEnum):
    """In which order."""

    DUE = "due"
    LATENESS = "-lateness"  # late by days, then at risk, then open by due day, then closed
    VALUE = "-value"


class Tally(View):
    """So many schedule lines, worth so much, by currency."""

    count: int
    value: list[Money]


class SinceOut(View):
    """What has changed since a moment (schedule lines, except where something else is said)."""

    since: datetime
    placed: int  # orders
    confirmed: int
    promised_anew: int
    turned_late: int
    recovered: int
    completed: int
    cancelled: int
    messages: int  # from the other side


class SummaryOut(View):
    """How the order book stands on one side, in numbers that lead to the lists they count."""

    side: Side
    today: date
    lights: dict[Light, Tally]
    views: dict[BookView, int]
    closed_count_max: int  # completed and cancelled lines are counted up to here
    since: SinceOut | None
