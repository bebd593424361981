"""What the pages have in common: forms read strictly, cookies, and who sits at the browser."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from services.identity import queries
from services.identity.api.wording import role_words, scope_words
from services.identity.commands.sessions import SESSION_LIFE
from services.identity.domain import tokens, wire
from services.identity.models import Session, User
from shared.database import Sessions
from shared.types import Email
from shared.web.csrf import FIELD, csrf_token, is_csrf_token
from shared.web.languages import language_of
from shared.web.pages import Pages

SESSION_COOKIE = "__Host-identity"
FORM_COOKIE = "__Host-identity-form"  # what a form's proof is made from; it signs nobody in
ANY_ORIGIN = None  # a page whose form may end, by redirects, at an OAuth client
HOME = "/"

pages = Pages.of("services.identity")
for environment in pages.environments.values():
    environment.globals.update(role_words=role_words, scope_words=scope_words)
_email: TypeAdapter[str] = TypeAdapter(Email)


async def body_of(request: Request, *, ascii_only: bool) -> dict[str, str] | wire.Malformed:
    """Read a form-encoded body, and say what is wrong instead of raising it."""
    kind = ";".join(part.strip() for part in request.headers.get("content-type", "").split(";"))
    if kind.lower() not in (wire.FORM_TYPE, f"{wire.FORM_TYPE};charset=utf-8"):
        return wire.Malformed(f"Send {wire.FORM_TYPE}.")
    if request.scope["query_string"]:
        return wire.Malformed("Send parameters in the body, none in the URL.")
    sent = b""
    async for chunk in request.stream():
        sent += chunk
        if len(sent) > wire.BODY_BYTES_MAX:
            break
    try:
        return wire.parameters(sent, ascii_only=ascii_only)
    except wire.Malformed as malformed:
        return malformed


async def _parameters(request: Request) -> dict[str, str] | wire.Malformed:
    return await body_of(request, ascii_only=True)


# Both are read before a transaction begins: a slow sender holds no connection.
Parameters = Annotated[dict[str, str] | wire.Malformed, Depends(_parameters)]


async def _page_form(request: Request) -> dict[str, str] | None:
    """Return the fields of a form that one of our pages sent from this browser, else None."""
    sent = await body_of(request, ascii_only=False)
    secret = request.cookies.get(FORM_COOKIE)
    if isinstance(sent, wire.Malformed) or not secret:
        return None
    return sent if is_csrf_token(secret, sent.pop(FIELD, None)) else None


PageForm = Annotated[dict[str, str] | None, Depends(_page_form)]


async def _store(request: Request) -> Sessions:
    system: Sessions = request.app.state.store.system
    return system


# For what checks a password: it must not hold a connection, so it opens its own transactions.
SystemSessions = Annotated[Sessions, Depends(_store)]


def form_page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    form_action: tuple[str, ...] | None = ("'self'",),
    headers: dict[str, str] | None = None,
    **context: object,
) -> Response:
    """Answer with a page whose form proves that it came from here, by this browser's cookie."""
    secret = request.cookies.get(FORM_COOKIE) or tokens.new_secret()
    context = {"csrf": csrf_token(secret), "errors": {}, "trouble": None} | context
    response = pages.render(request, template, context, status=status, form_action=form_action)
    response.headers.update(headers or {})
    _set_cookie(response, FORM_COOKIE, secret, age_s=None)
    return response


def stale_form(request: Request) -> Response:
    """Say that a form was not sent from our page, or came without its cookie."""
    return trouble(
        request,
        "The form could not be accepted",
        "Go back, load the page again and send it once more. Cookies must be allowed, and the "
        "address must begin with https:// or be localhost.",
        status=400,
    )


def trouble(request: Request, title: str, detail: str, *, status: int, code: str = "") -> Response:
    """Answer with a page that says what is wrong and what to do."""
    language = language_of(request)
    words = {"title": pages.words(language, title), "detail": pages.words(language, detail)}
    return pages.render(request, "trouble.html", words | {"code": code}, status=status)


def words(request: Request, message: str) -> str:
    """Translate for the reader."""
    return pages.words(language_of(request), message)


async def whoever(
    request: Request, session: AsyncSession, at: datetime
) -> tuple[Session, User] | None:
    """Return who is signed in at this browser."""
    secret = request.cookies.get(SESSION_COOKIE)
    return await queries.signed_in(session, secret=secret, at=at)


def sign_in_cookie(response: Response, secret: str) -> None:
    """Let the browser carry the session."""
    _set_cookie(response, SESSION_COOKIE, secret, age_s=int(SESSION_LIFE.total_seconds()))


def sign_out_cookie(response: Response) -> None:
    """Let the browser forget the session."""
    _set_cookie(response, SESSION_COOKIE, "", age_s=0)


def _set_cookie(response: Response, name: str, value: str, *, age_s: int | None) -> None:
    response.set_cookie(
        name, value, max_age=age_s, path="/", secure=True, httponly=True, samesite="lax"
    )


def address_of(request: Request) -> str:
    """Return the network address that the request comes from."""
    return request.client.host if request.client else ""


def browser_of(request: Request) -> str:
    """Return what the browser says it is."""
    return request.headers.get("user-agent", "")


def email_of(text: str) -> str | None:
    """Return an e-mail address as it is kept, or None."""
    try:
        return _email.validate_python(text)
    except ValidationError:
        return None
