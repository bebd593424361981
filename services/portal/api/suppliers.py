"""Suppliers: whom one can rely on, what was agreed with whom, and the events behind figures."""

import asyncio
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.onboarding import RelationshipState
from contracts.scopes import Scope
from services.portal.api.applications import TERM_WORDS, read_terms, terms_given, terms_shown
from services.portal.api.orders import Written
from services.portal.api.page import Posted, Visitor, go, needs, page_router, pages, show
from services.portal.api.parts import MENDABLE, Cursor, if_there, in_words, on_fields
from services.portal.api.spreadsheets import plain_text, spreadsheet, workbook
from services.portal.commands.sessions import Visit
from services.portal.domain.figures import SCORECARD, band_of
from services.portal.queries import inviting
from services.portal.queries import reliability as asked
from services.portal.queries.api import Refused
from services.portal.schemas.answers import Page
from services.portal.schemas.inviting import Application, Partnership, terms_or_default
from services.portal.schemas.reliability import Evidence, Scorecard
from shared.problem import NotFound
from shared.types import Search
from shared.web.formats import Formats

JUDGED_BY = "on_time_first"
SHOWN = "on_time_first", "on_time_current", "confirmation_hours", "acceptance_days", "payment_days"
BANDS = {"is-late": 0, "is-risk": 1, "is-idle": 2, "is-ok": 3}
PLACES = {
    "goods_": "/receipts/{}",
    "shipment_": "/shipments/{}",
    "invoice_": "/invoices/{}",
    "payment_due": "/owed/{}",
    "order_": "/orders/{}",
}
_ = str  # marks what the catalog translates

router = page_router()
Row = tuple[Partnership, Scorecard | None, str]


@router.get("/suppliers")
async def suppliers(
    request: Request,
    visitor: Visitor,
    q: Search = "",
    band: Annotated[str, Query(pattern="^(is-(ok|risk|late|idle))?$")] = "",
    cursor: Cursor = None,
) -> Response:
    """Answer whom one can rely on, the least reliable first; where they are many, by name."""
    needs(visitor, Scope.ONBOARDING_READ)
    page, waiting = await asyncio.gather(
        inviting.suppliers(visitor.api, q=q, cursor=cursor), _waiting(visitor)
    )
    rows = await _judged(visitor, page.items)
    counts = {name: sum(row[2] == name for row in rows) for name in BANDS}
    context = {
        "rows": [row for row in rows if not band or row[2] == band],
        "all": len(rows),
        "counts": counts,
        "is_part": bool(page.cursor or cursor),
        "next": _address(q, band, page.cursor) if page.cursor else None,
        "shown": SHOWN,
        "figures": SCORECARD,
        "q": q,
        "band": band,
        "waiting": waiting,
    }
    return show(request, visitor, "suppliers.html", context, here="suppliers")


@router.get("/suppliers/export")
async def export(visitor: Visitor, written: Written) -> Response:
    """Return the suppliers and their figures as a spreadsheet."""
    needs(visitor, Scope.ONBOARDING_READ)
    known, cards = await asyncio.gather(
        inviting.partnerships(visitor.api), if_there(asked.scorecards(visitor.api), [])
    )
    own = visitor.me.organization.id
    rows = _sorted([one for one in known if one.buyer_id == own], cards)
    sheet = await spreadsheet(_sheet, rows, written)
    return sheet.answer(f"suppliers-{written.today}.xlsx")


@router.get("/suppliers/{supplier_id}")
async def supplier(request: Request, visitor: Visitor, supplier_id: UUID) -> Response:
    """Show one supplier: its figures, and what was agreed."""
    needs(visitor, Scope.ONBOARDING_READ)
    return await _page(request, visitor, supplier_id, {}, {})


@router.get("/suppliers/{supplier_id}/figures/{figure}")
async def events(
    request: Request,
    visitor: Visitor,
    supplier_id: UUID,
    figure: str,
    cursor: Cursor = None,
) -> Response:
    """List the events that a figure was made of."""
    needs(visitor, Scope.INSIGHTS_READ)
    if figure not in SCORECARD:
        raise NotFound("There is no such figure.")
    known, found, card = await asyncio.gather(
        _partnership(visitor, supplier_id),
        asked.events(visitor.api, supplier_id, figure, cursor=cursor),
        asked.scorecard(visitor.api, supplier_id),
    )
    path = f"/suppliers/{supplier_id}/figures/{figure}"
    context = {
        "partnership": known,
        "name": figure,
        "named": SCORECARD[figure],
        "figure": card.figure(figure),
        "rows": [(one, _place(one)) for one in found.items],
        "next": f"{path}?cursor={found.cursor}" if found.cursor else None,
    }
    return show(request, visitor, "supplier_figure.html", context, here="suppliers")


