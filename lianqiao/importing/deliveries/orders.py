"""Find the orders in a list of order lines, as its mapping names the columns."""

from collections import Counter
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from lianqiao.importing.deliveries.receipts import Cells, Deliveries, pattern
from lianqiao.importing.deliveries.tables import Told, read
from lianqiao.importing.mapping import Column, Columns, DeliveriesMapping, Later
from lianqiao.importing.rows import Row, stage
from lianqiao.importing.staging import Counted, Staging
from lianqiao.importing.values import (
    Cell,
    UnreadableError,
    UnusableError,
    day,
    is_unknown,
    number,
    rounded_minor,
)


def stage_orders(
    path: Path, mapping: DeliveriesMapping, into: Staging, *, told: Told = lambda _: None
) -> None:
    """Stage every row with its delivery; columns that no service takes in are counted."""
    tallies = [_Tally(later, mapping) for later in mapping.later]
    deliveries = Deliveries(mapping, into)
    formats = {
        field: column.dates or mapping.values.dates
        for field, column in (
            ("due_on", mapping.columns.due_on),
            ("ordered_at", mapping.columns.ordered_on),
        )
        if column
    }
    for row_number, cells in read(path, mapping.file, told=told):
        if into.rows == 0:
            _check(path, mapping, cells)
        row = _row(row_number, cells, mapping.columns)
        stage(row, mapping.values, into, formats=formats)
        deliveries.note(row, cells)
        for tally in tallies:
            tally.count(cells, into)
    into.untaken.extend(tally.result() for tally in tallies)
    into.settle()
    deliveries.stage()


def _check(path: Path, mapping: DeliveriesMapping, cells: Cells) -> None:
    fields = {name: getattr(mapping.columns, name) for name in Columns.model_fields}
    named = {column.column: f"columns.{name}" for name, column in fields.items() if column}
    named |= {later.column: f"later “{later.name}”" for later in mapping.later}
    if lacking := [
        f"{what}: “{name}”" for name, what in named.items() if name not in (None, *cells)
    ]:
        raise UnusableError(
            f"{path} lacks columns that the mapping names ({'; '.join(lacking)}). "
            f"It has: {', '.join(f'“{name}”' for name in cells)}."
        )


def _row(row_number: int, cells: Cells, columns: Columns) -> Row:
    def cell(column: Column | None) -> Cell:
        if column is None:
            return None
        return column.value if column.column is None else cells.get(column.column, "")

    id_ = cell(columns.id)
    return Row(
        reference=f"{columns.id.column} {id_}" if columns.id and id_ else f"row {row_number}",
        number=cell(columns.number),
        supplier=cell(columns.supplier),
        item_number=cell(columns.item_number),
        item_name=cell(columns.item_name),
        quantity=cell(columns.quantity),
        unit=cell(columns.unit),
        price=cell(columns.price),
        amount=cell(columns.amount),
        due_on=cell(columns.due_on),
        ordered_at=cell(columns.ordered_on),
        plant=cell(columns.plant),
        incoterm=cell(columns.incoterm),
    )


class _Tally:
    """Counts one column that no service takes in."""

    def __init__(self, later: Later, mapping: DeliveriesMapping) -> None:
        self.later, self.mapping = later, mapping
        self.counts: Counter[str] = Counter()
        self.total = Decimal(0)

    def count(self, cells: Cells, into: Staging) -> None:
        cell, values = cells[self.later.column], self.mapping.values
        zone = ZoneInfo(values.zone)
        try:
            if is_unknown(cell, values.unknown):
                raise UnreadableError("unknown")  # noqa: TRY301  counted below, as what it says
            if self.later.kind == "date":
                day(cell, values.dates, zone)
            else:
                self.total += number(str(cell), decimal_mark=values.decimal_mark)
            self.counts[f"{self.later.kind}s"] += 1
        except UnreadableError:
            into.count_unknown(self.later.column, pattern(cell))

    def result(self) -> Counted:
        currency = self.mapping.values.currency
        total = rounded_minor(self.total, currency) if self.later.kind == "amount" else None
        return Counted(self.later.service, self.later.name, dict(self.counts), total)
