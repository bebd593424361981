"""One's own organization: colleagues and roles, programs and keys, sessions, and the record."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.scopes import Scope
from services.portal.api.page import Posted, Visitor, go, needs, page_router, show, told
from services.portal.commands.sessions import Visit
from services.portal.domain.roles import (
    ACTION_WORDS,
    ROLE_WORDS,
    SCOPE_WORDS,
    given_by_administrators,
    scopes_for_programs,
)
from services.portal.queries import people
from services.portal.queries.api import Refused
from services.portal.schemas.people import Client
from shared.settings import settings
from shared.web.languages import language_of

MENDABLE = {403, 404, 409, 422}
METHODS = "client_secret_basic", "private_key_jwt", "none"

router = page_router()


@router.get("/administration")
async def colleagues(request: Request, visitor: Visitor) -> Response:
    """List who works here and what they may do; invite others."""
    return await _people(request, visitor, {}, None)


@router.post("/administration/invitations")
async def invite(request: Request, visitor: Visitor, form: Posted) -> Response:
    """Invite a colleague by mail."""
    given: dict[str, Any] = {name: form.text(name) for name in ("email", "name", "language")}
    given["roles"] = form.texts("roles")
    try:
        await visitor.api.send("POST", "identity", "/invitations", given, key=form.key)
    except Refused as refused:
        return await _people(request, visitor, given, _mendable(refused))
    return go("/administration", said="invited")


@router.post("/administration/invitations/{invitation_id}/withdrawal")
async def withdraw(invitation_id: UUID, visitor: Visitor, form: Posted) -> Response:
    """Take an invitation back."""
    path = f"/invitations/{invitation_id}/withdrawal"
    await visitor.api.send("POST", "identity", path, key=form.key)
    return go("/administration", said="removed")


@router.post("/administration/people/{user_id}/roles")
async def set_roles(request: Request, visitor: Visitor, user_id: UUID, form: Posted) -> Response:
    """Give a colleague these roles and no others."""
    try:
        roles = {"roles": form.texts("roles")}
        await visitor.api.send("PUT", "identity", f"/users/{user_id}/roles", roles)
    except Refused as refused:
        return await _people(request, visitor, {}, _mendable(refused))
    return go("/administration", said="roles")


@router.post("/administration/people/{user_id}/removal")
async def remove(request: Request, visitor: Visitor, user_id: UUID, form: Posted) -> Response:
    """Let a colleague go; their sessions end."""
    assert form
    try:
        await visitor.api.send("DELETE", "identity", f"/users/{user_id}")
    except Refused as refused:
        return await _people(request, visitor, {}, _mendable(refused))
    return go("/administration", said="removed")


@router.get("/administration/programs")
async def programs(request: Request, visitor: Visitor) -> Response:
    """List the organization's OAuth clients; register others."""
    return await _programs(request, visitor, {}, None, None)


@router.post("/administration/programs")
async def register(request: Request, visitor: Visitor, form: Posted) -> Response:
    """Register an OAuth client; its secret is shown once, on the page that answers."""
    given = {name: form.text(name) for name in ("name", "auth_method", "use", "redirect", "jwks")}
    acts = given["use"] == "people"
    body: dict[str, Any] = {
        "name": given["name"],
        "scopes": form.texts("scopes"),
        "auth_method": given["auth_method"],
        "grant_types": ["authorization_code", "refresh_token"] if acts else ["client_credentials"],
        "redirect_uris": [line.strip() for line in given["redirect"].splitlines() if line.strip()],
    }
    shown = {**given, "scopes": form.texts("scopes")}
    try:
        if given["jwks"]:
            body["jwks"] = json.loads(given["jwks"])
        answer = await visitor.api.send("POST", "identity", "/clients", body, key=form.key)
    except Refused as refused:
        return await _programs(request, visitor, shown, _mendable(refused), None)
    except (ValueError, RecursionError):
        return await _programs(request, visitor, shown, None, None, is_bad_json=True)
    return await _programs(request, visitor, {}, None, Client.model_validate(answer))


