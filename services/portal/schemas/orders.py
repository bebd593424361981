"""Orders, as the orders service tells of them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import Field

from contracts.onboarding import RelationshipState, Terms
from contracts.orders import Light, Side
from contracts.production import OperationProgress, Prediction
from contracts.values import Money
from services.portal.schemas.answers import Answer


class OpenChange(Answer):
    """What one side proposed and the other has not answered yet."""

    id: UUID
    kind: str
    proposed_by: Side
    by: str
    was_quantity: Decimal
    was_on: date
    quantity: Decimal
    promised_on: date | None
    reason: str
    proposed_at: datetime


class ScheduleLine(Answer):
    """A row of the order book."""

    id: UUID
    order_id: UUID
    order_number: str
    position: int
    sequence: int
    item_number: str
    item_name: str
    plant: str | None = None
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    quantity: Decimal
    unit: str
    amount: Money
    due_on: date
    first_promised_on: date | None
    promised_on: date | None
    predicted: Prediction | None
    operations: list[OperationProgress]
    work_order_id: UUID | None = None
    good: Decimal
    scrapped: Decimal
    started_at: datetime | None = None
    last_reported_at: datetime | None
    completed_at: datetime | None = None
    light: Light
    days_late: int
    open_change: OpenChange | None
    updated_at: datetime

    @property
    def is_open(self) -> bool:
        return self.light not in {Light.COMPLETED, Light.CANCELLED}

    def partner(self, side: Side) -> str:
        """Name whoever stands on the other side."""
        return self.supplier_name if side is Side.BUYER else self.buyer_name


class OrderLine(Answer):
    """A line of an order."""

    id: UUID
    position: int
    item_number: str
    item_name: str
    plant: str | None
    quantity: Decimal
    unit: str
    price: Decimal
    price_unit: int
    amount: Money
    schedule_lines: list[ScheduleLine]


class OrderSummary(Answer):
    """An order in a list."""

    id: UUID
    number: str
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    currency: str
    amount: Money
    line_count: int = 0
    incoterm: str | None
    incoterm_place: str | None
    placed_by: str = ""
    occurred_at: datetime | None
    recorded_at: datetime
    imported: bool = False

    def side_of(self, organization_id: UUID) -> Side:
        """Say on which side an organization stands."""
        return Side.BUYER if organization_id == self.buyer_id else Side.SUPPLIER


class Order(OrderSummary):
    """An order with its lines."""

    lines: list[OrderLine]

    @property
    def schedule_lines(self) -> list[ScheduleLine]:
        return [part for line in self.lines for part in line.schedule_lines]


class Entry(Answer):
    """One thing that happened to an order."""

    id: UUID
    kind: str
    side: Side
    by: str
    text: str | None
    values: dict[str, Any]
    schedule_line_id: UUID | None
    occurred_at: datetime | None
    recorded_at: datetime
    imported: bool = False


class Change(OpenChange):
    """A proposal, with what it is about."""

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
    state: str


class Tally(Answer):
    """So many lines, worth so much."""

    count: int = 0
    value: list[Money] = Field(default_factory=list)

    @property
    def largest(self) -> Money | None:
        """The value in the currency in which most is at stake."""
        return max(self.value, key=lambda money: money.amount, default=None)


class Since(Answer):
    """What changed since a moment."""

    since: datetime
    placed: int
    confirmed: int
    promised_anew: int
    turned_late: int
    recovered: int
    completed: int
    cancelled: int
    messages: int


class Summary(Answer):
    """How the order book stands."""

    side: Side
    today: date
    lights: dict[Light, Tally]
    views: dict[str, int]
    closed_count_max: int = 0
    since: Since | None = None

    def tally(self, light: str) -> Tally:
        """Return the count and value of a light, zero when there is none."""
        return self.lights.get(Light(light), Tally())

    def count(self, view: str) -> int:
        return self.views.get(view, 0)


class Relationship(Answer):
    """A counterparty, as orders and onboarding know it."""

    id: UUID
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    state: RelationshipState
    vendor_number: str | None
    since: date | None
    signed_on: date | None = None  # these are told by onboarding alone
    terms: Terms | None = None
    proposed_terms: Terms | None = None


class Item(Answer):
    """What the buyer orders."""

    number: str
    name: str
    unit: str
