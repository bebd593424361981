"""The page on which an invitation is accepted."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.identity.api.browser import (
    HOME,
    PageForm,
    SystemSessions,
    address_of,
    browser_of,
    form_page,
    sign_in_cookie,
    stale_form,
    trouble,
    whoever,
    words,
)
from services.identity.api.passwords import said
from services.identity.commands import passwords, people
from services.identity.domain.passwords import LENGTH_MIN, TooManyAttempts, WeakPassword
from services.identity.models import Password
from shared.database import Now, SystemTransaction, transaction
from shared.problem import Busy

router = APIRouter(include_in_schema=False)

SEE_OTHER = 303
NAME_LENGTH_MAX = 200


@router.get("/invitations/{token}")
async def show_invitation(
    request: Request, token: str, session: SystemTransaction, now: Now
) -> Response:
    """Say who invites, and ask for a name and a password, or for the one that is there."""
    return await _page(request, token, session, now, {})


async def _page(  # noqa: PLR0913  what the page says
    request: Request,
    token: str,
    session: SystemTransaction,
    now: Now,
    errors: dict[str, str],
    *,
    status: int = 200,
    name: str | None = None,
) -> Response:
    try:
        found = await people.opened(session, token=token, at=now)
    except people.InvitationIsOver:
        return _over(request)
    signed_in = await whoever(request, session, now)
    known = await session.get(Password, found.user.id) if found.user else None
    return form_page(
        request,
        "invitation.html",
        status=status,
        errors=errors,
        invitation=found.invitation,
        organization=found.organization,
        name=found.invitation.name if name is None else name,
        has_password=bool(known),
        is_signed_in=bool(signed_in and found.user and signed_in[1].id == found.user.id),
        length_min=LENGTH_MIN,
    )


@router.post("/invitations/{token}")
async def accept(
    request: Request, token: str, form: PageForm, store: SystemSessions, now: Now
) -> Response:
    """Join the organization and go to the first page, signed in."""
    if form is None:
        return stale_form(request)
    try:
        if "password" not in form and await _accepted(request, token, store, now):
            return RedirectResponse(HOME, SEE_OTHER)
        name = " ".join(form.get("name", "").split())[:NAME_LENGTH_MAX]
        secret = await people.join(
            store,
            token=token,
            name=name or words(request, "Somebody"),
            password=form.get("password", ""),
            address=address_of(request),
            browser=browser_of(request),
            at=now,
        )
    except people.InvitationIsOver:
        return _over(request)
    except (WeakPassword, passwords.WrongPassword, TooManyAttempts, Busy) as refusal:
        errors = said(request, refusal, current="password")
        async with transaction(store) as session:
            return await _page(
                request,
                token,
                session,
                now,
                errors,
                status=refusal.status,
                name=form.get("name", ""),
            )
    response = RedirectResponse(HOME, SEE_OTHER)
    sign_in_cookie(response, secret)
    return response


async def _accepted(request: Request, token: str, store: SystemSessions, now: Now) -> bool:
    """Accept as the person who is signed in, if it is the one who is invited."""
    async with transaction(store) as session:
        signed_in = await whoever(request, session, now)
        if signed_in is None:
            return False
        await people.accept_signed_in(session, token=token, user=signed_in[1], at=now)
    return True


def _over(request: Request) -> Response:
    return trouble(
        request,
        "This invitation is no longer valid",
        "It was accepted or withdrawn, or has expired. Ask for another.",
        status=404,
    )
