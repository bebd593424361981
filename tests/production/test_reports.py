"""Reporting progress over HTTP: singly, in bulk, and from history."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
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

    @pytest.mark.parametrize(
        ("who", "scope", "status"),
        [
            ("supplier_id", READ, 403),
            ("buyer_id", WRITE, 403),
            ("stranger", WRITE, 404),
        ],
    )
    async def test_only_the_supplier_reports(
        self, stores: Stores, sign_in: SignIn, who: str, scope: Scope, status: int
    ) -> None:
        order = await factories.work_order(stores["production"])
        client = sign_in("production", getattr(order, who, uuid4()), scope)

        answer = await client.post(f"work-orders/{order.id}/reports", json=report(good="1"))

        assert answer.status_code == status
        assert await announced(stores["production"]) == []

    @pytest.mark.parametrize(
        ("body", "status", "said"),
        [
            (report(good="11"), 409, "10 are left to report of operation 1, not 11"),
            (report(operation=2, good="1"), 422, "Name an operation from 1 to 1"),
            (report(good="0"), 422, "Say how much"),
            (report(good="-1"), 422, "good"),
            (report(good="0.0000001"), 422, "good"),
            (report(good="NaN"), 422, "good"),
            (report(good="1e400"), 422, "good"),
            (report(good=0.5), 422, "as text"),
            (report(good=True), 422, "as text"),
            (report(good="1", operation="1"), 422, "operation"),
            (report(good="1", operation=31), 422, "operation"),
            (report(good="1", scrap_reason="\x00"), 422, "scrap_reason"),
            (report(good="1", scrap_reason="x" * 201), 422, "scrap_reason"),
            (report(good="1", colour="red"), 422, "colour"),
            ({"operation": 1}, 422, "good"),
            ([], 422, ""),
        ],
    )
    async def test_a_wrong_report_is_refused_by_name(
        self, body: object, status: int, said: str, stores: Stores, sign_in: SignIn
    ) -> None:
        order = await factories.work_order(stores["production"])
        supplier = sign_in("production", order.supplier_id, WRITE)

        answer = await supplier.post(f"work-orders/{order.id}/reports", json=body)

        assert answer.status_code == status
        assert said in answer.text

    async def test_a_reference_counts_once(self, stores: Stores, sign_in: SignIn) -> None:
        order = await factories.work_order(stores["production"])
        supplier = sign_in("production", order.supplier_id, WRITE)
        address = f"work-orders/{order.id}/reports"

        once = await supplier.post(address, json=report(good="2", reference="MES-1"))
        twice = await supplier.post(address, json=report(good="2", reference="MES-1"))
        other = await supplier.post(address, json=report(good="3", reference="MES-1"))

        assert (once.json()["outcome"], twice.json()["outcome"]) == ("recorded", "unchanged")
        assert once.json()["report_id"] == twice.json()["report_id"]
        assert twice.json()["completed"] == "2"
        assert other.json()["type"] == "/problems/reference-taken"

    async def test_a_post_with_the_same_key_has_one_effect(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        order = await factories.work_order(stores["production"])
        supplier = sign_in("production", order.supplier_id, WRITE)
        address, key = f"work-orders/{order.id}/reports", {"Idempotency-Key": "k-1"}

        once = await supplier.post(address, json=report(good="2"), headers=key)
        again = await supplier.post(address, json=report(good="2"), headers=key)
        other = await supplier.post(address, json=report(good="3"), headers=key)

        assert again.content == once.content
        assert other.status_code == 422
        assert len(await announced(stores["production"])) == 1


class TestBulk:
    async def test_each_report_is_answered_in_order(self, stores: Stores, sign_in: SignIn) -> None:
        order = await factories.work_order(stores["production"], quantity=Decimal(5))
        supplier = sign_in("production", order.supplier_id, WRITE)
        reports = [
            report(work_order_id=str(id_), good=good)
            for id_, good in [(order.id, "3"), (order.id, "3"), (uuid4(), "1"), (order.id, "2")]
        ]

        answer = await supplier.post("reports", json={"reports": reports})

        assert answer.status_code == 200
        results = answer.json()["results"]
        assert [r["index"] for r in results] == [0, 1, 2, 3]
        assert [r["status"] for r in results] == ["recorded", "refused", "refused", "recorded"]
        assert [r["completed"] for r in results] == ["3", None, None, "5"]
        assert [r["problem"] and r["problem"]["status"] for r in results] == [None, 409, 404, None]
        assert [bool(r["report_id"]) for r in results] == [True, False, False, True]

    @pytest.mark.parametrize("count", [0, 5_001])
    async def test_a_batch_holds_1_to_5000(
        self, count: int, stores: Stores, sign_in: SignIn
    ) -> None:
        order = await factories.work_order(stores["production"])
        supplier = sign_in("production", order.supplier_id, WRITE)
        reports = [report(work_order_id=str(order.id), good="1")] * count
        answer = await supplier.post("reports", json={"reports": reports})
        assert answer.status_code == 422

    async def test_five_thousand_reports_count_at_once(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        order = await factories.work_order(stores["production"], quantity=Decimal(4_999))
        supplier = sign_in("production", order.supplier_id, WRITE)
        reports = [report(work_order_id=str(order.id), good="1")] * 5_000

        answer = await supplier.post("reports", json={"reports": reports})

        statuses = [result["status"] for result in answer.json()["results"]]
        assert statuses == ["recorded"] * 4_999 + ["refused"]
        assert len(await announced(stores["production"])) == 5_000


class TestImport:
    async def test_history_keeps_when_it_happened(self, stores: Stores, sign_in: SignIn) -> None:
        order = await factories.work_order(stores["production"], promised_on=date(2020, 1, 1))
        supplier = sign_in("production", order.supplier_id, IMPORT, READ)
        days = [datetime(2020, 3, day, tzinfo=UTC).isoformat() for day in (9, 2, 20)]
        body = {
            "reports": [
                report(work_order_id=str(order.id), good="1", occurred_at=at, reference=at[:10])
                for at in days
            ]
        }

        first = (await supplier.post("reports/import", json=body)).json()["results"]
        again = (await supplier.post("reports/import", json=body)).json()["results"]

        assert [result["status"] for result in first] == ["recorded"] * 3
        assert [result["status"] for result in again] == ["unchanged"] * 3
        events = await announced(stores["production"])
        assert len(events) == 3  # and no warning of a slippage long past
        for event, at in zip(events, days, strict=True):
            assert isinstance(event, ProgressReported)
            assert event.imported
            assert event.occurred_at.isoformat() == at
            assert event.recorded_at > event.occurred_at
        shown = (await supplier.get(f"work-orders/{order.id}")).json()
        assert shown["started_at"] == "2020-03-02T00:00:00Z"
        assert shown["last_reported_at"] == "2020-03-20T00:00:00Z"

    async def test_the_future_is_no_history(self, stores: Stores, sign_in: SignIn) -> None:
        order = await factories.work_order(stores["production"])
        supplier = sign_in("production", order.supplier_id, IMPORT)
        at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        body = {"reports": [report(work_order_id=str(order.id), good="1", occurred_at=at)]}
        [result] = (await supplier.post("reports/import", json=body)).json()["results"]
        assert result["problem"]["type"] == "/problems/not-yet-happened"

    async def test_needs_a_scope_of_its_own(self, stores: Stores, sign_in: SignIn) -> None:
        order = await factories.work_order(stores["production"])
        supplier = sign_in("production", order.supplier_id, WRITE)
        answer = await supplier.post("reports/import", json={"reports": []})
        assert answer.status_code == 403
