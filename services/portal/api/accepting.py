"""Receipts: what waits to be judged, with its deadline; the story of each; accept or reject."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.orders import Side
from contracts.scopes import Scope
from services.portal.api.orders import Written
from services.portal.api.page import Posted, Visitor, go, needs, page_router, pages, show
from services.portal.api.parts import MENDABLE, Cursor, in_words
from services.portal.commands.sessions import Visit
from services.portal.queries import receiving as asked
from services.portal.queries.api import Refused
from services.portal.schemas.receiving import Receipt
from shared.web.languages import language_of

_ = str  # marks what the catalog translates

router = page_router()


@router.get("/receipts")
async def receipts(  # noqa: PLR0913, PLR0917
    request: Request,
    visitor: Visitor,
    written: Written,
    cursor: Cursor = None,
    side: Side | None = None,
    state: Annotated[str, Query(pattern="^(waiting|judged|all)$")] = "waiting",
) -> Response:
    """List what was received: what waits for a judgement first, the nearest deadline on top."""
    needs(visitor, Scope.LOGISTICS_READ)
    own = Side.SUPPLIER if visitor.me.is_supplier and not visitor.me.is_buyer else Side.BUYER
    looked = side or own
    wanted = "" if state == "all" else state
    page = await asked.receipts(visitor.api, looked, state=wanted, cursor=cursor)
    rows = page.items
    if state == "waiting":
        rows = sorted(rows, key=lambda one: one.inspection_ends_on)
    tail = f"side={looked.value}&state={state}&cursor={page.cursor}"
    context = {
        "receipts": rows,
        "side": looked,
        "state": state,
        "due_today": [one for one in rows if one.inspection_ends_on <= written.today],
        "next": f"/receipts?{tail}" if page.cursor else None,
    }
    return show(request, visitor, "receipts.html", context, here="arrivals")


@router.get("/receipts/{receipt_id}")
async def receipt(request: Request, visitor: Visitor, receipt_id: UUID) -> Response:
    """Tell the story of a receipt to either side."""
    needs(visitor, Scope.LOGISTICS_READ)
    return await _page(request, visitor, receipt_id, {}, None)


@router.post("/receipts/{receipt_id}/acceptance")
async def judge(request: Request, visitor: Visitor, receipt_id: UUID, form: Posted) -> Response:
    """Accept or reject what waits; without anything said of a line, all of it is accepted."""
    given = {name: form.text(name) for name in form.fields if name != "csrf"}
    found = await asked.receipt(visitor.api, receipt_id)
    lines, errors = _judged(request, found, given)
    if errors:
        return await _page(request, visitor, receipt_id, given, None, errors)
    try:
        path = f"/receipts/{receipt_id}/acceptance"
        body = {"lines": lines} if form.text("act") != "all" else {}
        await visitor.api.send("POST", "logistics", path, body, key=form.key)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _page(request, visitor, receipt_id, given, in_words(request, refused))
    rejected = form.text("act") != "all" and any(line["rejected"] != "0" for line in lines)
    return go(f"/receipts/{receipt_id}", said="partly-rejected" if rejected else "accepted")


def _judged(
    request: Request, found: Receipt, given: dict[str, str]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return what is said of each line that waits, and what is wrong with it."""
    language = language_of(request)
    lines: list[dict[str, Any]] = []
    errors: dict[str, str] = {}
    if given.get("act") == "all":
        return lines, errors
    for line in found.lines:
        if not line.waiting:
            continue
        rejected = _number(given.get(f"rejected-{line.id}", "0"))
        reason = given.get(f"reason-{line.id}", "")
        if rejected is None or rejected > line.waiting:
            words = _("Write a quantity between 0 and what waits.")
            errors[f"rejected-{line.id}"] = pages.words(language, words)
        elif rejected and not reason:
            words = _("Say why; the supplier reads it.")
            errors[f"reason-{line.id}"] = pages.words(language, words)
        else:
            said = {"accepted": str(line.waiting - rejected), "rejected": str(rejected)}
            told_of = {"reason": reason} if rejected else {}
            lines.append({"receipt_line_id": str(line.id), **said, **told_of})
    return lines, errors


def _number(typed: str) -> Decimal | None:
    try:
        value = Decimal(typed.replace(",", "") or "0")
    except InvalidOperation:
        return None
    return value if value.is_finite() and value >= 0 else None


async def _page(  # noqa: PLR0913, PLR0917
    request: Request,
    visitor: Visit,
    receipt_id: UUID,
    given: dict[str, str],
    trouble: str | None,
    errors: dict[str, str] | None = None,
) -> Response:
    found = await asked.receipt(visitor.api, receipt_id)
    side = found.side_of(visitor.me.organization.id)
    waits = any(line.waiting for line in found.lines)
    context = {
        "receipt": found,
        "side": side,
        "given": given,
        "errors": errors or {},
        "trouble_words": trouble,
        "waits": waits,
        "may_judge": waits and side is Side.BUYER and visitor.me.may(Scope.LOGISTICS_RECEIVE),
    }
    status = 422 if trouble or errors else 200
    return show(request, visitor, "receipt.html", context, here="arrivals", status=status)
