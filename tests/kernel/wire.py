"""A connection on which anything can be sent, also what no client would."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from starlette.types import Message, Scope

from contracts.scopes import Scope as Permission
from shared.app import create_app
from shared.database import Store
from shared.problem import MEDIA_TYPE
from tests.probe import factories
from tests.probe.service import service

WRITER = Permission.ORDERS_READ, Permission.ORDERS_PLACE
NOTES = b"/api/probe/v1/notes"
JSON = (b"content-type", b"application/json")


class Answer:
    """What an app answered, byte for byte."""

    def __init__(self, messages: list[Message]) -> None:
        start = messages[0]
        self.status: int = start["status"]
        self.headers = {key.decode().lower(): value.decode() for key, value in start["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])

    def problem(self) -> dict[str, Any]:
        """Return the problem, after a look at its form."""
        assert self.headers["content-type"] == MEDIA_TYPE
        found: dict[str, Any] = json.loads(self.body)
        assert {"type", "title", "status", "detail", "trace_id"} <= found.keys()
        assert found["status"] == self.status
        assert found["type"].startswith("/problems/")
        assert self.headers["trace-id"] == found["trace_id"]
        return found


class Wire:
    """A connection to the probe on which anything can be sent, also what no client would."""

    def __init__(self, store: Store) -> None:
        caller = factories.caller(uuid4(), *WRITER, Permission.ORDERS_CONFIRM)
        self.app = create_app(service, store=store, verify=lambda _: caller)

    async def __call__(  # noqa: PLR0913
        self,
        method: str = "POST",
        path: bytes = NOTES,
        *,
        query: bytes = b"",
        body: bytes | Iterable[bytes] = b"",
        headers: Iterable[tuple[bytes, bytes]] = (JSON,),
        authorization: bytes = b"Bearer x",
        host: bytes = b"localhost",
    ) -> Answer:
        chunks = [body] if isinstance(body, bytes) else list(body)
        incoming = [{"type": "http.request", "body": x, "more_body": True} for x in chunks]
        incoming.append({"type": "http.request", "body": b"", "more_body": False})
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path.decode(),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": [(b"host", host), (b"authorization", authorization), *headers],
            "client": ("127.0.0.1", 1),
            "server": ("localhost", 80),
        }
        said: list[Message] = []

        async def receive() -> Message:
            if not incoming:
                await asyncio.Event().wait()
            return incoming.pop(0)

        async def send(message: Message) -> None:
            said.append(message)

        await self.app(scope, receive, send)
        return Answer(said)
