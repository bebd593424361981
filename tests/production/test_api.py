"""Reporting progress over HTTP."""

from typing import Any

from contracts.production import ProgressReported, WorkOrderCompleted
from contracts.scopes import Scope
from tests.conftest import SignIn, Stores
from tests.production import factories
from tests.production.factories import announced

READ, WRITE = Scope.PRODUCTION_READ, Scope.PRODUCTION_WRITE


class TestReport:
    async def test_the_last_piece_announces_the_work_order(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        order = await factories.work_order(stores["production"])
        supplier = sign_in("production", order.supplier_id, WRITE)

        first = await supplier.post(f"work-orders/{order.id}/reports", json=report(good="7"))
        last = await supplier.post(f"work-orders/{order.id}/reports", json=report(good="3"))

        assert first.status_code == last.status_code == 201
        assert (first.json()["status"], first.json()["remaining"]) == ("open", "3")
        assert (last.json()["status"], last.json()["remaining"]) == ("completed", "0")
        *_, reported, completed = await announced(stores["production"])
        assert isinstance(reported, ProgressReported)
        assert isinstance(completed, WorkOrderCompleted)
        assert [reported.completed, completed.quantity] == [10, 10]
        assert str(reported.report_id) == last.json()["report_id"]

    async def test_a_report_goes_through_the_operations(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        order = await factories.work_order(stores["production"], operations=("Cut", "Weld"))
        supplier = sign_in("production", order.supplier_id, WRITE, READ)
        address = f"work-orders/{order.id}/reports"

        early = await supplier.post(address, json=report(operation=2, good="1"))
        assert early.json()["type"] == "/problems/more-than-came-before"
        assert "First report what has left operation 1" in early.json()["detail"]
        await supplier.post(address, json=report(operation=1, good="8"))
        answer = await supplier.post(address, json=report(operation=2, good="5", scrapped="1"))

        assert [(o["good"], o["scrapped"], o["open"]) for o in answer.json()["operations"]] == [
            ("8", "0", "3"),
            ("5", "1", "2"),
        ]
        shown = (await supplier.get(f"work-orders/{order.id}")).json()
        assert {name: shown[name] for name in ("completed", "remaining", "reports")} == {
            "completed": "5",
            "remaining": "5",
            "reports": 2,
        }


def report(**given: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"operation": 1, **given}
