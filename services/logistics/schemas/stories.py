"""What happened to a shipment or a receipt, in order."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.types import Body, Instant, Line, Paragraph, View


class EntryKind(StrEnum):
    """What an entry tells; the last six are what a carrier may say."""

    PLANNED = "planned"
    PACKED = "packed"
    DEPARTED = "departed"
    ESTIMATED = "estimated"
    ARRIVED = "arrived"
    CANCELLED = "cancelled"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DEEMED_ACCEPTED = "deemed_accepted"
    PICKED_UP = "picked_up"
    ON_THE_WAY = "on_the_way"
    DELAYED = "delayed"
    DAMAGED = "damaged"
    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"


class TrackingKind(StrEnum):
    """What a carrier may say of a shipment."""

    PICKED_UP = "picked_up"
    ON_THE_WAY = "on_the_way"
    DELAYED = "delayed"
    DAMAGED = "damaged"
    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"


class TrackingIn(Body):
    """What a carrier says of one of its shipments."""

    kind: TrackingKind
    place: Line | None = None
    text: Paragraph | None = None
    at: Instant | None = Field(None, description="Now, where it is left out; never in the future.")


class EntryOut(View):
    """Something that was said of a shipment or a receipt."""

    id: UUID
    shipment_id: UUID | None
    receipt_id: UUID | None
    kind: EntryKind
    side: Literal["buyer", "supplier", "carrier", "platform"]
    by: str
    text: str | None
    place: str | None
    occurred_at: datetime
    recorded_at: datetime
    imported: bool
