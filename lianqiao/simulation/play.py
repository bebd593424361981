"""Let a plan happen on the platform, through its public APIs. Played again it changes nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel

from contracts.scopes import Scope
from contracts.values import plain
from lianqiao.client import Api, Json, Platform, PlatformError, Result
from lianqiao.parties import Party, Relation, Told, register, relate, wait_for_relationships
from lianqiao.simulation.chain import Company
from lianqiao.simulation.history import TERMS, Deal
from lianqiao.simulation.plan import Line, Order, Plan

SIMULATIONS = uuid5(NAMESPACE_URL, "https://lianqiao.example/simulations")
COMPANY = frozenset(
    {
        Scope.IDENTITY_ADMINISTER,
        Scope.INSIGHTS_READ,
        Scope.LOGISTICS_IMPORT,
        Scope.LOGISTICS_READ,
        Scope.LOGISTICS_RECEIVE,
        Scope.LOGISTICS_SHIP,
        Scope.ONBOARDING_READ,
        Scope.ONBOARDING_WRITE,
        Scope.ORDERS_COMMENT,
        Scope.ORDERS_CONFIRM,
        Scope.ORDERS_IMPORT,
        Scope.ORDERS_PLACE,
        Scope.ORDERS_READ,
        Scope.PRODUCTION_IMPORT,
        Scope.PRODUCTION_READ,
        Scope.PRODUCTION_WRITE,
        Scope.SETTLEMENT_APPROVE,
        Scope.SETTLEMENT_IMPORT,
        Scope.SETTLEMENT_INVOICE,
        Scope.SETTLEMENT_MATCH,
        Scope.SETTLEMENT_PAY,
        Scope.SETTLEMENT_READ,
    }
)
BATCH = 500
AT_ONCE = 4
HEARD_WITHIN_S_MAX = 120
REST_S = 0.1

Done = TypeVar("Done", Order, Deal)


class WorkOrder(BaseModel):
    """What the simulator reads of a work order."""

    class Operation(BaseModel):
        sequence: int
        name: str
        open: str

    id: UUID
    schedule_line_id: UUID
    status: str
    unit: str
    agreed: str
    operations: list[Operation]


@dataclass
class Stage:
    """The companies of a seed on a platform, and the ids of what they have done there."""

    platform: Platform
    seed: int
    told: Told
    schedule_lines: dict[tuple[str, int], UUID] = field(default_factory=dict)
    orders: dict[str, UUID] = field(default_factory=dict)
    apis: dict[str, Api] = field(default_factory=dict)

    def party(self, company: Company) -> Party:
        id_ = uuid5(SIMULATIONS, f"{self.seed} {company.name}")
        return Party(id_, company.name, COMPANY, company.contact, {"uscc": company.uscc})

    def api(self, company: Company) -> Api:
        """Act as a company's own client."""
        return self.apis[company.name]

    def key(self, *what: object) -> str:
        """Name something that is to happen once, so that it can be sent again."""
        return str(uuid5(SIMULATIONS, f"{self.seed} {what}"))


async def play(plan: Plan, stage: Stage) -> None:
    """Bring on the companies, then orders, promises and reports, each when it happened."""
    parties = [stage.party(company) for company in plan.companies]
    registered = await register(stage.platform, parties, told=stage.told)
    stage.apis = {party.name: registered.apis[party.id] for party in parties}
    await _relate(plan, stage)
    await each("buyers have ordered", by(plan.orders, lambda one: one.buyer), _place, stage)
    by_supplier = by(plan.orders, lambda one: one.supplier)
    await each("suppliers have promised", by_supplier, _promise, stage)
    await each("suppliers have reported", by_supplier, _report, stage)


async def _relate(plan: Plan, stage: Stage) -> None:
    began = [*(order.placed_at for order in plan.orders), *(one.placed_at for one in plan.deals)]
    since = min(began).date()
    relations = [
        Relation(
            buyer_id=stage.party(buyer).id,
            supplier_id=stage.party(its).id,
            since=since,
            terms=TERMS,
            signed_on=since,
            buyer=buyer.signatory(),
            supplier=its.signatory(),
        )
        for buyer, its in plan.relations
    ]
    await relate(stage.platform, relations, told=stage.told)
    for buyer in {buyer for buyer, _ in plan.relations}:
        suppliers = [stage.party(its).id for one, its in plan.relations if one == buyer]
        await wait_for_relationships(stage.api(buyer), suppliers)


async def _place(buyer: Company, orders: list[Order], stage: Stage) -> None:
    bodies = [_order(order, stage) for order in orders]
    path = "/api/orders/v1/orders/import"
    results = await _batched(stage.api(buyer), path, "orders", bodies)
    for order, result in zip(orders, results, strict=True):
        stage.orders[order.number] = result.id_of("order_id")
        for line in (result.model_extra or {})["lines"]:
            first = UUID(line["schedule_line_ids"][0])
            stage.schedule_lines[order.number, line["position"]] = first


