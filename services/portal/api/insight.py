"""What others see of this organization: its own figures, what they count, and who read them."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.scopes import Scope
from services.portal.api.page import Visitor, needs, page_router, show
from services.portal.domain.insight import NAMES, judged
from services.portal.queries import insight
from shared.problem import NotFound

router = page_router()

Cursor = Annotated[str | None, Query(max_length=1000)]


@router.get("/scorecard")
async def scorecard(
    request: Request, visitor: Visitor, counterparty_id: UUID | None = None
) -> Response:
    """Show the figures that a buyer sees about this supplier."""
    needs(visitor, Scope.INSIGHTS_READ)
    cards = await insight.cards(visitor.api)
    chosen = counterparty_id or (cards[0].counterparty_id if cards else None)
    card = await insight.card(visitor.api, chosen) if chosen else None
    context = {"cards": cards, "card": card, "names": NAMES, "judged": judged}
    return show(request, visitor, "scorecard.html", context, here="relationships")


@router.get("/scorecard/{counterparty_id}/{figure}")
async def evidence(
    request: Request, visitor: Visitor, counterparty_id: UUID, figure: str, cursor: Cursor = None
) -> Response:
    """List what a figure counts; it adds up to both of its sums."""
    needs(visitor, Scope.INSIGHTS_READ)
    if figure not in NAMES:
        raise NotFound("There is no such figure.")
    card, page = await asyncio.gather(
        insight.card(visitor.api, counterparty_id),
        insight.evidence(visitor.api, counterparty_id, figure, cursor=cursor),
    )
    more = f"/scorecard/{counterparty_id}/{figure}?cursor={page.cursor}" if page.cursor else None
    context = {
        "card": card,
        "name": figure,
        "named": NAMES[figure],
        "figure": card.figure(figure),
        "rows": page.items,
        "next": more,
    }
    return show(request, visitor, "scorecard_figure.html", context, here="relationships")


@router.get("/looks")
async def looks(request: Request, visitor: Visitor, cursor: Cursor = None) -> Response:
    """Tell who read which figures of this organization, and when."""
    needs(visitor, Scope.INSIGHTS_READ)
    page = await insight.looks(visitor.api, cursor=cursor)
    context = {
        "looks": page.items,
        "readers": len({look.reader for look in page.items}),
        "next": f"/looks?cursor={page.cursor}" if page.cursor else None,
    }
    return show(request, visitor, "looks.html", context, here="relationships")
