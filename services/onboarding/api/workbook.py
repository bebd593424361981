"""The spreadsheet in which a buyer lists whom it wants to invite."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, NamedTuple

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from pydantic import ValidationError

from services.onboarding.schemas.joining import InvitationIn
from shared.sheet import ROWS_MAX, YELLOW, UnusableCell, cell_of, head_of, opened
from shared.types import UNPRINTABLE

COLUMNS = {  # title: the field it fills in, and its width
    "企业或联系人 Company or person": ("name", 34),
    "邮箱 E-mail": ("email", 30),
    "手机 Phone": ("phone", 20),
    "语言 Language (zh/en)": ("language", 14),
    "供应商编号 Vendor number": ("vendor_number", 20),
    "附言 Note": ("note", 50),
}
TITLES = list(COLUMNS)
FIELDS = {field: title for title, (field, _) in COLUMNS.items()}
SHOWN_MAX = 200
LANGUAGES = {
    "中文": "zh",
    "汉语": "zh",
    "chinese": "zh",
    "english": "en",
    "英文": "en",
    "英语": "en",
}


class SheetRow(NamedTuple):
    """One row: whom to invite, or why it cannot be read and which cell is in the way."""

    row: int
    name: str
    contact: str
    asked: InvitationIn | UnusableCell
    cell: str | None = None


def written() -> bytes:
    """Write an empty spreadsheet to be filled in."""
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet("邀请 Invitations")
    sheet.freeze_panes = "A2"
    for number, (_, width) in enumerate(COLUMNS.values(), start=1):
        column = sheet.column_dimensions[get_column_letter(number)]
        column.width, column.fill = width, YELLOW
        column.number_format = "@"  # numbers of telephones are texts
    sheet.append([head_of(sheet, cell_of(sheet, title), asked=True) for title in COLUMNS])
    checked = DataValidation("list", formula1='"zh,en"', allow_blank=True)
    checked.add(f"D2:D{ROWS_MAX + 1}")
    sheet.data_validations.append(checked)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def read(file: bytes) -> list[SheetRow]:
    """Read whom the rows name, leaving out empty ones. Raises UnusableSheet."""
    grid, blank = opened(file, TITLES)
    head = [str(title) for title in grid[0]]
    columns = {field: head.index(title) for field, title in FIELDS.items()}
    rows = (_row(n, values, columns, blank) for n, values in enumerate(grid[1:], start=2))
    return [row for row in rows if row]


def _row(
    number: int, values: Sequence[Any], columns: Mapping[str, int], blank: Mapping[str, str]
) -> SheetRow | None:
    told = {field: _text(values[column]) for field, column in columns.items()}
    cells = {field: f"{get_column_letter(column + 1)}{number}" for field, column in columns.items()}
    broken = [f"{cell} {blank[cell]}" for cell in cells.values() if cell in blank]
    if not any(told.values()) and not broken:
        return None
    shown = told["name"][:SHOWN_MAX], (told["email"] or told["phone"])[:SHOWN_MAX]
    if broken:
        return SheetRow(number, *shown, UnusableCell(f"{broken[0]}."), broken[0].split()[0])
    language = told.pop("language").casefold()
    given = {field: text for field, text in told.items() if text}
    given["language"] = LANGUAGES.get(language, language or "zh")
    try:
        return SheetRow(number, *shown, InvitationIn.model_validate(given))
    except ValidationError as error:
        found = error.errors()[0]
        field = str(found["loc"][0]) if found["loc"] else "email"
        said = str(found["msg"]).removeprefix("Value error, ")
        problem = UnusableCell(f"{cells[field]}: {said}.")
        return SheetRow(number, *shown, problem, cells[field])


def _text(value: Any) -> str:  # noqa: ANN401  whatever the cell holds
    """Return what a cell says; a telephone number may have been kept as a number."""
    text = format(value, ".15g") if isinstance(value, float) else str(value)
    return " ".join(UNPRINTABLE.sub("", text).split())
