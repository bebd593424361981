"""Previews and releases of the regulator's tables, for the platform's operator."""

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Request, Response

from contracts.scopes import Scope
from services.portal.api.orders import Written
from services.portal.api.page import (
    Posted,
    StalePage,
    Visitor,
    go,
    needs,
    page_router,
    pages,
    show,
)
from services.portal.api.parts import MENDABLE, if_there, in_words
from services.portal.commands.sessions import Visit
from services.portal.domain.figures import TABLES
from services.portal.queries import reliability as asked
from services.portal.queries.api import Refused
from shared.web.formats import Formats

_ = str  # marks what the catalog translates

router = page_router()


@router.get("/operation/releases")
async def releases(request: Request, visitor: Visitor, written: Written) -> Response:
    """List what was published, and offer to make a preview of a month."""
    needs(visitor, Scope.INSIGHTS_OPERATE)
    return await _list(request, visitor, written, None)


@router.post("/operation/releases/previews")
async def preview(request: Request, visitor: Visitor, form: Posted, written: Written) -> Response:
    """Compute what a month's release would hold; nobody else sees it."""
    try:
        month = date.fromisoformat(f"{form.text('month')[:7]}-01")
        body = {"month": month.isoformat()}
        made = await visitor.api.send("POST", "insights", "/previews", body, key=form.key)
    except ValueError:
        words = pages.words(written.language, _("Choose a month."))
        return await _list(request, visitor, written, words)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _list(request, visitor, written, in_words(request, refused))
    return go(f"/operation/releases/previews/{made['id']}")


@router.get("/operation/releases/previews/{preview_id}")
async def previewed(request: Request, visitor: Visitor, preview_id: UUID) -> Response:
    """Show a preview: what would be published, what suppressed, and whether the audit passed."""
    needs(visitor, Scope.INSIGHTS_OPERATE)
    return await _preview(request, visitor, preview_id, None)


@router.post("/operation/releases")
async def publish(request: Request, visitor: Visitor, form: Posted) -> Response:
    """Publish a preview for good."""
    try:
        preview_id = UUID(form.text("preview_id"))
    except ValueError as error:
        raise StalePage("Go back, load the page again and choose once more.") from error
    try:
        body = {"preview_id": str(preview_id)}
        await visitor.api.send("POST", "insights", "/releases", body, key=form.key)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _preview(request, visitor, preview_id, in_words(request, refused))
    return go("/operation/releases", said="published")


@router.get("/operation/releases/{release_id}/looks")
async def looks(request: Request, visitor: Visitor, release_id: UUID) -> Response:
    """List who read or downloaded a release."""
    needs(visitor, Scope.INSIGHTS_OPERATE)
    found = await asked.looks(visitor.api, release_id)
    context = {"looks": found, "release_id": release_id}
    return show(request, visitor, "release_looks.html", context, here="releases")


async def _list(
    request: Request, visitor: Visit, written: Formats, trouble: str | None
) -> Response:
    found: list[Any] = await if_there(asked.releases(visitor.api), [])
    first = written.today.replace(day=1)
    last = (
        first.replace(year=first.year - 1, month=12)
        if first.month == 1
        else first.replace(month=first.month - 1)
    )
    asked_for = await if_there(asked.previews(visitor.api), [])
    context = {
        "releases": found,
        "previews": asked_for,
        "month": f"{last:%Y-%m}",
        "trouble_words": trouble,
    }
    status = 422 if trouble else 200
    return show(request, visitor, "releases.html", context, here="releases", status=status)


async def _preview(
    request: Request, visitor: Visit, preview_id: UUID, trouble: str | None
) -> Response:
    found = await asked.preview(visitor.api, preview_id)
    context = {"preview": found, "tables": TABLES, "trouble_words": trouble}
    status = 422 if trouble else 200
    return show(request, visitor, "release_preview.html", context, here="releases", status=status)
