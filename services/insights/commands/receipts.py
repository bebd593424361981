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


async def keep_receipts(session: AsyncSession, events: Sequence[GoodsReceived]) -> None:
    """Count receipts in their months, and what they brought toward what was promised.

    A wrong item, which was not ordered, brings nothing.
    """
    await write(session, KEEP_RECEIPTS, receipts=map(_of_two, events))
    brought = [
        _delivery(event, line.receipt_line_id, line.schedule_line_id) | {"received": line.received}
        for event in events
        for line in event.lines
        if line.schedule_line_id
    ]
    await _deliver(session, brought)


async def keep_acceptances(session: AsyncSession, events: Sequence[GoodsAccepted]) -> None:
    """Count the days until goods were judged; what was rejected was not delivered."""
    judged = [
        _of_two(event)
        | {
            "acceptance_id": event.acceptance_id,
            "receipt_id": event.receipt_id,
            "number": event.number,
            "accepted_on": event.accepted_on,
            "deemed": event.deemed,
        }
        for event in events
    ]
    await write(session, KEEP_ACCEPTANCES, acceptances=judged)
    rejected = [
        _delivery(event, line.receipt_line_id, line.schedule_line_id) | {"rejected": line.rejected}
        for event in events
        for line in event.lines
        if line.rejected
    ]
    await _deliver(session, rejected)


async def _deliver(session: AsyncSession, told: Sequence[dict[str, Any]]) -> None:
    if told:
        lines = {line["schedule_line_id"]: line for line in told}
        known = [{name: line[name] for name in OF_A_LINE} for line in lines.values()]
        await write(session, KEEP_LINES, lines=known)
        await write(session, KEEP_DELIVERIES, deliveries=told)
        await count_lines(session, lines)


OF_A_LINE = "schedule_line_id", "buyer_id", "supplier_id"


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
