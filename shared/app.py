"""Assemble a service: its routes, its database, what runs beside them, and its manners."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from sqlalchemy import exc
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from shared import operations
from shared.auth import Verify, alternatives
from shared.database import Store, is_away, is_locked, sqlstate
from shared.guard import Guard, answered
from shared.inbox import Handlers
from shared.metrics import Meter
from shared.problem import Busy, Conflict, FieldError, InvalidInput, NotFound, Problem
from shared.run import Job, running

logger = logging.getLogger(__name__)

NO_JOBS: Sequence[Job] = ()
CANCELED = "57014"  # by statement_timeout


class NotServed(Problem):
    """The request cannot be served as it was sent."""

    status = 400


@dataclass(frozen=True, kw_only=True)
class Service:
    """What a service brings: `services/<name>/main.py` exports one as `service`."""

    name: str  # its schema, its topic and its part of the address
    router: APIRouter | None = None  # served below /api/<name>/v1
    edge: APIRouter | None = None  # routes outside of it, such as pages
    handlers: Handlers = field(default_factory=Handlers)
    gather_s: float = 0.1  # that events wait for company; 0 where open pages wait for them
    jobs: Callable[[FastAPI], Sequence[Job]] = lambda _: NO_JOBS  # beside its API
    checks: Mapping[str, str] = field(default_factory=dict)
    """Invariants by name: SQL, run as the system role, whose every row is a violation."""
    mounts: Mapping[str, ASGIApp] = field(default_factory=dict)  # static files, by path

    @property
    def prefix(self) -> str:
        """The part of every address that is this service's own."""
        return f"/api/{self.name}/v1"


def create_app(service: Service, *, store: Store, verify: Verify) -> FastAPI:
    """Serve a service's routes; its jobs run beside them, and one that fails ends both."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(service.jobs(app)):
            yield

    app = _App(
        title=f"Lianqiao {service.name}",
        version="1",
        lifespan=lifespan,
        openapi_url=f"{service.prefix}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would name the host that the request made up
    )
    meter = Meter(service.name)
    app.state.store, app.state.verify, app.state.service = store, verify, service
    app.state.meter, app.state.inside = meter, None
    app.include_router(operations.router, prefix=service.prefix)
    if service.router:
        app.include_router(service.router, prefix=service.prefix)
    if service.edge:
        app.include_router(service.edge)
    for path, mounted in service.mounts.items():
        app.mount(path, mounted)
    for kind, answer in ANSWERS.items():
        app.add_exception_handler(kind, answer)
    app.add_middleware(Guard, meter=meter)
    return app


class _App(FastAPI):
    """FastAPI, which documents scopes of which one will do as if all of them were needed."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            described = super().openapi()
            for route in iter_route_contexts(self.routes):
                dependant = getattr(route, "dependant", None)
                either = alternatives(dependant) if dependant and route.include_in_schema else []
                for method in route.methods or () if either else ():
                    operation = described["paths"][route.path_format][method.lower()]
                    operation["security"] = [
                        {scheme: [s for s in scopes if s not in either] + [one]}
                        for needed in operation["security"]
                        for scheme, scopes in needed.items()
                        for one in either
                    ]
        assert self.openapi_schema is not None
        return self.openapi_schema


class Platform:
    """All services behind one port: each answers for its own part, `rest` for what is left."""

    def __init__(self, apps: Mapping[str, FastAPI], *, rest: str) -> None:
        self.apps, self._rest = apps, apps[rest]
        self._edges = {
            first: app
            for name, app in apps.items()
            if name != rest
            for first in _first_words(app.state.service)
        }
        for app in apps.values():
            app.state.inside = self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _all_lifespans(self.apps.values(), receive, send)
        else:
            await self._owner(scope["path"])(scope, receive, send)

    def _owner(self, path: str) -> FastAPI:
        first, _, rest = path.lstrip("/").partition("/")
        if first == "api":
            return self.apps.get(rest.partition("/")[0], self._rest)
        return self._edges.get(first, self._rest)


def _first_words(service: Service) -> set[str]:
    """Return what the addresses begin with that a service serves outside of /api."""
    routes = iter_route_contexts(service.edge.routes) if service.edge else ()
    paths = [route.path for route in routes if route.path] + list(service.mounts)
    return {path.split("/")[1] for path in paths}


async def _all_lifespans(apps: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401
    await receive()
    async with AsyncExitStack() as stack:
        try:
            for app in apps:
                await stack.enter_async_context(app.router.lifespan_context(app))
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": repr(error)})
            raise
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _problem(_: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)
    return answered(problem)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    """Name the fields; what was sent is not repeated, as it may be anything."""
    assert isinstance(error, RequestValidationError)
    errors = [
        FieldError(
            field=".".join(str(step) for step in found["loc"][1:])[:200] or str(found["loc"][0]),
            detail=str(found["msg"]).removeprefix("Value error, ")[:500],
        )
        for found in error.errors()[:100]
    ]
    for found in errors:
        found.field = found.field.encode(errors="replace").decode()
        found.detail = found.detail.encode(errors="replace").decode()
    said = "; ".join(f"{found.field}: {found.detail}" for found in errors[:3])
    return answered(InvalidInput(said, errors=errors))


async def _http(_: Request, error: Exception) -> JSONResponse:
    """Say what FastAPI found wrong with a request before any endpoint saw it."""
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, Problem):  # while the body was read
        return answered(error.__cause__)
    if isinstance(error.__cause__, RecursionError):
        return answered(InvalidInput("The body is nested too deeply."))
    if isinstance(error.__cause__, ValueError):
        return answered(InvalidInput("The body is not JSON as RFC 8259 has it, in UTF-8."))
    if error.status_code == NotFound.status:
        return answered(NotFound("There is nothing at this address."))

    refused = NotServed(str(error.detail))
    refused.status = error.status_code
    answer = answered(refused)
    answer.headers.update(error.headers or {})
    return answer


async def _too_deep(_: Request, __: Exception) -> JSONResponse:
    return answered(InvalidInput("The body is nested too deeply."))


async def _database(_: Request, error: Exception) -> JSONResponse:
    """Say what the database refused in the caller's terms; what is our defect stays one."""
    state = sqlstate(error)
    if is_away(error):
        return answered(Busy("The database is away just now; send the same request again shortly."))
    if is_locked(error):
        return answered(Busy("The same rows are being changed; send the same request again."))
    if state == CANCELED:
        return answered(Busy("It took too long and was given up; ask for less, or again later."))
    if state.startswith(("22", "54")) or (isinstance(error, exc.DataError) and not state):
        return answered(InvalidInput("A value is outside of what can be stored."))
    if state.startswith("23"):
        logger.warning("a constraint caught what a rule should have", exc_info=error)
        return answered(Conflict("The request contradicts what is stored; read it again first."))
    raise error


async def _unsayable(_: Request, __: Exception) -> JSONResponse:
    return answered(InvalidInput("A text holds half of a character (a lone surrogate)."))


ANSWERS: Mapping[Any, Callable[[Request, Exception], Awaitable[JSONResponse]]] = {
    Problem: _problem,
    RequestValidationError: _invalid,
    HTTPException: _http,
    RecursionError: _too_deep,
    UnicodeEncodeError: _unsayable,
    exc.DBAPIError: _database,
    exc.TimeoutError: _database,
}
