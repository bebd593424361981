"""The page on which a company comes to the platform, with the person who administers it."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import TypeAdapter, ValidationError

from services.identity.api.browser import (
    ANY_ORIGIN,
    HOME,
    PageForm,
    SystemSessions,
    address_of,
    browser_of,
    email_of,
    form_page,
    sign_in_cookie,
    stale_form,
    words,
)
from services.identity.api.passwords import said
from services.identity.commands import passwords, registration
from services.identity.commands.registration import AlreadyHere, Registration
from services.identity.domain import wire
from services.identity.domain.passwords import LENGTH_MIN, TooManyAttempts, WeakPassword
from shared import uscc
from shared.classifications import regions
from shared.database import Now, SystemTransaction
from shared.problem import Busy
from shared.types import Line
from shared.uscc import Uscc, WrongUscc
from shared.web.languages import language_of

router = APIRouter(include_in_schema=False)

SEE_OTHER = 303
FIELDS = "uscc", "organization", "name", "email"
_line: TypeAdapter[str] = TypeAdapter(Line)

Typed = Annotated[str, Query(max_length=400)]
Next = Annotated[str, Query(max_length=2000)]


@router.get("/register")
async def show_register(  # noqa: PLR0913, PLR0917  what the address may carry
    request: Request,
    session: SystemTransaction,
    uscc: Typed = "",
    organization: Typed = "",
    name: Typed = "",
    email: Typed = "",
    next: Next = HOME,  # noqa: A002  the address's word
) -> Response:
    """Ask for the company's name, and for whom administers it and a password."""
    typed = {"uscc": uscc, "organization": organization, "name": name, "email": email}
    code = _code(uscc)
    if code and await registration.is_here(session, uscc=code.code):
        return _here(request, next)
    return _page(request, typed, next, errors=_uscc_error(request, uscc) if uscc else {})


@router.post("/register")
async def register(request: Request, form: PageForm, store: SystemSessions, now: Now) -> Response:
    """Register the company, sign its administrator in and go on."""
    if form is None:
        return stale_form(request)
    onward = form.get("next", HOME)
    asked, errors = _asked(request, form)
    if asked is None:
        return _page(request, form, onward, errors=errors, status=422)
    try:
        secret = await registration.register(
            store, asked, address=address_of(request), browser=browser_of(request), at=now
        )
    except AlreadyHere as refusal:
        return _here(request, onward, status=refusal.status)
    except (WeakPassword, passwords.WrongPassword, TooManyAttempts, Busy) as refusal:
        errors = said(request, refusal, current="password")
        if isinstance(refusal, passwords.WrongPassword):
            errors = {"password": words(request, "This address is known here: type its password.")}
        return _page(request, form, onward, errors=errors, status=refusal.status)
    response = RedirectResponse(_begun(onward), SEE_OTHER)
    sign_in_cookie(response, secret)
    return response


def _page(
    request: Request,
    typed: dict[str, str],
    onward: str,
    *,
    errors: dict[str, str],
    status: int = 200,
) -> Response:
    code = _code(typed.get("uscc", ""))
    region = regions().get(code.region) if code else None
    shown = {name: typed.get(name, "") for name in FIELDS} | ({"uscc": code.code} if code else {})
    return form_page(
        request,
        "register.html",
        status=status,
        form_action=ANY_ORIGIN,
        errors=errors,
        typed=shown,
        code=code,
        region=region,
        onward=wire.local_path(onward, otherwise=HOME),
        begin=_begun(onward),
        length_min=LENGTH_MIN,
    )


def _here(request: Request, onward: str, *, status: int = 200) -> Response:
    """Send the administrator of a company that is here already to the sign-in."""
    return form_page(request, "here.html", status=status, begin=_begun(onward))


def _begun(onward: str) -> str:
    return f"/session/begin?next={quote(wire.local_path(onward, otherwise=HOME), safe='')}"


def _asked(request: Request, form: dict[str, str]) -> tuple[Registration | None, dict[str, str]]:
    """Read the form; return what is wrong beside each field."""
    errors = _uscc_error(request, form.get("uscc", ""))
    code, email = _code(form.get("uscc", "")), email_of(form.get("email", ""))
    texts: dict[str, Any] = {}
    for name, missing in (
        ("organization", "Write the company's name as on its license."),
        ("name", "Write your name."),
    ):
        try:
            texts[name] = _line.validate_python(" ".join(form.get(name, "").split()))
        except ValidationError:
            errors[name] = words(request, missing)
    if email is None:
        errors["email"] = words(request, "That is not an e-mail address.")
    if errors or code is None or email is None:
        return None, errors
    return (
        Registration(
            uscc=code.code,
            email=email,
            password=form.get("password", ""),
            language=language_of(request),
            **texts,
        ),
        {},
    )


def _code(typed: str) -> Uscc | None:
    try:
        return uscc.read(typed)
    except WrongUscc:
        return None


def _uscc_error(request: Request, typed: str) -> dict[str, str]:
    try:
        uscc.read(typed)
    except WrongUscc as wrong:
        return {"uscc": words(request, wrong.detail)}
    return {}
