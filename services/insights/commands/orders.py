"""Know what was ordered, promised and changed, as orders tells it.

One topic and one subject tell all of it, so it comes in order.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import (
    ChangeAgreed,
    LineCancelled,
    LineConfirmed,
    OrderPlaced,
    PlacedScheduleLine,
)
from services.insights.commands.facts import PACKAGE, count_lines, write
from shared.database import statement
from shared.settings import settings

KEEP_ORDERS = statement(PACKAGE, "keep_orders.sql")
KEEP_LINES = statement(PACKAGE, "keep_lines.sql")
PROMISE_LINES = statement(PACKAGE, "promise_lines.sql")
CHANGE_LINES = statement(PACKAGE, "change_lines.sql")

Told = OrderPlaced | LineConfirmed | ChangeAgreed | LineCancelled


async def keep_orders(session: AsyncSession, events: Sequence[OrderPlaced]) -> None:
    """Count orders in their months, and know the schedule lines to be promised."""
    await write(session, KEEP_ORDERS, orders=map(_order, events))
    lines = [
        _line(event, part)
        for event in events
        for line in event.lines
        for part in line.schedule_lines
    ]
    await _know(session, lines)
    await count_lines(session, [line["schedule_line_id"] for line in lines])


async def keep_promises(session: AsyncSession, events: Sequence[LineConfirmed]) -> None:
    """Count promises in their months, and the time that they took to come."""
    await _know(session, _rests(events))
    promises = [
        {
            "schedule_line_id": event.schedule_line_id,
            "quantity": event.quantity,
            "promised_on": event.promised_on,
            "confirmed_at": event.occurred_at,
            "confirmed_on": day_of(event.occurred_at),
        }
        for event in events
    ]
    await write(session, PROMISE_LINES, promises=promises)
    await count_lines(session, [event.schedule_line_id for event in events])


async def keep_changes(session: AsyncSession, events: Sequence[ChangeAgreed]) -> None:
    """Move promises to the months that both sides agreed on, or take them out of all."""
    await _know(session, _rests(events))
    changes = [
        {
            "schedule_line_id": event.schedule_line_id,
            "quantity": event.quantity,
            "promised_on": event.promised_on,
            "cancelled": event.kind == "cancel",
        }
        for event in events
    ]
    await write(session, CHANGE_LINES, changes=changes)
    await count_lines(session, [event.schedule_line_id for event in events])


async def keep_cancellations(session: AsyncSession, events: Sequence[LineCancelled]) -> None:
    """Expect nothing more of schedule lines that the buyer gave up."""
    lines = [
        {
            "schedule_line_id": event.schedule_line_id,
            "buyer_id": event.buyer_id,
            "supplier_id": event.supplier_id,
            "order_id": event.order_id,
            "cancelled": True,
        }
        for event in events
    ]
    await _know(session, lines)
    await count_lines(session, [event.schedule_line_id for event in events])


async def _know(session: AsyncSession, lines: Collection[Mapping[str, Any]]) -> None:
    if lines:
        await write(session, KEEP_LINES, lines=lines)


def day_of(moment: datetime) -> Any:  # noqa: ANN401
    """Return the day of an instant in the platform's zone."""
    return moment.astimezone(settings().calendar).date()


def _order(event: OrderPlaced) -> dict[str, Any]:
    return {
        "order_id": event.order_id,
        "buyer_id": event.buyer_id,
        "supplier_id": event.supplier_id,
        "number": event.number,
        "currency": event.lines[0].amount.currency,
        "amount_minor": sum(line.amount.amount_minor for line in event.lines),
        "placed_at": event.occurred_at,
        "ordered_on": day_of(event.occurred_at or event.recorded_at),
    }


def _rests(events: Sequence[LineConfirmed | ChangeAgreed]) -> list[dict[str, Any]]:
    """Return what was split off, where anything was."""
    return [_line(event, event.rest) for event in events if event.rest]


def _line(event: Told, part: PlacedScheduleLine) -> dict[str, Any]:
    return {
        "schedule_line_id": part.schedule_line_id,
        "buyer_id": event.buyer_id,
        "supplier_id": event.supplier_id,
        "order_id": event.order_id,
        "quantity": part.quantity,
    }
