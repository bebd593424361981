"""What the onboarding service tells the others."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from contracts.event import Event


class RelationshipState(StrEnum):
    """How a buyer and a supplier stand to each other; orders need an active relationship."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class RelationshipChanged(
    Event, type="onboarding.relationship_changed.v1", subject="relationship_id"
):
    """A relationship came about or changed; the event carries all that it is now."""

    relationship_id: UUID
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    state: RelationshipState
    vendor_number: str | None = None  # under which the buyer's own books know the supplier
    since: date | None = None  # when it became active
    changed_at: datetime
