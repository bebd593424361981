"""Invite suppliers: one, or many from a spreadsheet; show, withdraw and renew what was sent."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from typing import Annotated, Any
from uuid import UUID

import segno
from fastapi import Query, Request, Response

from contracts.scopes import Scope
from services.portal.api.page import Posted, Visitor, go, needs, page_router, pages, show, told
from services.portal.api.parts import MENDABLE, MORE, Cursor, on_fields
from services.portal.api.spreadsheets import Sheet
from services.portal.commands.sessions import Visit
from services.portal.queries import inviting as asked
from services.portal.queries.api import Refused
from services.portal.schemas.inviting import SupplierInvitation
from shared.problem import InvalidInput
from shared.web.languages import language_of

STATES = "sent", "opened", "used", "expired", "withdrawn"
FIELDS = "name", "email", "phone", "language", "vendor_number", "note"
FILE_BYTES_MAX = 1_400_000  # carried from the preview to the sending as text
_ = str  # marks what the catalog translates

router = page_router()


@router.get("/suppliers/invitations")
async def invitations(
    request: Request,
    visitor: Visitor,
    cursor: Cursor = None,
    state: Annotated[str, Query(pattern=f"^({'|'.join(STATES)})?$")] = "",
) -> Response:
    """List whom this organization has asked to join, and how far each has come."""
    needs(visitor, Scope.ONBOARDING_READ)
    page = await asked.invitations(visitor.api, state=state, cursor=cursor)
    context = {
        "invitations": page.items,
        "state": state,
        "states": STATES,
        "links": await asked.open_links(visitor.api),
        "next": MORE.format(path="/suppliers/invitations", state=state, cursor=page.cursor)
        if page.cursor
        else None,
    }
    return show(request, visitor, "invitations.html", context, here="suppliers")


@router.get("/suppliers/invitations/new")
async def offer(request: Request, visitor: Visitor) -> Response:
    """Offer to invite a company."""
    needs(visitor, Scope.ONBOARDING_WRITE)
    given = {"language": language_of(request).value}
    context = {"given": given, "errors": {}}
    return show(request, visitor, "invitation_new.html", context, here="suppliers")


@router.post("/suppliers/invitations/new")
async def invite(request: Request, visitor: Visitor, form: Posted) -> Response:
    """Invite a company and show its link, which is shown only here."""
    given = {name: form.text(name) for name in FIELDS}
    body = {name: value for name, value in given.items() if value}
    errors = _incomplete(request, given)
    if not errors:
        try:
            sent = await visitor.api.send("POST", "onboarding", "/invitations", body, key=form.key)
        except Refused as refused:
            if refused.status not in MENDABLE:
                raise
            errors = on_fields(request, refused, _WORDS, FIELDS)
        else:
            return _link(request, visitor, SupplierInvitation.model_validate(sent))
    context = {"given": given, "errors": errors}
    return show(request, visitor, "invitation_new.html", context, here="suppliers", status=422)


@router.get("/suppliers/invitations/upload")
async def upload(request: Request, visitor: Visitor) -> Response:
    """Offer to invite many from a spreadsheet."""
    needs(visitor, Scope.ONBOARDING_WRITE)
    return _uploaded(request, visitor, {"sheet": None, "content": ""})


@router.get("/suppliers/invitations/template.xlsx")
async def template(visitor: Visitor) -> Response:
    """Return the empty spreadsheet."""
    needs(visitor, Scope.ONBOARDING_WRITE)
    return Sheet(await asked.template(visitor.api)).answer("suppliers-template.xlsx")


@router.post("/suppliers/invitations/upload")
async def send_sheet(request: Request, visitor: Visitor, form: Posted) -> Response:
    """Show what a spreadsheet would do, row by row; then do it."""
    content = await form.file("file") or _kept(form.text("content"))
    if not content:
        return _uploaded(
            request, visitor, {"sheet": None, "content": "", "error": _("Choose an Excel file.")}
        )
    dry_run = form.text("act") != "send"
    try:
        found = await asked.sheet(visitor.api, content, dry_run=dry_run)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        words = ": ".join(told(language_of(request), refused))
        return _uploaded(request, visitor, {"sheet": None, "content": "", "error": words})
    language = language_of(request)
    problems = {
        row.row: " ".join(told(language, Refused.of_mapping(row.problem.model_dump())))
        for row in found.rows
        if row.problem
    }
    kept = b64encode(content).decode() if dry_run and len(content) <= FILE_BYTES_MAX else ""
    return _uploaded(request, visitor, {"sheet": found, "problems": problems, "content": kept})


@router.post("/suppliers/invitations/{invitation_id}/withdrawal")
async def withdraw(invitation_id: UUID, visitor: Visitor, form: Posted) -> Response:
    """Make an invitation's link useless."""
    path = f"/invitations/{invitation_id}/withdrawal"
    await visitor.api.send("POST", "onboarding", path, {}, key=form.key)
    return go("/suppliers/invitations", said="invitation-withdrawn")


