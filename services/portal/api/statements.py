"""Statements of a month: each side answers line by line; agreed by both they are frozen."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.orders import Side
from contracts.scopes import Scope
from services.portal.api.orders import Written
from services.portal.api.page import Form, Posted, Visitor, go, needs, page_router, pages, show
from services.portal.api.parts import MENDABLE, Cursor, if_there, in_words
from services.portal.api.spreadsheets import plain_text, spreadsheet, workbook
from services.portal.commands.sessions import Visit
from services.portal.queries import orders
from services.portal.queries import paying as asked
from services.portal.queries.api import Refused
from services.portal.schemas.paying import Statement
from shared.problem import InvalidInput
from shared.web.formats import Formats

_ = str  # marks what the catalog translates
PER_PAGE = 200

router = page_router()


@router.get("/statements")
async def statements(  # noqa: PLR0913, PLR0917
    request: Request,
    visitor: Visitor,
    written: Written,
    cursor: Cursor = None,
    state: Annotated[str, Query(pattern="^(open|agreed|all)$")] = "all",
    side: Side | None = None,
) -> Response:
    """List the months that both sides agree on, the latest first."""
    needs(visitor, Scope.SETTLEMENT_READ)
    looked = {"state": state, "cursor": cursor, "side": side.value if side else None}
    return await _list(request, visitor, written, looked, None)


@router.post("/statements")
async def begin(request: Request, visitor: Visitor, form: Posted, written: Written) -> Response:
    """Open a month with a counterparty, or find it where the other side has."""
    given = {"counterparty_id": form.text("counterparty_id"), "month": form.text("month")[:7]}
    try:
        date.fromisoformat(f"{given['month']}-01")
        body = {**given, "side": _side(visitor).value}
        made = await visitor.api.send("POST", "settlement", "/statements", body, key=form.key)
    except ValueError:
        words = pages.words(written.language, _("Choose a month."))
        return await _list(request, visitor, written, {}, words)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _list(request, visitor, written, {}, in_words(request, refused))
    return go(f"/statements/{made['id']}")


@router.get("/statements/{statement_id}")
async def statement(
    request: Request,
    visitor: Visitor,
    statement_id: UUID,
    page: Annotated[int, Query(ge=1, le=1_000)] = 1,
) -> Response:
    """Show a month line by line to either side."""
    needs(visitor, Scope.SETTLEMENT_READ)
    return await _page(request, visitor, statement_id, None, page=page)


@router.get("/statements/{statement_id}/export")
async def export(visitor: Visitor, statement_id: UUID, written: Written) -> Response:
    """Return a month as a spreadsheet."""
    needs(visitor, Scope.SETTLEMENT_READ)
    found = await asked.statement(visitor.api, statement_id)
    sheet = await spreadsheet(_sheet, found, written)
    return sheet.answer(f"statement-{found.month:%Y-%m}.xlsx")


@router.post("/statements/{statement_id}/answers")
async def answer(request: Request, visitor: Visitor, statement_id: UUID, form: Posted) -> Response:
    """Agree or disagree with lines: one, the picked ones, or all that are open."""
    lines: list[dict[str, Any]] = []
    if form.text("act") == "all":
        found = await asked.statement(visitor.api, statement_id)
        side = found.side_of(visitor.me.organization.id).value
        lines = [
            {"statement_line_id": str(line.id), "agree": True}
            for line in found.lines
            if getattr(line, side).agrees is None
        ]
    elif form.text("act") == "disagree":
        note = form.text("note")
        if not note:
            raise InvalidInput("Write what is wrong with the line; the other side reads it.")
        lines = [{"statement_line_id": form.text("one"), "agree": False, "note": note}]
    elif form.text("act") == "agree":
        lines = [{"statement_line_id": form.text("one"), "agree": True}]
    return await _send(
        request, visitor, statement_id, form, ("answers", {"answers": lines}, "answered")
    )


@router.post("/statements/{statement_id}/agreement")
async def agree(request: Request, visitor: Visitor, statement_id: UUID, form: Posted) -> Response:
    """Agree to the month as a whole."""
    return await _send(request, visitor, statement_id, form, ("agreement", {}, "statement-agreed"))


async def _send(
    request: Request,
    visitor: Visit,
    statement_id: UUID,
    form: Form,
    act: tuple[str, dict[str, Any], str],
) -> Response:
    name, body, said = act
    try:
        path = f"/statements/{statement_id}/{name}"
        await visitor.api.send("POST", "settlement", path, body, key=form.key)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _page(request, visitor, statement_id, in_words(request, refused))
    return go(f"/statements/{statement_id}", said=said)


def _side(visitor: Visit, chosen: str | None = None) -> Side:
    """Return the side that was chosen, or the one for which somebody works first."""
    if chosen in set(Side):
        return Side(chosen)
    return Side.BUYER if visitor.me.is_buyer or not visitor.me.is_supplier else Side.SUPPLIER


async def _list(
    request: Request,
    visitor: Visit,
    written: Formats,
    looked: dict[str, str | None],
    trouble: str | None,
) -> Response:
    state = looked.get("state") or "all"
    side = _side(visitor, looked.get("side"))
    tail = f"state={state}&side={side.value}"
    page = await asked.statements(
        visitor.api,
        side=side.value,
        state="" if state == "all" else state,
        cursor=looked.get("cursor"),
    )
    known = await if_there(orders.relationships(visitor.api), [])
    own = visitor.me.organization.id
    pairs = {
        (one.supplier_id, one.supplier_name)
        if one.buyer_id == own
        else (one.buyer_id, one.buyer_name)
        for one in known
    }
    last = written.today.replace(day=1)
    context = {
        "statements": page.items,
        "state": state,
        "counterparties": sorted(pairs, key=lambda pair: pair[1]),
        "month": f"{last:%Y-%m}",
        "trouble_words": trouble,
        "side": side,
        "next": f"/statements?{tail}&cursor={page.cursor}" if page.cursor else None,
        "may_act": visitor.me.may(Scope.SETTLEMENT_MATCH, Scope.SETTLEMENT_INVOICE),
    }
    status = 422 if trouble else 200
    return show(request, visitor, "statements.html", context, here="settlement", status=status)


async def _page(
    request: Request, visitor: Visit, statement_id: UUID, trouble: str | None, *, page: int = 1
) -> Response:
    found = await asked.statement(visitor.api, statement_id)
    side = found.side_of(visitor.me.organization.id)
    needed = Scope.SETTLEMENT_MATCH if side.value == "buyer" else Scope.SETTLEMENT_INVOICE
    mine = [getattr(line, side.value).agrees for line in found.lines]
    context = {
        "statement": found,
        "lines": found.lines[(page - 1) * PER_PAGE : page * PER_PAGE],
        "page": page,
        "pages": -(-len(found.lines) // PER_PAGE),
        "side": side,
        "open_count": mine.count(None),
        "disputed_count": sum(
            False in {line.buyer.agrees, line.supplier.agrees} for line in found.lines
        ),
        "has_agreed": found.buyer_agreed if side.value == "buyer" else found.supplier_agreed,
        "trouble_words": trouble,
        "may_act": visitor.me.may(needed) and not found.agreed_at,
    }
    status = 422 if trouble else 200
    return show(request, visitor, "statement.html", context, here="settlement", status=status)


def _sheet(found: Statement, written: Formats) -> bytes:
    heads = (
        _("Order"),
        _("Line"),
        _("Item number"),
        _("Item name"),
        _("Receipt"),
        _("Delivered"),
        _("Quantity"),
        _("Unit"),
        _("Amount"),
        _("Currency"),
    )
    rows = [
        [
            plain_text(line.order_number),
            line.position,
            plain_text(line.item_number),
            plain_text(line.item_name),
            plain_text(line.receipt_number),
            line.delivered_on,
            line.quantity,
            written.unit(line.unit),
            line.amount.amount,
            line.amount.currency,
        ]
        for line in found.lines
    ]
    return workbook([pages.words(written.language, head) for head in heads], rows)
