"""Find lines of the order book by a few letters, without reading them all.

What the letters may be part of is looked up first, where there is little of it: the items that a
side ever ordered, and its counterparties. The lines are then found by index. Where rows have
policies, PostgreSQL uses one for comparisons alone, and neither for LIKE nor for lower().
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    and_,
    any_,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Side
from services.orders.models import Relationship, ScheduleLine
from shared.auth import Caller
from shared.database import plan_anew

APART_MAX = 30  # items or counterparties that are looked up each by itself
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
) -> list[ColumnElement[bool]]:
    """Say which lines a search finds, upper and lower case being the same: whatever meets one.

    By the start of the number of an order or an item, or by any part of the name of an item or a
    counterparty. An index has the lines of each item, and of each counterparty, by due day: a few
    are conditions of their own, so that a page is read from there.
    """
    await plan_anew(session)  # few are found, or very many
    given = {"party": caller.organization_id, "q": q}
    items = (await session.execute(ITEMS[side], given)).all()
    others = await _counterparties(session, q, caller, side)
    first = func.lower(q)
    found = [and_(ScheduleLine.order_key >= first, ScheduleLine.order_key < first + LAST)]
    item = ScheduleLine.item_number, ScheduleLine.item_name
    for begins in (True, False):
        some = [(one.item_number, one.item_name) for one in items if one.begins == begins]
        found += _one_of(item, some)
    other = ScheduleLine.supplier_id if side is Side.BUYER else ScheduleLine.buyer_id
    return found + _one_of([other], [(id_,) for id_ in others])


def _one_of(columns: Sequence[Any], values: Sequence[tuple[Any, ...]]) -> list[ColumnElement[bool]]:
    """Say that columns have some values: one condition for each, or one for very many.

    That one also holds for the value of one column with that of another, which are found alike.
    """
    each = [
        and_(*(column == value for column, value in zip(columns, row, strict=True)))
        for row in values[: APART_MAX + 1]
    ]
    if len(each) <= APART_MAX:
        return each
    listed = [
        column == any_(literal(sorted(set(some)), ARRAY(column.type)))
        for column, some in zip(columns, zip(*values, strict=True), strict=True)
    ]
    return [and_(*listed)]


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
