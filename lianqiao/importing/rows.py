"""One row of a source, as text, becomes a staged order line, or is refused with its reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from lianqiao.importing.mapping import Values
from lianqiao.importing.staging import Head, Line, Staging
from lianqiao.importing.values import (
    Cell,
    UnreadableError,
    day,
    is_unknown,
    minor,
    moment,
    number,
    rounded_minor,
)

ITEMS = uuid5(NAMESPACE_URL, "https://lianqiao.example/items")
NEEDED = ("number", "supplier", "item_name", "quantity", "price", "due_on")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of an order as the source has it; `problem` says why it cannot be one."""

    reference: str
    number: Cell
    supplier: Cell
    item_number: Cell
    item_name: Cell
    quantity: Cell
    price: Cell
    due_on: Cell
    amount: Cell = None
    ordered_at: Cell = None
    plant: Cell = None
    incoterm: Cell = None
    unit: Cell = None
    problem: str | None = None


T = TypeVar("T")
Formats = Mapping[str, Sequence[str]]  # how the dates of a field are written


def stage(row: Row, values: Values, into: Staging, *, formats: Formats | None = None) -> None:
    """Stage a row; what is unknown is counted, what cannot be read is refused."""
    into.rows += 1
    known = None if is_unknown(row.number, values.unknown) else _text(row.number)
    try:
        if row.problem:
            raise UnreadableError(row.problem)  # noqa: TRY301  one place refuses
        head, line = _read(row, values, into, formats or {})
    except UnreadableError as problem:
        into.refuse(row.reference, str(problem), number=known)
    else:
        into.add(head, line)


def item_number(name: str) -> str:
    """Derive a stable number for an item that its source only names."""
    return f"I-{uuid5(ITEMS, name).hex[:10].upper()}"


def _read(row: Row, values: Values, into: Staging, formats: Formats) -> tuple[Head, Line]:
    for field in NEEDED:
        if is_unknown(getattr(row, field), values.unknown):
            raise UnreadableError(f"{field} is unknown: {_text(getattr(row, field)) or 'empty'}")
    quantity, price = _number("quantity", row.quantity, values), _number("price", row.price, values)
    if quantity <= 0:
        raise UnreadableError(f"quantity is {quantity}; an order line needs more than 0")
    product = rounded_minor(quantity * price, values.currency)
    due_formats = formats.get("due_on", values.dates)
    name = _text(row.item_name)
    line = Line(
        reference=row.reference,
        number=_text(row.number),
        item_number=_text(row.item_number) or item_number(name),
        item_name=name,
        unit=_known("unit", row.unit, values, into) or values.unit,
        quantity=quantity,
        price=price,
        amount_minor=_amount(row.amount, values, into, product=product),
        product_minor=product,
        due_on=_named("due_on", day, row.due_on, due_formats, ZoneInfo(values.zone)),
        plant=_known("plant", row.plant, values, into),
    )
    placed_at = _placed_at(row.ordered_at, values, into, formats.get("ordered_at", values.dates))
    incoterm = _known("incoterm", row.incoterm, values, into)
    return Head(line.number, _text(row.supplier), placed_at, incoterm), line


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell).strip()


def _number(field: str, cell: Cell, values: Values) -> Decimal:
    return _named(field, number, _text(cell), decimal_mark=values.decimal_mark)


def _amount(cell: Cell, values: Values, into: Staging, *, product: int) -> int:
    """Read the value that was given; quantity × price stands in where none is."""
    if cell is None or _known("amount", cell, values, into) is None:
        return product
    return _named("amount", minor, _number("amount", cell, values), values.currency)


def _known(field: str, cell: Cell, values: Values, into: Staging) -> str | None:
    """Return a value that may be unknown; a word that says so is counted."""
    if cell is None:
        return None
    if is_unknown(cell, values.unknown):
        into.count_unknown(field, _text(cell) or "empty")
        return None
    return _text(cell)


def _placed_at(
    cell: Cell, values: Values, into: Staging, formats: Sequence[str]
) -> datetime | None:
    if is_unknown(cell, values.unknown):
        into.count_unknown("order date", _text(cell) or "empty")
        return None
    return _named("order date", moment, cell, formats, ZoneInfo(values.zone))


def _named(field: str, read: Callable[..., T], *given: object, **options: object) -> T:
    """Read a value; a refusal says which field it is about."""
    try:
        return read(*given, **options)
    except (UnreadableError, ArithmeticError, OverflowError) as problem:
        raise UnreadableError(f"{field}: {problem}") from problem
