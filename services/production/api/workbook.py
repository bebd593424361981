"""The spreadsheet in which a supplier reports: written with its open work orders, and read back."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from io import BytesIO
from itertools import islice
from typing import Any, NamedTuple
from unicodedata import normalize
from uuid import UUID

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from services.production.models import WorkOrder
from shared.sheet import AGAIN, ROWS_MAX, YELLOW, UnusableCell, cell_of, head_of, opened
from shared.types import UNPRINTABLE

REASON_MAX = 200

ORDER, NAME = "订单 Order", "物料名称 Name"
KEY, GOOD, SCRAPPED = "工单键 Key", "本次良品 Good now", "本次报废 Scrapped now"
REASON = "报废原因（买方不可见） Scrap reason (the buyer cannot see it)"
COLUMNS = {  # title: width
    KEY: 8,
    ORDER: 18,
    "行 Line": 9,
    "买方 Buyer": 26,
    "物料号 Item": 18,
    NAME: 30,
    "承诺日 Promised": 13,
    "工序号 No.": 8,
    "工序 Operation": 20,
    "单位 Unit": 8,
    "订购 Ordered": 12,
    "已报良品 Good so far": 14,
    "现可报 Open now": 12,
    GOOD: 14,
    SCRAPPED: 14,
    REASON: 34,
}
ASKED = GOOD, SCRAPPED, REASON
READ = KEY, *ASKED

_KEY = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/([0-9]{1,2})/([0-9a-f]{32})")
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")


class Said(NamedTuple):
    """What one row of the spreadsheet reports."""

    work_order_id: UUID
    operation: int
    good: Decimal
    scrapped: Decimal
    scrap_reason: str | None
    reference: str


class SheetRow(NamedTuple):
    """One row of the spreadsheet: what it reports, or why it cannot be read."""

    row: int
    cell: str  # the one in the way, or that of the quantity
    order_number: str
    item_name: str
    said: Said | UnusableCell


def written(work_orders: Iterable[tuple[WorkOrder, str | None]], *, ticket: UUID) -> bytes:
    """Write open work orders, one row per operation, each with the name of its buyer.

    The ticket makes every row's report one that counts once, however often the file is sent. What
    exceeds the rows that can be read back is left out.
    """
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet("报工 Progress")
    sheet.freeze_panes = "C2"
    for number, (title, width) in enumerate(COLUMNS.items(), start=1):
        column = sheet.column_dimensions[get_column_letter(number)]
        column.width, column.hidden = width, title == KEY
        if title in ASKED:
            column.fill = YELLOW
    sheet.append([head_of(sheet, title, asked=title in ASKED) for title in COLUMNS])
    rows = (row for order, name in work_orders for row in _rows(order, name, ticket))
    for row in islice(rows, ROWS_MAX):
        sheet.append([cell_of(sheet, value) for value in row])
    checked = DataValidation("decimal", operator="greaterThanOrEqual", formula1="0")
    checked.add(f"N2:O{ROWS_MAX + 1}")
    sheet.data_validations.append(checked)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def _rows(order: WorkOrder, buyer_name: str | None, ticket: UUID) -> Iterator[Sequence[object]]:
    progress = order.held.progress
    for sequence, (name, good, _) in enumerate(progress.operations, start=1):
        yield (
            f"{order.id}/{sequence}/{ticket.hex}",
            order.order_number,
            f"{order.position}.{order.sequence}",
            buyer_name,
            order.item_number,
            order.item_name,
            order.promised_on,
            sequence,
            name,
            order.unit,
            order.ordered,
            good,
            progress.open_at(sequence),
        )


def read(file: bytes) -> list[SheetRow]:
    """Read what the rows report, leaving out those that report nothing.

    Raises UnusableSheet when it is not the spreadsheet that `written` wrote.
    """
    return _read(*opened(file, READ))


def _read(grid: Sequence[Sequence[Any]], blank: Mapping[str, str]) -> list[SheetRow]:
    head = [str(title) for title in grid[0]]
    columns = {title: head.index(title) for title in (*READ, ORDER, NAME) if title in head}
    read_rows = (
        _Row(number, values, columns, blank).read() for number, values in enumerate(grid[1:], 2)
    )
    return [row for row in read_rows if row]


class _Row:
    """One row of the grid, by column titles."""

    def __init__(
        self,
        number: int,
        values: Sequence[Any],
        columns: Mapping[str, int],
        blank: Mapping[str, str],
    ) -> None:
        self.number, self.values, self.columns, self.blank = number, values, columns, blank
        self.asked = GOOD

    def read(self) -> SheetRow | None:
        """Return what the row reports, None when that is nothing."""
        said: Said | UnusableCell
        try:
            good, scrapped, reason = self._number(GOOD), self._number(SCRAPPED), self._reason()
            if not (good or scrapped or reason):
                return None
            work_order_id, operation, ticket = self._key()
            reference = f"sheet/{ticket}/{operation}"
            said = Said(work_order_id, operation, good, scrapped, reason, reference)
            self.asked = SCRAPPED if scrapped and not good else GOOD
        except UnusableCell as problem:
            said = problem
        return SheetRow(
            self.number, self._at(self.asked), self._told(ORDER), self._told(NAME), said
        )

    def _told(self, title: str) -> str:
        value = self.values[self.columns[title]] if title in self.columns else ""
        return UNPRINTABLE.sub("", str(value))[:REASON_MAX]

    def _key(self) -> tuple[UUID, int, str]:
        found = _KEY.fullmatch(str(self._value(KEY)).strip())
        if found is None:
            raise UnusableCell(f"The row's key in {self._at(KEY)} was changed or lost. {AGAIN}")
        return UUID(found[1]), int(found[2]), found[3]

    def _at(self, title: str) -> str:
        return f"{get_column_letter(self.columns[title] + 1)}{self.number}"

    def _value(self, title: str) -> Any:  # noqa: ANN401  whatever the cell holds
        self.asked = title
        value = self.values[self.columns[title]]
        if value == "" and (why := self.blank.get(self._at(title))):
            raise UnusableCell(f"{self._at(title)} {why}.")
        return value

    def _number(self, title: str) -> Decimal:
        value = self._value(title)
        if value == "":
            return Decimal(0)
        text = format(value, ".15g") if isinstance(value, float) else str(value)
        text = normalize("NFKC", text).strip()
        if isinstance(value, bool) or not isinstance(value, float | int | str):
            raise UnusableCell(f"{self._at(title)} holds {value}, which is no quantity.")
        if not _NUMBER.fullmatch(text):
            raise UnusableCell(
                f"{self._at(title)} holds {text[:40]!r}. Write a quantity such as 12 or 12.5, with"
                " at most 6 decimals and without spaces, commas or unit. To take a report back,"
                " reverse it."
            )
        return Decimal(text)

    def _reason(self) -> str | None:
        text = " ".join(str(self._value(REASON)).split())
        if len(text) > REASON_MAX:
            raise UnusableCell(f"{self._at(REASON)} is longer than {REASON_MAX} characters.")
        if UNPRINTABLE.search(text):
            raise UnusableCell(f"{self._at(REASON)} holds a character that cannot be printed.")
        return text or None
