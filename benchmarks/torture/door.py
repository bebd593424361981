"""The front door: each request goes to a process of its service, as a reverse proxy sends it."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from itertools import count

import httpx2

AGAIN_AFTER_S = 0.1
EDGE = "identity"  # what is outside of /api, as far as programs use it


class Door(httpx2.AsyncBaseTransport):
    """Takes turns among the processes of a service, leaving out those that say to.

    A connection that nobody took is tried elsewhere: nothing was sent. All else is the caller's.
    """

    def __init__(self, ports: Mapping[str, Sequence[int]], *, patience_s: float = 0.0) -> None:
        self._ports, self._patience_s, self._turn = ports, patience_s, count()
        self.left_out: set[int] = set()
        self._inner = httpx2.AsyncHTTPTransport(
            limits=httpx2.Limits(max_connections=200, keepalive_expiry=60)
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        deadline = time.monotonic() + self._patience_s
        while True:
            for port in self._choice(request.url.path):
                request.url = request.url.copy_with(host="127.0.0.1", port=port)
                try:
                    return await self._inner.handle_async_request(request)
                except httpx2.ConnectError:
                    continue
            if time.monotonic() > deadline:
                raise httpx2.ConnectError(f"nobody answers for {request.url.path}")
            await asyncio.sleep(AGAIN_AFTER_S)

    def _choice(self, path: str) -> list[int]:
        first, _, rest = path.lstrip("/").partition("/")
        ports = self._ports[rest.partition("/")[0] if first == "api" else EDGE]
        turn = next(self._turn) % len(ports)
        turned = [*ports[turn:], *ports[:turn]]
        return sorted(turned, key=lambda port: port in self.left_out)

    async def aclose(self) -> None:
        await self._inner.aclose()
