"""Put services together into processes: all in one, or one part of one service alone."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from itertools import chain
from socket import socket
from typing import Any

import uvicorn
from fastapi import FastAPI
from sqlalchemy import text
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lianqiao.installation import CannotError, every_service, service, topics
from shared.app import Platform, Service, create_app
from shared.clients import api_client
from shared.database import UNAVAILABLE, Store, open_store, transaction, utc_now
from shared.keys import Keys
from shared.pruning import pruning
from shared.run import Job, apart, consuming, relaying, run_until_told_to_stop, running
from shared.settings import settings

REST = "portal"  # answers for every address that is no other service's
CONNECTIONS_SPARED = 10  # for whoever looks after the database
BESIDE_POOL = 2  # what a relay and a listener hold for themselves
REQUESTS_END_WITHIN_S_MAX = 5  # live pages never end by themselves
IDLE_S_MAX = 75  # longer than any proxy keeps a connection: it never uses one that was just closed
END = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
IN_USE = text(
    """
    SELECT current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - current_setting('reserved_connections')::int,
        count(*) FILTER (WHERE pid <> pg_backend_pid())
    FROM pg_stat_activity WHERE backend_type = 'client backend'
    """
)


def relays_of(found: Service, store: Store) -> list[Job]:
    """Send on what a service publishes, if it publishes anything; forget what nobody needs."""
    forgetting = [pruning(store.system)]
    if found.name not in topics():
        return forgetting
    return [relaying(store.system, servers=settings().kafka_servers), *forgetting]


def consumers_of(found: Service, store: Store) -> list[Job]:
    """Hear what a service listens to, if it listens to anything."""
    if not found.handlers.topics:
        return []
    return [
        consuming(
            found.handlers,
            store.system,
            servers=settings().kafka_servers,
            group=found.name,
            gather_s=found.gather_s,
        )
    ]


def keys_of(identity: Store | None) -> Keys:
    """Know identity's public keys: from its own tables where they are here, else over HTTP."""

    async def fetch_here() -> dict[str, Any]:
        from services.identity import commands  # noqa: PLC0415  only where identity runs

        assert identity
        async with transaction(identity.system) as session:
            return dict(await commands.jwks(session, at=utc_now()))

    async def fetch_there() -> dict[str, Any]:
        async with api_client("identity") as client:
            answer = await client.get("/oauth/jwks")
            return dict(answer.raise_for_status().json())

    return Keys(fetch_here if identity else fetch_there)


@asynccontextmanager
async def stores_of(names: Iterable[str]) -> AsyncIterator[dict[str, Store]]:
    """Open the databases of services, and let go of them in the end."""
    stores = {name: open_store(settings().database_url, service=name) for name in names}
    try:
        yield stores
    finally:
        for store in stores.values():
            await store.close()


@asynccontextmanager
async def everything() -> AsyncIterator[Platform]:
    """Run all services with their relays and consumers in this process."""
    found = every_service()
    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(stores_of(found))
        await require_connections(stores["identity"], pools=3 * len(found))
        keys = keys_of(stores["identity"])
        await keys.load()
        apps = {}
        for name, one in found.items():
            apps[name] = create_app(one, store=stores[name], verify=keys)
        platform = Platform(apps, rest=REST)
        await stack.enter_async_context(following_keys(keys))
        await _enter_all(stack, apps)
        await stack.enter_async_context(running([apart(partial(_flows_of, found))]))
        yield platform


@asynccontextmanager
async def _flows_of(found: Mapping[str, Service]) -> AsyncIterator[list[Job]]:
    """Open the relays and consumers of services, with stores of their own."""
    async with stores_of(found) as stores:
        flows = [
            relays_of(one, stores[name]) + consumers_of(one, stores[name])
            for name, one in found.items()
        ]
        yield list(chain.from_iterable(flows))


async def serve_api(name: str, sockets: Sequence[socket]) -> None:
    """Serve one service's HTTP alone, until told to stop."""
    found = service(name)
    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(stores_of([name]))
        await require_connections(stores[name], pools=2)
        keys = keys_of(stores[name] if name == "identity" else None)
        app = create_app(found, store=stores[name], verify=keys)
        await stack.enter_async_context(following_keys(keys))
        await _enter_all(stack, {name: app})
        await web_server(app, leaving=Leaving([app])).serve(list(sockets))


