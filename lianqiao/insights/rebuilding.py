"""Open what a rebuild needs, and give its account."""

from collections.abc import Callable
from typing import Any

from lianqiao.serving import stores_of
from services.insights.commands.rebuilding import Rebuilt, rebuild
from services.insights.main import service
from services.insights.queries.digests import together
from shared.kafka import whole
from shared.settings import settings


async def rebuilt(say: Callable[[int, int], None], *, replace: bool) -> dict[str, Any]:
    """Make the read tables anew and compare them with the live ones; see `rebuild`."""
    async with (
        stores_of([service.name]) as stores,
        whole(settings().kafka_servers, topics=service.handlers.topics) as log,
    ):
        live = stores[service.name].system
        return account(await rebuild(live, log, service.handlers, say=say, replace=replace))


def account(found: Rebuilt) -> dict[str, Any]:
    """Say what came of a rebuild, for people and for scripts."""
    return {
        "live": together(found.live),
        "rebuilt": together(found.anew),
        "events": found.events,
        "unheard": found.unheard,
        "lacking": found.lacking,
        "failed": found.failed,
        "tables": [
            {
                "table": live.table,
                "rows": live.rows,
                "rows_rebuilt": anew.rows,
                "live": live.sha256,
                "rebuilt": anew.sha256,
            }
            for live, anew in zip(found.live, found.anew, strict=True)
        ],
    }
