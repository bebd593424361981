"""Which terms would be broken; what to pay, who approves, what was paid."""

import asyncio
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.orders import Side
from contracts.scopes import Scope
from services.portal.api.orders import Written
from services.portal.api.page import Posted, Visitor, go, needs, page_router, pages, show
from services.portal.api.parts import MENDABLE, Cursor, day_of, if_there, in_words
from services.portal.api.spreadsheets import plain_text, spreadsheet, workbook
from services.portal.commands.sessions import Visit
from services.portal.queries import paying as asked
from services.portal.queries.api import Refused
from services.portal.schemas.paying import Due, Forecast
from shared.web.formats import Formats
from shared.web.languages import language_of

SPANS = 14, 30, 60, 90
PAY_WITHIN = timedelta(days=14)
SOON_DAYS = 14
WITHDRAWABLE = "open", "approved"
_ = str  # marks what the catalog translates

router = page_router()


@router.get("/compliance")
async def forecast(
    request: Request,
    visitor: Visitor,
    written: Written,
    days: Annotated[int, Query(ge=1, le=365)] = 30,
) -> Response:
    """Answer which terms will be broken, week by week, and whose days were lost."""
    needs(visitor, Scope.SETTLEMENT_READ)
    found = await asked.forecast(visitor.api, days=days)
    context = {
        "forecast": found,
        "days": days,
        "spans": SPANS,
        "most": max((week.amount.amount for week in found.weeks), default=Decimal(0)),
        "this_week": written.today - timedelta(days=written.today.weekday()),
        "soon": [due for due in found.items if 0 <= (due.days_left or 0) <= SOON_DAYS],
        "late": [due for due in found.items if (due.days_left or 0) < 0],
    }
    return show(request, visitor, "compliance.html", context, here="settlement")


@router.get("/compliance/export")
async def export(
    visitor: Visitor, written: Written, days: Annotated[int, Query(ge=1, le=365)] = 30
) -> Response:
    """Return the list of the forecast as a spreadsheet."""
    needs(visitor, Scope.SETTLEMENT_READ)
    found = await asked.forecast(visitor.api, days=days)
    sheet = await spreadsheet(_forecast_sheet, found, written)
    return sheet.answer(f"terms-{written.today}.xlsx")


def _forecast_sheet(found: Forecast, written: Formats) -> bytes:
    say = [
        pages.words(written.language, head)
        for head in (
            _("Supplier"),
            _("Order"),
            _("Invoice"),
            _("Unpaid"),
            _("Currency"),
            _("Delivered"),
            _("Agreed date"),
            _("Latest by law"),
            _("Days left"),
            _("Interest to today"),
            _("Days with us"),
            _("Days with the supplier"),
        )
    ]
    return workbook(say, [_cells(due) for due in found.items])


def _cells(due: Due) -> list[object]:
    names = (due.supplier_name, due.order_number, due.invoice_number)
    return [
        *(plain_text(name or "") for name in names),
        due.open.amount,
        due.open.currency,
        due.delivered_on,
        due.contract_due_on,
        due.legal_latest_on,
        due.days_left,
        due.interest.amount if due.interest else None,
        due.days.get("buyer"),
        due.days.get("supplier"),
    ]


@router.get("/payments")
async def payments(
    request: Request, visitor: Visitor, written: Written, cursor: Cursor = None, before: str = ""
) -> Response:
    """Show what to pay by a day, what waits for an approval, and what was paid."""
    needs(visitor, Scope.SETTLEMENT_READ)
    return await _payments(request, visitor, written, {"before": before, "cursor": cursor}, None)


@router.post("/payments/proposals")
async def propose(request: Request, visitor: Visitor, form: Posted, written: Written) -> Response:
    """Propose to pay what falls due before a day; another person approves."""
    day = day_of(form.text("before"), written.today + PAY_WITHIN)
    body: dict[str, Any] = {"due_before": day.isoformat()}
    if form.text("counterparty_id"):
        body["counterparty_id"] = form.text("counterparty_id")
    try:
        made = await visitor.api.send("POST", "settlement", "/proposals", body, key=form.key)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        trouble = in_words(request, refused)
        return await _payments(request, visitor, written, {"before": str(day)}, trouble)
    return go(f"/payments/proposals/{made['id']}", said="proposed-payment")


@router.get("/payments/proposals/{proposal_id}")
async def proposal(
    request: Request, visitor: Visitor, proposal_id: UUID, written: Written
) -> Response:
    """Show one proposal: to whom how much, who approved, what was paid of it."""
    needs(visitor, Scope.SETTLEMENT_READ)
    return await _proposal(request, visitor, proposal_id, {"paid_on": str(written.today)}, {})


