"""What every page of the portal has: somebody who looks, a frame, and errors in words."""

import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from hashlib import sha256
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from uuid_utils.compat import uuid7

from contracts.scopes import Scope
from services.portal.commands import sessions
from services.portal.commands.sessions import Visit
from services.portal.domain.words import words_for
from services.portal.queries.api import Clients, Refused
from shared.database import Now, Store, transaction
from shared.problem import Forbidden, NotFound, Problem
from shared.trace import trace_id
from shared.web.csrf import FIELD, HEADER, csrf_token, is_csrf_token
from shared.web.languages import Language, language_of
from shared.web.pages import Pages

logger = logging.getLogger(__name__)

COOKIE = "__Host-session"
FIELDS_MAX = 2_000

pages = Pages.of("services.portal")
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
E = TypeVar("E", bound=StrEnum)


class SignInNeeded(Problem):
    """Nobody is signed in, or no longer."""

    status = 401


class Defect(Problem):
    """Something went wrong on our side; nothing was changed."""

    status = 500


class StalePage(Problem):
    """The form was too old to be trusted."""

    status = 400


class PageRoute(APIRoute):
    """A route whose problems are pages, in the reader's words."""

    def get_route_handler(self) -> Handler:
        return partial(_answer, super().get_route_handler())


async def _answer(handle: Handler, request: Request) -> Response:
    try:
        return await handle(request)
    except SignInNeeded:
        return _to_sign_in(request)
    except RequestValidationError:
        return await _trouble(request, NotFound("The address is not one of ours."))
    except HTTPException as error:
        if error.status_code == NotFound.status:
            return await _trouble(request, NotFound("There is nothing at this address."))
        raise
    except Problem as problem:
        return await _trouble(request, problem)
    except Exception:
        logger.exception("%s %s failed", request.method, request.url.path)
        return await _trouble(request, Defect("Quote the number to the operator."))


def is_fragment(request: Request) -> bool:
    """Tell whether htmx asks for a part of a page."""
    return "hx-request" in request.headers


def _to_sign_in(request: Request) -> Response:
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    begin = f"/session/begin?next={quote(back if request.method == 'GET' else '/')}"
    if is_fragment(request):
        return Response(status_code=401, headers={"hx-redirect": begin})
    return RedirectResponse(begin, status_code=303)


async def _trouble(request: Request, problem: Problem) -> Response:
    """Answer with an error page, or for htmx with a note at the top of the page it is on."""
    language = language_of(request)
    title, remedy = told(language, problem)
    context = {
        "headline": title,
        "remedy": remedy,
        "status": problem.status,
        "trace": trace_id() if problem.status >= 500 else None,  # noqa: PLR2004
    }
    if is_fragment(request):
        answer = pages.render(request, "fragments/flash.html", context, status=problem.status)
        answer.headers["hx-retarget"], answer.headers["hx-reswap"] = "#flash", "innerHTML"
        return answer
    return pages.render(request, "error.html", context, status=problem.status)


def told(language: Language, problem: Problem) -> tuple[str, str]:
    """Say a problem in the reader's language: what it is, and what to do."""
    kind = problem.kind if isinstance(problem, Refused) else problem.slug()
    title, remedy = words_for(kind, problem.status)
    said = remedy or problem.detail
    return pages.words(language, title), pages.words(language, said)


async def _visit(request: Request, now: Now) -> Visit:
    cookie = request.cookies.get(COOKIE)
    store: Store = request.app.state.store
    found = (
        await sessions.visit(store.system, clients_of(request), cookie, at=now) if cookie else None
    )
    if found is None:
        raise SignInNeeded("Sign in first.")
    request.state.visit = found
    return found


Visitor = Annotated[Visit, Depends(_visit)]


async def _own(request: Request, visitor: Visitor) -> AsyncIterator[AsyncSession]:
    store: Store = request.app.state.store
    async with transaction(store.app, actor=visitor.me.organization.id) as session:
        yield session


# The portal's own tables, as the organization of whoever is signed in.
Own = Annotated[AsyncSession, Depends(_own, scope="function")]


def clients_of(request: Request) -> Clients:
    """Return this process's clients of the other services."""
    state = request.app.state
    if not hasattr(state, "clients"):
        state.clients = Clients(state.inside)
    clients: Clients = state.clients
    return clients


@dataclass(frozen=True)
class Form:
    """What was sent with a form of ours, after its token was checked."""

    fields: FormData

    def text(self, name: str) -> str:
        """Return a field's text, or nothing."""
        value = self.fields.get(name)
        return value.strip() if isinstance(value, str) else ""

    @property
    def key(self) -> str:
        """Name this sending: the same form with the same words has one effect."""
        told = sorted((k, str(v)) for k, v in self.fields.multi_items() if k != FIELD)
        return sha256(repr(told).encode()).hexdigest()

    def texts(self, name: str) -> list[str]:
        return [value.strip() for value in self.fields.getlist(name) if isinstance(value, str)]

    def optional(self, name: str) -> str | None:
        return self.text(name) or None

    def one_of(self, choices: type[E], name: str) -> E:
        """Return the choice that a field names; anything else was not made with our page."""
        try:
            return choices(self.text(name))
        except ValueError as error:
            raise StalePage("Go back, load the page again and choose once more.") from error

    async def file(self, name: str) -> bytes | None:
        value = self.fields.get(name)
        return await value.read() if isinstance(value, UploadFile) and value.size else None


async def _form(request: Request, visitor: Visitor) -> Form:
    fields = await request.form(max_fields=FIELDS_MAX, max_files=1, max_part_size=2 * 2**20)
    sent = fields.get(FIELD) or request.headers.get(HEADER)
    own = request.headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}
    if not own or not is_csrf_token(visitor.cookie, sent if isinstance(sent, str) else None):
        raise StalePage("Go back, load the page again and send the form once more.")
    return Form(fields)


Posted = Annotated[Form, Depends(_form)]


def show(  # noqa: PLR0913
    request: Request,
    visitor: Visit,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    here: str = "",
) -> Response:
    """Render a page for whoever is signed in."""
    frame = {
        "me": visitor.me,
        "csrf": csrf_token(visitor.cookie),
        "here": here,
        "Scope": Scope,
        "said": request.query_params.get("said"),
        "key": str(uuid7()),
    }
    return pages.render(request, template, {**frame, **context}, status=status)


def go(path: str, *, said: str | None = None) -> Response:
    """Send the browser on after a form; `said` names what to tell it has happened."""
    mark = "&" if "?" in path else "?"
    return RedirectResponse(f"{path}{mark}said={said}" if said else path, status_code=303)


def needs(visitor: Visit, *scopes: Scope) -> None:
    """Refuse whoever holds none of the scopes, before a page offers what would be refused."""
    if not visitor.me.may(*scopes):
        raise Forbidden("Your role does not include this. Ask your administrator.")


def page_router() -> APIRouter:
    """Return a router for pages, which are no part of the API's description."""
    return APIRouter(route_class=PageRoute, include_in_schema=False)
