"""Place orders, and read them and their stories."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.orders import Side
from services.orders.api.callers import Commenter, Importer, Placer, Reader
from services.orders.commands.orders import place
from services.orders.commands.stories import post_message
from services.orders.domain.orders import (
    AmountImpossible,
    IdTaken,
    LineAsked,
    NoActiveRelationship,
    NumberTaken,
    OrderAsked,
    OrderNotFound,
    PositionTwice,
    Wanted,
)
from services.orders.domain.schedule_lines import ScheduleLineNotFound
from services.orders.models import Entry
from services.orders.queries import orders as queries
from services.orders.schemas.orders import (
    ImportedOrdersIn,
    OrderIn,
    OrderOut,
    OrderResult,
    OrderResults,
    OrdersIn,
    OrderSummary,
)
from services.orders.schemas.stories import EntryOut, MessageIn
from shared.auth import Caller
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked, Rows
from shared.problem import Problem, problems
from shared.types import Code, Search

router = APIRouter(route_class=Route, tags=["Orders"])

REFUSALS = problems(NoActiveRelationship, NumberTaken, IdTaken, AmountImpossible, PositionTwice)


@router.post("/orders", status_code=201, responses=REFUSALS)
async def place_order(body: OrderIn, caller: Placer, session: Transaction, now: Now) -> OrderOut:
    """Place an order. The same order placed again is answered as it stands."""
    [outcome] = await place(session, caller=caller, orders=[_asked(body)], at=now)
    if isinstance(outcome, Problem):
        raise outcome
    return await queries.order(session, caller=caller, order_id=outcome.order_id, at=now)


@router.post("/orders/bulk")
async def place_many_orders(
    body: OrdersIn, caller: Placer, session: Transaction, now: Now
) -> OrderResults:
    """Place many orders, each as if alone; the answers are in the same order."""
    return await _placed(session, caller, body.orders, now)


@router.post("/orders/import")
async def import_orders(
    body: ImportedOrdersIn, caller: Importer, session: Transaction, now: Now
) -> OrderResults:
    """Take in orders of the past, each as if alone; nobody is reminded of them."""
    history = [order.occurred_at for order in body.orders]
    return await _placed(session, caller, body.orders, now, history)


@router.get("/orders", response_model=Page[OrderSummary])
async def list_orders(  # noqa: PLR0913, PLR0917  what one may filter by
    caller: Reader,
    session: Transaction,
    paging: PageAsked,
    side: Side = Side.BUYER,
    number: Code | None = None,
    counterparty_id: UUID | None = None,
    q: Annotated[Search | None, Query(description="number or counterparty")] = None,
) -> Rows[OrderSummary]:
    """List the orders that the caller placed or, on the supplier's side, received."""
    return await queries.orders(
        session,
        caller=caller,
        side=side,
        number=number,
        counterparty_id=counterparty_id,
        q=q,
        paging=paging,
    )


@router.get("/orders/{order_id}", responses=problems(OrderNotFound))
async def read_order(order_id: UUID, caller: Reader, session: Transaction, now: Now) -> OrderOut:
    """Read an order with its lines, their parts and how far each has come."""
    return await queries.order(session, caller=caller, order_id=order_id, at=now)


@router.get(
    "/orders/{order_id}/story", response_model=Page[EntryOut], responses=problems(OrderNotFound)
)
async def read_story(
    order_id: UUID, caller: Reader, session: Transaction, paging: PageAsked
) -> Rows[Entry]:
    """Read what happened to an order, from the beginning: who said what, and when."""
    return await queries.story(session, caller=caller, order_id=order_id, paging=paging)


@router.post(
    "/orders/{order_id}/messages",
    status_code=201,
    response_model=EntryOut,
    responses=problems(OrderNotFound, ScheduleLineNotFound),
)
async def post_a_message(
    order_id: UUID, body: MessageIn, caller: Commenter, session: Transaction, now: Now
) -> Entry:
    """Write to the other side on an order, or remind it. Both sides see the message."""
    return await post_message(
        session,
        caller=caller,
        order_id=order_id,
        schedule_line_id=body.schedule_line_id,
        text=body.text,
        reminder=body.reminder,
        at=now,
    )


async def _placed(
    session: AsyncSession,
    caller: Caller,
    orders: Sequence[OrderIn],
    at: datetime,
    history: Sequence[datetime | None] | None = None,
) -> OrderResults:
    asked = [_asked(order) for order in orders]
    outcomes = await place(session, caller=caller, orders=asked, at=at, history=history)
    results = [
        OrderResult(index=n, number=order.number, status="refused", problem=outcome.details())
        if isinstance(outcome, Problem)
        else OrderResult(
            index=n,
            number=order.number,
            status="placed" if outcome.new else "unchanged",
            order_id=outcome.order_id,
            lines=outcome.lines,
        )
        for n, (order, outcome) in enumerate(zip(orders, outcomes, strict=True))
    ]
    return OrderResults(results=results)


def _asked(order: OrderIn) -> OrderAsked:
    return OrderAsked(
        id=order.id or uuid7(),
        number=order.number,
        supplier_id=order.supplier_id,
        currency=order.currency,
        incoterm=order.incoterm,
        incoterm_place=order.incoterm_place,
        lines=tuple(
            LineAsked(
                position=line.position,
                item_number=line.item_number,
                item_name=line.item_name,
                unit=line.unit,
                price=line.price,
                price_unit=line.price_unit,
                amount=line.amount,
                plant=line.plant,
                wanted=tuple(Wanted(part.quantity, part.due_on) for part in line.schedule_lines),
            )
            for line in order.lines
        ),
    )