@router.post("/payments/proposals/{proposal_id}/approval")
async def approve(request: Request, visitor: Visitor, proposal_id: UUID, form: Posted) -> Response:
    """Approve what somebody else proposed."""
    path = f"/proposals/{proposal_id}/approval"
    try:
        await visitor.api.send("POST", "settlement", path, {}, key=form.key)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        errors = {"approval": in_words(request, refused)}
        return await _proposal(request, visitor, proposal_id, {}, errors)
    return go(f"/payments/proposals/{proposal_id}", said="payment-approved")


@router.post("/payments/proposals/{proposal_id}/withdrawal")
async def withdraw(request: Request, visitor: Visitor, proposal_id: UUID, form: Posted) -> Response:
    """Give a proposal up that is not paid; what it would have paid may be proposed again."""
    path = f"/proposals/{proposal_id}/withdrawal"
    try:
        await visitor.api.send("POST", "settlement", path, {}, key=form.key)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _proposal(request, visitor, proposal_id, {}, {"": in_words(request, refused)})
    return go(f"/payments/proposals/{proposal_id}", said="payment-withdrawn")


@router.post("/payments/proposals/{proposal_id}/payment")
async def pay(request: Request, visitor: Visitor, proposal_id: UUID, form: Posted) -> Response:
    """Record that the money of a proposal was sent."""
    given = {name: form.text(name) for name in ("paid_on", "reference", "remittance")}
    body, errors = _payment(request, given)
    if errors:
        return await _proposal(request, visitor, proposal_id, given, errors)
    try:
        sent = {"proposal_id": str(proposal_id), **body}
        await visitor.api.send("POST", "settlement", "/payments", sent, key=form.key)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        errors = {"": in_words(request, refused)}
        return await _proposal(request, visitor, proposal_id, given, errors)
    return go(f"/payments/proposals/{proposal_id}", said="paid")


@router.post("/payments/{payment_id}/reversal")
async def take_back(
    request: Request, visitor: Visitor, payment_id: UUID, form: Posted, written: Written
) -> Response:
    """Record that a payment came back, or was wrong: a payment of the opposite sign says so."""
    try:
        path = f"/payments/{payment_id}/reversal"
        body = {"reason": form.text("reason")}
        await visitor.api.send("POST", "settlement", path, body, key=form.key)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _payments(request, visitor, written, {}, in_words(request, refused))
    return go("/payments", said="payment-reversed")


def _payment(request: Request, given: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    language = language_of(request)
    errors: dict[str, str] = {}
    body: dict[str, Any] = {name: value for name, value in given.items() if value}
    if not given["reference"]:
        errors["reference"] = pages.words(language, _("Write the bank's reference."))
    try:
        body["paid_on"] = date.fromisoformat(given["paid_on"]).isoformat()
    except ValueError:
        errors["paid_on"] = pages.words(language, _("Choose the day on which it was paid."))
    return body, errors


async def _payments(
    request: Request,
    visitor: Visit,
    written: Formats,
    looked: dict[str, str | None],
    trouble: str | None,
) -> Response:
    day = day_of(looked.get("before") or "", written.today + PAY_WITHIN)
    payable, sums, proposals, paid, settings = await asyncio.gather(
        asked.dues_before(visitor.api, day, limit=200),
        asked.sum_before(visitor.api, day),
        asked.proposals(visitor.api),
        asked.payments(visitor.api, Side.BUYER, cursor=looked.get("cursor")),
        if_there(asked.settings(visitor.api), None),
    )
    context = {
        "day": day,
        "dues": payable.items,
        "is_cut": payable.next is not None,
        "count": sum(one.count for one in sums),
        "sums": [one.open for one in sums],
        "proposals": proposals.items,
        "payments": paid.items,
        "limit": settings.approval_limit if settings else None,
        "next": f"/payments?before={day}&cursor={paid.cursor}" if paid.cursor else None,
        "trouble_words": trouble,
        "may_pay": visitor.me.may(Scope.SETTLEMENT_PAY),
    }
    status = 422 if trouble else 200
    return show(request, visitor, "payments.html", context, here="settlement", status=status)


async def _proposal(
    request: Request,
    visitor: Visit,
    proposal_id: UUID,
    given: dict[str, str],
    errors: dict[str, str],
) -> Response:
    found = await asked.proposal(visitor.api, proposal_id)
    approved = visitor.me.user.id in {one.user_id for one in found.approvals}
    context = {
        "proposal": found,
        "given": given,
        "errors": errors,
        "own": found.proposed_by_me or approved,
        "may_approve": visitor.me.may(Scope.SETTLEMENT_APPROVE) and found.state == "open",
        "may_pay": visitor.me.may(Scope.SETTLEMENT_PAY) and found.state == "approved",
        "may_withdraw": visitor.me.may(Scope.SETTLEMENT_PAY) and found.state in WITHDRAWABLE,
    }
    status = 422 if errors else 200
    return show(
        request, visitor, "payment_proposal.html", context, here="settlement", status=status
    )
