"""From an invitation to the money and a release, whatever the network does in between."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from functools import partial
from random import Random

import pytest

from shared.kafka import create_topics
from shared.local import Kafka
from shared.run import consuming, relaying, running
from tests.conftest import Stores
from tests.journeys.whole_chain import DIVISION, PROVINCE, WORTH, Chain, this_month
from tests.world import World

HEARD_WITHIN_S_MAX = 120


@pytest.fixture
async def world(stores: Stores) -> AsyncIterator[World]:
    """Yield all services."""
    opened = World(stores)
    yield opened
    await opened.close()


async def lived(chain: Chain) -> None:
    await chain.join()
    await chain.make()
    await chain.deliver()
    await chain.settle()
    await chain.publish()


async def hold(chain: Chain) -> None:
    """See on both sides, in every service, that what happened is what is told."""
    for party, side in ((chain.buyer, "buyer"), (chain.supplier, "supplier")):
        asked = f"orders/schedule-lines?side={side}&view=all"
        [row] = (await chain.asks(party, "GET", asked))["items"]
        assert (row["good"], row["light"]) == ("10", "completed")
        [goods] = (await chain.asks(party, "GET", f"logistics/ready-lines?side={side}"))["items"]
        kept = {name: goods[name] for name in ("shipped", "received", "accepted")}
        assert kept == {"shipped": "10", "received": "8", "accepted": "7"}
        debts = await chain.asks(party, "GET", f"settlement/payables?side={side}")
        assert [(one["amount"], one["state"]) for one in debts["items"]] == [(WORTH, "paid")]
        invoice = await chain.asks(party, "GET", f"settlement/invoices/{chain.seen['invoice']}")
        assert invoice["verdict"] == "matched"
    card = await chain.asks(chain.buyer, "GET", f"insights/scorecards/{chain.supplier.id}")
    figures = {figure["name"]: figure for figure in card["figures"]}
    assert Decimal(figures["ordered_amount"]["value"]) == Decimal(125)
    await disclose(chain)
    assert await chain.world.violations() == {}


async def disclose(chain: Chain) -> None:
    """See that the month is out for the regulator, and one supplier's figures are not."""
    preview, release = chain.seen["preview"], chain.seen["release"]
    assert (preview["state"], preview["sha256"]) == ("passed", release["sha256"])
    for table in preview["tables"]:  # the operator sees what is there, and why it stays inside
        left_out = {(one["region"], one["industry"]): one["reason"] for one in table["left_out"]}
        if table["name"] in {"active_suppliers", "ordered_amount", "payment_days"}:
            assert left_out[PROVINCE, DIVISION] == "few", table["name"]
    [listed] = (await chain.reads("releases"))["items"]
    assert listed == release
    assert release["month"] == f"{this_month()}"
    for name in release["tables"]:
        table = await chain.reads(f"releases/{release['id']}/tables/{name}")
        assert table["cells"] == [], "all are of one supplier and one buyer"
    assert (await chain.reads("method"))["notes"]
    assert await chain.reads(f"previews/{preview['id']}") == 403, "reasons are not for regulators"


@pytest.mark.parametrize("seed", range(3))
async def test_an_order_goes_from_an_invitation_to_a_release(seed: int, world: World) -> None:
    chain = await Chain.begin(world, partial(world.settle, Random(seed)))
    await lived(chain)
    await hold(chain)


async def test_it_goes_the_same_way_over_kafka(world: World, broker: Kafka) -> None:
    names = sorted(world.services)
    await asyncio.to_thread(create_topics, broker.servers, names)
    jobs = [relaying(world.stores[name].system, servers=broker.servers) for name in names]
    jobs += [
        consuming(
            service.handlers,
            world.stores[name].system,
            servers=broker.servers,
            group=f"journey-{name}",
        )
        for name, service in world.services.items()
        if service.handlers.topics
    ]
    async with running(jobs):
        chain = await Chain.begin(world, partial(quiet, world))
        await lived(chain)
        await hold(chain)
    assert await world.letters() == []


async def quiet(world: World) -> None:
    """Wait until everything that was said has been heard by everybody."""
    deadline = asyncio.get_running_loop().time() + HEARD_WITHIN_S_MAX
    still = 0
    before = await world.heard()
    while still < 4:
        assert asyncio.get_running_loop().time() < deadline, "events do not come to rest"
        await asyncio.sleep(0.25)
        now = await world.heard()
        still = still + 1 if now == before and now.waiting == 0 else 0
        before = now
