"""Go on reporting in real time, so that a portal can be watched."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from random import Random
from uuid import UUID

from lianqiao.client import Api, RefusedError
from lianqiao.simulation.plan import Plan
from lianqiao.simulation.play import Stage, WorkOrder

PATH = "/api/production/v1"
REFRESHED_AFTER_S = 30
LARGEST_SHARE = 0.02  # of a work order in one report


@dataclass(frozen=True)
class Reported:
    """What was just reported, for whoever watches."""

    company: str
    work_order_id: UUID
    operation: str
    good: int


async def report_on(
    plan: Plan,
    stage: Stage,
    chance: Random,
    *,
    rate: float,
    until: Callable[[], bool] = lambda: False,
) -> AsyncIterator[Reported]:
    """Report at so many per second until it is enough or all work is done; yield each report."""
    companies = [company for company in plan.companies if company.routing]
    open_work: list[tuple[str, WorkOrder]] = []
    started = read_at = time.monotonic()
    turn = 0
    while not until():
        if not open_work or time.monotonic() - read_at > REFRESHED_AFTER_S:
            apis = {company.name: stage.api(company) for company in companies}
            open_work, read_at = await _open_work(apis), time.monotonic()
        if not open_work:
            return
        name, work_order = chance.choice(open_work)
        report = _drawn(chance, work_order)
        if report is None:
            open_work.remove((name, work_order))
            continue
        if await _sent(stage.apis[name], work_order, report):
            step = work_order.operations[report[0] - 1]
            yield Reported(name, work_order.id, step.name, report[1])
        fresh = await stage.apis[name].get(f"{PATH}/work-orders/{work_order.id}", WorkOrder)
        open_work[open_work.index((name, work_order))] = name, fresh
        turn += 1
        await asyncio.sleep(max(started + turn / rate - time.monotonic(), 0))


async def _open_work(apis: dict[str, Api]) -> list[tuple[str, WorkOrder]]:
    return [
        (name, work_order)
        for name, api in apis.items()
        async for work_order in api.items(
            f"{PATH}/work-orders", WorkOrder, side="supplier", status="open"
        )
    ]


def _drawn(chance: Random, work_order: WorkOrder) -> tuple[int, int] | None:
    """Draw an operation at which something waits, and how much of it is done now."""
    waiting = [one for one in work_order.operations if float(one.open) >= 1]
    if not waiting:
        return None
    operation = chance.choice(waiting)
    largest = max(int(float(work_order.agreed) * LARGEST_SHARE), 1)
    return operation.sequence, min(chance.randint(1, largest), int(float(operation.open)))


async def _sent(api: Api, work_order: WorkOrder, report: tuple[int, int]) -> bool:
    operation, good = report
    body = {"operation": operation, "good": str(good)}
    try:
        await api.post(f"{PATH}/work-orders/{work_order.id}/reports", body)
    except RefusedError:
        return False  # somebody else has reported meanwhile
    return True
