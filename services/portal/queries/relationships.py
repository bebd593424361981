"""Ask the onboarding service."""

from services.portal.queries.api import Api
from services.portal.schemas.answers import Page
from services.portal.schemas.orders import Relationship

PAGE_MAX = 200
PAGES_MAX = 10


async def all_relationships(api: Api) -> list[Relationship]:
    """Return the caller's relationships, up to ten pages of them."""
    found: list[Relationship] = []
    cursor = None
    for _ in range(PAGES_MAX):
        page = await api.get(
            Page[Relationship], "onboarding", "/relationships", limit=PAGE_MAX, cursor=cursor
        )
        found += page.items
        cursor = page.cursor
        if cursor is None:
            break
    return found
