"""Work orders over HTTP: their operations, and who sees what."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from contracts.production import WorkOrderOpened
from contracts.scopes import Scope
from tests.conftest import SignIn, Stores
from tests.production import factories
from tests.production.factories import announced

READ, WRITE, IMPORT = Scope.PRODUCTION_READ, Scope.PRODUCTION_WRITE, Scope.PRODUCTION_IMPORT


def report(**given: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"operation": 1, **given}


class TestOperations:
    async def test_are_remembered_for_the_items_next_work_order(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        store = stores["production"]
        order = await factories.work_order(store)
        supplier = sign_in("production", order.supplier_id, WRITE, READ)
        body = {"operations": [{"name": "下料 Cut"}, {"name": "焊接 Weld"}]}

        answer = await supplier.put(f"work-orders/{order.id}/operations", json=body)
        again = await supplier.put(f"work-orders/{order.id}/operations", json=body)

        assert answer.status_code == again.status_code == 200
        assert [o["name"] for o in answer.json()["operations"]] == ["下料 Cut", "焊接 Weld"]
        [opened] = await announced(store)  # told once: the second changed nothing
        assert isinstance(opened, WorkOrderOpened)
        assert ([o.name for o in opened.operations], opened.revision) == (
            ["下料 Cut", "焊接 Weld"],
            2,
        )
        same: Any = {"supplier_id": order.supplier_id, "buyer_id": order.buyer_id}
        following = await factories.work_order(store, **same)
        elsewhere = await factories.work_order(store, supplier_id=order.supplier_id)
        assert following.operations == ["下料 Cut", "焊接 Weld"]
        assert elsewhere.operations == ["完工 Finished"]

    async def test_are_fixed_by_the_first_report(self, stores: Stores, sign_in: SignIn) -> None:
        order = await factories.work_order(stores["production"])
        supplier = sign_in("production", order.supplier_id, WRITE)
        made = await supplier.post(f"work-orders/{order.id}/reports", json=report(good="1"))
        body = {"operations": [{"name": "Cut"}]}

        refused = await supplier.put(f"work-orders/{order.id}/operations", json=body)
        await supplier.post(
            f"reports/{made.json()['report_id']}/reversal", json={"reason": "wrong steps"}
        )
        allowed = await supplier.put(f"work-orders/{order.id}/operations", json=body)

        assert refused.json()["type"] == "/problems/already-started"
        assert allowed.status_code == 200

    @pytest.mark.parametrize(("who", "status"), [("buyer_id", 403), ("stranger", 404)])
    async def test_are_the_suppliers_to_set(
        self, who: str, status: int, stores: Stores, sign_in: SignIn
    ) -> None:
        order = await factories.work_order(stores["production"])
        other = sign_in("production", getattr(order, who, uuid4()), WRITE)
        body = {"operations": [{"name": "Cut"}]}
        answer = await other.put(f"work-orders/{order.id}/operations", json=body)
        assert answer.status_code == status

    @pytest.mark.parametrize("count", [0, 31])
    async def test_are_1_to_30(self, count: int, stores: Stores, sign_in: SignIn) -> None:
        order = await factories.work_order(stores["production"])
        supplier = sign_in("production", order.supplier_id, WRITE)
        body = {"operations": [{"name": f"step {number}"} for number in range(count)]}
        answer = await supplier.put(f"work-orders/{order.id}/operations", json=body)
        assert answer.status_code == 422


class TestLists:
    async def test_work_orders_by_side_status_order_and_words(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        store, me = stores["production"], uuid4()
        made = await factories.work_order(store, supplier_id=me, item_name="Gear 100%")
        bought = await factories.work_order(store, buyer_id=me)
        await factories.work_order(store)
        client = sign_in("production", me, READ, WRITE)
        await client.post(f"work-orders/{made.id}/reports", json=report(good="10"))

        async def found(query: str) -> set[str]:
            items = (await client.get(f"work-orders?{query}")).json()["items"]
            return {item["id"] for item in items}

        assert await found("") == {str(made.id), str(bought.id)}
        assert await found("side=supplier") == {str(made.id)}
        assert await found("side=buyer") == {str(bought.id)}
        assert await found("status=completed") == {str(made.id)}
        assert await found(f"order_id={bought.order_id}") == {str(bought.id)}
        assert await found("q=gear") == {str(made.id)}
        assert await found("q=100%25") == {str(made.id)}
        assert await found("q=H-40&status=cancelled") == set()

    async def test_pages_hold_every_work_order_once(self, stores: Stores, sign_in: SignIn) -> None:
        store, me = stores["production"], uuid4()
        days = [date(2026, 12, day) for day in (5, 1, 1, 3, 1)]
        orders = [await factories.work_order(store, supplier_id=me, promised_on=on) for on in days]
        client = sign_in("production", me, READ)
        seen, address = [], "/api/production/v1/work-orders?limit=2&side=supplier"
        while address:
            page = (await client.get(f"http://localhost{address}")).json()
            seen += [(item["promised_on"], item["id"]) for item in page["items"]]
            address = page["next"]
        assert seen == sorted((str(o.promised_on), str(o.id)) for o in orders)

    async def test_a_reason_of_scrap_is_the_suppliers_alone(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        order = await factories.work_order(stores["production"])
        supplier = sign_in("production", order.supplier_id, WRITE, READ)
        buyer = sign_in("production", order.buyer_id, READ)
        address = f"work-orders/{order.id}/reports"
        why = report(good="1", scrapped="2", scrap_reason="Cracked mould")
        assert "Cracked" not in (await supplier.post(address, json=why)).text

        for path in (address, f"reports?order_id={order.order_id}"):
            [own] = (await supplier.get(path)).json()["items"]
            [theirs] = (await buyer.get(path)).json()["items"]
            assert own.pop("scrap_reason") == "Cracked mould"
            assert own == theirs
        told = [event.model_dump_json() for event in await announced(stores["production"])]
        assert "Cracked" not in str(told)

    async def test_reports_of_an_order_are_those_of_all_its_lines(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        store, me, order_id = stores["production"], uuid4(), uuid4()
        same: Any = {"supplier_id": me, "buyer_id": uuid4(), "order_id": order_id}
        lines = [await factories.work_order(store, **same) for _ in range(2)]
        lines.append(await factories.work_order(store, supplier_id=me))
        client = sign_in("production", me, READ, WRITE)
        for line in lines:
            await client.post(f"work-orders/{line.id}/reports", json=report(good="1"))

        listed = (await client.get(f"reports?order_id={order_id}")).json()["items"]

        assert [item["work_order_id"] for item in listed] == [str(lines[1].id), str(lines[0].id)]
        stranger = sign_in("production", uuid4(), READ)
        assert (await stranger.get(f"reports?order_id={order_id}")).json()["items"] == []
        assert (await stranger.get(f"work-orders/{lines[0].id}/reports")).status_code == 404
        assert (await stranger.get(f"work-orders/{lines[0].id}")).status_code == 404
