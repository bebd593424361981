"""Invoices: claim what was accepted in one click, watch how it is matched, correct it."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.orders import Side
from contracts.scopes import Scope
from contracts.values import Money
from services.portal.api.orders import Written
from services.portal.api.page import Posted, Visitor, go, needs, page_router, show
from services.portal.api.trouble import trouble_of
from services.portal.commands import invoicing as acts
from services.portal.commands.sessions import Visit
from services.portal.queries import owing
from services.portal.queries.api import Refused
from services.portal.schemas.owing import Debt
from shared.problem import InvalidInput
from shared.web.formats import Formats

MENDABLE = {409, 422}
ROWS_MAX = 600  # deliveries that one page offers to invoice
PICKED_MAX = 2_000
STATES = "exception", "matched", "within_tolerance", "paid"
_ = str  # marks what the catalog translates

router = page_router()

Cursor = Annotated[str | None, Query(max_length=1000)]


@router.get("/invoices")
async def invoices(  # noqa: PLR0913, PLR0917
    request: Request,
    visitor: Visitor,
    side: Side | None = None,
    state: Annotated[str, Query(pattern=f"^({'|'.join(STATES)}|)$")] = "",
    must_act: Side | None = None,
    cursor: Cursor = None,
) -> Response:
    """List invoices and how they stand beside orders and receipts."""
    needs(visitor, Scope.SETTLEMENT_READ)
    side = side or (Side.SUPPLIER if visitor.me.is_supplier else Side.BUYER)
    acting = must_act.value if must_act else None
    page = await owing.invoices(
        visitor.api, side, state=state, must_act=acting, cursor=cursor, limit=50
    )
    query = f"/invoices?side={side.value}&state={state}" + (f"&must_act={acting}" if acting else "")
    context = {
        "side": side,
        "state": state,
        "must_act": must_act,
        "invoices": page.items,
        "next": f"{query}&cursor={page.cursor}" if page.cursor else None,
        "may_invoice": visitor.me.may(Scope.SETTLEMENT_INVOICE),
    }
    here = "owed" if side is Side.SUPPLIER else "settlement"
    return show(request, visitor, "invoices.html", context, here=here)


@router.get("/invoices/new")
async def claim_form(
    request: Request,
    visitor: Visitor,
    written: Written,
    buyer_id: UUID | None = None,
    statement_id: UUID | None = None,
) -> Response:
    """Offer to invoice all that was accepted and not invoiced, or an agreed statement."""
    needs(visitor, Scope.SETTLEMENT_INVOICE)
    return await _claim(request, visitor, written, buyer_id, statement_id, {}, None)


@router.post("/invoices/new")
async def claim(request: Request, visitor: Visitor, form: Posted, written: Written) -> Response:
    """Send the invoice; it is matched at once."""
    given: dict[str, Any] = {name: form.text(name) for name in ("number", "invoiced_on")}
    given["receipts"] = set(form.texts("receipt")[:PICKED_MAX])
    buyer_id, statement_id = _id(form.text("buyer_id")), _id(form.text("statement_id"))
    body = {name: given[name] for name in ("number", "invoiced_on") if given[name]}
    try:
        if statement_id:
            invoice_id = await acts.invoice_statement(visitor.api, statement_id, body, key=form.key)
        else:
            if not given["receipts"]:
                raise InvalidInput(_("Pick what you invoice."))  # noqa: TRY301
            picked = {"buyer_id": str(buyer_id), "receipt_ids": sorted(given["receipts"])}
            invoice_id = await acts.invoice_receipts(visitor.api, {**body, **picked}, key=form.key)
    except (InvalidInput, Refused) as refused:
        if refused.status not in MENDABLE:
            raise
        return await _claim(request, visitor, written, buyer_id, statement_id, given, refused)
    return go(f"/invoices/{invoice_id}", said="invoiced")


@router.get("/invoices/{invoice_id}")
async def invoice_page(request: Request, visitor: Visitor, invoice_id: UUID) -> Response:
    """Tell the story of one invoice to either side: matched line by line, due, paid."""
    needs(visitor, Scope.SETTLEMENT_READ)
    return await _invoice(request, visitor, invoice_id, {}, None)


@router.post("/invoices/{invoice_id}/credit-note")
async def give_back(request: Request, visitor: Visitor, invoice_id: UUID, form: Posted) -> Response:
    """Give a part back by a credit note."""
    given = {name: form.text(name) for name in ("number", "amount", "reason")}
    note = {name: value for name, value in given.items() if value}
    if "amount" in note:
        note["amount"] = note["amount"].replace(",", "")
    try:
        await acts.give_back(visitor.api, {"invoice_id": str(invoice_id), **note}, key=form.key)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _invoice(request, visitor, invoice_id, given, refused)
    return go(f"/invoices/{invoice_id}", said="credited")


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise InvalidInput(_("Choose one of the list.")) from error


def _by_receipt(debts: Sequence[Debt]) -> list[dict[str, Any]]:
    """Put the lines of each receipt together, with what they are worth."""
    found: dict[UUID, list[Debt]] = {}
    for debt in debts:
        found.setdefault(debt.receipt_id, []).append(debt)
    return [
        {
            "id": str(receipt_id),
            "number": lines[0].receipt_number,
            "accepted_on": max(debt.accepted_on for debt in lines),
            "due_on": min(debt.due_on for debt in lines),
            "lines": lines,
            "amount": _sum([debt.uninvoiced for debt in lines]),
        }
        for receipt_id, lines in found.items()
    ]


def _sum(amounts: Sequence[Money]) -> Money | None:
    if not amounts:
        return None
    return Money.of(sum(one.amount_minor for one in amounts), amounts[0].currency)


async def _claim(  # noqa: PLR0913, PLR0917
    request: Request,
    visitor: Visit,
    written: Formats,
    buyer_id: UUID | None,
    statement_id: UUID | None,
    given: Mapping[str, Any],
    refused: InvalidInput | Refused | None,
) -> Response:
    statement = await owing.statement(visitor.api, statement_id) if statement_id else None
    found = owing.all_debts(
        visitor.api,
        Side.SUPPLIER,
        rows_max=ROWS_MAX,
        state="uninvoiced",
        counterparty_id=buyer_id,
    )
    debts = [] if statement else [debt async for debt in found]
    buyers: dict[UUID, tuple[str, int]] = {}
    for debt in debts:
        name, count = buyers.get(debt.buyer_id, (debt.buyer_name or "", 0))
        buyers[debt.buyer_id] = name, count + 1
    chosen = buyer_id if buyer_id in buyers else next(iter(buyers), None)
    receipts = _by_receipt([debt for debt in debts if debt.buyer_id == chosen])
    context = {
        "statement": statement,
        "buyers": buyers,
        "buyer_id": chosen,
        "receipts": receipts,
        "is_cut": len(debts) >= ROWS_MAX,
        "picked": given.get("receipts") if given else {one["id"] for one in receipts},
        "total": statement.total if statement else _sum([one["amount"] for one in receipts]),
        "given": {"invoiced_on": str(written.today), "number": "", **given},
        "number_trouble": _about(refused, "number"),
        "date_trouble": _about(refused, "invoiced_on"),
        "trouble_words": trouble_of(request, refused),
    }
    status = 422 if refused else 200
    return show(request, visitor, "invoice_new.html", context, here="owed", status=status)


def _about(refused: InvalidInput | Refused | None, field: str) -> bool:
    """Tell whether a refusal is about a field."""
    if not isinstance(refused, Refused):
        return False
    by_kind = field == "number" and refused.kind in {"number-taken", "duplicate-invoice"}
    return by_kind or bool(refused.of(field))


async def _invoice(
    request: Request,
    visitor: Visit,
    invoice_id: UUID,
    given: Mapping[str, str],
    refused: Refused | None,
) -> Response:
    invoice = await owing.invoice(visitor.api, invoice_id)
    side = invoice.side_of(visitor.me.organization.id)
    context = {
        "invoice": invoice,
        "side": side,
        "story": sorted(invoice.story, key=lambda one: one.recorded_at, reverse=True),
        "may_correct": side is Side.SUPPLIER and visitor.me.may(Scope.SETTLEMENT_INVOICE),
        "may_decide": side is Side.BUYER and visitor.me.may(Scope.SETTLEMENT_MATCH),
        "given": given,
        "number_trouble": _about(refused, "number"),
        "trouble_words": trouble_of(request, refused),
    }
    here = "owed" if side is Side.SUPPLIER else "settlement"
    status = 422 if refused else 200
    return show(request, visitor, "invoice.html", context, here=here, status=status)
