"""The order book: the same list for both sides, live, and as a spreadsheet."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from uuid_utils.compat import uuid7

from contracts.orders import Side
from contracts.scopes import Scope
from services.portal.api.books import COLUMNS, HIDDEN_COOKIE, SORTABLE, VIEWS, Book, picture_of
from services.portal.api.page import Form, Own, Posted, Visitor, go, needs, page_router, pages, show
from services.portal.api.spreadsheets import book_sheet, spreadsheet
from services.portal.commands import orders as acts
from services.portal.commands import views
from services.portal.commands.sessions import Visit
from services.portal.domain.pictures import axis_for
from services.portal.queries import orders
from services.portal.queries import views as kept
from services.portal.schemas.orders import ScheduleLine
from shared.database import Now
from shared.problem import InvalidInput, NotFound
from shared.settings import settings
from shared.types import Search
from shared.web.formats import Formats
from shared.web.languages import language_of

PAGE = 50
EXPORT_ROWS_MAX = 20_000
PICKED_MAX = 200
_ = str  # marks what the catalog translates

router = page_router()


def _book(  # noqa: PLR0913, PLR0917
    request: Request,
    visitor: Visitor,
    side: Side | None = None,
    view: Annotated[str, Query(pattern=f"^({'|'.join(VIEWS)})$")] = "open",
    q: Search = "",
    counterparty_id: Annotated[str, Query(max_length=36)] = "",
    sort: Annotated[str, Query(pattern="^(due|-lateness|-value)$")] = "-lateness",
    saved: Annotated[str, Query(max_length=36)] = "",
) -> Book:
    needs(visitor, Scope.ORDERS_READ)
    own = Side.SUPPLIER if visitor.me.is_supplier and not visitor.me.is_buyer else Side.BUYER
    hidden = frozenset(request.cookies.get(HIDDEN_COOKIE, "").split(".")) & frozenset(COLUMNS)
    return Book(side or own, view, q, counterparty_id, sort, saved, hidden)


Asked = Annotated[Book, Depends(_book)]
Cursor = Annotated[str | None, Query(max_length=1000)]


def _formats(request: Request, now: Now) -> Formats:
    return Formats(language_of(request), settings().calendar, now)


Written = Annotated[Formats, Depends(_formats)]


@router.get("/orders")
async def order_book(
    request: Request, visitor: Visitor, book: Asked, own: Own, written: Written
) -> Response:
    """Answer what will be late, and list it."""
    me = visitor.me
    since = await views.look(own, me, f"orders.{book.side}", at=written.now)
    summary, page, counterparties = await asyncio.gather(
        orders.summary(visitor.api, book.side, since=since),
        orders.book(visitor.api, book.side, limit=PAGE, **book.filter),
        _counterparties(visitor, book.side),
    )
    await views.note_tally(own, me.organization.id, summary)
    listed = _listed(book, page.items, page.cursor, written)
    context = {
        **listed,
        "summary": summary,
        "trend": await kept.trend(own, me.organization.id, book.side, today=summary.today),
        "saved": await kept.saved_views(own, me, book.side),
        "counterparties": counterparties,
        "tabs": _tabs(request, book.side),
        "sorts": _sorts(request),
        "columns": _columns(request, listed["book"], written),
        "sortable": SORTABLE,
    }
    return show(request, visitor, "order_book.html", context, here=book.side.value)


@router.get("/orders/more")
async def more_rows(
    request: Request, visitor: Visitor, book: Asked, cursor: Cursor, written: Written
) -> Response:
    """Return the rows after a cursor, for the end of the list."""
    page = await orders.book(visitor.api, book.side, limit=PAGE, cursor=cursor, **book.filter)
    context = _listed(book, page.items, page.cursor, written)
    return show(request, visitor, "fragments/book_rows.html", context)


@router.get("/orders/rows/{schedule_line_id}")
async def one_row(  # noqa: PLR0913, PLR0917
    request: Request,
    visitor: Visitor,
    schedule_line_id: UUID,
    book: Asked,
    written: Written,
    unit: Annotated[str | None, Query(max_length=3)] = None,
    currency: Annotated[str | None, Query(max_length=3)] = None,
) -> Response:
    """Return a row that has changed; it glows once."""
    row = await orders.row(visitor.api, schedule_line_id)
    book = Book(**{**book.__dict__, "unit": unit, "currency": currency})
    drawn = picture_of(row, today=written.today, zone=written.zone)
    context = {"row": row, "picture": drawn, "book": book}
    return show(request, visitor, "fragments/changed_row.html", context)


@router.get("/orders/export")
async def export(request: Request, visitor: Visitor, book: Asked, written: Written) -> Response:
    """Return exactly what is seen as a spreadsheet: the same rows, columns and order."""
    rows = [
        row
        async for row in orders.whole_book(
            visitor.api, book.side, rows_max=EXPORT_ROWS_MAX, **book.filter
        )
    ]
    return await _as_sheet(request, book.sharing(rows), rows, written)


@router.post("/orders/picked")
async def picked(request: Request, visitor: Visitor, form: Posted, written: Written) -> Response:
    """Do one thing with all picked lines: remind, confirm as asked, or export."""
    lines = _lines(form)
    back = form.text("back")
    back = back if back.startswith("/orders?") else "/orders"
    if form.text("act") == "export":
        book = Book(form.one_of(Side, "side"))
        rows = [await orders.row(visitor.api, line) for line in lines]
        return await _as_sheet(request, book.sharing(rows), rows, written)
    key = str(uuid7())
    if form.text("act") == "confirm":
        results = await acts.confirm_as_asked(visitor.api, lines, key=key)
        refused = sum(result["status"] == "refused" for result in results)
        return go(back, said="confirmed-partly" if refused else "confirmed")
    words = pages.words(written.language, _("Please tell us how this line stands."))
    await acts.remind(visitor.api, lines, words, key=key)
    return go(back, said="reminded")


@router.post("/orders/views")
async def save_view(visitor: Visitor, form: Posted, own: Own) -> Response:
    """Keep a filter as a tab."""
    side, name, query = form.one_of(Side, "side"), form.text("name")[:24], form.text("query")[:500]
    if not name or not query.isprintable():
        raise InvalidInput("Give the tab a name.")
    await views.save_view(own, visitor.me, side=side, name=name, query=query)
    return go(f"/orders?{query}", said="saved")


@router.post("/orders/views/{view_id}/removal")
async def remove_view(view_id: UUID, visitor: Visitor, form: Posted, own: Own) -> Response:
    """Give up a tab."""
    side = form.one_of(Side, "side")
    await views.remove_view(own, visitor.me, view_id)
    return go(f"/orders?side={side.value}")


def _listed(
    book: Book,
    rows: list[ScheduleLine],
    cursor: str | None,
    written: Formats,
) -> dict[str, Any]:
    drawn = [(row, picture_of(row, today=written.today, zone=written.zone)) for row in rows]
    axis = axis_for([picture for _row, picture in drawn], today=written.today)
    more = f"/orders/more?{book.query}&cursor={cursor}" if cursor else None
    return {"rows": drawn, "axis": axis, "book": book.sharing(rows), "next": more}


async def _counterparties(visitor: Visit, side: Side) -> list[tuple[UUID, str]]:
    found = set()
    for known in await orders.relationships(visitor.api):
        if side is Side.BUYER and known.buyer_id == visitor.me.organization.id:
            found.add((known.supplier_id, known.supplier_name))
        elif side is Side.SUPPLIER and known.supplier_id == visitor.me.organization.id:
            found.add((known.buyer_id, known.buyer_name))
    return sorted(found, key=lambda pair: pair[1])


def _lines(form: Form) -> list[UUID]:
    try:
        return [UUID(text) for text in form.texts("line")[:PICKED_MAX]]
    except ValueError as error:
        raise NotFound("There is no such line.") from error


async def _as_sheet(
    request: Request, book: Book, rows: list[ScheduleLine], written: Formats
) -> Response:
    heads = dict(_columns(request, book, written))
    shown = [name for name in COLUMNS if name not in book.hidden]
    content = await spreadsheet(book_sheet, book, shown, heads, rows, written)
    return content.answer(f"orders-{written.today}.xlsx")


def _tabs(request: Request, side: Side) -> list[tuple[str, str]]:
    language = language_of(request)
    words = {
        "open": _("Open"),
        "late": _("Late"),
        "at_risk": _("At risk"),
        "unconfirmed": _("To confirm"),
        "due_this_week": _("Due this week"),
        "changes": _("Changes for me to answer"),
        "all": _("All"),
    }
    assert set(words) == set(VIEWS), side
    return [(view, pages.words(language, words[view])) for view in VIEWS]


def _sorts(request: Request) -> list[tuple[str, str]]:
    language = language_of(request)
    words = {
        "-lateness": _("Latest first"),
        "due": _("Due date, soonest first"),
        "-value": _("Value, highest first"),
    }
    return [(key, pages.words(language, text)) for key, text in words.items()]


def _columns(request: Request, book: Book, written: Formats) -> list[tuple[str, str]]:
    """Name the columns; a unit or currency that all rows share stands in the head."""
    language = language_of(request)
    unit = written.unit(book.unit) if book.unit else ""
    currency = written.currency(book.currency) if book.currency else ""
    words = {
        "item": (_("Item"), ""),
        "partner": (_("Supplier") if book.side is Side.BUYER else _("Customer"), ""),
        "done": (_("Done"), unit),
        "ordered": (_("Ordered"), unit),
        "progress": (_("Progress"), ""),
        "promised": (_("Promised"), ""),
        "predicted": (_("Expected"), ""),
        "late": (_("Late by"), pages.words(language, _("d"))),
        "status": (_("Status"), ""),
        "value": (_("Value"), currency),
    }
    left, right = ("（", "）") if language.value == "zh" else (" (", ")")
    return [
        (name, pages.words(language, head) + (f"{left}{unit}{right}" if unit else ""))
        for name, (head, unit) in words.items()
    ]
