"""Ask the insights service: scorecards for partners, releases for regulators."""

from collections.abc import Sequence
from uuid import UUID

from services.portal.queries.api import Api
from services.portal.schemas.answers import Page
from services.portal.schemas.reliability import (
    Evidence,
    Look,
    Method,
    Preview,
    PreviewRow,
    Release,
    Scorecard,
    Series,
    Table,
)

PAGE_MAX = 200
PAGES_MAX = 50


async def scorecards(api: Api) -> list[Scorecard]:
    """Return the scorecards of all of one's suppliers."""
    found: list[Scorecard] = []
    cursor = None
    for _ in range(PAGES_MAX):
        page = await api.get(
            Page[Scorecard], "insights", "/scorecards", side="buyer", limit=PAGE_MAX, cursor=cursor
        )
        found += page.items
        cursor = page.cursor
        if cursor is None:
            break
    return found


async def scorecards_of(api: Api, suppliers: Sequence[UUID]) -> list[Scorecard]:
    """Return the scorecards of some suppliers, as many as a page holds."""
    if not suppliers:
        return []
    query = {"side": "buyer", "counterparty_id": [str(one) for one in suppliers]}
    return await api.get_list(Scorecard, "insights", "/scorecards", limit=PAGE_MAX, **query)


async def scorecard(api: Api, counterparty_id: UUID) -> Scorecard:
    return await api.get(Scorecard, "insights", f"/scorecards/{counterparty_id}", side="buyer")


async def events(
    api: Api, counterparty_id: UUID, figure: str, *, cursor: str | None
) -> Page[Evidence]:
    """Return what one figure counts, with the events that told it."""
    path = f"/scorecards/{counterparty_id}/events"
    return await api.get(
        Page[Evidence], "insights", path, figure=figure, side="buyer", cursor=cursor
    )


async def releases(api: Api) -> list[Release]:
    """Return what was published, the latest month first."""
    found = await api.get_list(Release, "insights", "/releases", limit=100)
    return sorted(found, key=lambda one: one.month, reverse=True)


async def table(api: Api, release_id: UUID, name: str) -> Table:
    return await api.get(Table, "insights", f"/releases/{release_id}/tables/{name}")


async def series(api: Api, name: str) -> Series:
    """Return a table's total through all months that were published."""
    return await api.get(Series, "insights", f"/tables/{name}/series", region="*", industry="*")


async def method(api: Api) -> Method:
    return await api.get(Method, "insights", "/method")


async def previews(api: Api) -> list[PreviewRow]:
    """Return the months that were worked out, the latest first."""
    return await api.get_list(PreviewRow, "insights", "/previews", limit=20)


async def preview(api: Api, preview_id: UUID) -> Preview:
    return await api.get(Preview, "insights", f"/previews/{preview_id}")


async def looks(api: Api, release_id: UUID) -> list[Look]:
    """Return who read a release."""
    return await api.get_list(Look, "insights", f"/releases/{release_id}/looks", limit=100)
