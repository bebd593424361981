"""Tables leave: what is seen, as an Excel workbook, made in a thread."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import ParamSpec, cast

from fastapi import Response
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from services.portal.api.books import Book
from services.portal.api.page import pages
from services.portal.schemas.orders import ScheduleLine
from shared.web.formats import Formats

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA = "=", "+", "-", "@", "\t", "\r"  # what a spreadsheet would run
WIDTHS = {"item": 36, "partner": 28, "progress": 12, "value": 16}
P = ParamSpec("P")
_ = str  # marks what the catalog translates


@dataclass(frozen=True)
class Sheet:
    """A finished workbook."""

    content: bytes

    def answer(self, name: str) -> Response:
        """Send it as a download."""
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(self.content, media_type=XLSX, headers=headers)


async def spreadsheet(make: Callable[P, bytes], *args: P.args, **kwargs: P.kwargs) -> Sheet:
    """Make a workbook without holding up other requests."""
    return Sheet(await asyncio.to_thread(make, *args, **kwargs))


def plain_text(value: str) -> str:
    """Keep a spreadsheet from running what somebody typed."""
    return f"'{value}" if value.startswith(FORMULA) else value


def book_sheet(
    book: Book,
    shown: Sequence[str],
    heads: Mapping[str, str],
    rows: Sequence[ScheduleLine],
    written: Formats,
) -> bytes:
    """Write the order book: numbers as numbers, dates as dates, so that it can be worked with."""
    say = partial(pages.words, written.language)
    fixed = [say(_("Order")), say(_("Line")), say(_("Schedule line"))]
    extra = [] if book.unit else [say(_("Unit"))]
    extra += [] if book.currency else [say(_("Currency"))]
    table = [_cells(book, shown, row, written) for row in rows]
    return workbook([*fixed, *(heads[name] for name in shown), *extra], table, list(shown))


def _cells(book: Book, shown: Sequence[str], row: ScheduleLine, written: Formats) -> list[object]:
    predicted = row.predicted.predicted_on if row.predicted else None
    finished = row.completed_at.astimezone(written.zone).date() if row.completed_at else None
    share = min(float(row.good / row.quantity), 1.0) if row.quantity else 0.0
    values: dict[str, object] = {
        "item": plain_text(f"{row.item_number} {row.item_name}"),
        "partner": plain_text(row.partner(book.side)),
        "done": row.good,
        "ordered": row.quantity,
        "progress": share,
        "promised": row.promised_on,
        "predicted": finished or predicted,
        "late": row.days_late or None,
        "status": pages.words(written.language, STATUS[row.light.value]),
        "value": row.amount.amount,
    }
    cells: list[object] = [plain_text(row.order_number), row.position, row.sequence]
    cells += [values[name] for name in shown]
    cells += [] if book.unit else [written.unit(row.unit)]
    return cells + ([] if book.currency else [row.amount.currency])


STATUS = {
    "unconfirmed": _("To confirm"),
    "on_time": _("On time"),
    "at_risk": _("At risk"),
    "late": _("Late"),
    "completed": _("Completed"),
    "cancelled": _("Cancelled"),
}


def workbook(
    heads: Sequence[str], rows: Sequence[Sequence[object]], names: Sequence[str] = ()
) -> bytes:
    """Write one sheet with a bold head that stays in view, and a filter."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("1")
    sheet.freeze_panes = "A2"
    for index, head in enumerate(heads, start=1):
        width = next((WIDTHS[n] for n in names[index - 4 : index - 3] if n in WIDTHS), 14)
        sheet.column_dimensions[get_column_letter(index)].width = max(width, 2 * len(head))
    bold = []
    for head in heads:
        cell = WriteOnlyCell(sheet, head)
        cell.font = Font(bold=True)
        bold.append(cell)
    sheet.append(bold)
    share = names.index("progress") + 3 if "progress" in names else -1
    for row in rows:
        cells = list(row)
        if share >= 0:
            cell = WriteOnlyCell(sheet, cast(float, cells[share]))
            cell.number_format = "0 %"
            cells[share] = cell
        sheet.append(cells)
    if rows:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(heads))}{len(rows) + 1}"
    content = BytesIO()
    book.save(content)
    return content.getvalue()
