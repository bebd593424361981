"""The pages to sign in and out."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

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
    sign_out_cookie,
    stale_form,
    whoever,
    words,
)
from services.identity.commands import passwords, sessions
from services.identity.domain import wire
from services.identity.domain.passwords import TooManyAttempts
from shared.database import Now, SystemTransaction, transaction
from shared.problem import Busy, Problem
from shared.settings import settings

router = APIRouter(include_in_schema=False)

SEE_OTHER = 303
Next = Annotated[str, Query(alias="continue", max_length=6000)]


@router.get("/sign-in")
async def show_sign_in(
    request: Request, onward: Next = HOME, email: Annotated[str, Query(max_length=254)] = ""
) -> Response:
    """Ask for e-mail address and password."""
    return _page(request, onward, email)


@router.post("/sign-in")
async def sign_in(request: Request, form: PageForm, store: SystemSessions, now: Now) -> Response:
    """Sign in and go on to where the person wanted to be."""
    if form is None:
        return stale_form(request)
    onward, typed = form.get("continue", HOME), form.get("email", "")
    email = email_of(typed)
    try:
        if email is None:
            raise passwords.WrongPassword("That is not an e-mail address.")  # noqa: TRY301
        user = await passwords.prove(
            store,
            email=email,
            password=form.get("password", ""),
            address=address_of(request),
            at=now,
        )
    except (passwords.WrongPassword, TooManyAttempts, Busy) as refusal:
        return _page(request, onward, typed, refusal)
    async with transaction(store) as session:
        secret = sessions.begin(
            session, user, address=address_of(request), browser=browser_of(request), at=now
        )
    response = RedirectResponse(wire.local_path(onward, otherwise=HOME), SEE_OTHER)
    sign_in_cookie(response, secret)
    return response


def _page(request: Request, onward: str, email: str, refusal: Problem | None = None) -> Response:
    said = None
    headers = {}
    if isinstance(refusal, TooManyAttempts):
        said = words(request, "Too many attempts failed. Wait a while, then try again.")
        headers["Retry-After"] = str(refusal.wait_s)
    elif isinstance(refusal, Busy):
        said = words(request, "Many people sign in just now. Try again in a moment.")
    elif refusal:
        said = words(request, "The e-mail address or the password is wrong.")
    return form_page(
        request,
        "sign_in.html",
        status=refusal.status if refusal else 200,
        form_action=ANY_ORIGIN,
        headers=headers,
        onward=wire.local_path(onward, otherwise=HOME),
        email=email,
        trouble=said,
        mailbox=not settings().smtp_url,
    )


@router.get("/sign-out")
async def show_sign_out(request: Request, session: SystemTransaction, now: Now) -> Response:
    """Ask whether to sign out: an address alone must not do it."""
    signed_in = await whoever(request, session, now)
    person = signed_in[1] if signed_in else None
    return form_page(request, "sign_out.html", person=person, done=signed_in is None)


@router.post("/sign-out")
async def sign_out(
    request: Request, form: PageForm, session: SystemTransaction, now: Now
) -> Response:
    """End the session and every token that came of it, in all programs."""
    if form is None and not _is_own_site(request):
        return stale_form(request)
    signed_in = await whoever(request, session, now)
    if signed_in:
        await sessions.sign_out(session, session_id=signed_in[0].id, at=now)
    response = form_page(request, "sign_out.html", person=None, done=True)
    sign_out_cookie(response)
    return response


def _is_own_site(request: Request) -> bool:
    """Tell whether a page of the same origin, such as the portal's, sent the form."""
    issuer = urlsplit(settings().issuer)
    own = f"{issuer.scheme}://{issuer.netloc}"
    site = request.headers.get("sec-fetch-site", "same-origin")
    return request.headers.get("origin") == own and site == "same-origin"
