"""Work orders follow what both sides agree on, however often they hear of it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from contracts.event import Envelope, Event
from contracts.onboarding import RelationshipChanged, RelationshipState
from contracts.production import SlippagePredicted, WorkOrderCompleted, WorkOrderOpened
from contracts.scopes import Scope
from services.production.domain.progress import FINISHED
from services.production.handlers import handlers
from services.production.models import WorkOrder
from shared.database import Store, transaction
from shared.events import Message
from tests.conftest import SignIn, Stores
from tests.network import deliver
from tests.production import factories
from tests.production.factories import NOW, announced, changed, confirmed

WRITE, IMPORT = Scope.PRODUCTION_WRITE, Scope.PRODUCTION_IMPORT


def message(event: Event) -> Message:
    body = Envelope.seal(event, id=uuid7(), time=NOW).model_dump_json()
    return Message(event.topic(), event.subject, body.encode())


async def heard(store: Store, *events: Event) -> None:
    await deliver([message(event) for event in events], handlers, store, chance=Random(1))


async def test_a_confirmed_line_opens_a_work_order(stores: Stores) -> None:
    store, line = stores["production"], confirmed()

    await heard(store, line)

    [opened] = await announced(store)
    assert isinstance(opened, WorkOrderOpened)
    order = await factories.by_line(store, line.schedule_line_id)
    assert (opened.work_order_id, opened.revision) == (order.id, 1)
    assert [(o.sequence, o.name) for o in opened.operations] == [(1, FINISHED)]
    assert (order.status, order.promised_on) == ("open", line.promised_on)
    assert order.agreed == 10


async def test_the_same_confirmation_in_another_event_changes_nothing(stores: Stores) -> None:
    store, line = stores["production"], confirmed()
    await heard(store, line)
    order = await factories.by_line(store, line.schedule_line_id)
    await heard(store, changed(order, quantity=Decimal(7)))
    await announced(store)

    await heard(store, line)

    assert await announced(store) == []
    assert (await factories.by_line(store, line.schedule_line_id)).agreed == 7


@pytest.mark.parametrize("seed", range(5))
async def test_shuffled_and_repeated_messages_leave_one_state(seed: int, stores: Stores) -> None:
    store = stores["production"]
    lines = [confirmed() for _ in range(5)]
    story: list[Event] = []
    for line in lines:
        told = {"order_id": line.order_id, "schedule_line_id": line.schedule_line_id}
        parties = {"buyer_id": line.buyer_id, "supplier_id": line.supplier_id}
        like = WorkOrder(**told, **parties, agreed=line.quantity, promised_on=line.promised_on)
        story += [
            line,
            changed(like, quantity=Decimal(8), recorded_at=NOW + timedelta(minutes=1)),
            changed(like, quantity=Decimal(20), recorded_at=NOW + timedelta(minutes=2)),
        ]
    await deliver([message(event) for event in story], handlers, store, chance=Random(seed))

    async with transaction(store.system) as session:
        rows = (await session.scalars(select(WorkOrder.agreed))).all()
    assert set(rows) == {Decimal(20)}
    assert len(rows) == 5


async def test_an_older_agreement_changes_nothing(stores: Stores) -> None:
    store = stores["production"]
    order = await factories.work_order(store)
    newer = changed(order, quantity=Decimal(20), recorded_at=NOW + timedelta(hours=2))
    older = changed(order, quantity=Decimal(5), recorded_at=NOW + timedelta(hours=1))

    await heard(store, newer)
    await heard(store, older)

    assert (await factories.by_line(store, order.schedule_line_id)).agreed == 20


async def test_a_change_of_an_unconfirmed_line_has_no_work_order_to_change(
    stores: Stores,
) -> None:
    store = stores["production"]
    order = factories.confirmed()
    like = WorkOrder(**order.model_dump(include={"order_id", "schedule_line_id"}))
    like.buyer_id, like.supplier_id = order.buyer_id, order.supplier_id
    like.agreed, like.promised_on = order.quantity, order.promised_on
    await heard(store, changed(like))

    async with transaction(store.system) as session:
        assert await session.scalar(select(func.count()).select_from(WorkOrder)) == 0


async def test_a_nothing_that_is_confirmed_is_no_work(stores: Stores) -> None:
    await heard(stores["production"], confirmed(quantity=Decimal(0)))
    assert await announced(stores["production"]) == []


async def test_a_reduced_work_order_keeps_what_was_made(stores: Stores, sign_in: SignIn) -> None:
    store = stores["production"]
    order = await factories.work_order(store)
    supplier = sign_in("production", order.supplier_id, WRITE, Scope.PRODUCTION_READ)
    report = await report_good(supplier, order.id, "8")
    await announced(store)

    await heard(store, changed(order, quantity=Decimal(5), promised_on=date(2026, 12, 24)))

    [completed] = await announced(store)
    assert isinstance(completed, WorkOrderCompleted)
    shown = (await supplier.get(f"work-orders/{order.id}")).json()
    assert {name: shown[name] for name in ("status", "agreed", "ordered", "excess")} == {
        "status": "completed",
        "agreed": "5",
        "ordered": "8",
        "excess": "3",
    }
    assert shown["promised_on"] == "2026-12-24"
    taken_back = await supplier.post(f"reports/{report}/reversal", json={"reason": "other item"})
    assert {n: taken_back.json()[n] for n in ("status", "ordered", "excess", "remaining")} == {
        "status": "open",
        "ordered": "5",
        "excess": "0",
        "remaining": "5",
    }


async def test_a_cancelled_work_order_keeps_its_history_and_takes_no_more(
    stores: Stores, sign_in: SignIn
) -> None:
    store = stores["production"]
    order = await factories.work_order(store)
    supplier = sign_in("production", order.supplier_id, WRITE, Scope.PRODUCTION_READ)
    report = await report_good(supplier, order.id, "8")

    await heard(store, changed(order, kind="cancel", quantity=Decimal(0), promised_on=None))

    refused = await supplier.post(
        f"work-orders/{order.id}/reports", json={"operation": 1, "good": "1"}
    )
    assert refused.json()["type"] == "/problems/work-order-cancelled"
    shown = (await supplier.get(f"work-orders/{order.id}")).json()
    assert (shown["status"], shown["completed"]) == ("cancelled", "8")
    assert shown["cancelled_at"]
    assert shown["operations"][0]["open"] == "0"
    assert (await supplier.get(f"work-orders/{order.id}/reports")).json()["items"]
    corrected = await supplier.post(f"reports/{report}/reversal", json={"reason": "miscounted"})
    assert (corrected.status_code, corrected.json()["status"]) == (201, "cancelled")


async def test_a_larger_quantity_opens_a_completed_work_order_again(
    stores: Stores, sign_in: SignIn
) -> None:
    store = stores["production"]
    order = await factories.work_order(store)
    supplier = sign_in("production", order.supplier_id, WRITE)
    await report_good(supplier, order.id, "10")

    await heard(store, changed(order, quantity=Decimal(12)))
    await report_good(supplier, order.id, "2")

    completed = [e for e in await announced(store) if isinstance(e, WorkOrderCompleted)]
    assert [event.quantity for event in completed] == [10, 12]


async def test_an_earlier_promise_may_warn_at_once(stores: Stores, sign_in: SignIn) -> None:
    store = stores["production"]
    order = await factories.work_order(store, promised_on=date(2199, 1, 1))
    history = sign_in("production", order.supplier_id, IMPORT)
    await imported(history, order.id, days=(20, 10), good="1")
    assert not [e for e in await announced(store) if isinstance(e, SlippagePredicted)]

    await heard(store, changed(order, promised_on=date(2026, 11, 25)))

    [slippage] = await announced(store)
    assert isinstance(slippage, SlippagePredicted)
    assert slippage.promised_on == date(2026, 11, 25)
    assert slippage.prediction.predicted_on > slippage.promised_on


async def test_a_slipping_work_order_warns_once_per_later_day(
    stores: Stores, sign_in: SignIn
) -> None:
    store = stores["production"]
    order = await factories.work_order(store, quantity=Decimal(100), promised_on=date(2026, 1, 1))
    client = sign_in("production", order.supplier_id, WRITE, IMPORT, Scope.PRODUCTION_READ)
    await imported(client, order.id, days=(20, 10), good="1")  # history warns nobody
    assert not [e for e in await announced(store) if isinstance(e, SlippagePredicted)]

    await report_good(client, order.id, "1")
    [reported, slippage] = await announced(store)
    assert isinstance(slippage, SlippagePredicted)
    shown = (await client.get(f"work-orders/{order.id}")).json()
    assert shown["prediction"]["predicted_on"] == slippage.prediction.predicted_on.isoformat()
    assert shown["prediction"]["reports"] == shown["reports"] == 3
    assert reported.revision + 1 == slippage.revision  # type: ignore[attr-defined]

    await report_good(client, order.id, "30")  # faster: earlier than was told
    assert not [e for e in await announced(store) if isinstance(e, SlippagePredicted)]


async def test_work_orders_name_both_sides_as_onboarding_told(
    stores: Stores, sign_in: SignIn
) -> None:
    store = stores["production"]
    order = await factories.work_order(store)
    supplier = sign_in("production", order.supplier_id, Scope.PRODUCTION_READ)
    assert (await supplier.get(f"work-orders/{order.id}")).json()["buyer_name"] is None

    await heard(store, related(order, "Lianqiao Motors", later=1))
    await heard(store, related(order, "An older name", later=0))

    shown = (await supplier.get("work-orders")).json()["items"][0]
    assert (shown["buyer_name"], shown["supplier_name"]) == ("Lianqiao Motors", "Ningbo Castings")


def related(order: WorkOrder, buyer_name: str, *, later: int) -> RelationshipChanged:
    return RelationshipChanged(
        relationship_id=uuid4(),
        buyer_id=order.buyer_id,
        buyer_name=buyer_name,
        supplier_id=order.supplier_id,
        supplier_name="Ningbo Castings",
        state=RelationshipState.ACTIVE,
        changed_at=NOW + timedelta(minutes=later),
    )


async def report_good(client: Any, work_order_id: UUID, good: str) -> str:  # noqa: ANN401
    answer = await client.post(
        f"work-orders/{work_order_id}/reports", json={"operation": 1, "good": good}
    )
    assert answer.status_code == 201
    return str(answer.json()["report_id"])


async def imported(client: Any, work_order_id: UUID, *, days: tuple[int, ...], good: str) -> None:  # noqa: ANN401
    now = datetime.now(UTC)
    report = {"work_order_id": str(work_order_id), "operation": 1, "good": good}
    past = [report | {"occurred_at": (now - timedelta(days=ago)).isoformat()} for ago in days]
    answer = await client.post("reports/import", json={"reports": past})
    assert [result["status"] for result in answer.json()["results"]] == ["recorded"] * len(days)
