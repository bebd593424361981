"""Ask the onboarding service about suppliers: whom we invited, who applies, what was agreed."""

from typing import Any
from uuid import UUID

from services.portal.queries.api import Api
from services.portal.schemas.answers import Page
from services.portal.schemas.inviting import (
    Application,
    InvitedSheet,
    OpenLink,
    Partnership,
    SupplierInvitation,
)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAGE_MAX = 200
PAGES_MAX = 50


async def invitations(
    api: Api, *, state: str = "", cursor: str | None = None, limit: int = 50
) -> Page[SupplierInvitation]:
    """Return a page of invitations, the newest first."""
    return await api.get(
        Page[SupplierInvitation],
        "onboarding",
        "/invitations",
        state=state,
        cursor=cursor,
        limit=limit,
    )


async def open_links(api: Api) -> list[OpenLink]:
    """Return the links with which anybody may apply."""
    return await api.get_list(OpenLink, "onboarding", "/open-links", limit=20)


async def sheet(api: Api, content: bytes, *, dry_run: bool) -> InvitedSheet:
    """Have a spreadsheet of contacts invited or, in a dry run, judged."""
    answer = await api.call(
        "POST",
        "onboarding",
        "/invitations/sheet",
        query={"dry_run": "true" if dry_run else "false"},
        content=content,
        media_type=XLSX,
    )
    return InvitedSheet.model_validate_json(answer.content)


async def template(api: Api) -> bytes:
    """Return the empty spreadsheet for contacts."""
    return (await api.call("GET", "onboarding", "/invitations/sheet")).content


async def applications(
    api: Api, *, state: str = "", cursor: str | None = None, limit: int = 50
) -> Page[Application]:
    """Return a page of those who want to be let in."""
    return await api.get(
        Page[Application],
        "onboarding",
        "/applications",
        side="buyer",
        state=state,
        cursor=cursor,
        limit=limit,
    )


async def application(api: Api, application_id: UUID) -> Application:
    return await api.get(Application, "onboarding", f"/applications/{application_id}")


async def suppliers(api: Api, **query: Any) -> Page[Partnership]:  # noqa: ANN401
    """Return a page of the relationships with one's suppliers, by name."""
    return await api.get(
        Page[Partnership], "onboarding", "/relationships", side="buyer", limit=PAGE_MAX, **query
    )


async def partnerships(api: Api, *, state: str | None = None) -> list[Partnership]:
    """Return all relationships with what was agreed."""
    found: list[Partnership] = []
    cursor = None
    for _ in range(PAGES_MAX):
        page = await api.get(
            Page[Partnership],
            "onboarding",
            "/relationships",
            limit=PAGE_MAX,
            cursor=cursor,
            state=state,
        )
        found += page.items
        cursor = page.cursor
        if cursor is None:
            break
    return found
