"""The first page: what is to be done now, what has changed, what is at risk."""

import asyncio
from datetime import datetime
from typing import Any

from fastapi import Request, Response

from contracts.orders import Side
from contracts.scopes import Scope
from services.portal.api.books import Book, picture_of
from services.portal.api.duties import duties_of
from services.portal.api.orders import Written
from services.portal.api.page import Own, Visitor, go, page_router, show
from services.portal.api.parts import if_there
from services.portal.api.todo import supplies
from services.portal.commands import views
from services.portal.commands.sessions import Visit
from services.portal.domain.pictures import axis_for
from services.portal.queries import orders, production, shipping
from services.portal.queries.api import Away, Refused
from services.portal.schemas.orders import ScheduleLine, Summary
from services.portal.schemas.people import Me
from shared.web.formats import Formats

AT_RISK_SHOWN = 10

router = page_router()


@router.get("/")
async def home(request: Request, visitor: Visitor, own: Own, written: Written) -> Response:
    """Answer what needs whoever is signed in today, on each side that they work for."""
    me = visitor.me
    if not me.may(Scope.ORDERS_READ):
        return go(_elsewhere(me))
    sides = [
        side
        for side, works in ((Side.BUYER, me.is_buyer), (Side.SUPPLIER, me.is_supplier))
        if works
    ] or [Side.BUYER]
    since = await views.look(own, me, "home", at=written.now)
    blocks = await asyncio.gather(*(_block(visitor, side, since, written) for side in sides))
    for block in blocks:
        await views.note_tally(own, me.organization.id, block["summary"])
    blocks.sort(key=lambda block: -_pressing(block["summary"]))
    wants, supplied = None, None
    if me.is_supplier:
        wants, supplied = await asyncio.gather(wants_of(visitor), supplies(visitor))
    duties = await duties_of(visitor) if me.is_buyer else None
    context = {"blocks": blocks, "wants": wants, "supplied": supplied, "duties": duties}
    return show(request, visitor, "home.html", context, here="home")


def _elsewhere(me: Me) -> str:
    """Return the first page of a role that has nothing to do with orders."""
    if me.may(Scope.INSIGHTS_REGULATE):
        return "/regulation"
    return "/operation" if me.operates else "/administration" if me.administers else "/none"


@router.get("/none")
async def nothing(request: Request, visitor: Visitor) -> Response:
    """Tell somebody with a role for which no page exists yet what they can do."""
    return show(request, visitor, "nothing.html", {})


async def wants_of(visitor: Visit) -> dict[str, Any]:
    """Count what is wanted of a supplier now."""
    shipments = None
    if visitor.me.may(Scope.LOGISTICS_SHIP):
        shipments = await if_there(shipping.summary(visitor.api, Side.SUPPLIER), None)
    try:
        summary, open_work = await asyncio.gather(
            orders.summary(visitor.api, Side.SUPPLIER),
            production.work_orders(visitor.api, Side.SUPPLIER, limit=100),
        )
        count = len(open_work.items)
        to_report: int | str = f"{count}+" if open_work.next else count
    except (Away, Refused):  # the rest of the page is useful without it
        summary = await orders.summary(visitor.api, Side.SUPPLIER)
        to_report = "–"
    return {
        "confirm": summary.count("unconfirmed"),
        "report": to_report,
        "answer": summary.count("changes"),
        "late": summary.count("late"),
        "ship": shipments.ready_due if shipments else None,
    }


def _pressing(summary: Summary) -> int:
    return sum(summary.count(view) for view in ("late", "unconfirmed", "changes"))


async def _block(
    visitor: Visit, side: Side, since: datetime | None, written: Formats
) -> dict[str, Any]:
    summary = await orders.summary(visitor.api, side, since=since)
    rows: list[ScheduleLine] = []
    for view in ("late", "at_risk"):
        if len(rows) < AT_RISK_SHOWN and summary.count(view):
            page = await orders.book(
                visitor.api, side, view=view, sort="-lateness", limit=AT_RISK_SHOWN - len(rows)
            )
            rows += page.items
    drawn = [(row, picture_of(row, today=written.today, zone=written.zone)) for row in rows]
    return {
        "side": side,
        "summary": summary,
        "rows": drawn,
        "book": Book(side).sharing(rows),
        "axis": axis_for([picture for _row, picture in drawn], today=written.today),
    }
