"""Ask the onboarding service about an organization's own application."""

from uuid import UUID

from contracts.orders import Side
from services.portal.queries.api import Api, Refused
from services.portal.schemas.joining import Agreement, Application, Code, Named, Preview, Profile
from shared.problem import Problem

OVER = {404, 409, 422}


async def preview(api: Api, secret: str) -> Preview | None:
    """Return who invites; None when the link is not one that can be used."""
    try:
        answer = await api.send("POST", "onboarding", "/invitations/preview", {"secret": secret})
    except Refused as refused:
        if refused.status not in OVER:
            raise
        return None
    return Preview.model_validate(answer)


async def applications(api: Api) -> list[Application]:
    """Return the applications of one's own organization to its customers, newest first."""
    side = Side.SUPPLIER.value
    return await api.get_list(Application, "onboarding", "/applications", side=side, limit=100)


async def application(api: Api, application_id: UUID) -> Application:
    return await api.get(Application, "onboarding", f"/applications/{application_id}")


async def profile(api: Api) -> Profile:
    return await api.get(Profile, "onboarding", "/profile")


async def agreement(api: Api, application_id: UUID, language: str) -> Agreement:
    """Return the exact text that waits, or that was agreed to, in a language."""
    path = f"/applications/{application_id}/agreement"
    return await api.get(Agreement, "onboarding", path, language=language)


async def code(api: Api, uscc: str) -> Code | None:
    """Return what a code says; None for one that says nothing."""
    try:
        return await api.get(Code, "onboarding", "/codes", uscc=uscc)
    except Problem:
        return None


async def named(api: Api, what: str, q: str, *, limit: int) -> list[Named]:
    """Look a region or an industry up by its code or a part of its name."""
    found = await api.get_list(Named, "onboarding", f"/{what}", q=q, limit=limit)
    return found[:limit]
