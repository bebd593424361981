"""The pages to change a password that is known, and to set one that is not."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.identity.api.browser import (
    HOME,
    PageForm,
    SystemSessions,
    address_of,
    email_of,
    form_page,
    stale_form,
    trouble,
    whoever,
    words,
)
from services.identity.commands import passwords
from services.identity.domain.passwords import LENGTH_MIN, TooManyAttempts, WeakPassword
from shared.database import Now, SystemTransaction, transaction
from shared.problem import Busy, Problem

router = APIRouter(include_in_schema=False)

SEE_OTHER = 303
SIGN_IN_FIRST = "/sign-in?continue=%2Fpassword"


@router.get("/password")
async def show_change(request: Request, session: SystemTransaction, now: Now) -> Response:
    """Ask for the password as it is and as it shall be."""
    if await whoever(request, session, now) is None:
        return RedirectResponse(SIGN_IN_FIRST, SEE_OTHER)
    return form_page(request, "password.html", done=False, length_min=LENGTH_MIN)


@router.post("/password")
async def change(request: Request, form: PageForm, store: SystemSessions, now: Now) -> Response:
    """Change the password; other browsers are signed out."""
    if form is None:
        return stale_form(request)
    async with transaction(store) as session:
        signed_in = await whoever(request, session, now)
    if signed_in is None:
        return RedirectResponse(SIGN_IN_FIRST, SEE_OTHER)
    status, errors = 200, {}
    try:
        await passwords.change(
            store,
            user=signed_in[1],
            current=form.get("current", ""),
            new=form.get("password", ""),
            session_id=signed_in[0].id,
            address=address_of(request),
            at=now,
        )
    except (WeakPassword, passwords.WrongPassword, TooManyAttempts, Busy) as refusal:
        status, errors = refusal.status, said(request, refusal, current="current")
    return form_page(
        request,
        "password.html",
        status=status,
        errors=errors,
        done=not errors,
        length_min=LENGTH_MIN,
    )


def said(request: Request, refusal: Problem, *, current: str) -> dict[str, str]:
    """Put a refusal beside its field, in the reader's language."""
    if isinstance(refusal, WeakPassword):
        return {"password": words(request, refusal.detail)}
    if isinstance(refusal, TooManyAttempts):
        wait = words(request, "Too many attempts failed. Wait a while, then try again.")
        return {current: wait}
    if isinstance(refusal, Busy):
        return {current: words(request, "Many people sign in just now. Try again in a moment.")}
    return {current: words(request, "This is not your password.")}


@router.get("/password/forgotten")
async def show_forgotten(request: Request) -> Response:
    """Ask where to send a link."""
    return form_page(request, "forgotten.html", email="", done=False)


@router.post("/password/forgotten")
async def forgotten(
    request: Request, form: PageForm, session: SystemTransaction, now: Now
) -> Response:
    """Send a link, and say the same whether somebody has this address or not."""
    if form is None:
        return stale_form(request)
    email = email_of(form.get("email", ""))
    if email is None:
        wrong = {"email": words(request, "That is not an e-mail address.")}
        return form_page(
            request,
            "forgotten.html",
            status=422,
            errors=wrong,
            email=form.get("email", ""),
            done=False,
        )
    try:
        async with session.begin_nested():
            await passwords.forgotten(session, email=email, address=address_of(request), at=now)
    except TooManyAttempts as refusal:
        return trouble(
            request,
            "Too many links were asked for",
            "Look into your mailbox, or wait a while and ask again.",
            status=refusal.status,
        )
    return form_page(request, "forgotten.html", email=email, done=True)


@router.get("/password/reset/{token}")
async def show_reset(
    request: Request, token: str, session: SystemTransaction, now: Now
) -> Response:
    """Ask for a new password."""
    try:
        user = await passwords.resettable(session, token=token, at=now)
    except passwords.LinkIsOver:
        return _over(request)
    return form_page(request, "reset.html", person=user, length_min=LENGTH_MIN)


@router.post("/password/reset/{token}")
async def reset(
    request: Request, token: str, form: PageForm, store: SystemSessions, now: Now
) -> Response:
    """Set a new password; every browser is signed out, and the person signs in with it."""
    if form is None:
        return stale_form(request)
    try:
        await passwords.reset(store, token=token, new=form.get("password", ""), at=now)
    except passwords.LinkIsOver:
        return _over(request)
    except (WeakPassword, Busy) as refusal:
        async with transaction(store) as session:
            user = await passwords.resettable(session, token=token, at=now)
        return form_page(
            request,
            "reset.html",
            status=refusal.status,
            errors=said(request, refusal, current="password"),
            person=user,
            length_min=LENGTH_MIN,
        )
    return RedirectResponse(f"/sign-in?continue={HOME}", SEE_OTHER)


def _over(request: Request) -> Response:
    return trouble(
        request,
        "This link is no longer valid",
        "It was used, has expired, or a newer one was sent. Ask for another.",
        status=404,
    )