@router.post("/suppliers/{supplier_id}/terms")
async def propose_terms(
    request: Request, visitor: Visitor, supplier_id: UUID, form: Posted
) -> Response:
    """Propose other terms; nothing changes until the supplier agrees."""
    known = await _partnership(visitor, supplier_id)
    given = terms_given(form)
    terms, errors = read_terms(request, given)
    if not errors:
        try:
            path = f"/relationships/{known.id}/terms"
            await visitor.api.send("POST", "onboarding", path, {"terms": terms}, key=form.key)
        except Refused as refused:
            if refused.status not in MENDABLE:
                raise
            errors = on_fields(request, refused, TERM_WORDS, list(given))
        else:
            return go(f"/suppliers/{supplier_id}", said="terms-proposed")
    return await _page(request, visitor, supplier_id, given, errors)


@router.post("/suppliers/{supplier_id}/{act}")
async def change(
    request: Request, visitor: Visitor, supplier_id: UUID, act: str, form: Posted
) -> Response:
    """Suspend, resume or end the relationship with a supplier."""
    if act not in {"suspension", "resumption", "end"}:
        raise NotFound("There is no such act.")
    known = await _partnership(visitor, supplier_id)
    reason = form.optional("reason")
    try:
        path = f"/relationships/{known.id}/{act}"
        body = {"reason": reason} if reason else {}
        await visitor.api.send("POST", "onboarding", path, body, key=form.key)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        errors = {act: in_words(request, refused)}
        return await _page(request, visitor, supplier_id, {}, errors)
    return go(f"/suppliers/{supplier_id}", said="relationship")


def _place(one: Evidence) -> str | None:
    """Return the page about what a figure counted."""
    for event in one.events:
        _service, _, kind = event.type.partition(".")
        for word, path in PLACES.items():
            if kind.startswith(word):
                return path.format(event.subject)
    return f"/orders/{one.order_id}" if one.order_id else None


async def _waiting(visitor: Visit) -> int:
    empty: Page[Application] = Page(items=[])
    asked_for = inviting.applications(visitor.api, state="submitted", limit=100)
    return len((await if_there(asked_for, empty)).items)


def _address(q: str, band: str, cursor: str) -> str:
    return f"/suppliers?{urlencode({'q': q, 'band': band, 'cursor': cursor})}"


async def _judged(visitor: Visit, known: list[Partnership]) -> list[Row]:
    suppliers = [one.supplier_id for one in known]
    cards = await if_there(asked.scorecards_of(visitor.api, suppliers), [])
    return _sorted(known, cards)


def _sorted(known: list[Partnership], cards: list[Scorecard]) -> list[Row]:
    by_id = {card.counterparty_id: card for card in cards}
    rows = []
    for one in known:
        if one.state is RelationshipState.ENDED:
            continue
        card = by_id.get(one.supplier_id)
        judged = card.figure(JUDGED_BY) if card else None
        rows.append((one, card, band_of(judged.value if judged else None)))
    return sorted(rows, key=lambda row: (BANDS[row[2]], row[0].supplier_name))


async def _partnership(visitor: Visit, supplier_id: UUID) -> Partnership:
    found = await inviting.suppliers(visitor.api, counterparty_id=supplier_id)
    for one in found.items:
        return one
    raise NotFound("You have no relationship with this supplier.")


async def _page(
    request: Request,
    visitor: Visit,
    supplier_id: UUID,
    given: dict[str, str],
    errors: dict[str, str],
) -> Response:
    known, card = await asyncio.gather(
        _partnership(visitor, supplier_id),
        if_there(asked.scorecard(visitor.api, supplier_id), None),
    )
    terms = terms_or_default(known.terms)
    judged = card.figure(JUDGED_BY) if card else None
    context: dict[str, Any] = {
        "partnership": known,
        "card": card,
        "band": band_of(judged.value if judged else None),
        "figures": SCORECARD,
        "terms": terms,
        "given": {**terms_shown(terms), **given},
        "errors": errors,
        "may_change": visitor.me.may(Scope.ONBOARDING_WRITE),
    }
    status = 422 if errors else 200
    return show(request, visitor, "supplier.html", context, here="suppliers", status=status)


def _sheet(rows: list[Row], written: Formats) -> bytes:
    heads = [_("Supplier"), _("Vendor number"), _("State"), _("Since")]
    heads += [SCORECARD[name].words for name in SHOWN]
    table = []
    for one, card, _band in rows:
        figures = [card.figure(name) if card else None for name in SHOWN]
        table.append(
            [
                plain_text(one.supplier_name),
                plain_text(one.vendor_number or ""),
                pages.words(written.language, one.state.value),
                one.since,
                *(figure.value if figure else None for figure in figures),
            ]
        )
    return workbook([pages.words(written.language, head) for head in heads], table)
