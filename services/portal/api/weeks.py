"""What is promised, week by week: a picture, with the table that it is drawn from."""

from collections import Counter
from datetime import timedelta
from typing import Annotated

from fastapi import Query, Request, Response

from contracts.orders import Light, Side
from contracts.scopes import Scope
from services.portal.api.orders import Written
from services.portal.api.page import Visitor, needs, page_router, show
from services.portal.queries import orders

ROWS_MAX = 2_000
WEEKS_AHEAD = 7
LIGHTS = Light.LATE, Light.AT_RISK, Light.ON_TIME, Light.UNCONFIRMED

router = page_router()


@router.get("/orders/weeks")
async def weeks(
    request: Request, visitor: Visitor, written: Written, side: Annotated[Side, Query()]
) -> Response:
    """Count the open lines by the week for which they are promised or wanted."""
    needs(visitor, Scope.ORDERS_READ)
    monday = written.today - timedelta(days=written.today.weekday())
    last = monday + timedelta(weeks=WEEKS_AHEAD)
    counts: Counter[tuple[object, Light]] = Counter()
    total = 0
    async for row in orders.whole_book(
        visitor.api, side, rows_max=ROWS_MAX, view="open", sort="due"
    ):
        day = row.promised_on or row.due_on
        week = min(max(day - timedelta(days=day.weekday()), monday - timedelta(weeks=1)), last)
        counts[week, row.light] += 1
        total += 1
    starts = [monday + timedelta(weeks=n) for n in range(-1, WEEKS_AHEAD + 1)]
    table = [(start, [counts[start, light] for light in LIGHTS]) for start in starts]
    context = {
        "table": table,
        "monday": monday,
        "last": last,
        "most": max((sum(row) for _start, row in table), default=0) or 1,
        "total": total,
        "is_cut": total >= ROWS_MAX,
    }
    return show(request, visitor, "fragments/weeks.html", context)
