"""Sign in, switch the organization, sign out."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse

from services.portal.api.page import COOKIE, Posted, Visitor, clients_of, page_router, pages
from services.portal.commands import sessions
from services.portal.commands.sessions import SESSION_AGE_MAX, SignIn, SignInFailed
from shared.database import Now, SystemTransaction
from shared.settings import settings
from shared.web.routes import own_path

BEGUN, BEGUN_AGE_S = "__Host-sign-in", 600

router = page_router()

Asked = Annotated[str, Query(max_length=4_000)]


def _cookie(response: Response, name: str, value: str, *, age_s: int) -> None:
    response.set_cookie(
        name, value, max_age=age_s, path="/", secure=True, httponly=True, samesite="lax"
    )


def _off_to_identity(begun: SignIn, **more: str) -> Response:
    answer = RedirectResponse(begun.address(**more), status_code=303)
    kept = urlsafe_b64encode(begun.text().encode()).decode()
    _cookie(answer, BEGUN, kept, age_s=BEGUN_AGE_S)
    return answer


def _begun(request: Request) -> SignIn | None:
    try:
        text = urlsafe_b64decode(request.cookies.get(BEGUN, "").encode("ascii"))
    except ValueError:
        return None
    return SignIn.read(text.decode(errors="replace"))


@router.get("/session/begin")
async def begin(back_to: Annotated[str, Query(alias="next", max_length=4_000)] = "/") -> Response:
    """Send the browser to identity, and remember where it wanted to go."""
    return _off_to_identity(SignIn.begin(own_path(back_to)))


@router.get("/signed-in")
async def signed_in(  # noqa: PLR0913, PLR0917
    request: Request,
    session: SystemTransaction,
    now: Now,
    code: Asked = "",
    state: Asked = "",
    iss: Asked = "",
    error: Asked = "",
) -> Response:
    """Take the code that identity sent the browser back with."""
    begun = _begun(request)
    if error == "access_denied":
        return pages.render(request, "signed_out.html", {})
    if error or not begun or not compare_digest(begun.state.encode(), state.encode()):
        raise SignInFailed("The sign-in was begun in another window, or took too long.")
    if iss != settings().issuer:
        raise SignInFailed("The answer did not come from this platform.")
    clients = clients_of(request)
    old = request.cookies.get(COOKIE)
    cookie = await sessions.complete(session, clients, begun, code=code, at=now)
    if old:
        await sessions.end(session, clients, old, at=now)
    answer = RedirectResponse(own_path(begun.back_to), status_code=303)
    answer.delete_cookie(BEGUN, path="/", secure=True, httponly=True)
    _cookie(answer, COOKIE, cookie, age_s=int(SESSION_AGE_MAX.total_seconds()))
    return answer


@router.post("/session/organization")
async def switch(form: Posted) -> Response:
    """Act for another organization: identity asks nothing and issues other tokens."""
    try:
        chosen = UUID(form.text("organization_id"))
    except ValueError:
        return _off_to_identity(SignIn.begin("/"), prompt="select_account")
    return _off_to_identity(SignIn.begin("/"), organization_id=str(chosen))


@router.post("/session/end")
async def sign_out(
    request: Request, visitor: Visitor, _: Posted, session: SystemTransaction, now: Now
) -> Response:
    """End this session here and the sign-in at identity."""
    await sessions.end(session, clients_of(request), visitor.cookie, at=now)
    answer = RedirectResponse(f"{settings().issuer.rstrip('/')}/sign-out", status_code=303)
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True)
    return answer
