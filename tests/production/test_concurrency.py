"""What happens at the same time counts one after the other."""

import asyncio
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from uuid_utils.compat import uuid7

from contracts.production import ProgressReported
from contracts.scopes import Scope
from services.production import commands
from services.production.domain.reports import Circumstances, Made, Outcome, Recorded
from services.production.queries import CHECKS
from shared.auth import Caller
from shared.database import Store, transaction
from shared.settings import settings
from tests.conftest import SignIn, Stores
from tests.production import factories
from tests.production.factories import NOW, announced

ME = Caller(uuid4(), frozenset(), name="Li Wei")
UNDER = Circumstances(ME.organization_id, NOW, settings().calendar)


async def reported(store: Store, work_order_ids: list[UUID]) -> list[Outcome]:
    made = [Made(uuid7(), id_, 1, Decimal(1), Decimal(0), NOW) for id_ in work_order_ids]
    async with transaction(store.app, actor=ME.organization_id) as session:
        return list(await commands.report_progress(session, made, by=ME, under=UNDER))


async def violations(store: Store) -> dict[str, int]:
    async with transaction(store.system) as session:
        found = {name: (await session.execute(text(sql))).all() for name, sql in CHECKS.items()}
    return {name: len(rows) for name, rows in found.items() if rows}


async def test_twenty_batches_on_the_same_work_orders_lose_nothing(stores: Stores) -> None:
    store = stores["production"]
    mine: dict[str, Any] = {"supplier_id": ME.organization_id, "quantity": Decimal(15)}
    ids = [(await factories.work_order(store, **mine)).id for _ in range(3)]

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(reported(store, ids if turn % 2 else ids[::-1])) for turn in range(20)
        ]

    accepted = Counter(
        outcome.report.work_order_id
        for task in tasks
        for outcome in task.result()
        if isinstance(outcome, Recorded)
    )
    assert accepted == dict.fromkeys(ids, 15)  # of 20; the others found nothing left to make
    by_order = defaultdict(list)
    for event in await announced(store):
        if isinstance(event, ProgressReported):
            by_order[event.work_order_id].append((event.completed, event.revision))
    in_turn = [(Decimal(number), number + 1) for number in range(1, 16)]
    assert by_order == dict.fromkeys(ids, in_turn)
    assert await violations(store) == {}


async def test_of_parallel_reversals_of_a_report_exactly_one_counts(
    stores: Stores, sign_in: SignIn
) -> None:
    store = stores["production"]
    order = await factories.work_order(store)
    supplier = sign_in("production", order.supplier_id, Scope.PRODUCTION_WRITE)
    body = {"operation": 1, "good": "4"}
    report = (await supplier.post(f"work-orders/{order.id}/reports", json=body)).json()

    async with asyncio.TaskGroup() as group:
        address = f"reports/{report['report_id']}/reversal"
        tasks = [
            group.create_task(supplier.post(address, json={"reason": "miscounted"}))
            for _ in range(20)
        ]

    answers = Counter(task.result().status_code for task in tasks)
    assert answers == {201: 1, 409: 19}
    assert (await factories.by_line(store, order.schedule_line_id)).good == [0]
    assert await violations(store) == {}


async def test_of_parallel_reports_of_one_reference_exactly_one_counts(
    stores: Stores, sign_in: SignIn
) -> None:
    store = stores["production"]
    order = await factories.work_order(store)
    supplier = sign_in("production", order.supplier_id, Scope.PRODUCTION_WRITE)
    body = {"operation": 1, "good": "4", "reference": "MES-4711"}

    async with asyncio.TaskGroup() as group:
        address = f"work-orders/{order.id}/reports"
        tasks = [group.create_task(supplier.post(address, json=body)) for _ in range(20)]

    answers = [task.result().json() for task in tasks]
    assert Counter(answer["outcome"] for answer in answers) == {"recorded": 1, "unchanged": 19}
    assert len({answer["report_id"] for answer in answers}) == 1
    assert (await factories.by_line(store, order.schedule_line_id)).good == [4]
