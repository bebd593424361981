"""Ask identity about one's own organization, or as the operator about all."""

from services.portal.queries.api import Api
from services.portal.schemas.answers import Page
from services.portal.schemas.people import (
    AuditEntry,
    Client,
    Invitation,
    KnownOrganization,
    Member,
    SignedIn,
)

LIST_MAX = 200


async def members(api: Api) -> list[Member]:
    return await api.get_list(Member, "identity", "/users", limit=LIST_MAX)


async def invitations(api: Api) -> list[Invitation]:
    """Return the invitations that still wait for an answer."""
    found = await api.get_list(Invitation, "identity", "/invitations", limit=LIST_MAX)
    return [one for one in found if not one.accepted_at and not one.withdrawn_at]


async def clients(api: Api) -> list[Client]:
    return await api.get_list(Client, "identity", "/clients", limit=LIST_MAX)


async def sessions(api: Api) -> list[SignedIn]:
    return await api.get_list(SignedIn, "identity", "/sessions", limit=LIST_MAX)


async def audit(api: Api, *, cursor: str | None, action: str | None) -> Page[AuditEntry]:
    return await api.get(
        Page[AuditEntry], "identity", "/audit", cursor=cursor, action=action, limit=100
    )


async def organizations(api: Api, *, q: str | None, cursor: str | None) -> Page[KnownOrganization]:
    query = {"q": q, "cursor": cursor, "limit": 100}
    return await api.get(Page[KnownOrganization], "identity", "/organizations", **query)
