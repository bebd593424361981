"""What partners' developers need: how to sign in, where the API and the events are described."""

from importlib.resources import files

from fastapi import Request, Response

from services.portal.api.operation import SERVICES
from services.portal.api.page import Visitor, page_router, show
from shared.settings import settings

router = page_router()


@router.get("/developers/asyncapi.json")
async def events() -> Response:
    """Return the description of all events, as it is committed with the contracts."""
    described = files("contracts").joinpath("asyncapi.json").read_bytes()
    return Response(described, media_type="application/json")


@router.get("/developers")
async def developers(request: Request, visitor: Visitor) -> Response:
    """Lead to the descriptions of the API and of the events."""
    described = [service for service in SERVICES if service != "portal"]
    context = {"issuer": settings().issuer.rstrip("/"), "services": described}
    return show(request, visitor, "developers.html", context)
