"""The spreadsheet in which a supplier reports: written with its open work orders, and read back.

What comes back may be anything. Before a library that builds dense grids opens it, the archive is
measured and every cell is looked up in the XML, so that neither a bomb nor a cell far away costs
memory.
"""

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from io import BytesIO
from itertools import islice
from typing import Any, NamedTuple
from unicodedata import normalize
from uuid import UUID

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from python_calamine import CalamineWorkbook

from services.production.models import WorkOrder
from shared.problem import Problem
from shared.types import UNPRINTABLE

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UPLOAD_BYTES_MAX = 2 * 2**20
INFLATED_BYTES_MAX = 32 * 2**20
PARTS_MAX = SHEETS_MAX = 100
ROWS_MAX, COLUMNS_MAX = 5_000, 40
CHUNK_BYTES = 2**16
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
YELLOW = PatternFill("solid", fgColor="FFF8E1")
FORMULA_OR_ERROR = "=", "#"
AGAIN = "Download the spreadsheet again and fill in that one."

_KEY = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/([0-9]{1,2})/([0-9a-f]{32})")
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_REFERENCE = re.compile(rb"\sr\s*=\s*[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
_ERROR = re.compile(rb"\st\s*=\s*[\"']e[\"']")
_TAG = re.compile(  # a cell with its attributes, a formula in it, or a value that is not empty
    rb"<(?:[^\s<>/:!?]+:)?(?:(c)(?=[\s/>])([^<>]*)>|(f)(?=[\s/>])|(v)(?:\s[^<>]*)?>[^<])"
)


class UnusableSheet(Problem):
    """The file is not the spreadsheet that was downloaded here."""

    status = 422


class UnusableCell(Problem):
    """A cell of the spreadsheet cannot be read as what it should hold."""

    status = 422


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
    sheet.append([_head(sheet, title) for title in COLUMNS])
    rows = (row for order, name in work_orders for row in _rows(order, name, ticket))
    for row in islice(rows, ROWS_MAX):
        sheet.append([_cell(sheet, value) for value in row])
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


def _cell(sheet: Any, value: Any) -> Any:  # noqa: ANN401
    """Return a value as a cell takes it; text that looks like a formula stays text."""
    if not isinstance(value, str):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", value)
    if text[:1] not in FORMULA_OR_ERROR:
        return text
    cell: Any = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    return cell


def _head(sheet: Any, title: str) -> Any:  # noqa: ANN401
    cell: Any = WriteOnlyCell(sheet, title)
    cell.font = Font(bold=True)
    if title in ASKED:
        cell.fill = YELLOW
    return cell


def read(file: bytes) -> list[SheetRow]:
    """Read what the rows report, leaving out those that report nothing.

    Raises UnusableSheet when it is not the spreadsheet that `written` wrote.
    """
    blank = _measured(file)
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(file))
        for name in book.sheet_names[:SHEETS_MAX]:
            grid = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            if grid and all(title in grid[0] for title in READ):
                return _read(grid, blank)
    except Problem:
        raise
    except BaseException as error:  # what Rust panics with is no Exception
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise UnusableSheet(f"The file cannot be read. {AGAIN}") from error
        raise
    raise UnusableSheet(f"No sheet of it has the columns {', '.join(READ)}. {AGAIN}")


def _measured(file: bytes) -> Mapping[str, str]:
    """Refuse what is too large when unpacked; return cells that look empty and are not."""
    try:
        with zipfile.ZipFile(BytesIO(file)) as archive:
            parts = archive.infolist()
            if len(parts) > PARTS_MAX or sum(p.file_size for p in parts) > INFLATED_BYTES_MAX:
                raise UnusableSheet(f"It is too large when unpacked. {AGAIN}")
            blank: dict[str, str] = {}
            for part in parts:
                blank |= _looked_up(_inflated(archive, part))
            return blank
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise UnusableSheet(f"It is no .xlsx file, or is protected or damaged. {AGAIN}") from error
    except zlib.error as error:
        raise UnusableSheet(f"It is damaged. {AGAIN}") from error


def _inflated(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    """Unpack a part; one that is longer than it says fails its checksum."""
    with archive.open(part) as stream:
        return b"".join(iter(lambda: stream.read(CHUNK_BYTES), b""))


def _looked_up(xml: bytes) -> dict[str, str]:
    """Refuse cells far away, and return those with an error or with a formula without value."""
    blank: dict[str, str] = {}
    cell = ""
    for tag in _TAG.finditer(xml):
        if tag[1]:
            cell = _placed(tag[2])
            if _ERROR.search(tag[2]):
                blank[cell] = "holds an error of the spreadsheet; type the number"
        elif tag[3]:
            blank.setdefault(cell, "holds a formula without a result; type the number")
        elif "formula" in blank.get(cell, ""):
            del blank[cell]
    return blank


def _placed(attributes: bytes) -> str:
    found = _REFERENCE.search(attributes)
    if found is None:
        raise UnusableSheet(f"A cell does not say where it stands. {AGAIN}")
    letters, row = found[1].decode(), int(found[2])
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    if row > ROWS_MAX + 1 or column > COLUMNS_MAX:
        raise UnusableSheet(
            f"{letters}{row} lies outside of {ROWS_MAX} rows and {COLUMNS_MAX} columns."
            " Delete what is there, or split the file."
        )
    return f"{letters}{row}"


def _read(grid: Sequence[Sequence[Any]], blank: Mapping[str, str]) -> list[SheetRow]:
    head = [str(title) for title in grid[0]]
    if any(head.count(title) > 1 for title in READ):
        raise UnusableSheet(f"A column stands there twice. {AGAIN}")
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
