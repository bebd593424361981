"""Placing orders over HTTP: singly, in bulk and from the past."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from contracts.onboarding import RelationshipState
from contracts.orders import OrderPlaced
from contracts.scopes import Scope
from tests.conftest import SignIn, Stores
from tests.orders.factories import (
    BUYS,
    a_line,
    a_pair,
    an_order,
    announced,
    in_days,
    related,
    told,
)


class TestPlaceOrder:
    async def test_an_order_stands_as_it_was_written(self, stores: Stores, sign_in: SignIn) -> None:
        pair = await a_pair(stores, sign_in)
        lines = [
            a_line(
                "7",
                price="100.125",
                price_unit=100,
                schedule_lines=[
                    {"quantity": "3", "due_on": in_days(10)},
                    {"quantity": "4", "due_on": in_days(20)},
                ],
            ),
            a_line("2.5", position=20, unit="KGM", amount="99.99", plant="1000"),
        ]

        placed = await pair.place(number="4500082137", lines=lines)

        assert placed["number"] == "4500082137"
        assert (placed["buyer_name"], placed["supplier_name"]) == ("比邻汽车", "宏远精密")
        assert placed["placed_by"] == "Lin Mei"
        first, second = placed["lines"]
        assert first["amount"] == {"amount": "7.01", "currency": "CNY"}
        assert [part["amount"]["amount"] for part in first["schedule_lines"]] == ["3.00", "4.01"]
        assert [part["sequence"] for part in first["schedule_lines"]] == [1, 2]
        assert (second["amount"]["amount"], second["computed_amount"]["amount"]) == (
            "99.99",
            "31.25",
        )
        assert placed["amount"]["amount"] == "107.00"
        assert {part["light"] for part in first["schedule_lines"]} == {"unconfirmed"}
        read = await pair.supplier.get(f"orders/{placed['id']}")
        assert read.json() == placed

    async def test_it_is_announced_with_all_that_readers_need(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        placed = await pair.place(lines=[a_line("1.50")])

        [event] = await announced(stores)

        assert isinstance(event, OrderPlaced)
        assert str(event.order_id) == placed["id"]
        assert event.occurred_at == event.recorded_at
        [line] = event.lines
        assert (line.amount.amount_minor, line.amount.currency) == (1_875, "CNY")
        [part] = line.schedule_lines
        assert (str(part.schedule_line_id), str(part.quantity)) == (
            placed["lines"][0]["schedule_lines"][0]["id"],
            "1.5",
        )

    async def test_the_same_order_again_is_answered_as_it_stands(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        order = an_order(pair.supplier_id)
        first = await pair.buyer.post("orders", json=order)
        order["lines"][0]["price"] = "12.50"  # the same number, written otherwise

        again = await pair.buyer.post("orders", json=order)

        assert (again.status_code, again.json()) == (201, first.json())
        assert len(await announced(stores)) == 1

    async def test_another_order_under_its_number_is_refused(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        order = an_order(pair.supplier_id)
        await pair.buyer.post("orders", json=order)

        other = await pair.buyer.post("orders", json=order | {"lines": [a_line("1")]})

        assert other.status_code == 409
        assert other.json()["type"] == "/problems/number-taken"
        assert order["number"] in other.json()["detail"]

    @pytest.mark.parametrize(
        ("state", "remedy"),
        [
            (None, "Propose a relationship"),
            (RelationshipState.PROPOSED, "has not accepted"),
            (RelationshipState.SUSPENDED, "once it is resumed"),
            (RelationshipState.ENDED, "propose a new one"),
        ],
    )
    async def test_without_an_active_relationship_the_remedy_is_named(
        self, stores: Stores, sign_in: SignIn, state: RelationshipState | None, remedy: str
    ) -> None:
        buyer_id, supplier_id = uuid4(), uuid4()
        if state:
            await told(stores, related(buyer_id, supplier_id, state))
        buyer = sign_in("orders", buyer_id, *BUYS)

        refused = await buyer.post("orders", json=an_order(supplier_id))

        assert refused.status_code == 409
        assert refused.json()["type"] == "/problems/no-active-relationship"
        assert remedy in refused.json()["detail"]
        assert await announced(stores) == []

    async def test_a_supplier_orders_only_where_it_is_the_buyer(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        client = sign_in("orders", pair.supplier_id, Scope.ORDERS_PLACE)

        refused = await client.post("orders", json=an_order(pair.buyer_id))

        assert refused.json()["type"] == "/problems/no-active-relationship"

    @pytest.mark.parametrize(
        ("given", "status", "kind"),
        [
            ({"lines": [a_line(), a_line()]}, 422, "position-twice"),
            ({"lines": [a_line(amount="0.001")]}, 422, "amount-impossible"),
            ({"lines": [a_line("999999999999", price="999999999999")]}, 422, "amount-impossible"),
            ({"lines": []}, 422, "invalid-input"),
            ({"lines": [a_line("0")]}, 422, "invalid-input"),
            ({"currency": "cny"}, 422, "invalid-input"),
            ({"lines": [a_line(price=1.5)]}, 422, "invalid-input"),
        ],
    )
    async def test_what_cannot_be_is_refused(
        self, stores: Stores, sign_in: SignIn, given: dict[str, Any], status: int, kind: str
    ) -> None:
        pair = await a_pair(stores, sign_in)
        refused = await pair.buyer.post("orders", json=an_order(pair.supplier_id, **given))
        assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{kind}")

    async def test_amounts_follow_the_decimals_of_the_currency(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        placed = await pair.place(currency="JPY", lines=[a_line("3", price="0.5")])
        assert placed["amount"] == {"amount": "2", "currency": "JPY"}

    async def test_an_id_is_used_once(self, stores: Stores, sign_in: SignIn) -> None:
        ours, theirs = await a_pair(stores, sign_in), await a_pair(stores, sign_in)
        placed = await ours.place()
        for pair in (ours, theirs):
            order = an_order(pair.supplier_id, id=placed["id"])
            refused = await pair.buyer.post("orders", json=order)
            assert (refused.status_code, refused.json()["type"]) == (409, "/problems/id-taken")


class TestManyOrders:
    async def test_a_batch_does_what_its_orders_would_do_one_at_a_time(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        good, other = an_order(pair.supplier_id), an_order(pair.supplier_id)
        batch = [
            good,
            good,
            good | {"lines": [a_line("1")]},
            an_order(uuid4()),
            other,
            other | {"number": "X", "lines": [a_line(), a_line()]},
        ]

        answer = await pair.buyer.post("orders/bulk", json={"orders": batch})

        assert answer.status_code == 200
        results = answer.json()["results"]
        assert [r["index"] for r in results] == list(range(6))
        said = [r["status"] for r in results]
        assert said == ["placed", "unchanged", "refused", "refused", "placed", "refused"]
        assert [r["problem"] and r["problem"]["type"] for r in results] == [
            None,
            None,
            "/problems/number-taken",
            "/problems/no-active-relationship",
            None,
            "/problems/position-twice",
        ]
        assert results[0]["order_id"] == results[1]["order_id"]
        assert results[0]["lines"] == results[1]["lines"]
        assert len(await announced(stores)) == 2

        again = await pair.buyer.post("orders/bulk", json={"orders": batch})
        said = [r["status"] for r in again.json()["results"]]
        assert said == ["unchanged", "unchanged", "refused", "refused", "unchanged", "refused"]
        assert await announced(stores) == []

    async def test_too_many_lines_are_refused_whole(self, stores: Stores, sign_in: SignIn) -> None:
        pair = await a_pair(stores, sign_in)
        parts = [{"quantity": "1", "due_on": in_days(5)}] * 200
        lines = [a_line(position=n, schedule_lines=parts) for n in range(1, 102)]
        refused = await pair.buyer.post(
            "orders/bulk", json={"orders": [an_order(pair.supplier_id, lines=lines)]}
        )
        assert refused.status_code == 422
        assert "20000" in refused.json()["detail"]

    async def test_parallel_placements_of_one_number_have_one_effect(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        orders = [an_order(pair.supplier_id) for _ in range(6)]
        others = [order | {"lines": [a_line("1")]} for order in orders]

        async def place(batch: list[dict[str, Any]]) -> list[str]:
            answer = await pair.buyer.post("orders/bulk", json={"orders": batch})
            assert answer.status_code == 200, answer.text
            return [result["status"] for result in answer.json()["results"]]

        answers = await asyncio.gather(
            *(place(orders) for _ in range(3)),
            *(place(orders[::-1]) for _ in range(3)),
            place(others),
            place(others[::-1]),
        )

        placed = [status for said in answers for status in said if status == "placed"]
        assert len(placed) == len(orders)
        assert len(await announced(stores)) == len(orders)

    async def test_history_is_marked_and_may_be_of_unknown_date(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        importer = sign_in("orders", pair.buyer_id, Scope.ORDERS_IMPORT, name="ERP")
        orders = [
            an_order(pair.supplier_id) | {"occurred_at": "2015-03-04T00:00:00+08:00"},
            an_order(pair.supplier_id) | {"occurred_at": None},
        ]
        ended = related(
            pair.buyer_id,
            pair.supplier_id,
            RelationshipState.ENDED,
            relationship_id=pair.relationship.relationship_id,
        )
        await told(stores, ended)

        answer = await importer.post("orders/import", json={"orders": orders})

        assert [r["status"] for r in answer.json()["results"]] == ["placed", "placed"]
        known, unknown = await announced(stores)
        assert isinstance(known, OrderPlaced)
        assert isinstance(unknown, OrderPlaced)
        assert known.imported
        assert known.occurred_at
        assert known.occurred_at.isoformat() == "2015-03-03T16:00:00+00:00"
        assert unknown.occurred_at is None
        ids = [result["order_id"] for result in answer.json()["results"]]
        story = await pair.buyer.get(f"orders/{ids[1]}/story")
        [entry] = story.json()["items"]
        assert (entry["kind"], entry["occurred_at"], entry["imported"]) == ("placed", None, True)

    async def test_history_needs_the_operators_scope(self, stores: Stores, sign_in: SignIn) -> None:
        pair = await a_pair(stores, sign_in)
        refused = await pair.buyer.post(
            "orders/import", json={"orders": [an_order(pair.supplier_id)]}
        )
        assert refused.status_code == 403


class TestItems:
    async def test_items_come_about_on_the_way_and_keep_their_first_name(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        await pair.place()
        await pair.place(lines=[a_line(item_name="Knuckle")])
        items = (await pair.buyer.get("items?q=zx-")).json()["items"]
        assert [(i["number"], i["name"]) for i in items] == [("ZX-2041", "转向节，左前")]
        assert (await pair.supplier.get("items")).json()["items"] == []

    async def test_recording_items_names_what_is_new(self, stores: Stores, sign_in: SignIn) -> None:
        pair = await a_pair(stores, sign_in)
        await pair.place()
        items = [
            {"number": "ZX-2041", "name": "转向节，左前", "unit": "C62"},
            {"number": "BT-1188", "name": "Battery tray", "unit": "C62"},
        ]
        answer = await pair.buyer.post("items/bulk", json={"items": items})
        assert [r["status"] for r in answer.json()["results"]] == ["unchanged", "recorded"]
