"""Build work orders the way production does; a test states only what it is about."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from contracts.event import Envelope, Event
from contracts.orders import ChangeAgreed, LineConfirmed
from services.production import commands
from services.production.models import WorkOrder
from shared.database import Store, transaction
from tests.network import relayed

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def confirmed(**given: Any) -> LineConfirmed:  # noqa: ANN401
    """Return a confirmed line of ten pieces that are due in a month."""
    defaults: dict[str, Any] = {
        "order_id": uuid7(),
        "schedule_line_id": uuid7(),
        "buyer_id": uuid7(),
        "supplier_id": uuid7(),
        "order_number": "4500001234",
        "position": 10,
        "sequence": 1,
        "item_number": "H-40",
        "item_name": "Housing 40 mm",
        "quantity": Decimal(10),
        "unit": "C62",
        "due_on": date(2026, 12, 22),
        "promised_on": date(2026, 12, 20),
        "occurred_at": NOW,
        "recorded_at": NOW,
    }
    return LineConfirmed(**defaults | given)


def changed(order: WorkOrder, **given: Any) -> ChangeAgreed:  # noqa: ANN401
    """Return an agreement about a work order's line, by default on what is agreed already."""
    defaults: dict[str, Any] = {
        "order_id": order.order_id,
        "schedule_line_id": order.schedule_line_id,
        "change_id": uuid7(),
        "buyer_id": order.buyer_id,
        "supplier_id": order.supplier_id,
        "kind": "reschedule",
        "quantity": order.agreed,
        "promised_on": order.promised_on,
        "occurred_at": NOW,
        "recorded_at": NOW,
    }
    return ChangeAgreed(**defaults | given)


async def work_order(
    store: Store,
    *,
    operations: tuple[str, ...] = (),
    **given: Any,  # noqa: ANN401
) -> WorkOrder:
    """Open a work order; its announcement is taken off the outbox."""
    event = confirmed(**given)
    async with transaction(store.system) as session:
        await commands.open_work_orders(session, [event], at=NOW)
    await relayed(store)
    order = await by_line(store, event.schedule_line_id)
    if operations:
        zeros = [Decimal(0) for _ in operations]
        async with transaction(store.app, actor=order.supplier_id) as session:
            row = await session.get_one(WorkOrder, order.id)
            row.operations, row.good, row.scrapped = list(operations), zeros, zeros
        order = await by_line(store, event.schedule_line_id)
    return order


async def by_line(store: Store, schedule_line_id: UUID) -> WorkOrder:
    """Return the work order of a schedule line as it stands."""
    async with transaction(store.system) as session:
        asked = select(WorkOrder).where(WorkOrder.schedule_line_id == schedule_line_id)
        return (await session.scalars(asked)).one()


async def announced(store: Store) -> list[Event]:
    """Take what was announced off the outbox; each must be as its contract says."""
    events = [Envelope.model_validate_json(sent.body).open() for sent in await relayed(store)]
    assert None not in events
    return [event for event in events if event]
