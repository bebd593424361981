"""Many services behind one port: each answers for its own part, and one is the rest."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from fastapi import APIRouter, FastAPI
from httpx2 import ASGITransport, AsyncClient
from starlette.types import Message

from shared.app import Platform, Service, create_app
from shared.auth import Caller
from shared.clients import api_client
from shared.database import Store, open_store
from shared.run import Job
from shared.trace import following, trace_id
from tests.probe.service import service as probe_service


def router(*paths: str) -> APIRouter:
    """Return routes that say which address they are."""
    made, nested = APIRouter(), APIRouter()

    def say(path: str) -> None:
        @nested.get(path)
        async def answer() -> dict[str, str | None]:
            return {"route": path, "trace_id": trace_id()}

    for path in paths:
        say(path)
    made.include_router(nested)
    return made


async def mounted(scope: object, receive: object, send: object) -> None:  # noqa: ARG001
    await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b"mounted"})  # type: ignore[operator]


IDENTITY = Service(
    name="identity",
    router=router("/me"),
    edge=router("/oauth/token", "/.well-known/openid-configuration", "/sign-in"),
    mounts={"/pictures": mounted},
)
PORTAL = Service(name="portal", router=router("/page"), edge=router("/", "/orders/{order_id}"))


@pytest.fixture
def store() -> Store:
    return open_store("postgresql+psycopg://x@127.0.0.1:1/x", service="probe")


def nobody(_: str) -> Caller | None:
    return None


def build(store: Store, *services: Service) -> Platform:
    apps = {service.name: create_app(service, store=store, verify=nobody) for service in services}
    return Platform(apps, rest="portal")


def ask(platform: Platform) -> AsyncClient:
    transport = ASGITransport(platform, raise_app_exceptions=False)
    return AsyncClient(transport=transport, base_url="http://localhost")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *(("/api/identity/v1/me", 200), ("/oauth/token", 200), ("/sign-in", 200), ("/", 200)),
        *(("/.well-known/openid-configuration", 200), ("/orders/5", 200), ("/pictures/a", 200)),
        *(("/api/portal/v1/page", 200), ("/api/probe/v1/health/live", 200), ("/probe-page", 200)),
        *(("/api", 404), ("/api/", 404), ("/api/nobody/v1/x", 404), ("/api/identity/v2/me", 404)),
        *(("/nothing", 404), ("/%2fsign-in", 404), ("/oauth/nothing", 404), ("/api//v1/me", 404)),
        *(("/api/..%2fidentity/v1/me", 404), ("/API/identity/v1/me", 404), ("/me", 404)),
        *(("/api/identity/v1/health/live", 200), ("/api/identity/v1/openapi.json", 200)),
    ],
)
async def test_an_address_is_answered_by_the_service_it_belongs_to(
    path: str, status: int, store: Store
) -> None:
    async with ask(build(store, IDENTITY, PORTAL, probe_service)) as client:
        answer = await client.get(path)
    assert answer.status_code == status
    if status == 404:
        assert answer.json()["type"] == "/problems/not-found"
    elif "json" in answer.headers.get("content-type", "") and "route" in answer.text:
        assert path.endswith(answer.json()["route"].replace("{order_id}", "5"))


async def test_an_address_is_one_services_alone(store: Store) -> None:
    platform = build(store, IDENTITY, PORTAL, probe_service)
    for app in platform.apps.values():
        assert app.state.inside is platform


async def test_a_call_inside_stays_in_this_process_and_in_its_trace(store: Store) -> None:
    platform = build(store, IDENTITY, PORTAL)
    with following(None):
        async with api_client("identity", inside=platform) as client:
            answer = await client.get("/api/identity/v1/me")
        assert answer.headers["trace-id"] == answer.json()["trace_id"] == trace_id()
    async with api_client("identity", inside=platform) as client:
        given = f"00-{'ab' * 16}-{'cd' * 8}-01"
        answer = await client.get("/api/identity/v1/me", headers={"traceparent": given})
    assert answer.headers["trace-id"] == "ab" * 16


class Server:
    """What a server does about an app's lifespan."""

    def __init__(self, platform: Platform) -> None:
        self.said: list[str] = []
        self._stop, self._receives = asyncio.Event(), iter(("startup", "shutdown"))
        self.task = asyncio.ensure_future(platform({"type": "lifespan"}, self._receive, self._send))

    async def _receive(self) -> Message:
        kind = next(self._receives)
        if kind == "shutdown":
            await self._stop.wait()
        return {"type": f"lifespan.{kind}"}

    async def _send(self, message: Message) -> None:
        self.said.append(message["type"].removeprefix("lifespan."))

    async def stop(self) -> None:
        self._stop.set()
        await self.task


async def test_lifespans_begin_and_end_together(store: Store) -> None:
    events: list[str] = []

    async def job(stop: asyncio.Event) -> None:
        events.append("began")
        await stop.wait()
        events.append("ended")

    services = [replace(service, jobs=lambda _: [job]) for service in (IDENTITY, PORTAL)]
    server = Server(build(store, *services))
    for _ in range(1_000):
        if server.said and len(events) == 2:
            break
        await asyncio.sleep(0.01)
    assert (server.said, events) == (["startup.complete"], ["began"] * 2)
    await server.stop()
    assert server.said == ["startup.complete", "shutdown.complete"]
    assert events == ["began"] * 2 + ["ended"] * 2


async def test_a_start_that_fails_is_said_to_the_server(store: Store) -> None:
    def fail(_: FastAPI) -> Sequence[Job]:
        raise OSError("no such thing")

    server = Server(build(store, PORTAL, Service(name="broken", jobs=fail)))
    with pytest.raises(OSError, match="no such thing"):
        await server.task
    assert server.said == ["startup.failed"]


async def test_a_job_that_fails_ends_all_and_is_said_to_the_server(store: Store) -> None:
    ended: list[str] = []

    async def failing(_: asyncio.Event) -> None:
        await asyncio.sleep(0.01)
        raise ZeroDivisionError("a defect")

    def other(_: FastAPI) -> Sequence[Job]:
        async def wait(stop: asyncio.Event) -> None:
            try:
                await stop.wait()
            finally:
                ended.append("other")

        return [wait]

    failing_one = Service(name="one", jobs=lambda _: [failing])
    server = Server(build(store, PORTAL, failing_one, Service(name="two", jobs=other)))
    with pytest.RaisesGroup(ZeroDivisionError, flatten_subgroups=True):
        await server.task
    assert (server.said, ended) == (["startup.complete"], ["other"])
