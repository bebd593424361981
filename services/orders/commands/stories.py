"""Tell the story of an order: what happened, on which side, by whom."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.orders import MessagePosted, Side
from services.orders.domain.orders import OrderNotFound
from services.orders.domain.schedule_lines import ScheduleLineNotFound
from services.orders.models import Entry, Order, ScheduleLine
from services.orders.queries.orders import is_party
from services.orders.schemas.stories import EntryKind
from shared.auth import Caller
from shared.events import publish


def tell(  # noqa: PLR0913  what an entry says
    session: AsyncSession,
    kind: EntryKind,
    *,
    caller: Caller,
    side: Side,
    line: ScheduleLine,
    values: dict[str, Any],
    at: datetime,
    text: str | None = None,
) -> None:
    """Add to the story of an order what somebody did to one of its schedule lines."""
    session.add(
        Entry(
            order_id=line.order_id,
            schedule_line_id=line.id,
            buyer_id=line.buyer_id,
            supplier_id=line.supplier_id,
            kind=kind,
            side=side,
            by=caller.name,
            user_id=caller.user_id,
            client_id=caller.client_id,
            text=text,
            values=values | {"position": line.position, "sequence": line.sequence},
            occurred_at=at,
            recorded_at=at,
            imported=False,
        )
    )


async def post_message(  # noqa: PLR0913  what a message says
    session: AsyncSession,
    *,
    caller: Caller,
    order_id: UUID,
    schedule_line_id: UUID | None,
    text: str,
    reminder: bool,
    at: datetime,
) -> Entry:
    """Write to the other side on an order, or remind it, and announce that (not the text)."""
    this = select(Order).where(Order.id == order_id, is_party(caller))
    found = await session.scalar(this.with_for_update(key_share=True))  # as it is announced
    if found is None:
        raise OrderNotFound("There is no such order among yours.")
    side = Side.BUYER if found.buyer_id == caller.organization_id else Side.SUPPLIER
    entry = Entry(
        id=uuid7(),
        order_id=order_id,
        schedule_line_id=schedule_line_id,
        buyer_id=found.buyer_id,
        supplier_id=found.supplier_id,
        kind=EntryKind.REMINDER if reminder else EntryKind.MESSAGE,
        side=side,
        by=caller.name,
        user_id=caller.user_id,
        client_id=caller.client_id,
        text=text,
        values=await _about(session, order_id, schedule_line_id) if schedule_line_id else {},
        occurred_at=at,
        recorded_at=at,
        imported=False,
    )
    session.add(entry)
    publish(session, _posted(entry, side, at))
    return entry


async def _about(session: AsyncSession, order_id: UUID, id_: UUID) -> dict[str, Any]:
    about = select(ScheduleLine.position, ScheduleLine.sequence)
    this = ScheduleLine.id == id_, ScheduleLine.order_id == order_id
    line = (await session.execute(about.where(*this))).one_or_none()
    if line is None:
        raise ScheduleLineNotFound("The order has no such schedule line.")
    return {"position": line.position, "sequence": line.sequence}


def _posted(entry: Entry, side: Side, at: datetime) -> MessagePosted:
    return MessagePosted(
        order_id=entry.order_id,
        schedule_line_id=entry.schedule_line_id,
        message_id=entry.id,
        buyer_id=entry.buyer_id,
        supplier_id=entry.supplier_id,
        posted_by=side,
        reminder=entry.kind == EntryKind.REMINDER,
        occurred_at=at,
        recorded_at=at,
    )
