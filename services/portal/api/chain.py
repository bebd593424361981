"""What came after an order's promise: its shipments, receipts, invoices, and how far all is."""

import asyncio
from uuid import UUID

from fastapi import Request, Response

from contracts.orders import Side
from contracts.scopes import Scope
from services.portal.api.page import Visitor, needs, page_router, show
from services.portal.api.parts import if_there
from services.portal.commands.sessions import Visit
from services.portal.domain.chain import STATIONS, chain_of
from services.portal.queries import orders, owing, shipping
from services.portal.schemas.answers import Page
from services.portal.schemas.owing import Debt, InvoiceSummary
from services.portal.schemas.shipping import ReadyLine, ShipmentSummary

LINES_MAX = 200

router = page_router()


@router.get("/orders/{order_id}/chain")
async def chain(request: Request, visitor: Visitor, order_id: UUID) -> Response:
    """Return the part of an order's page that tells what was shipped, accepted and paid."""
    needs(visitor, Scope.ORDERS_READ)
    order = await orders.order(visitor.api, order_id)
    side = order.side_of(visitor.me.organization.id)
    goods, shipments, debts, invoices = await asyncio.gather(
        _goods(visitor, side, order_id),
        _shipments(visitor, side, order_id),
        _debts(visitor, side, order_id),
        _invoices(visitor, side, order_id),
    )
    by_line = {one.schedule_line_id: one for one in goods.items} if goods else None
    money = None
    if debts:
        own = [debt for debt in debts.items if debt.amount.currency == order.currency]
        invoiced = sum(debt.amount.amount_minor - debt.uninvoiced.amount_minor for debt in own)
        money = invoiced, sum(debt.paid.amount_minor for debt in own)
    context = {
        "order": order,
        "side": side,
        "stations": chain_of(order.schedule_lines, by_line, money),
        "words": STATIONS,
        "shipments": shipments.items if shipments else [],
        "receipts": _receipts(debts.items if debts else []),
        "invoices": invoices.items if invoices else [],
        "may_ship": side is Side.SUPPLIER and visitor.me.may(Scope.LOGISTICS_SHIP),
        "to_ship": any(one.left_to_ship > 0 for one in goods.items) if goods else False,
    }
    return show(request, visitor, "fragments/chain.html", context)


def _receipts(debts: list[Debt]) -> list[tuple[UUID, str]]:
    return list(dict.fromkeys((debt.receipt_id, debt.receipt_number) for debt in debts))


async def _goods(visitor: Visit, side: Side, order_id: UUID) -> Page[ReadyLine] | None:
    if not visitor.me.may(Scope.LOGISTICS_READ):
        return None
    asked = shipping.ready_lines(visitor.api, side, order_id=order_id, view="all", limit=LINES_MAX)
    return await if_there(asked, None)


async def _shipments(visitor: Visit, side: Side, order_id: UUID) -> Page[ShipmentSummary] | None:
    if not visitor.me.may(Scope.LOGISTICS_READ):
        return None
    asked = shipping.shipments(visitor.api, side, order_id=order_id, limit=10)
    return await if_there(asked, None)


async def _debts(visitor: Visit, side: Side, order_id: UUID) -> Page[Debt] | None:
    if not visitor.me.may(Scope.SETTLEMENT_READ):
        return None
    asked = owing.debts(visitor.api, side, order_id=order_id, limit=LINES_MAX)
    return await if_there(asked, None)


async def _invoices(visitor: Visit, side: Side, order_id: UUID) -> Page[InvoiceSummary] | None:
    if not visitor.me.may(Scope.SETTLEMENT_READ):
        return None
    return await if_there(owing.invoices(visitor.api, side, order_id=order_id, limit=10), None)