@router.post("/administration/programs/{client_id}/secret")
async def draw_secret(
    request: Request, visitor: Visitor, client_id: UUID, form: Posted
) -> Response:
    """Draw another secret; the old one ends at once."""
    path = f"/clients/{client_id}/secret"
    answer = await visitor.api.send("POST", "identity", path, key=form.key)
    return await _programs(request, visitor, {}, None, Client.model_validate(answer))


@router.post("/administration/programs/{client_id}/keys")
async def set_keys(request: Request, visitor: Visitor, client_id: UUID, form: Posted) -> Response:
    """Set the public keys with which a program signs."""
    try:
        keys = json.loads(form.text("jwks"))
        await visitor.api.send("PUT", "identity", f"/clients/{client_id}/keys", keys)
    except Refused as refused:
        return await _programs(request, visitor, {}, _mendable(refused), None)
    except (ValueError, RecursionError):
        return await _programs(request, visitor, {}, None, None, is_bad_json=True)
    return go("/administration/programs", said="client")


@router.post("/administration/programs/{client_id}/removal")
async def end_program(client_id: UUID, visitor: Visitor, form: Posted) -> Response:
    """End a program and what was granted to it."""
    assert form
    await visitor.api.send("DELETE", "identity", f"/clients/{client_id}")
    return go("/administration/programs", said="removed")


@router.get("/administration/sessions")
async def sessions(request: Request, visitor: Visitor) -> Response:
    """List where colleagues are signed in."""
    needs(visitor, Scope.IDENTITY_ADMINISTER)
    context = {"tab": "sessions", "sessions": await people.sessions(visitor.api)}
    return show(request, visitor, "administration_sessions.html", context, here="administration")


@router.post("/administration/sessions/{session_id}/end")
async def end_session(session_id: UUID, visitor: Visitor, form: Posted) -> Response:
    """End a session."""
    await visitor.api.send("POST", "identity", f"/sessions/{session_id}/end", key=form.key)
    return go("/administration/sessions", said="ended")


@router.get("/administration/audit")
async def audit(
    request: Request,
    visitor: Visitor,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> Response:
    """List what was done, the newest first."""
    needs(visitor, Scope.IDENTITY_ADMINISTER)
    page = await people.audit(visitor.api, cursor=cursor, action=None)
    context = {
        "tab": "audit",
        "entries": page.items,
        "next": f"/administration/audit?cursor={page.cursor}" if page.cursor else None,
        "action_words": ACTION_WORDS,
    }
    return show(request, visitor, "administration_audit.html", context, here="administration")


def _mendable(refused: Refused) -> Refused:
    if refused.status not in MENDABLE:
        raise refused
    return refused


async def _people(
    request: Request, visitor: Visit, given: dict[str, Any], refused: Refused | None
) -> Response:
    needs(visitor, Scope.IDENTITY_ADMINISTER)
    trouble = told(language_of(request), refused) if refused else None
    context = {
        "tab": "people",
        "members": await people.members(visitor.api),
        "invitations": await people.invitations(visitor.api),
        "roles": given_by_administrators(operates=visitor.me.operates),
        "role_words": ROLE_WORDS,
        "given": given,
        "trouble_words": f"{trouble[0]}: {trouble[1]}" if trouble else None,
        "bad_fields": [error.field for error in refused.errors] if refused else [],
    }
    status = 422 if refused else 200
    name = "administration_people.html"
    return show(request, visitor, name, context, here="administration", status=status)


async def _programs(  # noqa: PLR0913
    request: Request,
    visitor: Visit,
    given: dict[str, Any],
    refused: Refused | None,
    fresh: Client | None,
    *,
    is_bad_json: bool = False,
) -> Response:
    needs(visitor, Scope.IDENTITY_ADMINISTER)
    trouble = told(language_of(request), refused) if refused else None
    context = {
        "tab": "programs",
        "clients": await people.clients(visitor.api),
        "scopes": scopes_for_programs(),
        "scope_words": SCOPE_WORDS,
        "given": given,
        "fresh": fresh,
        "is_bad_json": is_bad_json,
        "issuer": settings().issuer,
        "trouble_words": f"{trouble[0]}: {trouble[1]}" if trouble else None,
    }
    status = 422 if refused or is_bad_json else 200
    name = "administration_programs.html"
    return show(request, visitor, name, context, here="administration", status=status)
