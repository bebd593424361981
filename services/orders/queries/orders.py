"""Orders, their lines and their stories."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Row,
    Select,
    Uuid,
    and_,
    any_,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Side
from contracts.values import Money
from services.orders.domain.orders import OrderNotFound
from services.orders.models import Entry, Order, OrderLine, Relationship, ScheduleLine
from services.orders.queries.book import book, row_of, today_of
from services.orders.schemas.orders import OrderLineOut, OrderOut, OrderSummary, PlacedLineOut
from services.orders.schemas.schedule_lines import ScheduleLineOut
from shared.auth import Caller
from shared.paging import Paging, Rows, keyset


def is_party(caller: Caller) -> ColumnElement[bool]:
    """Say which orders the caller may see; for one order, not for lists."""
    party = caller.organization_id
    return or_(Order.buyer_id == party, Order.supplier_id == party)


def with_names() -> Select[Any]:
    """Select orders with the names of both sides."""
    parties = and_(
        Relationship.buyer_id == Order.buyer_id, Relationship.supplier_id == Order.supplier_id
    )
    names = Relationship.buyer_name, Relationship.supplier_name
    return select(*Order.__table__.columns, *names).join(Relationship, parties)


def _values(found: Row[Any]) -> dict[str, Any]:
    amount = Money.of(found.amount_minor, found.currency)
    return dict(found._mapping) | {"amount": amount}  # noqa: SLF001  the documented way


async def orders(  # noqa: PLR0913  what one may filter by
    session: AsyncSession,
    *,
    caller: Caller,
    side: Side,
    number: str | None,
    counterparty_id: UUID | None,
    q: str | None,
    paging: Paging,
) -> Rows[OrderSummary]:
    """Return a page of one side's orders, the newest first."""
    mine, other = Order.buyer_id, Order.supplier_id
    if side is Side.SUPPLIER:
        mine, other = other, mine
    rows = with_names().where(mine == caller.organization_id)
    if number:
        rows = rows.where(Order.number == number)
    if counterparty_id:
        rows = rows.where(other == counterparty_id)
    if q:
        name = Relationship.supplier_name if side is Side.BUYER else Relationship.buyer_name
        rows = rows.where(
            or_(Order.number.istartswith(q, autoescape=True), name.icontains(q, autoescape=True))
        )
    page = await keyset(
        session, rows, order=(Order.recorded_at, Order.id), paging=paging, descending=True
    )
    found = [OrderSummary.model_validate(_values(row)) for row in page.items]
    return Rows(found, page.next)


async def order(session: AsyncSession, *, caller: Caller, order_id: UUID, at: datetime) -> OrderOut:
    """Return an order with its lines, their parts and how far each has come."""
    chosen = with_names().where(is_party(caller), Order.id == order_id)
    found = (await session.execute(chosen)).one_or_none()
    if found is None:
        raise OrderNotFound("There is no such order among yours.")
    parts: defaultdict[UUID, list[ScheduleLineOut]] = defaultdict(list)
    rows = book(today_of(at)).where(ScheduleLine.order_id == order_id)
    for part in await session.execute(rows.order_by(ScheduleLine.sequence)):
        parts[part.line_id].append(row_of(part))
    lines = select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position)
    return OrderOut.model_validate(
        _values(found)
        | {
            "lines": [
                _line(line, found.currency, parts[line.id]) for line in await session.scalars(lines)
            ]
        }
    )


def _line(line: OrderLine, currency: str, parts: list[ScheduleLineOut]) -> OrderLineOut:
    return OrderLineOut(
        id=line.id,
        position=line.position,
        item_number=line.item_number,
        item_name=line.item_name,
        plant=line.plant,
        quantity=line.quantity,
        unit=line.unit,
        price=line.price,
        price_unit=line.price_unit,
        amount=Money.of(line.amount_minor, currency),
        computed_amount=Money.of(line.computed_minor, currency),
        schedule_lines=parts,
    )


async def placed_lines(
    session: AsyncSession, order_ids: Sequence[UUID]
) -> dict[UUID, list[PlacedLineOut]]:
    """Return under which ids the lines of orders are kept, by order."""
    ids = func.array_agg(aggregate_order_by(ScheduleLine.id, ScheduleLine.sequence))
    asked = ScheduleLine.order_id == any_(literal(list(order_ids), ARRAY(Uuid)))
    line = ScheduleLine.order_id, ScheduleLine.position, ScheduleLine.line_id
    rows = select(*line, ids.label("ids")).where(asked).group_by(*line).order_by(*line[:2])
    found: defaultdict[UUID, list[PlacedLineOut]] = defaultdict(list)
    for row in await session.execute(rows):
        placed = PlacedLineOut.model_construct(
            position=row.position, line_id=row.line_id, schedule_line_ids=row.ids
        )
        found[row.order_id].append(placed)
    return found


async def story(
    session: AsyncSession, *, caller: Caller, order_id: UUID, paging: Paging
) -> Rows[Entry]:
    """Return what happened to an order, from the beginning."""
    known = select(Order.id).where(is_party(caller), Order.id == order_id)
    if await session.scalar(known) is None:
        raise OrderNotFound("There is no such order among yours.")
    told = select(Entry).where(Entry.order_id == order_id)
    return await keyset(session, told, order=(Entry.happened_at, Entry.id), paging=paging)
