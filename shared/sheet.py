"""Spreadsheets that people fill in: written cell by cell, and read back safely.

What comes back may be anything. Before a library that builds dense grids opens it, the archive is
measured and every cell is looked up in the XML, so that neither a bomb nor a cell far away costs
memory.
"""

import asyncio
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any, TypeVar

from fastapi import Request
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font, PatternFill
from python_calamine import CalamineWorkbook

from shared.guard import TooLarge
from shared.problem import Problem

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSX: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
UPLOAD_BYTES_MAX = 2 * 2**20
INFLATED_BYTES_MAX = 32 * 2**20
PARTS_MAX = SHEETS_MAX = 100
ROWS_MAX, COLUMNS_MAX = 5_000, 40
CHUNK_BYTES = 2**16
YELLOW = PatternFill("solid", fgColor="FFF8E1")
FORMULA_OR_ERROR = "=", "#"
AGAIN = "Download the spreadsheet again and fill in that one."
POOL = ThreadPoolExecutor(2, "sheets")  # more at once wait

_REFERENCE = re.compile(rb"\sr\s*=\s*[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
_ERROR = re.compile(rb"\st\s*=\s*[\"']e[\"']")
_TAG = re.compile(  # a cell with its attributes, a formula in it, or a value that is not empty
    rb"<(?:[^\s<>/:!?]+:)?(?:(c)(?=[\s/>])([^<>]*)>|(f)(?=[\s/>])|(v)(?:\s[^<>]*)?>[^<])"
)

T = TypeVar("T")
Grid = Sequence[Sequence[Any]]


class UnusableSheet(Problem):
    """The file is not the spreadsheet that was downloaded here."""

    status = 422


class UnusableCell(Problem):
    """A cell of the spreadsheet cannot be read as what it should hold."""

    status = 422


async def uploaded(request: Request) -> bytes:
    """Return the file that a request carries as its body. Raises TooLarge."""
    file = bytearray()
    async for chunk in request.stream():
        file += chunk
        if len(file) > UPLOAD_BYTES_MAX:
            raise TooLarge(f"Send at most {UPLOAD_BYTES_MAX // 2**20} MiB; split the file.")
    return bytes(file)


async def in_pool(work: Callable[[], T]) -> T:
    """Work on a spreadsheet beside the event loop, two at a time."""
    return await asyncio.get_running_loop().run_in_executor(POOL, work)


def cell_of(sheet: Any, value: Any) -> Any:  # noqa: ANN401
    """Return a value as a cell takes it; text that looks like a formula stays text."""
    if not isinstance(value, str):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", value)
    if text[:1] not in FORMULA_OR_ERROR:
        return text
    cell: Any = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    return cell


def head_of(sheet: Any, title: str, *, asked: bool) -> Any:  # noqa: ANN401
    """Return a title; columns in which something is asked are yellow."""
    cell: Any = WriteOnlyCell(sheet, title)
    cell.font = Font(bold=True)
    if asked:
        cell.fill = YELLOW
    return cell


def opened(file: bytes, titles: Sequence[str]) -> tuple[Grid, Mapping[str, str]]:
    """Return the first sheet that has these titles, and which empty cells are not empty, and why.

    Raises UnusableSheet.
    """
    blank = _measured(file)
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(file))
        for name in book.sheet_names[:SHEETS_MAX]:
            grid: Grid = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            if grid and all(title in grid[0] for title in titles):
                _refuse_twice(grid, titles)
                return grid, blank
    except Problem:
        raise
    except BaseException as error:  # what Rust panics with is no Exception
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise UnusableSheet(f"The file cannot be read. {AGAIN}") from error
        raise
    raise UnusableSheet(f"No sheet of it has the columns {', '.join(titles)}. {AGAIN}")


def _refuse_twice(grid: Grid, titles: Sequence[str]) -> None:
    head = [str(title) for title in grid[0]]
    if any(head.count(title) > 1 for title in titles):
        raise UnusableSheet(f"A column stands there twice. {AGAIN}")


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
