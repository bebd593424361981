"""Ask the orders service."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.orders import Side
from services.portal.queries.api import Api
from services.portal.schemas.answers import Page
from services.portal.schemas.orders import (
    Change,
    Entry,
    Item,
    Order,
    Relationship,
    ScheduleLine,
    Summary,
)

PAGE_MAX = 200
STORY_PAGES_MAX = 50


async def book(api: Api, side: Side, **query: Any) -> Page[ScheduleLine]:  # noqa: ANN401
    """Return a page of the order book."""
    return await api.get(Page[ScheduleLine], "orders", "/schedule-lines", side=side.value, **query)


async def whole_book(
    api: Api,
    side: Side,
    *,
    rows_max: int,
    **query: Any,  # noqa: ANN401
) -> AsyncIterator[ScheduleLine]:
    """Yield the rows of all pages, at most so many."""
    cursor, count = None, 0
    while True:
        page = await book(api, side, limit=PAGE_MAX, cursor=cursor, **query)
        for row in page.items:
            yield row
            count += 1
            if count >= rows_max:
                return
        cursor = page.cursor
        if cursor is None:
            return


async def row(api: Api, schedule_line_id: UUID) -> ScheduleLine:
    return await api.get(ScheduleLine, "orders", f"/schedule-lines/{schedule_line_id}")


async def summary(api: Api, side: Side, *, since: datetime | None = None) -> Summary:
    """Return how the book stands and what changed since a moment."""
    return await api.get(
        Summary,
        "orders",
        "/schedule-lines/summary",
        side=side.value,
        since=since.isoformat() if since else None,
    )


async def order(api: Api, order_id: UUID) -> Order:
    return await api.get(Order, "orders", f"/orders/{order_id}")


async def story(api: Api, order_id: UUID) -> list[Entry]:
    """Return what happened to an order, newest first."""
    entries: list[Entry] = []
    cursor = None
    for _ in range(STORY_PAGES_MAX):
        path = f"/orders/{order_id}/story"
        page = await api.get(Page[Entry], "orders", path, limit=PAGE_MAX, cursor=cursor)
        entries += page.items
        cursor = page.cursor
        if cursor is None:
            break
    return sorted(entries, key=lambda entry: entry.occurred_at or entry.recorded_at, reverse=True)


async def open_changes(api: Api) -> list[Change]:
    return await api.get_list(Change, "orders", "/changes", state="open")


async def relationships(api: Api) -> list[Relationship]:
    """Return the counterparties that orders knows."""
    return await api.get_list(Relationship, "orders", "/relationships", limit=PAGE_MAX)


async def items(api: Api) -> list[Item]:
    return await api.get_list(Item, "orders", "/items", limit=PAGE_MAX)
