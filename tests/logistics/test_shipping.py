"""A supplier ships what it confirmed, no more than is left, and time runs one way."""

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.event import Envelope
from contracts.identity import OrganizationRegistered
from contracts.logistics import (
    ShipmentArrived,
    ShipmentCancelled,
    ShipmentDispatched,
    ShipmentPlanned,
    ShipmentTracked,
)
from contracts.scopes import Scope
from services.logistics.domain.handling_units import is_sscc
from services.logistics.handlers import handlers
from shared.database import Store, utc_now
from shared.events import Message
from tests.conftest import SignIn, Stores
from tests.logistics.factories import (
    Sides,
    Trade,
    a_trade,
    announced,
    counted,
    done,
    line_of,
    notice,
    shipped,
    sides,
    violations,
)
from tests.network import deliver


def refusal(answer: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what was refused and why, without what differs between any two requests."""
    return {name: said for name, said in answer.json().items() if name != "trace_id"}


async def here(store: Store, organization_id: UUID) -> None:
    """Let identity tell of an organization, more than once as Kafka may."""
    event = OrganizationRegistered(
        organization_id=organization_id, name="顺达物流", identifiers={}, registered_at=utc_now()
    )
    envelope = Envelope.seal(event, id=uuid4(), time=utc_now())
    message = Message(event.topic(), event.subject, envelope.model_dump_json().encode())
    await deliver([message], handlers, store, chance=Random(7))


async def test_several_orders_and_lots_go_on_one_notice(stores: Stores, sign_in: SignIn) -> None:
    store = stores["logistics"]
    trade = await a_trade(store, 10, 6)
    other = Trade(trade.buyer_id, trade.supplier_id, number="4500009999")
    await a_trade(store, 5, trade=other)
    both = sides(sign_in, trade)
    lots = [("3", "A"), ("2", "B")]
    body = notice(other, 5) | {"number": "N-1"}
    body["lines"] += [
        {"schedule_line_id": str(trade.lines[0]), "quantity": quantity, "lot": lot}
        for quantity, lot in lots
    ]

    shipment = await done(both.supplier.post("shipments", json=body))

    assert shipment["order_numbers"] == ["4500001234", "4500009999"]
    assert [(line["quantity"], line["lot"]) for line in shipment["lines"]] == [
        ("5", None),
        *lots,
    ]
    [planned] = await announced(store, ShipmentPlanned)
    assert [(line.order_id, line.lot) for line in planned.lines] == [
        (other.order_id, None),
        (trade.order_id, "A"),
        (trade.order_id, "B"),
    ]
    more = await done(both.supplier.post("shipments", json=notice(trade, 5, 6)))
    assert more["number"] == "ASN-000001"
    ready = await done(both.supplier.get("ready-lines", params={"view": "all"}))
    assert {line["planned"] for line in ready["items"]} == {"10", "6", "5"}
    assert (await done(both.supplier.get("ready-lines")))["items"] == []


async def test_above_the_tolerance_it_is_refused_with_the_number_left(
    stores: Stores, sign_in: SignIn
) -> None:
    trade = await a_trade(stores["logistics"], 10, quantity_tolerance_percent=25)
    both = sides(sign_in, trade)
    await shipped(both, trade, 9)
    refused = await both.supplier.post("shipments", json=notice(trade, 4))
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/more-than-left")
    assert refused.json()["detail"].startswith("3.5 can be shipped, not 4")
    twice = {"lines": [*notice(trade, 2)["lines"], *notice(trade, 2)["lines"]]}
    assert (await both.supplier.post("shipments", json=notice(trade) | twice)).status_code == 409
    [line] = (await done(both.buyer.get("ready-lines?side=buyer")))["items"]
    assert (line["left_to_ship"], line["most_to_ship"]) == ("1", "3.5")
    assert (await both.supplier.post("shipments", json=notice(trade, 3))).status_code == 201


async def test_only_what_is_confirmed_and_ones_own_is_shipped(
    stores: Stores, sign_in: SignIn
) -> None:
    store = stores["logistics"]
    trade = await a_trade(store, 10, confirm=False)
    both = sides(sign_in, trade)
    refused = await both.supplier.post("shipments", json=notice(trade, 1))
    assert refused.json()["type"] == "/problems/not-confirmed"
    other = await a_trade(store, 5)
    mixed = {"buyer_id": str(trade.buyer_id), "lines": notice(other, 1)["lines"]}
    foreign = await both.supplier.post("shipments", json=mixed)
    missing = await both.supplier.post(
        "shipments",
        json=mixed | {"lines": [{"schedule_line_id": str(uuid4()), "quantity": "1"}]},
    )
    assert foreign.status_code == missing.status_code == 404
    assert refusal(foreign) == refusal(missing)
    third = Trade(other.buyer_id, trade.supplier_id)
    await a_trade(store, 5, trade=third)
    wrong = await both.supplier.post(
        "shipments", json=notice(third, 1) | {"buyer_id": str(trade.buyer_id)}
    )
    assert wrong.json()["type"] == "/problems/other-buyer"


async def test_the_same_notice_again_changes_nothing(stores: Stores, sign_in: SignIn) -> None:
    trade = await a_trade(stores["logistics"], 10)
    both = sides(sign_in, trade)
    body = notice(trade, 4, number="N-7")
    first = await done(both.supplier.post("shipments", json=body))
    again = await done(both.supplier.post("shipments", json=body))
    assert first["id"] == again["id"]
    other = await both.supplier.post("shipments", json=notice(trade, 5, number="N-7"))
    assert (other.status_code, other.json()["type"]) == (409, "/problems/number-taken")
    answer = await done(
        both.supplier.post(
            "shipments/bulk",
            json={"shipments": [body, notice(trade, 5, number="N-8"), notice(trade, 2)]},
        )
    )
    assert [result["status"] for result in answer["results"]] == ["unchanged", "planned", "refused"]
    assert (await line_of(stores["logistics"], trade.lines[0])).planned == 9


async def test_it_leaves_in_the_past_and_arrives_after_that(
    stores: Stores, sign_in: SignIn
) -> None:
    store = stores["logistics"]
    trade = await a_trade(store, 10)
    both = sides(sign_in, trade)
    shipment = await done(both.supplier.post("shipments", json=notice(trade, 4)))
    address = f"shipments/{shipment['id']}"
    now = utc_now()

    async def said(side: Any, what: str, **body: Any) -> Any:  # noqa: ANN401
        return await side.post(f"{address}/{what}", json=body)

    later, before = ((now + timedelta(hours=n)).isoformat() for n in (1, -3))
    early = await said(both.supplier, "arrival")
    assert early.json()["type"] == "/problems/not-under-way"
    assert (await said(both.supplier, "departure", at=later)).status_code == 422
    assert (await said(both.buyer, "departure")).status_code == 403
    expected = await said(both.supplier, "arrival", estimated_at=later)
    assert expected.json()["state"] == "planned"
    assert (await said(both.supplier, "departure", at=now.isoformat())).json()["departed_at"]
    too_early = await said(both.buyer, "arrival", at=before)
    assert too_early.json()["type"] == "/problems/out-of-order"
    assert (await said(both.buyer, "arrival")).json()["state"] == "arrived"
    assert (await said(both.supplier, "cancellation", reason="x")).status_code == 409
    events = await announced(store, ShipmentDispatched, ShipmentArrived)
    assert [type(event) for event in events] == [ShipmentDispatched, ShipmentArrived]
    shown = await done(both.supplier.get(address))
    kinds = [entry["kind"] for entry in shown["story"]]  # in the order in which it happened
    assert kinds == ["planned", "departed", "estimated", "arrived"]


async def test_a_cancelled_notice_gives_its_goods_back(stores: Stores, sign_in: SignIn) -> None:
    store = stores["logistics"]
    trade = await a_trade(store, 10)
    both = sides(sign_in, trade)
    shipment = await done(both.supplier.post("shipments", json=notice(trade, 10)))
    gone = {"reason": "the truck broke down"}
    address = f"shipments/{shipment['id']}/cancellation"
    assert (await done(both.supplier.post(address, json=gone)))["state"] == "cancelled"
    assert (await line_of(store, trade.lines[0])).left_to_ship == 10
    [told] = await announced(store, ShipmentCancelled)
    assert told.reason == gone["reason"]
    receipt = await both.buyer.post("receipts", json=counted(shipment, 1))
    assert (receipt.status_code, receipt.json()["type"]) == (409, "/problems/already-received")


async def test_each_package_gets_a_number_that_is_never_used_again(
    stores: Stores, sign_in: SignIn
) -> None:
    trade = await a_trade(stores["logistics"], 10)
    both = sides(sign_in, trade)
    boxes = [{"lines": [{"line": 1, "quantity": "4"}]} for _ in range(2)]
    shipment = await done(both.supplier.post("shipments", json=notice(trade, 8, packages=boxes)))
    address = f"shipments/{shipment['id']}/packages"
    pallet = {"kind": "pallet", "lines": [{"line": 1, "quantity": "8"}]}
    repacked = await done(both.supplier.put(address, json={"packages": [pallet]}))
    seen = [unit["sscc"] for unit in (*shipment["packages"], *repacked["packages"])]
    assert len(set(seen)) == 3
    assert all(map(is_sscc, seen))
    too_much = {"packages": [pallet, *boxes]}
    assert (await both.supplier.put(address, json=too_much)).status_code == 422
    elsewhere = {"packages": [{"lines": [{"line": 2, "quantity": "1"}]}]}
    assert (await both.supplier.put(address, json=elsewhere)).status_code == 422
    await both.supplier.post(f"shipments/{shipment['id']}/departure", json={})
    assert (await both.supplier.put(address, json={"packages": []})).status_code == 409
    assert await violations(stores["logistics"]) == {}


async def test_a_carrier_sees_what_it_carries_and_nothing_else(
    stores: Stores, sign_in: SignIn
) -> None:
    store = stores["logistics"]
    trade = await a_trade(store, 10)
    both = sides(sign_in, trade)
    carrier_id = uuid4()
    await here(store, carrier_id)
    carried = await shipped(both, trade, 4, carrier_id=str(carrier_id))
    not_carried = await shipped(both, trade, 2)
    everything = (Scope.LOGISTICS_TRACK, Scope.LOGISTICS_READ, Scope.LOGISTICS_SHIP)
    carrier = sign_in("logistics", carrier_id, *everything, name="Cargo client")

    [seen] = (await done(carrier.get("carriage")))["items"]
    assert seen["id"] == carried["id"]
    assert not {"lines", "order_numbers", "packages", "story"} & set(seen)
    tracking = {"kind": "on_the_way", "place": "惠州 Huizhou", "text": "A tire was changed"}
    address = f"carriage/{carried['id']}/tracking"
    assert (await done(carrier.post(address, json=tracking)))["tracking"][0]["by"] == "Cargo client"
    foreign = await carrier.post(f"carriage/{not_carried['id']}/tracking", json=tracking)
    missing = await carrier.post(f"carriage/{uuid4()}/tracking", json=tracking)
    assert foreign.status_code == missing.status_code == 404
    assert refusal(foreign) == refusal(missing)
    future = {"kind": "delivered", "at": (utc_now() + timedelta(days=1)).isoformat()}
    assert (await carrier.post(address, json=future)).status_code == 422
    await _is_blind_otherwise(carrier, carried)
    shown = await done(both.buyer.get(f"shipments/{carried['id']}"))
    assert [entry["place"] for entry in shown["tracking"]] == ["惠州 Huizhou"]
    [told] = await announced(store, ShipmentTracked)
    assert told.carrier_id == carrier_id


async def _is_blind_otherwise(carrier: Any, carried: Any) -> None:  # noqa: ANN401
    address = f"shipments/{carried['id']}"
    for path in (address, f"{address}/label", f"{address}/delivery-note"):
        assert (await carrier.get(path)).status_code == 404
    assert (await carrier.post(f"{address}/departure", json={})).status_code == 404
    for path in ("shipments", "ready-lines", "receipts", "arrivals"):
        assert (await done(carrier.get(path)))["items"] == []


async def test_the_buyer_sees_what_comes_today_and_what_is_late(
    stores: Stores, sign_in: SignIn
) -> None:
    trade = await a_trade(stores["logistics"], 10)
    both = sides(sign_in, trade)
    now = utc_now()
    for number, hours in (("late", -30), ("soon", 0), ("far", 24 * 9)):
        when = (now + timedelta(hours=hours)).isoformat()
        body = notice(trade, 1, number=number, estimated_arrival_at=when)
        await done(both.supplier.post("shipments", json=body))
    arrivals = (await done(both.buyer.get("arrivals")))["items"]
    assert (arrivals[0]["number"], arrivals[0]["late"]) == ("late", True)
    assert "far" not in {row["number"] for row in arrivals}
    counts = await done(both.buyer.get("shipments/summary?side=buyer"))
    assert (counts["planned"], counts["ready_lines"]) == (3, 1)
    assert counts["late"] >= 1
    found = await done(both.buyer.get("shipments", params={"q": "soon", "state": "planned"}))
    assert [row["number"] for row in found["items"]] == ["soon"]
    of_order = {"order_id": str(trade.order_id)}
    assert len((await done(both.buyer.get("shipments", params=of_order)))["items"]) == 3


@pytest.fixture
async def under_way(stores: Stores, sign_in: SignIn) -> tuple[Sides, Trade, Any]:
    trade = await a_trade(stores["logistics"], 10)
    both = sides(sign_in, trade)
    return both, trade, await shipped(both, trade, 4)


async def test_strangers_see_nothing_and_cannot_tell(
    sign_in: SignIn, under_way: tuple[Sides, Trade, Any]
) -> None:
    _, _, shipment = under_way
    stranger = sign_in("logistics", uuid4(), Scope.LOGISTICS_READ, Scope.LOGISTICS_SHIP)
    answers = [await stranger.get(f"shipments/{id_}") for id_ in (shipment["id"], uuid4())]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert refusal(answers[0]) == refusal(answers[1])
    for code in (shipment["number"], shipment["id"], "4500001234"):
        assert (await done(stranger.get("scan", params={"code": code})))["matches"] == []


async def test_scanning_a_notice_tells_what_is_expected(
    under_way: tuple[Sides, Trade, Any],
) -> None:
    both, _, shipment = under_way
    await done(both.buyer.post("receipts", json=counted(shipment, 1, complete=False)))
    for code in (shipment["number"], str(UUID(shipment["id"]))):
        [match] = (await done(both.buyer.get("scan", params={"code": code})))["matches"]
        assert [line["expected"] for line in match["lines"]] == ["3"]


async def test_a_carrier_that_is_nobody_here_is_refused_until_it_is_heard_of(
    stores: Stores, sign_in: SignIn
) -> None:
    store = stores["logistics"]
    trade = await a_trade(store, 10)
    both = sides(sign_in, trade)
    carrier_id = uuid4()
    lines = [{"schedule_line_id": str(trade.lines[0]), "quantity": "2"}]
    asked: dict[str, Any] = {"lines": lines}
    asked |= {"buyer_id": str(trade.buyer_id)}
    unknown = await both.supplier.post("shipments", json=asked | {"carrier_id": str(carrier_id)})
    assert (unknown.status_code, refusal(unknown)["type"].rpartition("/")[2]) == (
        422,
        "carrier-unknown",
    )
    assert "carrier_id" in refusal(unknown)["detail"]
    bulk = [asked | {"carrier_id": str(carrier_id)}, asked | {"carrier_name": "顺达物流"}]
    bulk += [asked | {"carrier_id": str(one)} for one in (trade.supplier_id, trade.buyer_id)]
    results = (await done(both.supplier.post("shipments/bulk", json={"shipments": bulk})))[
        "results"
    ]
    assert [one["status"] for one in results] == ["refused", *["planned"] * 3]
    await here(store, carrier_id)
    known = await both.supplier.post("shipments", json=asked | {"carrier_id": str(carrier_id)})
    assert known.status_code == 201
    assert await violations(store) == {}
