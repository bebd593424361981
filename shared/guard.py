"""The first thing a request meets: what no endpoint should see is refused here, in clear words."""

import json
import logging
import re
import time
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import unquote_to_bytes

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.metrics import Meter
from shared.problem import MEDIA_TYPE, InvalidInput, Problem
from shared.trace import following, trace_id

logger = logging.getLogger(__name__)

BODY_BYTES_MAX = 16 * 2**20
QUERY_BYTES_MAX = 8 * 2**10
PATH_BYTES_MAX = 2 * 2**10
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")


class TooLarge(Problem):
    """The request is larger than anything this platform takes."""

    status = 413


class MalformedHost(Problem):
    """The Host header names no host."""

    status = 400


class Defect(Problem):
    """Something went wrong on our side; nothing was changed."""

    status = 500


class Guard:
    """Refuse malformed paths, queries and floods; trace, time and, at worst, apologize."""

    def __init__(self, app: ASGIApp, *, meter: Meter) -> None:
        self.app, self.meter = app, meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with following(_header(scope, b"traceparent")):
            began, answer = time.perf_counter(), _Answer(send)
            try:
                _check(scope)
                await self.app(scope, _Limited(receive), answer)
            except Problem as refusal:
                await _say(refusal, scope, receive, answer)
            except Exception:
                logger.exception("%s %s failed", scope["method"][:20], route_of(scope))
                await _say(Defect("Quote the trace id to the operator."), scope, receive, answer)
            finally:
                self._note(scope, answer.status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        """Count and log a request under its route: an address may hold what is secret."""
        route = route_of(scope)
        self.meter.answered(scope["method"], route, status, seconds)
        figures = {"status": status, "ms": round(seconds * 1_000, 1)}
        logger.info("%s %s", scope["method"][:20], route, extra=figures)


def route_of(scope: Scope) -> str:
    """Return the route that a request took, as its template; "none" if it found none."""
    fastapi = scope.get("fastapi", {})
    route = fastapi.get("effective_route_context") or scope.get("route")
    return getattr(route, "path", None) or "none"


class _Answer:
    def __init__(self, send: Send) -> None:
        self.send, self.status = send, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
            headers.append((b"trace-id", (trace_id() or "").encode()))
            message = {**message, "headers": headers}
        await self.send(message)


class _Limited:
    def __init__(self, receive: Receive) -> None:
        self.receive, self.seen = receive, 0

    async def __call__(self) -> Message:
        message = await self.receive()
        self.seen += len(message.get("body", b""))
        if self.seen > BODY_BYTES_MAX:
            raise TooLarge(f"Send at most {BODY_BYTES_MAX // 2**20} MiB; split larger batches.")
        return message


def _check(scope: Scope) -> None:
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    if len(hosts) > 1 or not all(map(HOST.fullmatch, hosts)):  # RFC 9112, 3.2
        raise MalformedHost("Send the name or the address of this platform, once.")
    for part, raw, bytes_max in (
        ("path", scope.get("raw_path") or scope["path"].encode(), PATH_BYTES_MAX),
        ("query", scope.get("query_string", b""), QUERY_BYTES_MAX),
    ):
        if len(raw) > bytes_max:
            raise TooLarge(f"The {part} is longer than {bytes_max} bytes.")
        try:
            text = unquote_to_bytes(raw.replace(b"+", b" ")).decode()
        except UnicodeDecodeError as error:
            raise InvalidInput(f"The {part} is not UTF-8.") from error
        if CONTROL.search(text):
            raise InvalidInput(f"The {part} holds a control character.")
    length = _header(scope, b"content-length") or "0"
    if not (length.isascii() and length.isdigit()):
        raise InvalidInput("The Content-Length is not a number.")
    if len(length) > len(str(BODY_BYTES_MAX)) or int(length) > BODY_BYTES_MAX:
        raise TooLarge(f"Send at most {BODY_BYTES_MAX // 2**20} MiB; split larger batches.")


async def _say(problem: Problem, scope: Scope, receive: Receive, answer: _Answer) -> None:
    if not answer.status:
        await answered(problem)(scope, receive, answer)


def answered(problem: Problem) -> JSONResponse:
    """Render a problem as RFC 9457 has it."""
    body = problem.details().model_copy(update={"trace_id": trace_id()})
    headers = dict(problem.headers)
    if problem.retry_after_s:
        headers["Retry-After"] = str(problem.retry_after_s)
    return _Escaped(body.model_dump(exclude_none=True), problem.status, headers)


class _Escaped(JSONResponse):
    """A refusal may repeat any text, such as half of a character, which UTF-8 cannot carry."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:  # noqa: ANN401
        return json.dumps(content, ensure_ascii=False).encode(errors="backslashreplace")


def _header(scope: MutableMapping[str, Any], name: bytes) -> str | None:
    for key, value in scope["headers"]:
        if key == name:
            found: str = value.decode("latin-1")
            return found
    return None
