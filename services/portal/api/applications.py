"""Review who wants to be let in: ask for changes, approve with terms, or decline."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.onboarding import TermFrom, Terms
from contracts.scopes import Scope
from services.portal.api.page import Form, Posted, Visitor, go, needs, page_router, pages, show
from services.portal.api.parts import MENDABLE, MORE, Cursor, on_fields
from services.portal.commands.sessions import Visit
from services.portal.queries import inviting as asked
from services.portal.queries.api import Refused
from services.portal.schemas.inviting import Application, terms_or_default
from shared.web.languages import language_of

STATES = "submitted", "changes_requested", "approved", "agreed", "declined", "draft"
FIELDS = "uscc", "region", "industry", "size", "parent_uscc", "contact", "bank"
WHOLE = "payment_days", "acceptance_working_days"
PERCENT = (
    "quantity_tolerance_percent",
    "price_tolerance_percent",
    "late_interest_percent",
    "lpr_percent",
)
OPTIONAL = "late_interest_percent", "lpr_percent"
_ = str  # marks what the catalog translates

router = page_router()


@router.get("/suppliers/applications")
async def applications(
    request: Request,
    visitor: Visitor,
    cursor: Cursor = None,
    state: Annotated[str, Query(pattern=f"^({'|'.join(STATES)}|all)$")] = "submitted",
) -> Response:
    """List who waits for an answer, the longest waiting first."""
    needs(visitor, Scope.ONBOARDING_READ)
    wanted = "" if state == "all" else state
    page = await asked.applications(visitor.api, state=wanted, cursor=cursor)
    context = {
        "applications": page.items,
        "state": state,
        "states": STATES,
        "next": MORE.format(path="/suppliers/applications", state=state, cursor=page.cursor)
        if page.cursor
        else None,
    }
    return show(request, visitor, "applications.html", context, here="suppliers")


@router.get("/suppliers/applications/{application_id}")
async def application(request: Request, visitor: Visitor, application_id: UUID) -> Response:
    """Show one application: what they say of themselves, and what can be answered."""
    needs(visitor, Scope.ONBOARDING_READ)
    return await _page(request, visitor, application_id, {}, {})


@router.post("/suppliers/applications/{application_id}/changes")
async def ask_for_changes(
    request: Request, visitor: Visitor, application_id: UUID, form: Posted
) -> Response:
    """Ask for changes, each beside its field."""
    given = {f"note-{field}": form.text(f"note-{field}") for field in FIELDS}
    noted = [
        {"field": field, "note": given[f"note-{field}"]}
        for field in FIELDS
        if given[f"note-{field}"]
    ]
    if not noted:
        words = pages.words(
            language_of(request), _("Write beside at least one field what is to be changed.")
        )
        return await _page(request, visitor, application_id, given, {"changes": words})
    return await _send(
        request, visitor, application_id, form, ("changes", {"fields": noted}, given)
    )


@router.post("/suppliers/applications/{application_id}/approval")
async def approve(
    request: Request, visitor: Visitor, application_id: UUID, form: Posted
) -> Response:
    """Approve with the terms that the agreement will name."""
    given = terms_given(form) | {"vendor_number": form.text("vendor_number")}
    terms, errors = read_terms(request, given)
    if errors:
        return await _page(request, visitor, application_id, given, errors)
    body: dict[str, Any] = {"terms": terms}
    if given["vendor_number"]:
        body["vendor_number"] = given["vendor_number"]
    return await _send(request, visitor, application_id, form, ("approval", body, given))


@router.post("/suppliers/applications/{application_id}/decline")
async def decline(
    request: Request, visitor: Visitor, application_id: UUID, form: Posted
) -> Response:
    """Decline with a reason, which they read."""
    given = {"reason": form.text("reason")}
    if not given["reason"]:
        words = pages.words(language_of(request), _("Write why; they read it."))
        return await _page(request, visitor, application_id, given, {"reason": words})
    return await _send(request, visitor, application_id, form, ("decline", given, given))


async def _send(
    request: Request,
    visitor: Visit,
    application_id: UUID,
    form: Form,
    act: tuple[str, dict[str, Any], dict[str, str]],
) -> Response:
    name, body, given = act
    try:
        path = f"/applications/{application_id}/{name}"
        await visitor.api.send("POST", "onboarding", path, body, key=form.key)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        errors = on_fields(request, refused, TERM_WORDS, list(given))
        return await _page(request, visitor, application_id, given, errors)
    said = {"changes": "changes-asked", "approval": "approved", "decline": "application-declined"}
    return go(f"/suppliers/applications/{application_id}", said=said[name])


async def _page(
    request: Request,
    visitor: Visit,
    application_id: UUID,
    given: dict[str, str],
    errors: dict[str, str],
) -> Response:
    found: Application = await asked.application(visitor.api, application_id)
    terms = terms_or_default(found.terms)
    context = {
        "application": found,
        "fields": FIELDS,
        "given": {**terms_shown(terms), "vendor_number": found.vendor_number or "", **given},
        "errors": errors,
        "noted": {note.field: note.note for note in found.notes},
        "may_decide": visitor.me.may(Scope.ONBOARDING_WRITE) and found.state == "submitted",
    }
    status = 422 if errors else 200
    return show(
        request, visitor, "application_review.html", context, here="suppliers", status=status
    )


def terms_given(form: Form) -> dict[str, str]:
    """Read the fields of terms as they were typed."""
    names = (*WHOLE, *PERCENT, "payment_from", "pledged_60_days")
    return {name: form.text(name) for name in names}


def terms_shown(terms: Terms) -> dict[str, str]:
    """Write terms as their fields show them."""
    told_of = terms.model_dump(mode="json")
    shown = {name: str(told_of[name]) for name in WHOLE}
    shown |= {name: str(told_of[name] or ("" if name in OPTIONAL else "0")) for name in PERCENT}
    shown["payment_from"] = told_of["payment_from"]
    shown["pledged_60_days"] = "yes" if terms.pledged_60_days else ""
    return shown


def read_terms(request: Request, given: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return terms as the API takes them, and what is wrong beside each field."""
    language = language_of(request)
    terms: dict[str, Any] = {"pledged_60_days": given["pledged_60_days"] == "yes"}
    errors: dict[str, str] = {}
    for name in WHOLE:
        if given[name].isascii() and given[name].isdigit() and int(given[name]) <= 365:  # noqa: PLR2004
            terms[name] = int(given[name])
        else:
            errors[name] = pages.words(language, TERM_WORDS[name])
    for name in PERCENT:
        if not given[name] and name in OPTIONAL:
            continue
        try:
            value = Decimal(given[name] or "0")
        except InvalidOperation:
            value = Decimal(-1)
        if 0 <= value <= 100:  # noqa: PLR2004
            terms[name] = str(value)
        else:
            errors[name] = pages.words(language, TERM_WORDS[name])
    if given["payment_from"] in set(TermFrom):
        terms["payment_from"] = given["payment_from"]
    return terms, errors


TERM_WORDS = {
    "payment_days": _("Write a number of days up to 365."),
    "acceptance_working_days": _("Write a number of working days up to 365."),
    "quantity_tolerance_percent": _("Write a share between 0 and 100."),
    "price_tolerance_percent": _("Write a share between 0 and 100."),
    "late_interest_percent": _("Write a rate between 0 and 100, or leave it empty."),
    "lpr_percent": _("Write a rate between 0 and 100, or leave it empty."),
    "vendor_number": _("Write at most 80 letters and figures."),
    "reason": _("Write why; they read it."),
}
