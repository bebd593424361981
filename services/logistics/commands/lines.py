"""Know schedule lines, relationships and progress, as other services tell them."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.onboarding import RelationshipChanged, Terms
from contracts.orders import (
    ChangeAgreed,
    LineCancelled,
    LineConfirmed,
    OrderPlaced,
    PlacedScheduleLine,
)
from contracts.production import ProgressReported
from services.logistics.domain.shipments import LineState
from services.logistics.models import Organization, Progress, Relationship, ScheduleLine


async def know_organization(session: AsyncSession, organization_id: UUID) -> None:
    """Know that an organization exists here."""
    known = insert(Organization).values(id=organization_id)
    await session.execute(known.on_conflict_do_nothing())


async def keep_relationship(session: AsyncSession, event: RelationshipChanged) -> None:
    """Keep names and terms of a relationship; what is older than what is known is passed over."""
    terms = event.terms or Terms()
    values: dict[str, Any] = {
        "buyer_id": event.buyer_id,
        "buyer_name": event.buyer_name,
        "supplier_id": event.supplier_id,
        "supplier_name": event.supplier_name,
        "state": event.state,
        "quantity_tolerance_percent": terms.quantity_tolerance_percent,
        "acceptance_working_days": terms.acceptance_working_days,
        "suspended_by": event.suspended_by,
        "changed_at": event.changed_at,
    }
    keeping = insert(Relationship).values(**values)
    told = {name: keeping.excluded[name] for name in values}
    newer = Relationship.changed_at <= keeping.excluded.changed_at
    keys = [Relationship.buyer_id, Relationship.supplier_id]
    await session.execute(
        keeping.on_conflict_do_update(index_elements=keys, set_=told, where=newer)
    )


async def keep_order(session: AsyncSession, event: OrderPlaced, *, at: datetime) -> None:
    """Know every schedule line of an order."""
    rows = [
        {
            "id": part.schedule_line_id,
            "order_id": event.order_id,
            "line_id": line.line_id,
            "buyer_id": event.buyer_id,
            "supplier_id": event.supplier_id,
            "order_number": event.number,
            "position": line.position,
            "sequence": sequence,
            "item_number": line.item_number,
            "item_name": line.item_name,
            "unit": line.unit,
            "state": LineState.UNCONFIRMED,
            "due_on": part.due_on,
            "quantity": part.quantity,
            "told_at": event.recorded_at,
            "updated_at": at,
        }
        for line in event.lines
        for sequence, part in enumerate(line.schedule_lines, start=1)
    ]
    await session.execute(insert(ScheduleLine).on_conflict_do_nothing(), rows)


async def confirm(session: AsyncSession, event: LineConfirmed, *, at: datetime) -> None:
    """Let a schedule line be shipped as promised; what was not stays on a line of its own."""
    row = await _held(session, event.schedule_line_id)
    if row is None or row.told_at > event.recorded_at:
        return
    row.state, row.quantity = LineState.CONFIRMED, event.quantity
    row.due_on, row.promised_on = event.due_on, event.promised_on
    row.sequence, row.told_at, row.updated_at = event.sequence, event.recorded_at, at
    await _split(session, row, event.rest, event.recorded_at, at=at)


async def change(session: AsyncSession, event: ChangeAgreed, *, at: datetime) -> None:
    """Give a schedule line the quantity and day that were agreed on, or let it be cancelled.

    What was shipped stays shipped: where less is wanted now, less is left to ship.
    """
    row = await _held(session, event.schedule_line_id)
    if row is None or row.told_at > event.recorded_at:
        return
    row.told_at, row.updated_at = event.recorded_at, at
    if event.kind == "cancel" or event.promised_on is None:
        row.state = LineState.CANCELLED
        return
    row.quantity = event.quantity
    if row.state == LineState.CONFIRMED:
        row.promised_on = event.promised_on
    else:
        row.due_on = event.promised_on
    await _split(session, row, event.rest, event.recorded_at, at=at)


async def cancel(session: AsyncSession, event: LineCancelled, *, at: datetime) -> None:
    """Ship no more of a schedule line that its buyer gave up."""
    row = await _held(session, event.schedule_line_id)
    if row and row.told_at <= event.recorded_at:
        row.state, row.told_at, row.updated_at = LineState.CANCELLED, event.recorded_at, at


async def keep_progress(session: AsyncSession, events: Sequence[ProgressReported]) -> None:
    """Know how much of each schedule line is finished; the newest revision counts."""
    newest: dict[UUID, ProgressReported] = {}
    for event in events:
        known = newest.setdefault(event.schedule_line_id, event)
        if event.revision > known.revision:
            newest[event.schedule_line_id] = event
    rows = [
        {
            "schedule_line_id": line_id,
            "buyer_id": event.buyer_id,
            "supplier_id": event.supplier_id,
            "good": event.completed,
            "revision": event.revision,
        }
        for line_id, event in sorted(newest.items())  # in one order, as others hold them too
    ]
    keeping = insert(Progress)
    told = {"good": keeping.excluded.good, "revision": keeping.excluded.revision}
    newer = Progress.revision < keeping.excluded.revision
    await session.execute(
        keeping.on_conflict_do_update(
            index_elements=[Progress.schedule_line_id], set_=told, where=newer
        ),
        rows,
    )


async def _held(session: AsyncSession, schedule_line_id: UUID) -> ScheduleLine | None:
    return await session.get(
        ScheduleLine, schedule_line_id, with_for_update={"key_share": True}, populate_existing=True
    )


async def _split(
    session: AsyncSession,
    row: ScheduleLine,
    rest: PlacedScheduleLine | None,
    told_at: datetime,
    *,
    at: datetime,
) -> None:
    """Know what was split off a schedule line, under the next sequence of its line."""
    if rest is None:
        return
    last = select(func.max(ScheduleLine.sequence)).where(ScheduleLine.line_id == row.line_id)
    values = {
        "id": rest.schedule_line_id,
        "sequence": int(await session.scalar(last) or 0) + 1,
        "state": LineState.UNCONFIRMED,
        "due_on": rest.due_on,
        "quantity": Decimal(rest.quantity),
        "told_at": told_at,
        "updated_at": at,
    }
    same = (
        *("order_id", "line_id", "buyer_id", "supplier_id", "order_number", "position"),
        *("item_number", "item_name", "unit"),
    )
    values |= {name: getattr(row, name) for name in same}
    await session.execute(insert(ScheduleLine).values(**values).on_conflict_do_nothing())
