"""What is left to ship of each schedule line."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from pydantic import Field

from contracts.values import Quantity, Unit
from services.logistics.domain.shipments import LineState
from shared.types import View


class ReadyLineOut(View):
    """A schedule line, what became of its goods, and what may still be shipped of it."""

    id: UUID
    schedule_line_id: UUID
    order_id: UUID
    order_number: str
    position: int
    sequence: int
    item_number: str
    item_name: str
    unit: Unit
    state: LineState
    due_on: date
    promised_on: date | None
    expected_on: date = Field(description="Promised, or else wanted.")
    quantity: Quantity = Field(description="Ordered, as agreed last.")
    good: Quantity | None = Field(description="Finished, as production told; null: never told.")
    planned: Quantity = Field(description="On notices that have not left.")
    shipped: Quantity
    on_the_way: Quantity
    received: Quantity
    over: Quantity = Field(description="Of what was received: beyond what was announced.")
    missing: Quantity = Field(description="Announced, and did not come.")
    accepted: Quantity
    rejected: Quantity
    waiting: Quantity = Field(description="Received, and neither accepted nor rejected yet.")
    left_to_ship: Quantity = Field(description="What was missing or rejected is to come again.")
    most_to_ship: Quantity = Field(description="The same with the tolerance agreed on.")
    tolerance_percent: Decimal
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
