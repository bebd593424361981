"""Single reports that arrive together share a transaction, and nothing else."""

import asyncio
import json
from typing import Any

from httpx2 import AsyncClient
from sqlalchemy import text

from contracts.scopes import Scope
from shared.database import Store, transaction
from tests.conftest import SignIn, Stores
from tests.production import factories

READ, WRITE = Scope.PRODUCTION_READ, Scope.PRODUCTION_WRITE
SENT = text("SELECT message FROM outbox ORDER BY position")
TRANSACTIONS = text("SELECT count(DISTINCT xmin::text) FROM reports")


async def asked(store: Store, query: Any) -> list[Any]:  # noqa: ANN401
    async with transaction(store.system) as session:
        return list((await session.scalars(query)).all())


def report(supplier: AsyncClient, order: Any, trace: str, **given: Any) -> Any:  # noqa: ANN401
    headers = {"traceparent": f"00-{trace * 32}-{'b' * 16}-01"}
    body = {"operation": 1, "good": "1"} | given
    return supplier.post(f"work-orders/{order.id}/reports", json=body, headers=headers)


async def test_each_has_its_own_verdict_trace_and_answer(stores: Stores, sign_in: SignIn) -> None:
    store = stores["production"]
    order = await factories.work_order(store)
    supplier = sign_in("production", order.supplier_id, WRITE, READ)
    traces = "123456789acdef"

    answers = await asyncio.gather(*(report(supplier, order, trace) for trace in traces))

    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(201), statuses.count(409)) == (10, len(traces) - 10)
    completed = {answer.json()["completed"] for answer in answers if answer.status_code == 201}
    assert completed == {str(number) for number in range(1, 11)}
    messages = [json.loads(message) for message in await asked(store, SENT)]
    told = {
        message["data"]["report_id"]: message["traceparent"][3:35]
        for message in messages
        if message["type"] == "production.progress_reported.v1"
    }
    for trace, answer in zip(traces, answers, strict=True):
        if answer.status_code == 201:
            assert told[answer.json()["report_id"]] == trace * 32
    [transactions] = await asked(store, TRANSACTIONS)
    assert transactions < 10


async def test_two_suppliers_never_share_a_transaction(stores: Stores, sign_in: SignIn) -> None:
    store = stores["production"]
    orders = [await factories.work_order(store) for _ in range(2)]
    suppliers = [sign_in("production", order.supplier_id, WRITE) for order in orders]

    answers = await asyncio.gather(
        *(
            report(supplier, order, "1")
            for supplier in suppliers
            for order in orders
            for _ in range(3)
        )
    )

    statuses = [answer.status_code for answer in answers]
    assert statuses == [201] * 3 + [404] * 6 + [201] * 3


async def test_a_key_has_a_transaction_of_its_own(stores: Stores, sign_in: SignIn) -> None:
    store = stores["production"]
    order = await factories.work_order(store)
    supplier = sign_in("production", order.supplier_id, WRITE)
    sent = [
        supplier.post(
            f"work-orders/{order.id}/reports",
            json={"operation": 1, "good": "1"},
            headers={"Idempotency-Key": f"k{number % 3}"},
        )
        for number in range(9)
    ]

    answers = await asyncio.gather(*sent)

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["report_id"] for answer in answers}) == 3
    assert await asked(store, TRANSACTIONS) == [3]