async def run_relay(name: str) -> None:
    """Relay one service's events alone, until told to stop."""
    async with stores_of([name]) as stores:
        await require_connections(stores[name], pools=1)
        await run_until_told_to_stop(relays_of(service(name), stores[name]))


async def run_consumer(name: str) -> None:
    """Consume for one service alone, until told to stop."""
    async with stores_of([name]) as stores:
        await require_connections(stores[name], pools=1)
        await run_until_told_to_stop(consumers_of(service(name), stores[name]))


class Leaving:
    """How a process among many ends so that no request fails.

    It says that it is not ready, and closes each connection after its next answer; once proxies
    have had the time to send everything elsewhere, it stops listening and ends what is under way.
    """

    def __init__(self, apps: Iterable[FastAPI]) -> None:
        self._apps, self._begun = list(apps), False

    def begin(self) -> float:
        """Begin to leave, and return the seconds until the process may stop listening."""
        self._begun = True
        for app in self._apps:
            app.state.leaving = True
        return settings().drain_s

    def around(self, app: ASGIApp) -> ASGIApp:
        """Close connections, once it has begun."""

        async def served(scope: Scope, receive: Receive, send: Send) -> None:
            await app(scope, receive, partial(self._send, send) if self._begun else send)

        return served

    async def _send(self, send: Send, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), (b"connection", b"close")]
            message = {**message, "headers": headers}
        await send(message)


class WebServer(uvicorn.Server):
    """A web server that ends at a signal, and leaves the rest of the way out to us.

    Where it is one of many, SIGTERM lets it leave first; a second signal ends it at once.
    """

    def __init__(self, config: uvicorn.Config, leaving: Leaving | None = None) -> None:
        super().__init__(config)
        self.answering, self._leaving = asyncio.Event(), leaving

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self.answering.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in END:
            loop.add_signal_handler(number, self._told, number)
        yield

    def _told(self, number: signal.Signals) -> None:
        if number == signal.SIGTERM and self._leaving:
            loop, rest_s = asyncio.get_running_loop(), self._leaving.begin()
            self._leaving = None
            loop.call_later(rest_s, self.handle_exit, number, None)
        else:
            self.handle_exit(number, None)


def web_server(
    app: ASGIApp,
    *,
    leaving: Leaving | None = None,
    **options: Any,  # noqa: ANN401
) -> WebServer:
    """Prepare to serve an app whose lifespan is already under way."""
    _spare_what_is_loaded()
    config = uvicorn.Config(
        leaving.around(app) if leaving else app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=REQUESTS_END_WITHIN_S_MAX,
        timeout_keep_alive=IDLE_S_MAX,
        **options,
    )
    return WebServer(config, leaving)


def _spare_what_is_loaded() -> None:
    """Keep the collector from walking the whole program several times in one large request.

    With the default thresholds it took half of the time of a bulk request in Python.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def require_connections(store: Store, *, pools: int) -> None:
    """Refuse to start what could need more connections than PostgreSQL has left."""
    needed = pools * (settings().connections_max + BESIDE_POOL) + CONNECTIONS_SPARED
    try:
        async with transaction(store.system) as session:
            allowed, in_use = (await session.execute(IN_USE)).one()
    except UNAVAILABLE as error:
        raise CannotError(unreachable(error)) from error
    if needed + in_use > allowed:
        raise CannotError(
            f"This process may need {needed} connections to PostgreSQL ({pools} pools of "
            f"LIANQIAO_CONNECTIONS_MAX={settings().connections_max}, and {CONNECTIONS_SPARED} "
            f"spared), {in_use} are in use and {allowed} are allowed: raise max_connections, or "
            "lower LIANQIAO_CONNECTIONS_MAX."
        )


def unreachable(error: BaseException) -> str:
    """Say what the database answered, or that it did not, in one sentence."""
    said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    return f"The database of LIANQIAO_DATABASE_URL cannot be used: {said}"


@asynccontextmanager
async def following_keys(keys: Keys) -> AsyncIterator[None]:
    """Keep up with identity's keys, and with whom it stopped."""
    stop = asyncio.Event()
    stopped = keys.suspensions.following(servers=settings().kafka_servers)
    tasks = [asyncio.create_task(job(stop)) for job in (keys.follow, stopped)]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def _enter_all(stack: AsyncExitStack, apps: Mapping[str, FastAPI]) -> None:
    """Begin every app's lifespan in this task, which ends when one of their jobs fails."""
    for app in apps.values():
        await stack.enter_async_context(app.router.lifespan_context(app))
