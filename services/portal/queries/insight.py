"""Ask the insights service about oneself."""

from uuid import UUID

from contracts.orders import Side
from services.portal.queries.api import Api
from services.portal.schemas.answers import Page
from services.portal.schemas.insight import Card, Evidence, Look

SIDE = Side.SUPPLIER.value


async def cards(api: Api) -> list[Card]:
    """Return how one does with each of one's buyers."""
    return await api.get_list(Card, "insights", "/scorecards", side=SIDE, limit=200)


async def card(api: Api, counterparty_id: UUID) -> Card:
    return await api.get(Card, "insights", f"/scorecards/{counterparty_id}", side=SIDE)


async def evidence(
    api: Api, counterparty_id: UUID, figure: str, *, cursor: str | None
) -> Page[Evidence]:
    """Return what a figure counts, the latest first."""
    path = f"/scorecards/{counterparty_id}/events"
    query = {"figure": figure, "side": SIDE, "cursor": cursor}
    return await api.get(Page[Evidence], "insights", path, **query)


async def looks(api: Api, *, cursor: str | None) -> Page[Look]:
    """Return who read one's figures, the latest first."""
    return await api.get(Page[Look], "insights", "/looks", cursor=cursor)
