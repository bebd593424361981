"""How one part of an installation calls another: over HTTP, as any partner would."""

from typing import Any

import httpx2
from starlette.types import ASGIApp

from shared.settings import settings
from shared.trace import traceparent

TIMEOUT_S = 10.0


def api_client(service: str, *, inside: ASGIApp | None = None) -> httpx2.AsyncClient:
    """Open a client of a service's HTTP API.

    With the platform's own app as `inside`, calls stay in this process; they pass the same
    guard, the same token check and the same routes.
    """
    transport: dict[str, Any] = {"transport": httpx2.ASGITransport(inside)} if inside else {}
    return httpx2.AsyncClient(
        base_url=settings().url_of(service),
        timeout=TIMEOUT_S,
        follow_redirects=False,
        event_hooks={"request": [_traced]},
        **transport,
    )


async def _traced(request: httpx2.Request) -> None:
    """Let what is called go on with the trace of whoever calls."""
    if parent := traceparent():
        request.headers.setdefault("traceparent", parent)
