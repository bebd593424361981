"""Orders: what the API accepts and returns."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, model_validator

from contracts.values import Exact, Money
from services.orders.schemas.schedule_lines import ScheduleLineOut
from shared.problem import ProblemDetails
from shared.types import (
    BULK_MAX,
    Amount,
    Body,
    Code,
    CurrencyCode,
    Day,
    Instant,
    Line,
    Position,
    PositiveQuantity,
    PriceUnit,
    UnitCode,
    UnitPrice,
    View,
)

LINES_MAX = 20_000  # in one call, whatever the number of orders
LINES_PER_ORDER_MAX = 5_000
PARTS_PER_LINE_MAX = 200

Incoterm = Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["DAP"])]


class ScheduleLineIn(Body):
    """So much of a line is wanted on a day."""

    quantity: PositiveQuantity
    due_on: Day


class LineIn(Body):
    """One line of an order. `amount`, where given, counts; quantity × price is kept beside it."""

    position: Position
    item_number: Code
    item_name: Line
    unit: UnitCode
    price: UnitPrice
    price_unit: PriceUnit = 1
    amount: Amount | None = None
    plant: Code | None = None
    schedule_lines: Annotated[
        list[ScheduleLineIn], Field(min_length=1, max_length=PARTS_PER_LINE_MAX)
    ]


class OrderIn(Body):
    """An order under the buyer's own number. A client may draw the id (UUIDv7)."""

    id: UUID | None = None
    number: Code
    supplier_id: UUID
    currency: CurrencyCode
    incoterm: Incoterm | None = None
    incoterm_place: Line | None = None
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=LINES_PER_ORDER_MAX)]


class ImportedOrderIn(OrderIn):
    """An order of the past; `occurred_at` is null where the day is unknown."""

    occurred_at: Instant | None = None


def _within_lines_max(orders: list[Any]) -> None:
    lines = sum(len(line.schedule_lines) for order in orders for line in order.lines)
    if lines > LINES_MAX:
        raise ValueError(f"hold {lines} lines; send at most {LINES_MAX} in one call")


class OrdersIn(Body):
    """Orders to place, judged one after the other."""

    orders: Annotated[list[OrderIn], Field(min_length=1, max_length=BULK_MAX)]

    @model_validator(mode="after")
    def _is_not_too_much(self) -> "OrdersIn":
        _within_lines_max(self.orders)
        return self


class ImportedOrdersIn(Body):
    """Orders of the past, judged one after the other."""

    orders: Annotated[list[ImportedOrderIn], Field(min_length=1, max_length=BULK_MAX)]

    @model_validator(mode="after")
    def _is_not_too_much(self) -> "ImportedOrdersIn":
        _within_lines_max(self.orders)
        return self


class PlacedLineOut(View):
    """Under which ids a line of an order is kept."""

    position: int
    line_id: UUID
    schedule_line_ids: list[UUID]  # by sequence


class OrderResult(View):
    """What became of one order; `order_id` and `lines` are there unless it was refused."""

    index: int
    number: str
    status: Literal["placed", "unchanged", "refused"]
    order_id: UUID | None = None
    lines: list[PlacedLineOut] | None = None
    problem: ProblemDetails | None = None


class OrderResults(View):
    """The answers, in the order of the questions."""

    results: list[OrderResult]


class OrderLineOut(View):
    """A line of an order. Its parts add up to its quantity and its amount."""

    id: UUID
    position: int
    item_number: str
    item_name: str
    plant: str | None
    quantity: Exact
    unit: str
    price: Exact
    price_unit: int
    amount: Money  # as given, or else as computed
    computed_amount: Money  # quantity × price ÷ price unit
    schedule_lines: list[ScheduleLineOut]


class OrderSummary(View):
    """An order in a list."""

    id: UUID
    number: str
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    currency: str
    amount: Money
    line_count: int
    incoterm: str | None
    incoterm_place: str | None
    placed_by: str
    occurred_at: datetime | None  # when it was placed; none: an imported order of unknown date
    recorded_at: datetime
    updated_at: datetime
    imported: bool


class OrderOut(OrderSummary):
    """An order with its lines and how far each has come."""

    lines: list[OrderLineOut]
