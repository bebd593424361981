"""What am I owed: how much, by when, by law; whose days passed, and what lateness costs."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.orders import Side
from contracts.scopes import Scope
from services.portal.api.orders import Written
from services.portal.api.page import Visitor, needs, page_router, pages, show
from services.portal.api.spreadsheets import plain_text, spreadsheet, workbook
from services.portal.domain.owing import days_of, notable, spent_axis, spent_picture
from services.portal.queries import owing
from services.portal.schemas.owing import Debt
from shared.web.formats import Formats

PAGE = 30
EXPORT_ROWS_MAX = 20_000
STATES = "open", "uninvoiced", "overdue", "disputed", "paid"
_ = str  # marks what the catalog translates

router = page_router()

Cursor = Annotated[str | None, Query(max_length=1000)]
State = Annotated[str, Query(pattern=f"^({'|'.join(STATES)})$")]


@router.get("/owed")
async def owed(  # noqa: PLR0913, PLR0917
    request: Request,
    visitor: Visitor,
    written: Written,
    state: State = "open",
    counterparty_id: UUID | None = None,
    cursor: Cursor = None,
) -> Response:
    """Answer what this organization is owed, and list it by the day on which it is due."""
    needs(visitor, Scope.SETTLEMENT_READ)
    asked = {"state": state, "counterparty_id": counterparty_id}
    summary, page = await asyncio.gather(
        owing.summary(visitor.api, Side.SUPPLIER),
        owing.debts(visitor.api, Side.SUPPLIER, limit=PAGE, cursor=cursor, **asked),
    )
    main = summary.main
    drawn = [_drawn(debt, Side.SUPPLIER) for debt in page.items]
    who = f"&counterparty_id={counterparty_id}" if counterparty_id else ""
    context = {
        "summary": summary,
        "main": main,
        "others": [one for one in summary.currencies if one is not main],
        "drawn": drawn,
        "axis": spent_axis([one["picture"] for one in drawn], today=written.today),
        "state": state,
        "states": STATES,
        "counterparty_id": counterparty_id,
        "who": who,
        "next": f"/owed?state={state}{who}&cursor={page.cursor}" if page.cursor else None,
        "may_invoice": visitor.me.may(Scope.SETTLEMENT_INVOICE),
    }
    return show(request, visitor, "owed.html", context, here="owed")


@router.get("/owed/export")
async def export(
    visitor: Visitor, written: Written, state: State = "open", counterparty_id: UUID | None = None
) -> Response:
    """Return exactly what is listed as a spreadsheet."""
    needs(visitor, Scope.SETTLEMENT_READ)
    found = owing.all_debts(
        visitor.api,
        Side.SUPPLIER,
        rows_max=EXPORT_ROWS_MAX,
        state=state,
        counterparty_id=counterparty_id,
    )
    rows = [_cells(debt) async for debt in found]
    content = await spreadsheet(workbook, _heads(written), rows)
    return content.answer(f"owed-{written.today}.xlsx")


@router.get("/owed/{payable_id}")
async def explained(
    request: Request, visitor: Visitor, payable_id: UUID, written: Written
) -> Response:
    """Explain one debt to either side: each date with the article that it follows from."""
    needs(visitor, Scope.SETTLEMENT_READ)
    debt = await owing.debt(visitor.api, payable_id)
    side = debt.side_of(visitor.me.organization.id)
    segments = debt.explanation.segments
    picture = spent_picture(
        segments, side, promised=debt.contract_due_on, legal=debt.legal_latest_on
    )
    context = {
        "debt": debt,
        "clock": debt.explanation,
        "side": side,
        "picture": picture,
        "axis": spent_axis([picture], today=written.today),
        "days": days_of(debt.explanation.days, side),
        "segments": segments,
        "may_invoice": side is Side.SUPPLIER and visitor.me.may(Scope.SETTLEMENT_INVOICE),
    }
    here = "owed" if side is Side.SUPPLIER else "settlement"
    return show(request, visitor, "owed_clock.html", context, here=here)


def _drawn(debt: Debt, side: Side) -> dict[str, Any]:
    """Prepare a debt for the list."""
    picture = spent_picture(
        debt.segments, side, promised=debt.contract_due_on, legal=debt.legal_latest_on
    )
    return {
        "debt": debt,
        "picture": picture,
        "days": days_of(debt.days, side),
        "notable": notable(debt.segments)[:2],
    }


def _heads(written: Formats) -> list[str]:
    words = (
        _("Customer"),
        _("Order"),
        _("Line"),
        _("Item"),
        _("Receipt"),
        _("Amount"),
        _("Unpaid"),
        _("Currency"),
        _("Delivered"),
        _("Agreed date"),
        _("Legal latest date"),
        _("Days left"),
        _("Interest to today"),
        _("Provisional"),
    )
    return [pages.words(written.language, word) for word in words]


def _cells(debt: Debt) -> list[object]:
    return [
        plain_text(debt.buyer_name or ""),
        plain_text(debt.order_number),
        debt.position,
        plain_text(f"{debt.item_number} {debt.item_name}"),
        plain_text(debt.receipt_number),
        debt.amount.amount,
        debt.open.amount,
        debt.amount.currency,
        debt.delivered_on,
        debt.contract_due_on,
        debt.legal_latest_on,
        debt.days_left,
        debt.interest.amount if debt.interest else None,
        "✓" if debt.provisional else "",
    ]
