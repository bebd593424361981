"""Know what was ordered, promised and changed, as orders tells it.

One topic and one subject tell all of it, so it comes in order.
"""

from collections.abc import Iterator
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


async def keep_order(session: AsyncSession, event: OrderPlaced) -> None:
    """Count an order in its month, and know the schedule lines to be promised."""
    await write(session, KEEP_ORDERS, orders=[_order(event)])
    parts = [part for line in event.lines for part in line.schedule_lines]
    await write(session, KEEP_LINES, lines=[_line(event, part) for part in parts])
    await count_lines(session, [part.schedule_line_id for part in parts])


async def keep_promise(session: AsyncSession, event: LineConfirmed) -> None:
    """Count a promise in its month, and the time that it took to come."""
    await write(session, KEEP_LINES, lines=_rest(event))
    promise = {
        "schedule_line_id": event.schedule_line_id,
        "quantity": event.quantity,
        "promised_on": event.promised_on,
        "confirmed_at": event.occurred_at,
        "confirmed_on": day_of(event.occurred_at),
    }
    await write(session, PROMISE_LINES, promises=[promise])
    await count_lines(session, [event.schedule_line_id])


async def keep_change(session: AsyncSession, event: ChangeAgreed) -> None:
    """Move a promise to the month that both sides agreed on, or take it out of all."""
    await write(session, KEEP_LINES, lines=_rest(event))
    change = {
        "schedule_line_id": event.schedule_line_id,
        "quantity": event.quantity,
        "promised_on": event.promised_on,
        "cancelled": event.kind == "cancel",
    }
    await write(session, CHANGE_LINES, changes=[change])
    await count_lines(session, [event.schedule_line_id])


async def keep_cancellation(session: AsyncSession, event: LineCancelled) -> None:
    """Expect nothing more of a schedule line that the buyer gave up."""
    line = {
        "schedule_line_id": event.schedule_line_id,
        "buyer_id": event.buyer_id,
        "supplier_id": event.supplier_id,
        "order_id": event.order_id,
        "cancelled": True,
    }
    await write(session, KEEP_LINES, lines=[line])
    await count_lines(session, [event.schedule_line_id])


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


def _rest(event: LineConfirmed | ChangeAgreed) -> Iterator[dict[str, Any]]:
    """Yield what was split off, if anything was."""
    if event.rest:
        yield _line(event, event.rest)


def _line(event: Told, part: PlacedScheduleLine) -> dict[str, Any]:
    return {
        "schedule_line_id": part.schedule_line_id,
        "buyer_id": event.buyer_id,
        "supplier_id": event.supplier_id,
        "order_id": event.order_id,
        "quantity": part.quantity,
    }
