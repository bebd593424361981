"""Keep in the order book what production tells of each line. The newest revision counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import Row, Table, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Light, LineProgressed, Side
from contracts.production import (
    OperationProgress,
    Prediction,
    ProgressReported,
    SlippagePredicted,
    WorkOrderCompleted,
    WorkOrderOpened,
)
from contracts.values import plain
from services.orders.domain.lights import State, Turns, light, turns
from services.orders.domain.schedule_lines import ScheduleLineNotFound
from services.orders.models import Entry, ScheduleLine
from services.orders.queries.book import outlook_of, today_of
from services.orders.schemas.stories import EntryKind
from shared.events import publish

BOOK = cast("Table", ScheduleLine.__table__)

Told = WorkOrderOpened | ProgressReported | WorkOrderCompleted | SlippagePredicted


async def open_work_order(session: AsyncSession, event: WorkOrderOpened, *, at: datetime) -> None:
    """Keep the operations that a line will go through."""
    row = await _hold(session, event)
    if event.revision > row.progress_revision:
        new = _figures(event.revision, event.operations) | {"work_order_id": event.work_order_id}
        await _write(session, row, new, at)


async def report(session: AsyncSession, event: ProgressReported, *, at: datetime) -> None:
    """Keep how far a line has come and when it will be completed, and announce it."""
    row = await _hold(session, event)
    new: dict[str, Any] = {
        "started_at": min(row.started_at or event.occurred_at, event.occurred_at),
        "last_reported_at": max(row.last_reported_at or event.recorded_at, event.recorded_at),
    }
    newer = event.revision > row.progress_revision
    if newer:
        new |= _figures(event.revision, event.operations)
        new |= {"good": event.completed, "work_order_id": event.work_order_id}
    if event.revision > row.prediction_revision:
        new |= _expected(event.revision, event.prediction, today_of(event.recorded_at))
    _tell(session, EntryKind.REPORTED, row, event, _reported(event))
    await _apply(session, row, new, event, at=at, announced=newer)


async def predict(session: AsyncSession, event: SlippagePredicted, *, at: datetime) -> None:
    """Keep when a line will be completed at its pace, tell it, and announce it."""
    row = await _hold(session, event)
    new: dict[str, Any] = {}
    if event.revision > row.prediction_revision:
        new = _expected(event.revision, event.prediction, today_of(event.predicted_at))
    values = {
        "promised_on": event.promised_on.isoformat(),
        "predicted_on": event.prediction.predicted_on.isoformat(),
    }
    _tell(session, EntryKind.SLIPPAGE_PREDICTED, row, event, values)
    await _apply(session, row, new, event, at=at, announced=bool(new))


async def complete(session: AsyncSession, event: WorkOrderCompleted, *, at: datetime) -> None:
    """Keep when a line was completed, and tell it."""
    row = await _hold(session, event)
    if event.revision > row.completed_revision:
        new = {"completed_revision": event.revision, "completed_at": event.completed_at}
        await _write(session, row, new, at)
    _tell(session, EntryKind.COMPLETED, row, event, {"quantity": plain(event.quantity)})


async def _hold(session: AsyncSession, event: Told) -> Row[Any]:
    """Lock a schedule line alone: what its two sides agree on is not touched here."""
    asked = select(BOOK).where(BOOK.c.id == event.schedule_line_id)
    row = (await session.execute(asked.with_for_update(key_share=True))).one_or_none()
    if row is None or row.order_id != event.order_id:
        raise ScheduleLineNotFound(f"No schedule line {event.schedule_line_id} is known here.")
    return row


async def _write(session: AsyncSession, row: Row[Any], new: dict[str, Any], at: datetime) -> None:
    change = update(BOOK).where(BOOK.c.id == row.id).values(**new, updated_at=at)
    await session.execute(change)


def _figures(revision: int, operations: Sequence[OperationProgress]) -> dict[str, Any]:
    return {
        "progress_revision": revision,
        "operations": [operation.model_dump(mode="json") for operation in operations],
        "scrapped": sum((operation.scrapped for operation in operations), Decimal(0)),
    }


def _expected(revision: int, prediction: Prediction | None, known_on: date) -> dict[str, Any]:
    return {
        "prediction_revision": revision,
        "prediction": prediction and prediction.model_dump(mode="json"),
        "predicted_on": prediction and prediction.predicted_on,
        "known_on": prediction and known_on,
    }


@dataclass
class _After:
    """A row of the order book with what has changed in it."""

    row: Row[Any]
    new: dict[str, Any]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  a column of any type
        return self.new[name] if name in self.new else getattr(self.row, name)


async def _apply(  # noqa: PLR0913  what is known of one event
    session: AsyncSession,
    row: Row[Any],
    new: dict[str, Any],
    event: ProgressReported | SlippagePredicted,
    *,
    at: datetime,
    announced: bool,
) -> None:
    """Write what is new, with the days on which the light will turn; announce and tell it."""
    after = _After(row, new)
    if row.promised_on:
        started = after.started_at is not None
        turning = turns(row.promised_on, started=started, outlook=outlook_of(after))
        new |= {"at_risk_from": turning.at_risk_from, "late_from": turning.late_from}
    if new:
        await _write(session, row, new, at)
    if announced and row.promised_on:
        today = today_of(at)
        _tell_turn(session, row, after, event, today)
        publish(session, _progressed(row, after, event, _light(after, today)))


def _light(row: Any, today: date) -> Light:  # noqa: ANN401  a row, before or after
    turning = Turns(row.at_risk_from, row.late_from)
    return light(
        State(row.state), quantity=row.quantity, good=row.good, turning=turning, today=today
    )


def _tell_turn(
    session: AsyncSession,
    row: Row[Any],
    after: _After,
    event: ProgressReported | SlippagePredicted,
    today: date,
) -> None:
    """Tell that a light turned red, or is red no more, by what production said."""
    was_late = _light(row, today) is Light.LATE
    is_late = _light(after, today) is Light.LATE
    if was_late != is_late:
        kind = EntryKind.TURNED_LATE if is_late else EntryKind.RECOVERED
        predicted = after.predicted_on
        values = {
            "promised_on": row.promised_on.isoformat(),
            "predicted_on": predicted.isoformat() if predicted else None,
        }
        _tell(session, kind, row, event, values)


def _progressed(
    row: Row[Any], after: _After, event: ProgressReported | SlippagePredicted, now: Light
) -> LineProgressed:
    recorded_at = event.recorded_at if isinstance(event, ProgressReported) else event.predicted_at
    return LineProgressed(
        order_id=row.order_id,
        schedule_line_id=row.id,
        buyer_id=row.buyer_id,
        supplier_id=row.supplier_id,
        good=after.good,
        scrapped=after.scrapped,
        quantity=row.quantity,
        light=now,
        promised_on=row.promised_on,
        predicted_on=after.predicted_on,
        occurred_at=_moment(event),
        recorded_at=recorded_at,
    )


def _reported(event: ProgressReported) -> dict[str, Any]:
    values = {
        "operation": event.operation,
        "good": plain(event.good),
        "scrapped": plain(event.scrapped),
        "completed": plain(event.completed),
        "quantity": plain(event.ordered),
        "report_id": str(event.report_id),
    }
    return values | ({"reverses": str(event.reverses)} if event.reverses else {})


def _tell(
    session: AsyncSession, kind: EntryKind, row: Row[Any], event: Told, values: dict[str, Any]
) -> None:
    """Add to the story what production said for the supplier; production knows who it was."""
    at = _moment(event)
    session.add(
        Entry(
            order_id=row.order_id,
            schedule_line_id=row.id,
            buyer_id=row.buyer_id,
            supplier_id=row.supplier_id,
            kind=kind,
            side=Side.SUPPLIER,
            by="",
            client_id="production",
            values=values | {"position": row.position, "sequence": row.sequence},
            occurred_at=at,
            recorded_at=event.recorded_at if isinstance(event, ProgressReported) else at,
            imported=isinstance(event, ProgressReported) and event.imported,
        )
    )


def _moment(event: Told) -> datetime:
    match event:
        case WorkOrderOpened():
            return event.opened_at
        case ProgressReported():
            return event.occurred_at
        case WorkOrderCompleted():
            return event.completed_at
        case SlippagePredicted():
            return event.predicted_at
