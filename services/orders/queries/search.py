"""Find lines of the order book by a few letters, without reading them all.

What the letters may be part of is looked up first, where there is little of it: the items that a
side ever ordered, and its counterparties. The lines are then found by index. Where rows have
policies, PostgreSQL uses one for comparisons alone, and neither for LIKE nor for lower().
"""

from collections.abc import Iterable, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Text,
    Uuid,
    and_,
    any_,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Side
from services.orders.models import Relationship, ScheduleLine
from shared.auth import Caller

LAST = "\U0010ffff"  # sorts behind whatever begins with the same letters
ITEMS = {  # of all lines of one side: as many steps as there are items, not lines
    side: text(
        f"""
        WITH RECURSIVE item AS (
            (SELECT item_number, item_name FROM schedule_lines WHERE {side}_id = :party
                ORDER BY item_number, item_name LIMIT 1)
            UNION ALL
            SELECT later.* FROM item, LATERAL (
                SELECT item_number, item_name FROM schedule_lines
                WHERE {side}_id = :party
                    AND (item_number, item_name) > (item.item_number, item.item_name)
                ORDER BY item_number, item_name LIMIT 1
            ) AS later
        )
        SELECT item_number, item_name, begins FROM item,
            LATERAL (SELECT starts_with(lower(item_number), lower(:q))) AS number (begins)
        WHERE begins OR strpos(lower(item_name), lower(:q)) > 0
        """  # noqa: S608  the side is ours
    )
    for side in Side
}


async def matching(
    session: AsyncSession, q: str, *, caller: Caller, side: Side
) -> ColumnElement[bool]:
    """Say which lines a search finds, upper and lower case being the same.

    By the start of the number of an order or an item, or by any part of the name of an item or a
    counterparty.
    """
    given = {"party": caller.organization_id, "q": q}
    items = (await session.execute(ITEMS[side], given)).all()
    others = await _counterparties(session, q, caller, side)
    first = func.lower(q)
    found = [and_(ScheduleLine.order_key >= first, ScheduleLine.order_key < first + LAST)]
    if numbers := [item.item_number for item in items if item.begins]:
        found.append(_is_one_of(ScheduleLine.item_number, numbers))
    if named := [item for item in items if not item.begins]:
        by_number = _is_one_of(ScheduleLine.item_number, [item.item_number for item in named])
        by_name = _is_one_of(ScheduleLine.item_name, [item.item_name for item in named])
        found.append(and_(by_number, by_name))
    if others:
        other = ScheduleLine.supplier_id if side is Side.BUYER else ScheduleLine.buyer_id
        found.append(other == any_(literal(list(others), ARRAY(Uuid))))
    return or_(*found)


def _is_one_of(column: ColumnElement[str] | Any, texts: Iterable[str]) -> ColumnElement[bool]:  # noqa: ANN401  a column of an entity
    return cast("ColumnElement[bool]", column == any_(literal(sorted(set(texts)), ARRAY(Text))))


async def _counterparties(
    session: AsyncSession, q: str, caller: Caller, side: Side
) -> Sequence[UUID]:
    mine, other, name = (
        (Relationship.buyer_id, Relationship.supplier_id, Relationship.supplier_name)
        if side is Side.BUYER
        else (Relationship.supplier_id, Relationship.buyer_id, Relationship.buyer_name)
    )
    named = name.icontains(q, autoescape=True)
    return (await session.scalars(select(other).where(mine == caller.organization_id, named))).all()
