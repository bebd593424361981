"""Work orders over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from contracts.orders import Side
from contracts.scopes import Scope
from services.production import commands, queries
from services.production.api.shown import shown_work_order
from services.production.domain.problems import (
    AlreadyStarted,
    NotTheSupplier,
    WorkOrderCancelled,
    WorkOrderNotFound,
)
from services.production.domain.progress import Status
from services.production.queries import Filter
from services.production.schemas import OperationsIn, WorkOrderOut
from shared.auth import Caller, requires
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked
from shared.problem import problems
from shared.types import Search

router = APIRouter(prefix="/work-orders", tags=["Work orders"], route_class=Route)

Reader = Annotated[Caller, requires(Scope.PRODUCTION_READ)]
Writer = Annotated[Caller, requires(Scope.PRODUCTION_WRITE)]


async def _filter(
    side: Side | None = None,
    status: Status | None = None,
    order_id: UUID | None = None,
    q: Annotated[Search, Query(description="In order number, item number or name.")] = "",
) -> Filter:
    return Filter(side, status, order_id, q)


@router.get("")
async def list_work_orders(
    caller: Reader,
    session: Transaction,
    paging: PageAsked,
    only: Annotated[Filter, Depends(_filter)],
) -> Page[WorkOrderOut]:
    """List the work orders the caller buys or supplies, the earliest promise first."""
    rows = await queries.work_orders(session, only, caller=caller, paging=paging)
    return Page(items=[shown_work_order(row) for row in rows.items], next=rows.next)


@router.get("/{work_order_id}", responses=problems(WorkOrderNotFound))
async def show_work_order(
    work_order_id: UUID, caller: Reader, session: Transaction
) -> WorkOrderOut:
    """Show one work order with its operations and its prediction."""
    return shown_work_order(await queries.work_order(session, work_order_id, caller=caller))


@router.put(
    "/{work_order_id}/operations",
    responses=problems(
        WorkOrderNotFound,
        NotTheSupplier,
        AlreadyStarted,
        WorkOrderCancelled,
    ),
)
async def set_operations(
    work_order_id: UUID, body: OperationsIn, caller: Writer, session: Transaction, now: Now
) -> WorkOrderOut:
    """Set the operations before the first report; the item's next work order opens with them."""
    names = [operation.name for operation in body.operations]
    await commands.set_operations(session, work_order_id, caller=caller, names=names, at=now)
    return shown_work_order(await queries.work_order(session, work_order_id, caller=caller))
