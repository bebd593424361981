"""The operator's page: does everything flow, and what waits for a decision."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.scopes import Scope
from services.portal.api.page import Posted, Visitor, go, needs, page_router, show, told
from services.portal.commands.sessions import Visit
from services.portal.queries import people
from services.portal.queries.api import Away, Refused
from services.portal.schemas.operation import Operation
from shared.migrating import migrated_services
from shared.problem import InvalidInput, Problem
from shared.types import Search
from shared.web.languages import language_of

SERVICES = migrated_services()
MENDABLE = {404, 409, 422}
AGE_RISK_S, AGE_LATE_S = 10.0, 60.0  # an outbox this old needs a look, needs somebody now

router = page_router()


@router.get("/operation")
async def health(request: Request, visitor: Visitor) -> Response:
    """Show what waits to leave, to be applied, for a decision, in every service."""
    return await _page(request, visitor, None)


@router.get("/operation/figures")
async def figures(request: Request, visitor: Visitor) -> Response:
    """Return the figures alone; the page asks for them again and again."""
    needs(visitor, Scope.PLATFORM_READ)
    context = {"states": await _states(visitor)}
    return show(request, visitor, "fragments/operation.html", context)


@router.post("/operation/{service}/replay")
async def replay(request: Request, visitor: Visitor, service: str, form: Posted) -> Response:
    """Apply a subject's dead letters again, in order."""
    subject = {name: form.text(name) for name in ("topic", "subject")}
    try:
        await visitor.api.send("POST", _known(service), "/dead-letters/replay", subject)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _page(request, visitor, refused)
    return go("/operation", said="replayed")


@router.post("/operation/{service}/discard")
async def discard(request: Request, visitor: Visitor, service: str, form: Posted) -> Response:
    """Give a subject's first dead letter up, with a reason."""
    body = {name: form.text(name) for name in ("topic", "subject", "reason")}
    try:
        await visitor.api.send("POST", _known(service), "/dead-letters/discard", body)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _page(request, visitor, refused)
    return go("/operation", said="discarded")


@router.get("/operation/organizations")
async def organizations(
    request: Request,
    visitor: Visitor,
    q: Search = "",
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> Response:
    """List all organizations."""
    return await _organizations(request, visitor, q, cursor, None)


@router.post("/operation/organizations")
async def register(request: Request, visitor: Visitor, form: Posted) -> Response:
    """Register an organization; its administrator is invited by mail."""
    body: dict[str, object] = {"name": form.text("name"), "identifiers": {}}
    if number := form.text("uscc"):
        body["identifiers"] = {"uscc": number}
    if form.text("email"):
        body["administrator"] = {
            "email": form.text("email"),
            "name": form.text("person") or form.text("name"),
            "language": form.text("language") or "zh",
        }
    try:
        answer = await visitor.api.send(
            "POST", "identity", "/organizations/bulk", {"organizations": [body]}, key=form.key
        )
        if problem := answer["results"][0].get("problem"):
            return await _organizations(request, visitor, "", None, Refused.of_mapping(problem))
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _organizations(request, visitor, "", None, refused)
    return go("/operation/organizations", said="organizations")


@router.post("/operation/organizations/{organization_id}/{act}")
async def suspend(organization_id: UUID, act: str, visitor: Visitor, form: Posted) -> Response:
    """Suspend an organization, or let it act again."""
    if act not in {"suspension", "resumption"}:
        raise InvalidInput("Choose what to do.")
    path = f"/organizations/{organization_id}/{act}"
    await visitor.api.send("POST", "identity", path, {"reason": form.text("reason")})
    return go("/operation/organizations", said="client")


def _known(service: str) -> str:
    if service not in SERVICES:
        raise InvalidInput("There is no such service.")
    return service


async def _states(visitor: Visit) -> list[tuple[str, Operation | None]]:
    async def one(service: str) -> tuple[str, Operation | None]:
        try:
            return service, await visitor.api.get(Operation, service, "/operation")
        except (Away, Refused):
            return service, None

    return list(await asyncio.gather(*(one(service) for service in SERVICES)))


async def _page(request: Request, visitor: Visit, problem: Refused | None) -> Response:
    needs(visitor, Scope.PLATFORM_READ)
    trouble = told(language_of(request), problem) if problem else None
    states = await _states(visitor)
    context = {
        "states": states,
        "age_risk_s": AGE_RISK_S,
        "age_late_s": AGE_LATE_S,
        "detail": problem.detail if problem else None,
        "trouble_words": trouble[0] if trouble else None,
    }
    status = 409 if problem else 200
    return show(request, visitor, "operation.html", context, here="operation", status=status)


async def _organizations(
    request: Request, visitor: Visit, q: str, cursor: str | None, problem: Problem | None
) -> Response:
    needs(visitor, Scope.IDENTITY_OPERATE)
    page = await people.organizations(visitor.api, q=q, cursor=cursor)
    trouble = told(language_of(request), problem) if problem else None
    context = {
        "organizations": page.items,
        "next": f"/operation/organizations?q={q}&cursor={page.cursor}" if page.cursor else None,
        "q": q,
        "trouble_words": f"{trouble[0]}: {trouble[1]}" if trouble else None,
    }
    status = 422 if problem else 200
    name = "operation_organizations.html"
    return show(request, visitor, name, context, here="operation", status=status)
