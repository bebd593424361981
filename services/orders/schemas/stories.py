"""The story of an order: what the API accepts and returns."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from contracts.orders import Side
from shared.types import (
    Body,
    Paragraph,
    View,
)


class MessageIn(Body):
    """What one side writes to the other; a reminder asks for an answer."""

    text: Paragraph
    schedule_line_id: UUID | None = None
    reminder: bool = False


class EntryKind(StrEnum):
    """What the story of an order tells."""

    PLACED = "placed"
    CONFIRMED = "confirmed"
    CHANGE_PROPOSED = "change_proposed"
    CHANGE_AGREED = "change_agreed"
    CHANGE_DECLINED = "change_declined"
    CHANGE_WITHDRAWN = "change_withdrawn"
    RESCHEDULED = "rescheduled"  # by the buyer, before there was a promise
    CANCELLED = "cancelled"  # by the buyer, before there was a promise
    REPORTED = "reported"
    SLIPPAGE_PREDICTED = "slippage_predicted"
    TURNED_LATE = "turned_late"  # by what production told
    RECOVERED = "recovered"  # is late no more, by what production told
    COMPLETED = "completed"
    MESSAGE = "message"
    REMINDER = "reminder"


class EntryOut(View):
    """One thing that happened to an order: what, on which side, by whom, when.

    `values` by kind: placed {line_count, amount}; confirmed {quantity, due_on, promised_on,
    rest_id?}; changes, rescheduled and cancelled {change_id, kind, was_quantity, was_on,
    quantity, promised_on}; reported {operation, good, scrapped, completed, quantity, report_id,
    reverses?}; slippage_predicted, turned_late and recovered {promised_on, predicted_on};
    completed {quantity}. Those about a schedule line also name its position and sequence.
    """

    id: UUID
    kind: EntryKind
    side: Side
    by: str  # the person's or the program's name; empty: a service of the platform
    text: str | None
    values: dict[str, Any]
    schedule_line_id: UUID | None
    occurred_at: datetime | None
    recorded_at: datetime
    imported: bool
