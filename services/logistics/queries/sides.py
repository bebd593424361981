"""Say which rows are a caller's, in words the planner has an index for."""

from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Side
from services.logistics.models import Entry
from services.logistics.schemas.stories import EntryOut
from shared.auth import Caller

STORY_MAX = 1_000


def on_sides(
    model: Any,  # noqa: ANN401  with buyer_id and supplier_id
    caller: Caller,
    side: Side | None = None,
) -> list[ColumnElement[bool]]:
    """Return what the row policies allow anyway, by side; on one of them, if it is named."""
    parties = {Side.BUYER: model.buyer_id, Side.SUPPLIER: model.supplier_id}
    return [parties[one] == caller.organization_id for one in ([side] if side else Side)]


def visible(model: Any, caller: Caller, side: Side | None = None) -> ColumnElement[bool]:  # noqa: ANN401
    """Return what the row policies allow anyway, on one side or on both."""
    return or_(*on_sides(model, caller, side))


async def story(
    session: AsyncSession, about: ColumnElement[bool], caller: Caller
) -> list[EntryOut]:
    """Return what happened, in the order in which it did."""
    asked = select(Entry).where(about, visible(Entry, caller))
    ordered = asked.order_by(Entry.occurred_at, Entry.id).limit(STORY_MAX)
    return [EntryOut.model_validate(entry) for entry in await session.scalars(ordered)]
