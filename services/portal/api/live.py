"""The stream by which open pages hear what has changed; they then ask for it themselves."""

from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from services.portal.api.page import Visitor, page_router
from services.portal.queries.audience import Audience

router = page_router()


def audience_of(app: FastAPI) -> Audience:
    """Return the pages that are open in this process."""
    if not hasattr(app.state, "audience"):
        app.state.audience = Audience()
    audience: Audience = app.state.audience
    return audience


@router.get("/live")
async def live(request: Request, visitor: Visitor) -> Response:
    """Tell an open page what concerns its organization, as it happens."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    stream = audience_of(request.app).stream(visitor.me.organization.id)
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)
