"""The pages, by what they are about. Order matters where one address fits two patterns."""

from fastapi import APIRouter, Request, Response

from services.portal.api import (
    accepting,
    administration,
    applications,
    approving,
    chain,
    developers,
    evidence,
    home,
    insight,
    inviting,
    invoicing,
    joining,
    live,
    matching,
    operation,
    orders,
    owing,
    paying,
    placing,
    promising,
    receiving,
    regulator,
    relationships,
    releases,
    reporting,
    sessions,
    shipping,
    statements,
    story,
    suppliers,
    weeks,
)
from services.portal.api.page import page_router
from shared.problem import NotFound
from shared.web.routes import router as web

router = APIRouter()
for part in (
    sessions,
    home,
    live,
    orders,
    weeks,
    placing,
    promising,
    story,
    chain,
    reporting,
    relationships,
    joining,
    shipping,
    owing,
    evidence,
    invoicing,
    insight,
    inviting,
    applications,
    suppliers,
    receiving,
    accepting,
    matching,
    approving,
    paying,
    statements,
    regulator,
    releases,
    administration,
    operation,
    developers,
):
    router.include_router(part.router)
router.include_router(web)

rest = page_router()


@rest.get("/{path:path}")
async def nowhere(request: Request) -> Response:
    """Tell that there is no such page."""
    raise NotFound(f"There is nothing at {request.url.path}.")


router.include_router(rest)
