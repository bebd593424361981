"""Know relationships, as onboarding tells them, and items, as buyers name them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Text, any_, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.onboarding import RelationshipChanged
from services.orders.models import Item, Relationship
from shared.auth import Caller

RELATIONSHIP_COLUMNS = {
    *("buyer_id", "buyer_name", "supplier_id", "supplier_name"),
    *("state", "suspended_by", "vendor_number", "since", "changed_at"),
}
ITEM_COLUMNS = "buyer_id", "number", "name", "unit", "updated_at"


async def keep_relationship(session: AsyncSession, event: RelationshipChanged) -> None:
    """Keep how a buyer and a supplier stand; what is older than what is known is passed over."""
    values = event.model_dump(include=RELATIONSHIP_COLUMNS)
    keeping = insert(Relationship).values(id=event.relationship_id, **values)
    newer = keeping.excluded.changed_at >= Relationship.changed_at
    told = {name: getattr(keeping.excluded, name) for name in values}
    await session.execute(
        keeping.on_conflict_do_update(index_elements=[Relationship.id], set_=told, where=newer)
    )


class NamedItem(NamedTuple):
    """What a buyer calls a thing."""

    number: str
    name: str
    unit: str


class KeptItem(NamedTuple):
    """An item that is known now, and whether that is news."""

    item_id: UUID
    new: bool


async def keep_items(
    session: AsyncSession, *, caller: Caller, items: Sequence[NamedItem], at: datetime
) -> list[KeptItem]:
    """Create items, or give them their new name and unit; of one number the last counts."""
    last = {item.number: item for item in items}
    columns = list(zip(*(last[number] for number in sorted(last)), strict=True))
    arrays = (literal(list(column), ARRAY(Text)) for column in columns)
    found = func.unnest(*arrays).table_valued("number", "name", "unit").render_derived()
    rows = select(literal(caller.organization_id), *found.c, literal(at)).order_by(found.c.number)
    keeping = insert(Item).from_select(ITEM_COLUMNS, rows, include_defaults=False)
    told = {name: getattr(keeping.excluded, name) for name in ("name", "unit", "updated_at")}
    news = or_(Item.name != keeping.excluded.name, Item.unit != keeping.excluded.unit)
    changed = await session.execute(
        keeping.on_conflict_do_update(
            index_elements=[Item.buyer_id, Item.number], set_=told, where=news
        ).returning(Item.number)
    )
    new = set(changed.scalars())
    numbers = literal(list(last), ARRAY(Text))
    mine = Item.buyer_id == caller.organization_id, Item.number == any_(numbers)
    ids = dict((await session.execute(select(Item.number, Item.id).where(*mine))).all())
    return [KeptItem(ids[item.number], item.number in new) for item in items]
