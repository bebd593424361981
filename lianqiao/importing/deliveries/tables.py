"""The rows of a CSV or Excel file, one at a time."""

import csv
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from python_calamine import CalamineError, CalamineWorkbook, WorksheetNotFound

from lianqiao.importing.mapping import File
from lianqiao.importing.values import Cell, UnusableError

OPEN_XML = {".xlsx", ".xlsm"}  # read as a stream
OLDER = {".xls", ".xlsb", ".ods"}  # held in memory: they have 65,536 rows, or are rare
DIGITS = 15  # that a spreadsheet keeps of a number

Told = Callable[[int], None]
Rows = Iterator[tuple[int, dict[str, Cell]]]


def read(path: Path, file: File, *, told: Told = lambda _: None) -> Rows:
    """Yield each row that is not empty: its number in the file, and its cells by column.

    Refused is a file that is neither CSV nor Excel, is written in another encoding, or has no
    head or two columns of one name.
    """
    suffix = path.suffix.lower()
    try:
        if suffix in OPEN_XML:
            yield from _named(path, file, _open_xml(path, file))
        elif suffix in OLDER:
            yield from _named(path, file, _older(path, file))
        else:
            yield from _named(path, file, _csv(path, file, told))
    except OSError as error:
        raise UnusableError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise UnusableError(
            f"{path} is not written in {file.encoding} (byte {error.start}); "
            "name its encoding in the mapping, such as gb18030 or latin-1."
        ) from error
    except LookupError as error:
        raise UnusableError(f"The mapping names an encoding that is none: {error}.") from error
    except csv.Error as error:
        raise UnusableError(f"{path} is no CSV file: {error}.") from error
    except (BadZipFile, InvalidFileException, CalamineError, KeyError) as error:
        raise UnusableError(f"{path} is no Excel file that can be read: {error}.") from error


def _csv(path: Path, file: File, told: Told) -> Iterator[list[Any]]:
    with path.open(encoding=file.encoding, newline="") as text:
        for row in csv.reader(_lines(text, told), delimiter=file.delimiter):
            if any("\0" in cell for cell in row):
                raise UnusableError(f"{path} is no CSV file: it holds bytes that are no text.")
            yield row


def _lines(text: Iterator[str], told: Told) -> Iterator[str]:
    for line in text:
        told(len(line))
        yield line


def _open_xml(path: Path, file: File) -> Iterator[list[Any]]:
    workbook = load_workbook(path, read_only=True, data_only=True)
    try:
        if file.sheet is not None and file.sheet not in workbook.sheetnames:
            raise UnusableError(_no_sheet(path, file, workbook.sheetnames))
        sheet = workbook[file.sheet] if file.sheet else workbook.worksheets[0]
        sheet.reset_dimensions()  # some programs write wrong ones
        for row in sheet.iter_rows(values_only=True):
            yield list(row)
    finally:
        workbook.close()


def _older(path: Path, file: File) -> Iterator[list[Any]]:
    with CalamineWorkbook.from_path(path) as workbook:
        try:
            sheet = (
                workbook.get_sheet_by_name(file.sheet)
                if file.sheet
                else workbook.get_sheet_by_index(0)
            )
        except WorksheetNotFound:
            raise UnusableError(_no_sheet(path, file, workbook.sheet_names)) from None
        yield from sheet.iter_rows()


def _no_sheet(path: Path, file: File, names: list[str]) -> str:
    return f"{path} has no sheet “{file.sheet}”; it has {', '.join(names)}."


def _named(path: Path, file: File, rows: Iterator[list[Any]]) -> Rows:
    names: list[str] | None = None
    for row_number, row in enumerate(rows, start=1):
        if row_number < file.header_row:
            continue
        if names is None:
            names = [str(_cell(cell) or "").strip() for cell in row]
            doubled = sorted({name for name in names if name and names.count(name) > 1})
            if doubled:
                raise UnusableError(f"{path} has two columns named {', '.join(doubled)}.")
            continue
        cells = {name: _cell(cell) for name, cell in zip(names, row, strict=False) if name}
        if any(cell not in (None, "") for cell in cells.values()):
            yield row_number, cells
    if names is None:
        raise UnusableError(f"{path} is empty: row {file.header_row} should name its columns.")


def _cell(value: object) -> Cell:
    """Take a spreadsheet's value as what a reader would type: 551, not 551.0."""
    if value is None or isinstance(value, str | date | datetime):
        return value
    if isinstance(value, float):
        return format(value, f".{DIGITS}g")
    return str(value)
