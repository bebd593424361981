"""Above which amount two persons approve a payment: finance reads it, whoever approves sets it."""

from typing import Any

from fastapi import Request, Response

from contracts.scopes import Scope
from services.portal.api.page import Posted, Visitor, go, needs, page_router, show
from services.portal.api.parts import MENDABLE, on_fields
from services.portal.commands.sessions import Visit
from services.portal.queries import paying as asked
from services.portal.queries.api import Refused

_ = str  # marks what the catalog translates
CURRENCIES = "CNY", "USD", "EUR", "JPY", "HKD"
WORDS = {
    "amount": _("Write an amount above 0, with at most two decimals."),
    "currency": _("Choose a currency."),
}

router = page_router()


@router.get("/payments/limit")
async def limit(request: Request, visitor: Visitor) -> Response:
    """Show above which amount two persons approve, and who decided that."""
    needs(visitor, Scope.SETTLEMENT_READ)
    return await _limit(request, visitor, {}, {})


@router.post("/payments/limit")
async def set_limit(request: Request, visitor: Visitor, form: Posted) -> Response:
    """Decide above which amount two persons approve; earlier proposals keep their rule."""
    needs(visitor, Scope.SETTLEMENT_APPROVE)
    given = {name: form.text(name) for name in WORDS}
    money = {**given, "amount": given["amount"].replace(",", "").replace("，", "")}
    try:
        body = {"approval_limit": money}
        await visitor.api.send("PUT", "settlement", "/settings", body)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        errors = on_fields(request, refused, WORDS, tuple(WORDS))
        return await _limit(request, visitor, given, errors)
    return go("/payments/limit", said="limit-set")


async def _limit(
    request: Request, visitor: Visit, given: dict[str, str], errors: dict[str, str]
) -> Response:
    found = await asked.settings(visitor.api)
    known = found.approval_limit
    context: dict[str, Any] = {
        "settings": found,
        "given": given or {"amount": f"{known.amount}", "currency": known.currency},
        "currencies": dict.fromkeys((known.currency, *CURRENCIES)),
        "errors": errors,
        "may_set": visitor.me.may(Scope.SETTLEMENT_APPROVE),
    }
    status = 422 if errors else 200
    return show(request, visitor, "payment_limit.html", context, here="settlement", status=status)
