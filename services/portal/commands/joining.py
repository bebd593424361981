"""What a supplier does to join: each is one call of the onboarding service."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.portal.queries.api import Api
from services.portal.schemas.joining import Application


async def accept(api: Api, secret: str, *, key: str) -> Application:
    """Accept an invitation for the organization that one administers."""
    path = "/invitations/acceptance"
    answer = await api.send("POST", "onboarding", path, {"secret": secret}, key=key)
    return Application.model_validate(answer)


async def keep(api: Api, profile: Mapping[str, Any]) -> None:
    """Keep what is filled in so far."""
    await api.send("PUT", "onboarding", "/profile", profile)


async def submit(api: Api, application_id: UUID, *, key: str) -> None:
    """Send the application to the buyer."""
    await api.send("POST", "onboarding", f"/applications/{application_id}/submission", key=key)


async def agree(api: Api, application_id: UUID, sha256: str, *, key: str) -> None:
    """Accept exactly the text that was read."""
    path = f"/applications/{application_id}/agreement/acceptance"
    await api.send("POST", "onboarding", path, {"sha256": sha256}, key=key)
