"""The portal service: pages for people. An OAuth client of the others, with no private door."""

import asyncio
from collections.abc import Sequence

from fastapi import FastAPI

from services.portal.api import router
from services.portal.api.live import audience_of
from services.portal.api.page import pages
from services.portal.queries.api import Clients
from shared.app import Service
from shared.run import Job, following
from shared.settings import settings

TOPICS = "identity", "onboarding", "orders", "production", "logistics", "settlement"


def _jobs(app: FastAPI) -> Sequence[Job]:
    audience = audience_of(app)
    app.state.clients = clients = Clients(app.state.inside)

    async def close(stop: asyncio.Event) -> None:
        await stop.wait()
        await clients.close()

    async def warm(_: asyncio.Event) -> None:
        await asyncio.to_thread(pages.warm)

    live = following(TOPICS, audience.deliver, servers=settings().kafka_servers)
    return [live, audience.hang_up, close, warm]


service = Service(name="portal", edge=router, jobs=_jobs)
