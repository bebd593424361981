"""Let deals happen on the platform: past ones in bulk, those in the story one act at a time."""

import asyncio
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from pydantic import BaseModel

from contracts.values import plain
from lianqiao.client import Api, Json, PlatformError, RefusedError, Result
from lianqiao.entering import entered
from lianqiao.simulation.chain import Company
from lianqiao.simulation.history import Deal
from lianqiao.simulation.play import (
    HEARD_WITHIN_S_MAX,
    REST_S,
    Stage,
    by,
    each,
    work_orders_for,
)

AT_ONCE_MAX = 100  # items of a call: the rows of larger ones are held longer
NOT_YET = ("-not-found", "-yet", "-unknown")  # a service has not heard of it
CONFLICT = 409


async def play_deals(deals: Sequence[Deal], stage: Stage) -> None:
    """Enter orders, promises, work, receipts, invoices and payments, each when it happened."""
    buyers, suppliers = by(deals, lambda one: one.buyer), by(deals, lambda one: one.supplier)
    await each("buyers have ordered before", buyers, _order, stage)
    await each("suppliers have delivered before", suppliers, _make, stage)
    past = [deal for deal in deals if deal.due_in is None]
    await each("buyers have received before", by(past, lambda one: one.buyer), _receive, stage)
    paid = [deal for deal in past if deal.paid_on]
    await each("buyers have paid before", by(paid, lambda one: one.buyer), _pay, stage)
    stage.told("deliveries are owed for", 0, len(deals) - len(past))
    for deal in deals:
        if deal.due_in is not None:
            await _deliver(deal, stage)


async def _order(buyer: Company, deals: list[Deal], stage: Stage) -> None:
    bodies = [_as_order(deal, stage) for deal in deals]
    results = await _enter(stage.api(buyer), "/api/orders/v1/orders/import", "orders", bodies)
    for deal, result in zip(deals, results, strict=True):
        stage.orders[deal.number] = result.id_of("order_id")
        [line] = (result.model_extra or {})["lines"]
        stage.schedule_lines[deal.number, 10] = UUID(line["schedule_line_ids"][0])


def _as_order(deal: Deal, stage: Stage) -> Json:
    return {
        "number": deal.number,
        "supplier_id": str(stage.party(deal.supplier).id),
        "currency": "CNY",
        "occurred_at": deal.placed_at.isoformat(),
        "lines": [
            {
                "position": 10,
                "item_number": deal.item.number,
                "item_name": deal.item.name,
                "unit": deal.item.unit,
                "price": plain(deal.item.price),
                "schedule_lines": [
                    {"quantity": str(deal.quantity), "due_on": str(deal.promised_on)}
                ],
            }
        ],
    }


async def _make(supplier: Company, deals: list[Deal], stage: Stage) -> None:
    """Promise what was ordered and report it as made."""
    api = stage.api(supplier)
    promises = [
        {
            "schedule_line_id": str(_line(deal, stage)),
            "quantity": str(deal.quantity),
            "promised_on": str(deal.promised_on),
            "occurred_at": (deal.placed_at + timedelta(hours=5)).isoformat(),
        }
        for deal in deals
    ]
    await _enter(api, "/api/orders/v1/confirmations/import", "confirmations", promises)
    works = await work_orders_for(api, {_line(deal, stage) for deal in deals})
    reports = [
        {
            "work_order_id": str(work.id),
            "operation": operation.sequence,
            "good": str(deal.quantity),
            "reference": f"{deal.number}/made/{operation.sequence}",
            "occurred_at": (
                deal.delivered_at - timedelta(hours=24 - operation.sequence)
            ).isoformat(),
        }
        for deal in deals
        for work in (works[_line(deal, stage)],)
        for operation in work.operations
    ]
    await _enter(api, "/api/production/v1/reports/import", "reports", reports)


async def _receive(buyer: Company, deals: list[Deal], stage: Stage) -> None:
    receipts = [
        {
            "number": f"R{deal.number}",
            "order_number": deal.number,
            "supplier_id": str(stage.party(deal.supplier).id),
            "postings": [deal.delivered_at.isoformat()],
            "delivered_on": str(deal.delivered_on),
            "lines": [{"position": 10, "quantity": str(deal.quantity)}],
        }
        for deal in deals
    ]
    api = stage.api(buyer)
    await _enter(api, "/api/logistics/v1/receipts/import", "receipts", receipts)


