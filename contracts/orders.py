"""What the orders service tells the others. Every event is about one order and keeps its order."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, PositiveInt

from contracts.event import Event
from contracts.values import Money, Quantity, Unit


class Side(StrEnum):
    """On which side of an order somebody stands."""

    BUYER = "buyer"
    SUPPLIER = "supplier"


class Light(StrEnum):
    """How a schedule line stands, in one word."""

    UNCONFIRMED = "unconfirmed"
    ON_TIME = "on_time"
    AT_RISK = "at_risk"
    LATE = "late"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class PlacedScheduleLine(BaseModel):
    """When how much of a line is wanted."""

    model_config = ConfigDict(frozen=True)

    schedule_line_id: UUID
    quantity: Quantity
    due_on: date


class PlacedLine(BaseModel):
    """One item of an order."""

    model_config = ConfigDict(frozen=True)

    line_id: UUID
    position: PositiveInt
    item_number: str
    item_name: str
    unit: Unit
    amount: Money
    schedule_lines: list[PlacedScheduleLine]


class OrderPlaced(Event, type="orders.order_placed.v1", subject="order_id"):
    """A buyer ordered; the supplier is asked to confirm."""

    order_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    number: str  # the buyer's own
    lines: list[PlacedLine]
    occurred_at: (
        datetime | None
    )  # when the order was placed; None: an imported order of unknown date
    recorded_at: datetime
    imported: bool = False


class LineConfirmed(Event, type="orders.line_confirmed.v1", subject="order_id"):
    """The supplier promised a quantity for a date; production opens a work order from it."""

    order_id: UUID
    schedule_line_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    order_number: str
    position: PositiveInt
    sequence: PositiveInt  # of the schedule line within its line, from 1
    item_number: str
    item_name: str
    quantity: Quantity
    unit: Unit
    due_on: date
    promised_on: date
    rest: PlacedScheduleLine | None = None  # what was not promised: a schedule line of its own
    occurred_at: datetime
    recorded_at: datetime
    imported: bool = False


class ChangeProposed(Event, type="orders.change_proposed.v1", subject="order_id"):
    """One side asks the other to agree to another quantity or date, or to a cancellation."""

    order_id: UUID
    schedule_line_id: UUID
    change_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    proposed_by: Side
    kind: Literal["reschedule", "cancel"]
    quantity: Quantity
    promised_on: date | None  # None: a cancellation
    reason: str
    occurred_at: datetime
    recorded_at: datetime


class ChangeAgreed(Event, type="orders.change_agreed.v1", subject="order_id"):
    """Both sides agreed: a schedule line has another quantity or date now, or is cancelled."""

    order_id: UUID
    schedule_line_id: UUID
    change_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    kind: Literal["reschedule", "cancel"]
    quantity: Quantity
    promised_on: date | None
    rest: PlacedScheduleLine | None = None  # what was split off: a schedule line of its own
    occurred_at: datetime
    recorded_at: datetime


class ChangeDeclined(Event, type="orders.change_declined.v1", subject="order_id"):
    """The other side did not agree; all stays as it was."""

    order_id: UUID
    schedule_line_id: UUID
    change_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    reason: str
    occurred_at: datetime
    recorded_at: datetime


class ChangeWithdrawn(Event, type="orders.change_withdrawn.v1", subject="order_id"):
    """The proposing side took its proposal back; all stays as it was."""

    order_id: UUID
    schedule_line_id: UUID
    change_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    occurred_at: datetime
    recorded_at: datetime


class LineCancelled(Event, type="orders.line_cancelled.v1", subject="order_id"):
    """The buyer gave up a schedule line that the supplier had not confirmed yet."""

    order_id: UUID
    schedule_line_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    reason: str
    occurred_at: datetime
    recorded_at: datetime


class LineProgressed(Event, type="orders.line_progressed.v1", subject="order_id"):
    """A schedule line's progress, as production told it, now stands in the order book."""

    order_id: UUID
    schedule_line_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    good: Quantity
    scrapped: Quantity
    quantity: Quantity
    light: Light
    promised_on: date
    predicted_on: date | None
    occurred_at: datetime
    recorded_at: datetime


class MessagePosted(Event, type="orders.message_posted.v1", subject="order_id"):
    """One side wrote to the other on an order, or reminded it."""

    order_id: UUID
    schedule_line_id: UUID | None
    message_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    posted_by: Side
    reminder: bool
    occurred_at: datetime
    recorded_at: datetime