@router.post("/suppliers/invitations/{invitation_id}/renewal")
async def renew(request: Request, invitation_id: UUID, visitor: Visitor, form: Posted) -> Response:
    """Send an invitation again with a fresh link; the old one is useless from now on."""
    path = f"/invitations/{invitation_id}/renewal"
    sent = await visitor.api.send("POST", "onboarding", path, {}, key=form.key)
    return _link(request, visitor, SupplierInvitation.model_validate(sent))


@router.post("/suppliers/open-links")
async def open_link(request: Request, visitor: Visitor, form: Posted) -> Response:
    """Make a link with which any company may apply; each application waits for approval."""
    made = await visitor.api.send("POST", "onboarding", "/open-links", {}, key=form.key)
    named = {**made, "name": made.get("name") or "", "state": "sent"}
    return _link(request, visitor, SupplierInvitation.model_validate(named), is_open=True)


@router.post("/suppliers/open-links/{link_id}/withdrawal")
async def close_link(link_id: UUID, visitor: Visitor, form: Posted) -> Response:
    """Make an open link useless; who has applied stays."""
    path = f"/open-links/{link_id}/withdrawal"
    await visitor.api.send("POST", "onboarding", path, {}, key=form.key)
    return go("/suppliers/invitations", said="invitation-withdrawn")


def _link(
    request: Request, visitor: Visit, invitation: SupplierInvitation, *, is_open: bool = False
) -> Response:
    if not invitation.link:
        raise InvalidInput("The link is shown only once. Send the invitation again.")
    code = segno.make(invitation.link, error="m")
    drawing = code.svg_inline(omitsize=True, border=2, dark="#000", light="#fff")
    context = {"invitation": invitation, "drawing": drawing, "is_open": is_open}
    return show(request, visitor, "invitation_link.html", context, here="suppliers")


def _uploaded(request: Request, visitor: Visit, context: dict[str, Any]) -> Response:
    words = context.get("error")
    full = {
        "problems": {},
        **context,
        "error": pages.words(language_of(request), words) if words else None,
    }
    status = 422 if words else 200
    return show(request, visitor, "invitation_upload.html", full, here="suppliers", status=status)


def _kept(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True) or None
    except (NotBase64, ValueError):
        return None


def _incomplete(request: Request, given: dict[str, str]) -> dict[str, str]:
    language = language_of(request)
    wrong = {}
    if not given["name"]:
        wrong["name"] = pages.words(language, _WORDS["name"])
    if not given["email"] and not given["phone"]:
        wrong["email"] = pages.words(language, _("Write an e-mail address or a phone number."))
    return wrong


_WORDS = {
    "name": _("Write the company's name."),
    "email": _("Write an e-mail address such as name@company.cn."),
    "phone": _("Write a phone number, such as 138 0013 8000."),
    "vendor_number": _("Write at most 80 letters and figures."),
    "note": _("Write at most 2,000 letters."),
}
