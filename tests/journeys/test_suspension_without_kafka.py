"""While the broker is away a suspension still closes the supplier out, and opens nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from shared.bars import CHANNEL, Bar, call, heed
from shared.database import transaction, utc_now
from shared.run import Job, running
from tests.conftest import Stores
from tests.story import Cast, an_order, meet
from tests.world import Party, World

TOKEN_LIFE_S = 300
CLOSED = "orders", "production", "logistics"


@pytest.fixture
async def world(stores: Stores) -> AsyncIterator[World]:
    """Yield all services, each with the jobs that stand beside its API."""
    opened = World(stores)
    yield opened
    await opened.close()


def jobs_of(world: World) -> list[Job]:
    """Return what onboarding and those that listen to it run beside their APIs."""
    return [
        job
        for name in ("onboarding", *CLOSED)
        for job in world.services[name].jobs(world.apps[name])
        if getattr(job, "func", None) in {call, heed}
    ]


async def agreed(world: World) -> tuple[Cast, str, list[str]]:
    """Order, promise, and return the relationship and what the supplier may look at."""
    cast = await meet(world)
    placed = await world.act(cast.buyer, "POST", "orders/orders", an_order("N-1", cast.supplier))
    part = placed["lines"][0]["schedule_lines"][0]["id"]
    await world.act(cast.supplier, "POST", f"orders/schedule-lines/{part}/confirmation", {})
    await world.settle()
    works = await world.act(cast.supplier, "GET", "production/work-orders")
    [work] = works["items"]
    known = await world.act(cast.buyer, "GET", "onboarding/relationships")
    [relationship] = [r for r in known["items"] if r["supplier_id"] == str(cast.supplier.id)]
    paths = [f"orders/orders/{placed['id']}", f"production/work-orders/{work['id']}"]
    return cast, f"onboarding/relationships/{relationship['id']}", paths


async def status(world: World, party: Party, path: str) -> int:
    service, _, rest = path.partition("/")
    address = f"{world.services[service].prefix}/{rest}"
    return (await world.send(service, "GET", address, token=world.token(party))).status_code


async def ready(world: World, supplier: Party) -> int:
    found = await world.act(supplier, "GET", "logistics/ready-lines?side=supplier")
    return len(found["items"])


async def until(ask: Any, wanted: Any) -> None:  # noqa: ANN401
    deadline = asyncio.get_running_loop().time() + TOKEN_LIFE_S
    while (found := await ask()) != wanted:
        assert asyncio.get_running_loop().time() < deadline, found
        await asyncio.sleep(0.2)


async def test_a_suspension_closes_before_its_event_is_sent(world: World) -> None:
    cast, relationship, paths = await agreed(world)
    supplier, buyer = cast.supplier, cast.buyer

    async def seen() -> list[int]:
        return [await status(world, supplier, p) for p in paths] + [await ready(world, supplier)]

    assert await seen() == [200, 200, 1]
    jobs = jobs_of(world)
    assert len(jobs) == 1 + len(CLOSED)
    async with running(jobs):
        await world.act(buyer, "POST", f"{relationship}/suspension", {"reason": "audit"})
        assert (await world.heard()).waiting == 1, "nothing was sent"
        await until(seen, [404, 404, 0])
        assert [await status(world, buyer, path) for path in paths] == [200, 200]

        await world.act(buyer, "POST", f"{relationship}/resumption", {})
        await asyncio.sleep(1)
        assert await seen() == [404, 404, 0], "only an event opens"
        await world.settle()
        await asyncio.sleep(1)
        assert await seen() == [200, 200, 1]


async def test_a_call_that_is_older_than_what_is_known_or_no_call_changes_nothing(
    world: World,
) -> None:
    cast, _, paths = await agreed(world)
    old = utc_now() - timedelta(days=1)
    stale = Bar(buyer_id=cast.buyer.id, supplier_id=cast.supplier.id, changed_at=old)
    fresh = stale.model_copy(update={"changed_at": utc_now()})
    async with running(jobs_of(world)):
        await asyncio.sleep(1)
        for payload in ("", "{}", '{"buyer_id": "x"}', stale.model_dump_json()):
            await _say(world, payload)
        await asyncio.sleep(1)
        assert [await status(world, cast.supplier, path) for path in paths] == [200, 200]
        await _say(world, fresh.model_dump_json())

        async def seen() -> list[int]:
            return [await status(world, cast.supplier, path) for path in paths]

        await until(seen, [404, 404])


async def _say(world: World, payload: str) -> None:
    async with transaction(world.stores["onboarding"].system) as session:
        notify = text("SELECT pg_notify(:channel, :payload)")
        await session.execute(notify, {"channel": CHANNEL, "payload": payload})
