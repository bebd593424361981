"""Ask the insights service: scorecards for partners, releases for regulators."""

from uuid import UUID

from services.portal.queries.api import Api
from services.portal.schemas.answers import Page
from services.portal.schemas.reliability import (
    Evidence,
    Look,
    Method,
    Preview,
    Release,
    Scorecard,
    Series,
    Table,
)


async def scorecards(api: Api) -> list[Scorecard]:
    """Return the scorecards of one's suppliers."""
    return await api.get_list(Scorecard, "insights", "/scorecards", side="buyer", limit=200)


async def scorecard(api: Api, counterparty_id: UUID) -> Scorecard:
    return await api.get(Scorecard, "insights", f"/scorecards/{counterparty_id}")


async def events(
    api: Api, counterparty_id: UUID, figure: str, *, cursor: str | None
) -> Page[Evidence]:
    """Return what one figure counts, with the events that told it."""
    path = f"/scorecards/{counterparty_id}/events"
    return await api.get(Page[Evidence], "insights", path, figure=figure, cursor=cursor)


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


async def preview(api: Api, preview_id: UUID) -> Preview:
    return await api.get(Preview, "insights", f"/previews/{preview_id}")


async def looks(api: Api, release_id: UUID) -> list[Look]:
    """Return who read a release."""
    return await api.get_list(Look, "insights", f"/releases/{release_id}/looks", limit=100)
