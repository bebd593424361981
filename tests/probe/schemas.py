"""What the probe takes and answers: every type that takes input from outside."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.values import Quantity
from shared.types import (
    Amount,
    Body,
    Code,
    CurrencyCode,
    Day,
    Email,
    Instant,
    Line,
    NonNegativeQuantity,
    Paragraph,
    PositiveQuantity,
    PriceUnit,
    UnitCode,
    UnitPrice,
    View,
)


class NoteIn(Body):
    """A note, with one field of each kind."""

    supplier_id: UUID
    text: Line
    rank: PriceUnit = 1
    code: Code = "A-1"
    paragraph: Paragraph | None = None
    email: Email | None = None
    weight: PositiveQuantity = Decimal(1)
    left: NonNegativeQuantity = Decimal(0)
    unit_price: UnitPrice | None = None
    amount: Amount | None = None
    currency: CurrencyCode = "CNY"
    unit: UnitCode = "C62"
    noted_at: Instant | None = None
    due_on: Day | None = None
    tags: Annotated[tuple[Line, ...], Field(max_length=3)] = ()


class NoteOut(View):
    """A note as its two parties see it."""

    id: UUID
    buyer_id: UUID
    supplier_id: UUID
    text: str
    rank: int
    weight: Quantity
    noted_at: datetime
