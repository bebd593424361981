"""From an order to the last report, whatever the network does with the events between."""

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest

from tests.conftest import Stores
from tests.story import Cast, an_order, meet, tell
from tests.world import World


@pytest.fixture
async def world(stores: Stores) -> AsyncIterator[World]:
    """Yield all services."""
    opened = World(stores)
    yield opened
    await opened.close()


async def place_and_promise(world: World, cast: Cast, chance: Random) -> list[dict[str, Any]]:
    """Let a buyer order and the supplier promise a part of one line and all of the others."""
    placed = await world.act(cast.buyer, "POST", "orders/orders", an_order("J-1", cast.supplier))
    parts = [part for line in placed["lines"] for part in line["schedule_lines"]]
    for place, part in enumerate(parts):
        promise = {"quantity": "6"} if place == 0 else {}
        path = f"orders/schedule-lines/{part['id']}/confirmation"
        await world.act(cast.supplier, "POST", path, promise)
    await world.settle(chance)
    found = await world.act(cast.supplier, "GET", "production/work-orders?limit=200")
    assert len(found["items"]) == len(parts), "one work order for each promise"
    works: list[dict[str, Any]] = found["items"]
    return works


async def report(world: World, cast: Cast, works: list[dict[str, Any]], chance: Random) -> None:
    """Let the supplier make everything in a few reports, take one back, and make it again."""
    for work in chance.sample(works, len(works)):
        path = f"production/work-orders/{work['id']}/reports"
        left = int(work["ordered"])
        while left:
            good = chance.randint(1, left)
            left -= good
            said = {"operation": 1, "good": str(good)}
            made = await world.act(cast.supplier, "POST", path, said)
            if chance.random() < 0.2:
                back = f"production/reports/{made['report_id']}/reversal"
                await world.act(cast.supplier, "POST", back, {"reason": "miscounted"})
                left += good
            if chance.random() < 0.3:
                await world.settle(chance)
    await world.settle(chance)


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_ordered_promised_and_made_stands_in_the_order_book(
    seed: int, world: World
) -> None:
    chance = Random(seed)
    cast = await meet(world)
    works = await place_and_promise(world, cast, chance)
    await report(world, cast, works, chance)
    made = {work["schedule_line_id"]: work["ordered"] for work in works}
    for party, side in ((cast.buyer, "buyer"), (cast.supplier, "supplier")):
        asked = f"orders/schedule-lines?side={side}&view=all&limit=200"
        book = (await world.act(party, "GET", asked))["items"]
        assert {row["id"]: row["good"] for row in book if row["id"] in made} == made
        assert {row["light"] for row in book if row["id"] in made} == {"completed"}
        assert [row["quantity"] for row in book if row["id"] not in made] == ["4"], "not promised"
    assert await world.violations() == {}


async def test_everything_that_can_happen_leaves_nothing_wrong(world: World) -> None:
    await tell(world)
    assert await world.violations() == {}


async def test_nobody_hears_an_event_twice(world: World) -> None:
    """Told again from the first event on, as to a new consumer, no service changes its mind."""
    cast = await tell(world)
    asked = "orders/schedule-lines?side=buyer&view=all&limit=200"
    before = await world.act(cast.buyer, "GET", asked)
    await world.tell_again(Random(7))
    assert await world.act(cast.buyer, "GET", asked) == before
    assert await world.violations() == {}
