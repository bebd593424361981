"""Know what was delivered and accepted, as logistics tells it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.logistics import GoodsAccepted, GoodsReceived
from services.insights.commands.facts import PACKAGE, count_lines, write
from services.insights.commands.orders import KEEP_LINES
from shared.database import statement

KEEP_DELIVERIES = statement(PACKAGE, "keep_deliveries.sql")
KEEP_RECEIPTS = statement(PACKAGE, "keep_receipts.sql")
KEEP_ACCEPTANCES = statement(PACKAGE, "keep_acceptances.sql")


async def keep_receipt(session: AsyncSession, event: GoodsReceived) -> None:
    """Count a receipt in its month, and what it brought toward what was promised.

    A wrong item, which was not ordered, brings nothing.
    """
    await write(session, KEEP_RECEIPTS, receipts=[_of_two(event)])
    brought = [
        _delivery(event, line.receipt_line_id, line.schedule_line_id) | {"received": line.received}
        for line in event.lines
        if line.schedule_line_id
    ]
    await _deliver(session, event, brought)


async def keep_acceptance(session: AsyncSession, event: GoodsAccepted) -> None:
    """Count the days until goods were judged; what was rejected was not delivered."""
    judged = _of_two(event) | {
        "acceptance_id": event.acceptance_id,
        "receipt_id": event.receipt_id,
        "number": event.number,
        "accepted_on": event.accepted_on,
        "deemed": event.deemed,
    }
    await write(session, KEEP_ACCEPTANCES, acceptances=[judged])
    rejected = [
        _delivery(event, line.receipt_line_id, line.schedule_line_id) | {"rejected": line.rejected}
        for line in event.lines
        if line.rejected
    ]
    await _deliver(session, event, rejected)


async def _deliver(
    session: AsyncSession, event: GoodsReceived | GoodsAccepted, told: Sequence[dict[str, Any]]
) -> None:
    if told:
        lines = {line["schedule_line_id"] for line in told}
        known = [_of_two(event) | {"schedule_line_id": id_} for id_ in sorted(lines)]
        await write(session, KEEP_LINES, lines=known)
        await write(session, KEEP_DELIVERIES, deliveries=told)
        await count_lines(session, lines)


def _delivery(
    event: GoodsReceived | GoodsAccepted,
    receipt_line_id: Any,  # noqa: ANN401
    schedule_line_id: Any,  # noqa: ANN401
) -> dict[str, Any]:
    return _of_two(event) | {
        "receipt_line_id": receipt_line_id,
        "receipt_id": event.receipt_id,
        "schedule_line_id": schedule_line_id,
        "received": 0,
        "rejected": 0,
    }


def _of_two(event: GoodsReceived | GoodsAccepted) -> dict[str, Any]:
    return {
        "buyer_id": event.buyer_id,
        "supplier_id": event.supplier_id,
        "delivered_on": event.delivered_on,
    }