def _order(order: Order, stage: Stage) -> Json:
    return {
        "number": order.number,
        "supplier_id": str(stage.party(order.supplier).id),
        "currency": "CNY",
        "incoterm": "DAP",
        "incoterm_place": "一号工厂 3 号道口",
        "occurred_at": order.placed_at.isoformat(),
        "lines": [
            {
                "position": line.position,
                "item_number": line.item.number,
                "item_name": line.item.name,
                "unit": line.item.unit,
                "price": plain(line.item.price),
                "plant": "一号工厂",
                "schedule_lines": [{"quantity": str(line.quantity), "due_on": str(line.due_on)}],
            }
            for line in order.lines
        ],
    }


async def _promise(supplier: Company, orders: list[Order], stage: Stage) -> None:
    bodies = [
        {
            "schedule_line_id": str(stage.schedule_lines[order.number, line.position]),
            "quantity": str(line.promise.quantity),
            "promised_on": str(line.promise.promised_on),
            "occurred_at": line.promise.at.isoformat(),
        }
        for order, line in _lines(orders)
        if line.promise
    ]
    path = "/api/orders/v1/confirmations/import"
    await _batched(stage.api(supplier), path, "confirmations", bodies)


async def _report(supplier: Company, orders: list[Order], stage: Stage) -> None:
    promised = [(order, line) for order, line in _lines(orders) if line.promise]
    ids = {stage.schedule_lines[order.number, line.position] for order, line in promised}
    work_orders = await work_orders_for(stage.api(supplier), ids)
    for id_ in ids:
        await _name_operations(stage.api(supplier), work_orders[id_], supplier.routing)
    reports = []
    for order, line in promised:
        work_order = work_orders[stage.schedule_lines[order.number, line.position]]
        for turn, report in enumerate(line.reports, start=1):
            reports.append(
                {
                    "work_order_id": str(work_order.id),
                    "operation": report.operation,
                    "good": str(report.good),
                    "scrapped": str(report.scrapped),
                    "scrap_reason": report.scrap_reason,
                    "reference": f"{order.number}/{line.position}/{turn}",
                    "occurred_at": report.at.isoformat(),
                }
            )
    path = "/api/production/v1/reports/import"
    await _batched(stage.api(supplier), path, "reports", reports)


async def work_orders_for(supplier: Api, schedule_lines: set[UUID]) -> dict[UUID, WorkOrder]:
    """Return the work order of each schedule line; production may have to hear of it first."""
    deadline = time.monotonic() + HEARD_WITHIN_S_MAX
    while True:
        path = "/api/production/v1/work-orders"
        found = {
            one.schedule_line_id: one
            async for one in supplier.items(path, WorkOrder, side="supplier")
            if one.schedule_line_id in schedule_lines
        }
        if found.keys() >= schedule_lines:
            return found
        if time.monotonic() > deadline:
            raise PlatformError(
                f"Production has opened {len(found)} of {len(schedule_lines)} work orders within "
                f"{HEARD_WITHIN_S_MAX} s. Look at `lianqiao events lag`, then run this again."
            )
        await asyncio.sleep(REST_S)


async def _name_operations(supplier: Api, work_order: WorkOrder, routing: Sequence[str]) -> None:
    if [operation.name for operation in work_order.operations] != list(routing):
        path = f"/api/production/v1/work-orders/{work_order.id}/operations"
        await supplier.put(path, {"operations": [{"name": name} for name in routing]})


def _lines(orders: Iterable[Order]) -> Iterable[tuple[Order, Line]]:
    return ((order, line) for order in orders for line in order.lines)


def by(orders: Iterable[Done], side: Callable[[Done], Company]) -> dict[Company, list[Done]]:
    """Sort orders, or deals, by a company of theirs."""
    found: dict[Company, list[Done]] = {}
    for order in orders:
        found.setdefault(side(order), []).append(order)
    return found


async def each(
    what: str,
    orders: dict[Company, list[Done]],
    act: Callable[[Company, list[Done], Stage], Awaitable[None]],
    stage: Stage,
) -> None:
    """Let companies act side by side, a few at a time."""
    limit, done = asyncio.Semaphore(AT_ONCE), 0

    async def one(company: Company, its: list[Done]) -> None:
        nonlocal done
        async with limit:
            await act(company, its, stage)
        done += 1
        stage.told(what, done, len(orders))

    async with asyncio.TaskGroup() as group:
        for company, its in orders.items():
            group.create_task(one(company, its))


async def _batched(api: Api, path: str, name: str, items: Sequence[Any]) -> list[Result]:
    results: list[Result] = []
    for start in range(0, len(items), BATCH):
        for result in await api.batch(path, name, items[start : start + BATCH]):
            if result.problem:
                item = items[start + result.index]
                raise PlatformError(f"{path}: {result.problem.detail} It was sent {item}.")
            results.append(result)
    return results
