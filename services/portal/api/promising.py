"""What the two sides say about a schedule line: promise it, change it, answer a proposal."""

from typing import Any
from uuid import UUID

from fastapi import Request, Response

from contracts.orders import Light, Side
from contracts.scopes import Scope
from services.portal.api.books import picture_of
from services.portal.api.orders import Written
from services.portal.api.page import Posted, Visitor, go, needs, page_router, show, told
from services.portal.api.story import may_act_for
from services.portal.commands import orders as acts
from services.portal.commands.sessions import Visit
from services.portal.domain.pictures import axis_for
from services.portal.queries import orders
from services.portal.queries.api import Refused
from services.portal.schemas.orders import ScheduleLine
from shared.problem import Forbidden
from shared.web.formats import Formats
from shared.web.languages import language_of

BADLY_FORMED = {409, 422}  # what a form can mend

router = page_router()


@router.get("/confirm")
async def to_confirm(request: Request, visitor: Visitor, written: Written) -> Response:
    """List what waits for a promise, each promised in one tap."""
    needs(visitor, Scope.ORDERS_CONFIRM)
    page = await orders.book(visitor.api, Side.SUPPLIER, view="unconfirmed", sort="due", limit=100)
    drawn = [(row, picture_of(row, today=written.today, zone=written.zone)) for row in page.items]
    context = {"drawn": drawn, "more": page.next is not None, "back": "/confirm"}
    return show(request, visitor, "confirm_list.html", context, here="supplier")


@router.get("/answers")
async def to_answer(request: Request, visitor: Visitor) -> Response:
    """List the other side's proposals that wait for an answer."""
    needs(visitor, Scope.ORDERS_PLACE, Scope.ORDERS_CONFIRM)
    mine = visitor.me.organization.id
    changes = [
        change
        for change in await orders.open_changes(visitor.api)
        if mine == (change.supplier_id if change.proposed_by is Side.BUYER else change.buyer_id)
    ]
    return show(request, visitor, "answers.html", {"changes": changes}, here="home")


@router.get("/orders/lines/{line_id}/confirm")
async def confirm_form(
    request: Request, visitor: Visitor, line_id: UUID, written: Written
) -> Response:
    """Offer to promise a line: as asked, or another quantity or day."""
    needs(visitor, Scope.ORDERS_CONFIRM)
    row = await orders.row(visitor.api, line_id)
    given = {"quantity": row.quantity, "promised_on": row.due_on.isoformat()}
    return _line_form(request, visitor, row, written, "confirm.html", given, None)


@router.post("/orders/lines/{line_id}/confirm")
async def confirm(
    request: Request, visitor: Visitor, line_id: UUID, form: Posted, written: Written
) -> Response:
    """Promise a line; what is not promised stays to be confirmed."""
    given = {name: form.text(name).replace(",", "") for name in ("quantity", "promised_on")}
    promise = {name: value for name, value in given.items() if value}
    try:
        partly = await acts.confirm(visitor.api, line_id, promise, key=form.key)
    except Refused as refused:
        if refused.status not in BADLY_FORMED:
            raise
        row = await orders.row(visitor.api, line_id)
        return _line_form(request, visitor, row, written, "confirm.html", given, refused)
    said = "confirmed-partly" if partly else "confirmed"
    if form.text("back") == "list":
        return go("/confirm", said=said)
    row = await orders.row(visitor.api, line_id)
    return go(f"/orders/{row.order_id}", said=said)


@router.get("/orders/lines/{line_id}/change")
async def change_form(
    request: Request, visitor: Visitor, line_id: UUID, written: Written, kind: str = "reschedule"
) -> Response:
    """Offer to propose another quantity or day, or to cancel."""
    row = await orders.row(visitor.api, line_id)
    if not may_act_for(visitor, _side(visitor, row)):
        raise Forbidden("Your role does not include this.")
    until = row.promised_on or row.due_on
    given: dict[str, Any] = {
        "kind": "cancel" if kind == "cancel" else "reschedule",
        "quantity": row.quantity,
        "promised_on": until.isoformat(),
        "reason": "",
    }
    return _line_form(request, visitor, row, written, "change.html", given, None)


@router.post("/orders/lines/{line_id}/change")
async def change(
    request: Request, visitor: Visitor, line_id: UUID, form: Posted, written: Written
) -> Response:
    """Propose it; before there is a promise, a buyer's change holds at once."""
    given = {name: form.text(name) for name in ("kind", "quantity", "promised_on", "reason")}
    body = {name: value for name, value in given.items() if value}
    body["quantity"] = given["quantity"].replace(",", "")
    if given["kind"] == "cancel":
        body.pop("quantity"), body.pop("promised_on", None)
    row = await orders.row(visitor.api, line_id)
    try:
        state = await acts.propose(visitor.api, line_id, body, key=form.key)
    except Refused as refused:
        if refused.status not in BADLY_FORMED:
            raise
        return _line_form(request, visitor, row, written, "change.html", given, refused)
    return go(f"/orders/{row.order_id}", said="changed" if state == "agreed" else "proposed")


def _side(visitor: Visit, row: ScheduleLine) -> Side:
    return Side.BUYER if visitor.me.organization.id == row.buyer_id else Side.SUPPLIER


def _line_form(  # noqa: PLR0913, PLR0917
    request: Request,
    visitor: Visit,
    row: ScheduleLine,
    written: Formats,
    template: str,
    given: dict[str, Any],
    refused: Refused | None,
) -> Response:
    drawn = picture_of(row, today=written.today, zone=written.zone)
    trouble = told(language_of(request), refused) if refused else None
    side = _side(visitor, row)
    context = {
        "row": row,
        "side": side,
        "picture": drawn,
        "axis": axis_for([drawn], today=written.today),
        "given": given,
        "trouble_words": f"{trouble[0]}: {trouble[1]}" if trouble else None,
        "is_unconfirmed": row.light is Light.UNCONFIRMED,
    }
    status = 422 if refused else 200
    return show(request, visitor, template, context, here=side.value, status=status)
