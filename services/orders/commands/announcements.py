"""Say what was agreed on schedule lines, as the events of the contract."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import (
    ChangeAgreed,
    ChangeDeclined,
    ChangeProposed,
    ChangeWithdrawn,
    LineCancelled,
    LineConfirmed,
    PlacedScheduleLine,
    Side,
)
from services.orders.models import Change, ScheduleLine
from shared.events import publish


def confirmed(session: AsyncSession, row: ScheduleLine, *, at: datetime) -> None:
    """Announce a promise that came about by consent."""
    assert row.promised_on
    event = LineConfirmed(
        order_id=row.order_id,
        schedule_line_id=row.id,
        buyer_id=row.buyer_id,
        supplier_id=row.supplier_id,
        order_number=row.order_number,
        position=row.position,
        sequence=row.sequence,
        item_number=row.item_number,
        item_name=row.item_name,
        quantity=row.quantity,
        unit=row.unit,
        due_on=row.due_on,
        promised_on=row.promised_on,
        occurred_at=at,
        recorded_at=at,
    )
    publish(session, event)


def cancelled(session: AsyncSession, row: ScheduleLine, *, reason: str, at: datetime) -> None:
    """Announce that a buyer gave up what nobody had promised."""
    event = LineCancelled(
        order_id=row.order_id,
        schedule_line_id=row.id,
        buyer_id=row.buyer_id,
        supplier_id=row.supplier_id,
        reason=reason,
        occurred_at=at,
        recorded_at=at,
    )
    publish(session, event)


def proposed(session: AsyncSession, change: Change, *, at: datetime) -> None:
    """Announce that one side waits for the other."""
    event = ChangeProposed(
        order_id=change.order_id,
        schedule_line_id=change.schedule_line_id,
        change_id=change.id,
        buyer_id=change.buyer_id,
        supplier_id=change.supplier_id,
        proposed_by=Side(change.proposed_by),
        kind="cancel" if change.promised_on is None else "reschedule",
        quantity=change.quantity,
        promised_on=change.promised_on,
        reason=change.reason,
        occurred_at=at,
        recorded_at=at,
    )
    publish(session, event)


def agreed(
    session: AsyncSession, change: Change, *, rest: ScheduleLine | None, at: datetime
) -> None:
    """Announce that a change holds, and what it split off."""
    left = rest and PlacedScheduleLine(
        schedule_line_id=rest.id, quantity=rest.quantity, due_on=rest.due_on
    )
    event = ChangeAgreed(
        order_id=change.order_id,
        schedule_line_id=change.schedule_line_id,
        change_id=change.id,
        buyer_id=change.buyer_id,
        supplier_id=change.supplier_id,
        kind="cancel" if change.promised_on is None else "reschedule",
        quantity=change.quantity,
        promised_on=change.promised_on,
        rest=left,
        occurred_at=at,
        recorded_at=at,
    )
    publish(session, event)


def declined(session: AsyncSession, change: Change, *, reason: str, at: datetime) -> None:
    """Announce that all stays as it was."""
    event = ChangeDeclined(
        order_id=change.order_id,
        schedule_line_id=change.schedule_line_id,
        change_id=change.id,
        buyer_id=change.buyer_id,
        supplier_id=change.supplier_id,
        reason=reason,
        occurred_at=at,
        recorded_at=at,
    )
    publish(session, event)


def withdrawn(session: AsyncSession, change: Change, *, at: datetime) -> None:
    """Announce that a proposal needs no answer any more."""
    event = ChangeWithdrawn(
        order_id=change.order_id,
        schedule_line_id=change.schedule_line_id,
        change_id=change.id,
        buyer_id=change.buyer_id,
        supplier_id=change.supplier_id,
        occurred_at=at,
        recorded_at=at,
    )
    publish(session, event)
