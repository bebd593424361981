"""The match queue: what cannot be paid, why, and who must act; decide, assign, release."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.scopes import Scope
from services.portal.api.page import Form, Posted, Visitor, go, needs, page_router, pages, show
from services.portal.api.parts import MENDABLE, Cursor, in_words
from services.portal.commands.sessions import Visit
from services.portal.queries import paying as asked
from services.portal.queries.api import Refused
from services.portal.schemas.paying import Invoice, InvoiceRow
from shared.web.languages import language_of

ACTORS = "buyer", "supplier"
STATES = "exception", "within_tolerance", "matched", "paid"
_ = str  # marks what the catalog translates

router = page_router()


@router.get("/matching")
async def queue(
    request: Request,
    visitor: Visitor,
    cursor: Cursor = None,
    must_act: Annotated[str, Query(pattern="^(buyer|supplier)?$")] = "",
    state: Annotated[str, Query(pattern=f"^({'|'.join(STATES)}|all)$")] = "exception",
) -> Response:
    """Answer what cannot be paid and why, by who must act."""
    needs(visitor, Scope.SETTLEMENT_READ)
    wanted = "" if state == "all" else state
    page = await asked.invoices(
        visitor.api, state=wanted, must_act=must_act, cursor=cursor, limit=100
    )
    mine = [one for one in page.items if one.must_act == "buyer"]
    theirs = [one for one in page.items if one.must_act == "supplier"]
    rest = [one for one in page.items if one.must_act not in ACTORS]
    tail = f"state={state}&must_act={must_act}&cursor={page.cursor}"
    context = {
        "invoices": page.items,
        "groups": [("buyer", mine), ("supplier", theirs), ("", rest)],
        "disputed": total(page.items, "disputed"),
        "payable": total(page.items, "payable"),
        "mine": mine,
        "theirs": theirs,
        "state": state,
        "states": STATES,
        "must_act": must_act,
        "next": f"/matching?{tail}" if page.cursor else None,
    }
    return show(request, visitor, "matching.html", context, here="settlement")


def total(invoices: list[InvoiceRow], name: str) -> Any:  # noqa: ANN401  Money or None
    """Add up what invoices of the first one's currency come to."""
    known = [value for one in invoices if (value := getattr(one, name))]
    if not known:
        return None
    same = [value for value in known if value.currency == known[0].currency]
    amount = sum((value.amount for value in same), 0 * same[0].amount)
    return same[0].model_copy(update={"amount": amount})


@router.get("/matching/{invoice_id}")
async def exception(request: Request, visitor: Visitor, invoice_id: UUID) -> Response:
    """Put order, receipts and invoice side by side, line by line."""
    needs(visitor, Scope.SETTLEMENT_READ)
    return await _page(request, visitor, invoice_id, {}, {})


@router.post("/matching/{invoice_id}/resolution")
async def resolve(request: Request, visitor: Visitor, invoice_id: UUID, form: Posted) -> Response:
    """Accept or reject disputed lines, each with a reason; what is undisputed stays payable."""
    given = _given(form)
    found = await asked.invoice(visitor.api, invoice_id)
    lines, errors = _decisions(request, found, given)
    if errors:
        return await _page(request, visitor, invoice_id, given, errors)
    return await _send(request, visitor, invoice_id, form, ("resolution", {"lines": lines}))


@router.post("/matching/{invoice_id}/assignment")
async def assign(request: Request, visitor: Visitor, invoice_id: UUID, form: Posted) -> Response:
    """Say who must act next."""
    must_act = "supplier" if form.text("must_act") == "supplier" else "buyer"
    body = {"must_act": must_act}
    return await _send(request, visitor, invoice_id, form, ("assignment", body))


async def _send(
    request: Request,
    visitor: Visit,
    invoice_id: UUID,
    form: Form,
    act: tuple[str, dict[str, Any]],
) -> Response:
    name, body = act
    try:
        path = f"/invoices/{invoice_id}/{name}"
        await visitor.api.send("POST", "settlement", path, body, key=form.key)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        errors = {"": in_words(request, refused)}
        return await _page(request, visitor, invoice_id, _given(form), errors)
    said = "resolved" if name == "resolution" else "assigned"
    return go(f"/matching/{invoice_id}", said=said)


def _given(form: Form) -> dict[str, str]:
    return {name: form.text(name) for name in form.fields if name != "csrf"}


def _decisions(
    request: Request, found: Invoice, given: dict[str, str]
) -> tuple[list[dict[str, str]], dict[str, str]]:
    language = language_of(request)
    lines: list[dict[str, str]] = []
    errors: dict[str, str] = {}
    for line in found.lines:
        decision = given.get(f"decision-{line.id}", "")
        reason = given.get(f"reason-{line.id}", "")
        if decision not in {"accept", "reject"}:
            continue
        if not reason:
            words = _("Write why; the supplier reads it.")
            errors[f"reason-{line.id}"] = pages.words(language, words)
        lines.append({"invoice_line_id": str(line.id), "decision": decision, "reason": reason})
    if not lines and not errors:
        errors[""] = pages.words(language, _("Choose accept or reject beside at least one line."))
    return lines, errors


async def _page(
    request: Request,
    visitor: Visit,
    invoice_id: UUID,
    given: dict[str, str],
    errors: dict[str, str],
) -> Response:
    found = await asked.invoice(visitor.api, invoice_id)
    side = found.side_of(visitor.me.organization.id)
    context = {
        "invoice": found,
        "side": side,
        "given": given,
        "errors": errors,
        "open_lines": [line for line in found.lines if line.disputed.amount],
        "may_decide": side.value == "buyer" and visitor.me.may(Scope.SETTLEMENT_MATCH),
    }
    status = 422 if errors else 200
    return show(
        request, visitor, "matching_invoice.html", context, here="settlement", status=status
    )
