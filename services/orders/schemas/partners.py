"""Items and relationships: what the API accepts and returns."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.onboarding import RelationshipState
from shared.types import (
    BULK_MAX,
    Body,
    Code,
    Line,
    UnitCode,
    View,
)


class ItemIn(Body):
    """What the buyer calls a thing that it orders."""

    number: Code
    name: Line
    unit: UnitCode


class ItemsIn(Body):
    """Items to be known; one that is known gets the new name and unit."""

    items: Annotated[list[ItemIn], Field(min_length=1, max_length=BULK_MAX)]


class ItemOut(View):
    """An item of the caller's organization."""

    id: UUID
    number: str
    name: str
    unit: str
    updated_at: datetime


class ItemResult(View):
    """What became of one item."""

    index: int
    item_id: UUID
    status: Literal["recorded", "unchanged"]


class ItemResults(View):
    """The answers, in the order of the questions."""

    results: list[ItemResult]


class RelationshipOut(View):
    """How the caller's organization stands to a counterparty; orders need an active one."""

    id: UUID
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    state: RelationshipState
    vendor_number: str | None
    since: date | None
