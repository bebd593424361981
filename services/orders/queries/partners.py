"""Relationships, items and changes: whom one orders from, what, and what is being discussed."""

from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Side
from services.orders.domain.schedule_lines import ChangeState
from services.orders.models import Change, Item, Relationship, ScheduleLine
from services.orders.schemas.schedule_lines import ChangeOut
from shared.auth import Caller
from shared.paging import Paging, Rows, keyset


async def relationships(
    session: AsyncSession, *, caller: Caller, paging: Paging
) -> Rows[Relationship]:
    """Return a page of the caller's relationships, on either side."""
    party = caller.organization_id
    mine = or_(Relationship.buyer_id == party, Relationship.supplier_id == party)
    rows = select(Relationship).where(mine)
    return await keyset(session, rows, order=(Relationship.id,), paging=paging)


async def items(
    session: AsyncSession, *, caller: Caller, q: str | None, paging: Paging
) -> Rows[Item]:
    """Return a page of the caller's items by number."""
    rows = select(Item).where(Item.buyer_id == caller.organization_id)
    if q:
        named = Item.name.icontains(q, autoescape=True)
        rows = rows.where(or_(Item.number.istartswith(q, autoescape=True), named))
    return await keyset(session, rows, order=(Item.number, Item.id), paging=paging)


def with_lines() -> Select[Any]:
    """Select changes with what they are about."""
    parties = and_(
        Relationship.buyer_id == Change.buyer_id, Relationship.supplier_id == Change.supplier_id
    )
    return (
        select(
            *Change.__table__.columns,
            ScheduleLine.order_number,
            ScheduleLine.position,
            ScheduleLine.sequence,
            ScheduleLine.item_number,
            ScheduleLine.item_name,
            ScheduleLine.unit,
            Relationship.buyer_name,
            Relationship.supplier_name,
        )
        .join(ScheduleLine, ScheduleLine.id == Change.schedule_line_id)
        .join(Relationship, parties)
    )


async def changes(
    session: AsyncSession, *, caller: Caller, side: Side, state: ChangeState | None, paging: Paging
) -> Rows[ChangeOut]:
    """Return a page of changes on one side's orders, the newest first."""
    party = Change.buyer_id if side is Side.BUYER else Change.supplier_id
    rows = with_lines().where(party == caller.organization_id)
    if state:
        rows = rows.where(Change.state == state)
    page = await keyset(session, rows, order=(Change.id,), paging=paging, descending=True)
    return Rows([ChangeOut.model_validate(dict(row._mapping)) for row in page.items], page.next)  # noqa: SLF001


async def change(session: AsyncSession, *, change: Change) -> ChangeOut:
    """Return one change with what it is about, as it is stored now."""
    found = (await session.execute(with_lines().where(Change.id == change.id))).one()
    return ChangeOut.model_validate(dict(found._mapping))  # noqa: SLF001
