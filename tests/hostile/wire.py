"""Send bytes to an app as a server would, without a client that refuses to."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.types import ASGIApp, Message

ANSWERED_WITHIN_S_MAX = 20


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


@dataclass(frozen=True)
class Sent:
    """A request as bytes."""

    method: str
    path: str  # as on the wire: percent-encoded
    query: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    said: str = ""  # what is wrong with it

    def __str__(self) -> str:
        return f"{self.method} {self.path[:120]}: {self.said[:120]}"


async def send(app: ASGIApp, request: Sent) -> Answer:
    """Let an app answer a request."""
    answer = Answer(0, {}, b"")
    bodies = [request.body]

    async def receive() -> Message:
        if bodies:
            return {"type": "http.request", "body": bodies.pop(), "more_body": False}
        return {"type": "http.disconnect"}

    async def collect(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {k.decode(): v.decode("latin-1") for k, v in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(request.path),
        "raw_path": request.path.encode(),
        "root_path": "",
        "query_string": request.query,
        "headers": list(encoded(request.headers)),
        "client": ("203.0.113.7", 4711),
        "server": ("localhost", 8000),
        "state": {},
    }
    await asyncio.wait_for(app(scope, receive, collect), ANSWERED_WITHIN_S_MAX)
    return answer


def encoded(headers: Iterable[tuple[str, str]]) -> Iterable[tuple[bytes, bytes]]:
    """Return headers as bytes; what Latin-1 does not have goes out as UTF-8."""
    for name, value in headers:
        try:
            yield name.encode(), value.encode("latin-1")
        except UnicodeEncodeError:
            yield name.encode(), value.encode()
