"""A release as a file: CSV and a workbook for people, JSON to the byte that was hashed."""

import csv
from collections.abc import Iterator
from io import BytesIO, StringIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from services.insights.api.shown import place
from services.insights.domain import content
from services.insights.domain.method import NOTES
from services.insights.models import Release

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
HEAD = (
    "table",
    "month",
    "region",
    "region_name",
    "region_english",
    "industry",
    "industry_name",
    "industry_english",
    "value",
    "unit",
)
MARK = "\ufeff"  # or Excel takes Chinese for another encoding
WIDTHS = 20, 12, 10, 18, 18, 10, 30, 30, 16, 8


def exported(row: Release, kind: str) -> bytes:
    """Write a release as a file of a kind; what is not published is not in it."""
    if kind == "json":
        return row.content.encode()
    return _as_csv(row) if kind == "csv" else _as_workbook(row)


def _rows(row: Release, name: str, table: content.TableSpec) -> Iterator[dict[str, Any]]:
    for region, industry, number in content.cells(row.content, name):
        named = place(region, industry)
        value = table.value(number)
        yield {
            "table": name,
            "month": f"{row.month:%Y-%m}",
            "unit": table.unit,
            "value": value,
        } | named


def _as_csv(row: Release) -> bytes:
    text = StringIO()
    text.write(MARK)
    writer = csv.DictWriter(text, HEAD)
    writer.writeheader()
    for name, table in content.tables(row.content).items():
        writer.writerows(_rows(row, name, table))
    return text.getvalue().encode()


def _as_workbook(row: Release) -> bytes:
    book = Workbook(write_only=True)
    for name, table in content.tables(row.content).items():
        sheet: Any = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for number, width in enumerate(WIDTHS):
            sheet.column_dimensions["ABCDEFGHIJ"[number]].width = width
        sheet.append([_bold(sheet, title) for title in HEAD])
        for cells in _rows(row, name, table):
            sheet.append([cells[title] for title in HEAD])
    notes: Any = book.create_sheet("方法 Method")
    notes.append(["SHA-256", row.sha256])
    for note in NOTES:
        notes.append([note.id, note.zh, note.en])
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def _bold(sheet: Any, title: str) -> Any:  # noqa: ANN401
    cell = WriteOnlyCell(sheet, title)
    cell.font = Font(bold=True)
    return cell
