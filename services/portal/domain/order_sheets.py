"""Orders as rows of a spreadsheet: which column means what, and what stands in the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from contracts.values import plain
from shared.web.units import UNITS

_ = str  # marks what the catalog translates
ROWS_MAX = 5_000

COLUMNS: dict[str, tuple[str, str]] = {
    "number": ("订单号", "Order number"),
    "supplier": ("供应商", "Supplier"),
    "currency": ("币种", "Currency"),
    "position": ("行号", "Line"),
    "item_number": ("物料号", "Item number"),
    "item_name": ("物料名称", "Item name"),
    "quantity": ("数量", "Quantity"),
    "unit": ("单位", "Unit"),
    "price": ("单价", "Price"),
    "price_unit": ("价格单位", "Price per"),
    "due_on": ("交期", "Due date"),
    "plant": ("工厂", "Plant"),
}
NEEDED = "number", "supplier", "item_number", "item_name", "quantity", "price", "due_on"
UNIT_CODES = {name.lower(): code for code, names in UNITS.items() for name in names} | {
    "pcs": "C62",
    "个": "EA",
    "公斤": "KGM",
    "件": "C62",
    "pc": "C62",
}


@dataclass(frozen=True)
class Obstacle:
    """What is wrong with a row, and where; `words` is an msgid with `{value}` in it."""

    row: int
    column: str
    words: str
    value: str = ""


@dataclass
class Draft:
    """One order of the sheet, as the orders service takes it."""

    number: str
    supplier_id: str
    supplier_name: str
    currency: str
    lines: list[dict[str, Any]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    @property
    def amount(self) -> Decimal:
        return sum(
            (
                Decimal(line["price"])
                * Decimal(part["quantity"])
                / Decimal(line.get("price_unit", 1))
                for line in self.lines
                for part in line["schedule_lines"]
            ),
            Decimal(0),
        )

    def body(self) -> dict[str, Any]:
        """Return the order as it is sent."""
        known = "number", "supplier_id", "currency", "lines"
        return {name: getattr(self, name) for name in known}


@dataclass
class Reading:
    """What a sheet holds."""

    drafts: list[Draft]
    obstacles: list[Obstacle]


def read_orders(
    table: Sequence[Sequence[Any]], suppliers: Mapping[str, tuple[str, str]], *, currency: str
) -> Reading:
    """Read orders from a table with a head; rows of one order number belong together.

    `suppliers` maps what a buyer may write (name, own vendor number), in small letters, to the
    supplier's id and name.
    """
    if not table:
        return Reading([], [Obstacle(1, "", _("The sheet is empty."))])
    places = _places(table[0])
    missing = [name for name in NEEDED if name not in places]
    if missing:
        names = " / ".join(COLUMNS[name][0] for name in missing)
        return Reading([], [Obstacle(1, "", _("These columns are missing: {value}"), names)])
    if len(table) > ROWS_MAX + 1:
        return Reading([], [Obstacle(1, "", _("Send at most {value} rows."), str(ROWS_MAX))])
    drafts: dict[str, Draft] = {}
    obstacles: list[Obstacle] = []
    for index, cells in enumerate(table[1:], start=2):
        given = {name: _text(cells, place) for name, place in places.items()}
        if not any(given.values()):
            continue
        _read_row(_Row(index, given, obstacles), drafts, suppliers, currency)
    return Reading(list(drafts.values()), obstacles)


@dataclass
class _Row:
    index: int
    given: dict[str, str]
    obstacles: list[Obstacle]

    def object_to(self, column: str, words: str) -> None:
        value = self.given.get(column, "")
        self.obstacles.append(Obstacle(self.index, column, words, value))

    def number(self, column: str) -> str | None:
        try:
            value = Decimal(self.given.get(column, "").replace(",", ""))
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or value < 0:
            self.object_to(column, _("“{value}” is not a number."))
            return None
        return plain(value)

    def day(self, column: str) -> str | None:
        text = self.given.get(column, "").replace("/", "-").replace(".", "-")[:10]
        try:
            year, month, day = (int(part) for part in text.split("-"))
            return date(year, month, day).isoformat()
        except (ValueError, TypeError):
            self.object_to(column, _("“{value}” is not a date; write 2026-11-26."))
            return None


def _read_row(
    row: _Row, drafts: dict[str, Draft], suppliers: Mapping[str, tuple[str, str]], currency: str
) -> None:
    given, before = row.given, len(row.obstacles)
    supplier = suppliers.get(given["supplier"].strip().lower())
    if supplier is None:
        row.object_to("supplier", _("“{value}” is not one of your active suppliers."))
    for name in ("number", "item_number", "item_name"):
        if not given[name]:
            row.object_to(name, _("This is missing."))
    quantity, price, due_on = row.number("quantity"), row.number("price"), row.day("due_on")
    per = given.get("price_unit") or "1"
    position = given.get("position") or ""
    if not per.isdigit():
        row.object_to("price_unit", _("“{value}” is not a whole number."))
    if position and not position.isdigit():
        row.object_to("position", _("“{value}” is not a whole number."))
    if len(row.obstacles) > before or supplier is None:
        return
    draft = drafts.setdefault(
        given["number"],
        Draft(given["number"], *supplier, (given.get("currency") or currency).upper()),
    )
    if draft.supplier_id != supplier[0]:
        row.object_to("supplier", _("One order goes to one supplier; “{value}” is another."))
        return
    draft.rows.append(row.index)
    _add_line(draft, given, {"quantity": quantity, "due_on": due_on}, price=price or "0")


def _add_line(draft: Draft, given: Mapping[str, str], part: dict[str, Any], *, price: str) -> None:
    """Add a part to the line of its position, or begin that line."""
    position = given.get("position")
    wanted = int(position) if position else 10 * (len(draft.lines) + 1)
    for line in draft.lines:
        if line["position"] == wanted:
            line["schedule_lines"].append(part)
            return
    unit = given.get("unit") or "C62"
    draft.lines.append(
        {
            "position": wanted,
            "item_number": given["item_number"],
            "item_name": given["item_name"],
            "unit": UNIT_CODES.get(unit.lower(), unit.upper()),
            "price": price,
            "price_unit": int(given.get("price_unit") or "1"),
            **({"plant": given["plant"]} if given.get("plant") else {}),
            "schedule_lines": [part],
        }
    )


def _places(head: Sequence[Any]) -> dict[str, int]:
    known = {word.lower(): name for name, words in COLUMNS.items() for word in (*words, name)}
    found: dict[str, int] = {}
    for place, cell in enumerate(head):
        name = known.get(str(cell or "").strip().rstrip("*").strip().lower())
        if name:
            found.setdefault(name, place)
    return found


def _text(cells: Sequence[Any], place: int) -> str:
    value = cells[place] if place < len(cells) else None
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() if value is not None else ""
