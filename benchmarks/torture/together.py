"""One part of all services in one process: `python -m benchmarks.torture.together PART [PORT]`.

For machines and tests on which a process for each is too much: there are three in all. The portal
keeps nothing, and is left out.
"""

import asyncio
import socket
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack

from lianqiao.installation import every_service
from lianqiao.listening import listening
from lianqiao.serving import (
    Leaving,
    consumers_of,
    following_keys,
    keys_of,
    relays_of,
    stores_of,
    web_server,
)
from shared.app import Platform, Service, create_app
from shared.logs import log_to
from shared.run import run_until_told_to_stop

LEFT_OUT, REST = "portal", "identity"


def services() -> dict[str, Service]:
    """Return all services that keep something."""
    return {name: one for name, one in every_service().items() if name != LEFT_OUT}


async def answer(sockets: Sequence[socket.socket]) -> None:
    """Serve all services' HTTP, with no relay and no consumer beside it."""
    found = services()
    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(stores_of(found))
        keys = keys_of(stores["identity"])
        apps = {n: create_app(one, store=stores[n], verify=keys) for n, one in found.items()}
        await stack.enter_async_context(following_keys(keys))
        for app in apps.values():
            await stack.enter_async_context(app.router.lifespan_context(app))
        platform = Platform(apps, rest=REST)
        await web_server(platform, leaving=Leaving(apps.values())).serve(list(sockets))


async def work(part: str) -> None:
    """Relay, or consume, for all services."""
    found, choose = services(), {"relay": relays_of, "consume": consumers_of}[part]
    async with stores_of(found) as stores:
        jobs = [job for name, one in found.items() for job in choose(one, stores[name])]
        await run_until_told_to_stop(jobs)


def main() -> None:
    log_to()
    part = sys.argv[1]
    if part == "api":
        with listening(int(sys.argv[2]), ["127.0.0.1"]) as sockets:
            asyncio.run(answer(sockets))
    else:
        asyncio.run(work(part))


if __name__ == "__main__":
    main()
