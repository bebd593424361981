"""The evidence of a debt: every record behind it in one file, and nobody else's."""

import json
from collections.abc import AsyncIterator
from hashlib import sha256
from io import BytesIO
from zipfile import ZipFile

import pytest

from tests.conftest import Stores
from tests.story import tell
from tests.visiting import Visitor
from tests.world import Party, World


@pytest.fixture
async def world(stores: Stores) -> AsyncIterator[World]:
    """Yield all services."""
    opened = World(stores)
    yield opened
    await opened.close()


async def opened(world: World, party: Party, payable_id: str) -> dict[str, bytes]:
    visitor = await Visitor.arrive(world, party)
    answer = await visitor.get(f"/owed/{payable_id}/evidence")
    assert answer.status_code == 200, answer.text
    with ZipFile(BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def test_the_evidence_holds_every_record_behind_a_debt(world: World) -> None:
    cast = await tell(world)
    receipts = await world.act(cast.buyer, "GET", "logistics/receipts?side=buyer&state=waiting")
    [came] = [one for one in receipts["items"] if one["shipment_id"]]
    await world.act(cast.buyer, "POST", f"logistics/receipts/{came['id']}/acceptance", {})
    await world.settle()
    debts = await world.act(cast.supplier, "GET", "settlement/payables?side=supplier")
    found = [await opened(world, cast.supplier, debt["id"]) for debt in debts["items"]]
    for debt, papers in zip(debts["items"], found, strict=True):
        manifest = json.loads(papers.pop("manifest.json"))
        assert manifest["left_out"] == {}
        assert manifest["files"].keys() == papers.keys() >= {"order-story.json", "receipt.json"}
        for name, content in papers.items():
            assert manifest["files"][name]["sha256"] == sha256(content).hexdigest()
        assert json.loads(papers["debt.json"])["id"] == debt["id"]
        assert json.loads(papers["order.json"])["number"] == debt["order_number"]
        story = await world.act(
            cast.supplier, "GET", f"orders/orders/{debt['order_id']}/story?limit=200"
        )
        assert json.loads(papers["order-story.json"])["items"] == story["items"]
    shipped = [papers for papers in found if "shipment.json" in papers]
    assert shipped, "what came with a notice"
    assert all(papers["delivery-note.pdf"].startswith(b"%PDF-") for papers in shipped)
    assert any(name.startswith("invoice-") for papers in found for name in papers)

    stranger = await Visitor.arrive(world, cast.other_supplier)
    answer = await stranger.get(f"/owed/{debts['items'][0]['id']}/evidence")
    assert answer.status_code == 404