async def _pay(buyer: Company, deals: list[Deal], stage: Stage) -> None:
    api, me = stage.api(buyer), str(stage.party(buyer).id)
    invoices = [
        {
            "number": f"I{deal.number}",
            "buyer_id": me,
            "supplier_id": str(stage.party(deal.supplier).id),
            "invoiced_on": str(deal.delivered_on),
            "occurred_at": deal.delivered_at.isoformat(),
            "lines": [
                {
                    "order_number": deal.number,
                    "position": 10,
                    "quantity": str(deal.quantity),
                    "amount": str(deal.amount),
                }
            ],
        }
        for deal in deals
    ]
    await _enter(api, "/api/settlement/v1/invoices/import", "invoices", invoices)
    payments = [
        {
            "supplier_id": str(stage.party(deal.supplier).id),
            "invoice_number": f"I{deal.number}",
            "paid_on": str(deal.paid_on),
            "reference": f"P{deal.number}",
        }
        for deal in deals
    ]
    await _enter(api, "/api/settlement/v1/payments/import", "payments", payments)


async def _deliver(deal: Deal, stage: Stage) -> None:
    """Receive a delivery as it happens; where its days of inspection are not over, accept it."""
    receipt = {
        "number": f"R{deal.number}",
        "supplier_id": str(stage.party(deal.supplier).id),
        "received_at": deal.delivered_at.isoformat(),
        "lines": [{"schedule_line_id": str(_line(deal, stage)), "received": str(deal.quantity)}],
    }
    buyer, path = stage.api(deal.buyer), "/api/logistics/v1/receipts"
    received = await happens(stage, buyer, path, receipt)
    today = datetime.now(deal.placed_at.tzinfo).date()
    if received and date.fromisoformat(received["inspection_ends_on"]) >= today:
        await happens(stage, buyer, f"{path}/{received['id']}/acceptance", {})


def _line(deal: Deal, stage: Stage) -> UUID:
    return stage.schedule_lines[deal.number, 10]


class Owed(BaseModel):
    """What the simulator reads of a debt."""

    id: UUID
    order_number: str
    quantity: str
    amount: dict[str, str]


async def owed_for(supplier: Api, numbers: set[str]) -> dict[str, Owed]:
    """Return the debts for some orders; settlement may have to hear of the deliveries first."""
    deadline = time.monotonic() + HEARD_WITHIN_S_MAX
    while True:
        path = "/api/settlement/v1/payables"
        found = {
            one.order_number: one
            async for one in supplier.items(path, Owed, side="supplier")
            if one.order_number in numbers
        }
        if found.keys() >= numbers:
            return found
        if time.monotonic() > deadline:
            raise PlatformError(
                f"Settlement owes for {len(found)} of {len(numbers)} deliveries within "
                f"{HEARD_WITHIN_S_MAX} s. Look at `lianqiao events lag`, then run this again."
            )
        await asyncio.sleep(REST_S)


async def _enter(api: Api, path: str, name: str, items: Sequence[Json]) -> list[Result]:
    """Enter history, all of which must be taken."""
    results = await entered(api, path, name, items, batch=AT_ONCE_MAX)
    for item, result in zip(items, results, strict=True):
        if result.problem:
            raise PlatformError(f"{path}: {result.problem.detail} It was sent {item}.")
    return results


async def happens(stage: Stage, api: Api, path: str, body: Json) -> Json:
    """Do something once, as soon as the service knows what it is about.

    What had happened before is left as it is: nothing is returned then.
    """
    deadline = time.monotonic() + HEARD_WITHIN_S_MAX
    while True:
        try:
            return await api.post(path, body, key=stage.key(path, body))
        except RefusedError as refused:
            early = refused.problem.type.endswith(NOT_YET)
            if not early and refused.problem.status == CONFLICT:
                return {}
            if not early or time.monotonic() > deadline:
                raise
        await asyncio.sleep(REST_S)
