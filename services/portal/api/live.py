"""The stream by which open pages hear what has changed; they then ask for it themselves."""

import asyncio
from uuid import UUID

from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from contracts.orders import Side
from contracts.scopes import Scope
from services.portal.api.page import Visitor, page_router
from services.portal.commands.sessions import Visit
from services.portal.queries import inviting
from services.portal.queries.audience import Audience
from services.portal.schemas.people import Me

router = page_router()


def audience_of(app: FastAPI) -> Audience:
    """Return the pages that are open in this process."""
    if not hasattr(app.state, "audience"):
        app.state.audience = Audience()
    audience: Audience = app.state.audience
    return audience


@router.get("/live")
async def live(request: Request, visitor: Visitor) -> Response:
    """Tell an open page what concerns its organization, as it happens.

    Refused where the organization is suspended; a suspension ends the stream, and this is asked
    again.
    """
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    known_at = asyncio.get_running_loop().time()
    barred_by = await _barred_by(visitor)
    own = visitor.me.organization.id
    stream = audience_of(request.app).stream(own, barred_by=barred_by, known_at=known_at)
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _barred_by(visitor: Visit) -> set[UUID]:
    """Name the buyers that suspended this supplier; asks in any case, as only who may is heard."""
    if not visitor.me.may(Scope.ONBOARDING_READ):
        await visitor.api.get(Me, "identity", "/me")
        return set()
    own = visitor.me.organization.id
    found = await inviting.partnerships(visitor.api, state="suspended")
    return {
        one.buyer_id for one in found if one.supplier_id == own and one.suspended_by == Side.BUYER
    }
