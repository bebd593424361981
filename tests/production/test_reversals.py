"""Taking a wrong report back over HTTP."""

from typing import Any
from uuid import uuid4

import pytest

from contracts.production import ProgressReported, WorkOrderCompleted
from contracts.scopes import Scope
from tests.conftest import SignIn, Stores
from tests.production import factories
from tests.production.factories import announced

READ, WRITE, IMPORT = Scope.PRODUCTION_READ, Scope.PRODUCTION_WRITE, Scope.PRODUCTION_IMPORT


def report(**given: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"operation": 1, **given}


class TestReversal:
    async def test_takes_a_report_back_and_opens_the_work_order_again(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        order = await factories.work_order(stores["production"])
        supplier = sign_in("production", order.supplier_id, WRITE, READ)
        address = f"work-orders/{order.id}/reports"
        made = (await supplier.post(address, json=report(good="10"))).json()

        answer = await supplier.post(
            f"reports/{made['report_id']}/reversal", json={"reason": "Counted twice"}
        )
        await supplier.post(address, json=report(good="10"))

        assert answer.status_code == 201
        assert (answer.json()["status"], answer.json()["completed"]) == ("open", "0")
        assert answer.json()["started_at"] is None
        _, completed, reversal, _, again = await announced(stores["production"])
        assert isinstance(completed, WorkOrderCompleted)
        assert isinstance(again, WorkOrderCompleted)
        assert isinstance(reversal, ProgressReported)
        assert str(reversal.reverses) == made["report_id"]
        assert [reversal.good, reversal.completed] == [-10, 0]
        new, back, old = (await supplier.get(address)).json()["items"]
        assert (back["reverses"], back["reason"]) == (old["id"], "Counted twice")
        assert (old["reversed_by"], new["reversed_by"]) == (back["id"], None)
        assert back["good"] == "-10"

    async def test_is_done_once_and_never_to_itself(self, stores: Stores, sign_in: SignIn) -> None:
        order = await factories.work_order(stores["production"])
        supplier = sign_in("production", order.supplier_id, WRITE)
        made = (
            await supplier.post(f"work-orders/{order.id}/reports", json=report(good="1"))
        ).json()
        why = {"reason": "Counted twice"}
        back = (await supplier.post(f"reports/{made['report_id']}/reversal", json=why)).json()

        for report_id in (made["report_id"], back["report_id"]):
            answer = await supplier.post(f"reports/{report_id}/reversal", json=why)
            assert answer.json()["type"] == "/problems/already-reversed"

    async def test_is_refused_while_later_operations_need_it(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        order = await factories.work_order(stores["production"], operations=("Cut", "Weld"))
        supplier = sign_in("production", order.supplier_id, WRITE)
        address = f"work-orders/{order.id}/reports"
        cut = (await supplier.post(address, json=report(good="8"))).json()
        weld = (await supplier.post(address, json=report(operation=2, good="5"))).json()
        why = {"reason": "Counted twice"}

        early = await supplier.post(f"reports/{cut['report_id']}/reversal", json=why)
        later = await supplier.post(f"reports/{weld['report_id']}/reversal", json=why)
        now = await supplier.post(f"reports/{cut['report_id']}/reversal", json=why)

        assert early.json()["type"] == "/problems/later-operations-need-it"
        assert "First take back reports of operation 2 that make up 5 or more" in early.text
        assert later.status_code == now.status_code == 201

    @pytest.mark.parametrize(("who", "status"), [("buyer_id", 403), ("stranger", 404)])
    async def test_is_the_suppliers_alone(
        self, who: str, status: int, stores: Stores, sign_in: SignIn
    ) -> None:
        order = await factories.work_order(stores["production"])
        supplier = sign_in("production", order.supplier_id, WRITE)
        made = (
            await supplier.post(f"work-orders/{order.id}/reports", json=report(good="1"))
        ).json()
        other = sign_in("production", getattr(order, who, uuid4()), WRITE)
        answer = await other.post(
            f"reports/{made['report_id']}/reversal", json={"reason": "Counted twice"}
        )
        assert answer.status_code == status
