"""Keep in the order book what production tells of each line. The newest revision counts."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, Uuid, any_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Light, LineProgressed
from contracts.production import (
    OperationProgress,
    ProgressReported,
    SlippagePredicted,
    WorkOrderCompleted,
    WorkOrderOpened,
)
from contracts.values import plain
from services.orders.domain.lights import Outlook, State, Turns, light, turns
from services.orders.domain.schedule_lines import ScheduleLineNotFound
from services.orders.models import Order, ScheduleLine
from services.orders.queries.book import today_of
from services.orders.schemas.stories import EntryKind
from shared.database import statement
from shared.events import published
from shared.trace import traceparent

KEEP_PROGRESS = statement("services.orders.commands", "keep_progress.sql")

Told = WorkOrderOpened | ProgressReported | WorkOrderCompleted | SlippagePredicted


class Progress(NamedTuple):
    """How far a schedule line has come, and when it is expected: what production told last."""

    work_order_id: UUID | None
    progress_revision: int
    operations: list[dict[str, Any]]
    good: Decimal
    scrapped: Decimal
    started_at: datetime | None
    last_reported_at: datetime | None
    prediction_revision: int
    prediction: dict[str, Any] | None
    predicted_on: date | None
    known_on: date | None
    completed_revision: int
    completed_at: datetime | None
    at_risk_from: date | None
    late_from: date | None


class Held(NamedTuple):
    """A schedule line whose progress nobody else changes meanwhile."""

    state: State
    quantity: Decimal
    promised_on: date | None
    progress: Progress


class Entry(NamedTuple):
    """Something to be told in the story of the order."""

    kind: EntryKind
    values: dict[str, Any]


class Kept(NamedTuple):
    """What an event leaves of a line's progress, what is told of it, and what is announced."""

    event: Told
    told: list[Entry]
    announced: list[LineProgressed]


BOOK = ScheduleLine.__table__.columns
PROGRESS = [BOOK[name] for name in Progress._fields]
# PostgreSQL locks what is joined in turn: whoever holds a line has its order.
HOLD = (
    select(BOOK.id, BOOK.order_id, BOOK.state, BOOK.quantity, BOOK.promised_on, *PROGRESS)
    .select_from(Order)
    .join(ScheduleLine, BOOK.order_id == Order.id)
    .where(BOOK.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(BOOK.order_id, BOOK.id)
    .with_for_update(key_share=True)
)


async def hear(session: AsyncSession, events: Sequence[Told], *, at: datetime) -> None:
    """Keep in turn what production tells of lines, tell it, and announce what is news.

    Refused where an event is about a line that is not known here, or is another order's.
    """
    held = await _hold(session, events)
    kept = []
    for event in events:
        line = held[event.schedule_line_id]
        after, told = _after(event, line)
        after = _turned(line, after)
        turned, news = _news(event, line, after, today_of(at))
        kept.append(Kept(event, [*told, *turned], news))
        held[event.schedule_line_id] = line._replace(progress=after)
    await _keep(session, held, kept, at=at)


async def _hold(session: AsyncSession, events: Sequence[Told]) -> dict[UUID, Held]:
    """Lock schedule lines and, before them, the orders on which their progress is announced.

    Or what is announced of an order at the same time could leave in another order than it was
    recorded in.
    """
    ids = list({event.schedule_line_id for event in events})
    held, orders = {}, {}
    for id_, order_id, state, quantity, promised_on, *progress in await session.execute(
        HOLD, {"ids": ids}
    ):
        held[id_] = Held(State(state), quantity, promised_on, Progress(*progress))
        orders[id_] = order_id
    for event in events:
        if orders.get(event.schedule_line_id) != event.order_id:
            raise ScheduleLineNotFound(f"No schedule line {event.schedule_line_id} is known here.")
    return held


def _after(event: Told, held: Held) -> tuple[Progress, list[Entry]]:
    """Return how far a line has come after an event, and what the event tells of it."""
    before = held.progress
    match event:
        case WorkOrderOpened():
            return _figures(before, event), []
        case ProgressReported():
            return _reported(event, before), [Entry(EntryKind.REPORTED, _report(event))]
        case SlippagePredicted():
            days = _days(event.promised_on, event.prediction.predicted_on)
            after = _expected(before, event, today_of(event.predicted_at))
            return after, [Entry(EntryKind.SLIPPAGE_PREDICTED, days)]
        case WorkOrderCompleted():
            told = [Entry(EntryKind.COMPLETED, {"quantity": plain(event.quantity)})]
            if event.revision <= before.completed_revision:
                return before, told
            revision, completed_at = event.revision, event.completed_at
            return before._replace(completed_revision=revision, completed_at=completed_at), told


def _reported(event: ProgressReported, before: Progress) -> Progress:
    expected = _expected(_figures(before, event), event, today_of(event.recorded_at))
    return expected._replace(
        started_at=min(before.started_at or event.occurred_at, event.occurred_at),
        last_reported_at=max(before.last_reported_at or event.recorded_at, event.recorded_at),
    )


def _figures(progress: Progress, event: WorkOrderOpened | ProgressReported) -> Progress:
    if event.revision <= progress.progress_revision:
        return progress
    return progress._replace(
        work_order_id=event.work_order_id,
        progress_revision=event.revision,
        operations=[operation.model_dump(mode="json") for operation in event.operations],
        scrapped=_scrapped(event.operations),
        good=event.completed if isinstance(event, ProgressReported) else progress.good,
    )


def _scrapped(operations: Sequence[OperationProgress]) -> Decimal:
    return sum((operation.scrapped for operation in operations), Decimal(0))


def _expected(
    progress: Progress, event: ProgressReported | SlippagePredicted, known_on: date
) -> Progress:
    if event.revision <= progress.prediction_revision:
        return progress
    told = event.prediction
    return progress._replace(
        prediction_revision=event.revision,
        prediction=told.model_dump(mode="json") if told else None,
        predicted_on=told.predicted_on if told else None,
        known_on=known_on if told else None,
    )


def _turned(held: Held, after: Progress) -> Progress:
    """Say when the light turns, by what is known now."""
    if held.promised_on is None:
        return after
    outlook = None
    if after.prediction and after.known_on:
        early, late = (after.prediction[name] for name in ("early_50_on", "late_90_on"))
        outlook = Outlook(date.fromisoformat(early), date.fromisoformat(late), after.known_on)
    turning = turns(held.promised_on, started=after.started_at is not None, outlook=outlook)
    return after._replace(at_risk_from=turning.at_risk_from, late_from=turning.late_from)


def _light(held: Held, progress: Progress, today: date) -> Light:
    turning = Turns(progress.at_risk_from, progress.late_from) if progress.late_from else None
    return light(
        held.state, quantity=held.quantity, good=progress.good, turning=turning, today=today
    )


async def _keep(
    session: AsyncSession, held: Mapping[UUID, Held], kept: Sequence[Kept], *, at: datetime
) -> None:
    """Write where lines stand now, what is told of them and what is announced, all at once."""
    announced = [(one.event, news) for one in kept for news in one.announced]
    values = {
        "lines": _json([{"id": id_} | line.progress._asdict() for id_, line in held.items()]),
        "told": _json(_told(kept)),
        "announced": _json(
            [
                {
                    "place": place,
                    "schedule_line_id": event.schedule_line_id,
                    "fact": news.model_dump(mode="json"),
                }
                for place, (event, news) in enumerate(announced)
            ]
        ),
        "at": at,
        "trace": traceparent(),
    }
    await session.execute(KEEP_PROGRESS, values)
    if announced:
        published(session)


def _told(kept: Sequence[Kept]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for event, told, _ in kept:
        occurred_at, recorded_at, imported = _moment(event)
        rows.extend(
            {
                "place": len(rows) + place,
                "schedule_line_id": event.schedule_line_id,
                "kind": entry.kind,
                "values": entry.values,
                "occurred_at": occurred_at,
                "recorded_at": recorded_at,
                "imported": imported,
            }
            for place, entry in enumerate(told)
        )
    return rows


def _json(rows: list[dict[str, Any]]) -> str:
    return orjson.dumps(rows, default=_plain).decode()


def _plain(value: object) -> str:
    assert isinstance(value, Decimal)
    return plain(value)


def _news(
    event: Told, held: Held, after: Progress, today: date
) -> tuple[list[Entry], list[LineProgressed]]:
    """Return what to tell when a light turns red or is red no more, and what to announce."""
    before = held.progress
    newer = (after.progress_revision, after.prediction_revision) != (
        before.progress_revision,
        before.prediction_revision,
    )
    spoken = isinstance(event, ProgressReported | SlippagePredicted)
    if not (newer and spoken and held.promised_on):
        return [], []
    now = _light(held, after, today)
    was_late = _light(held, before, today) is Light.LATE
    turned = []
    if was_late != (now is Light.LATE):
        kind = EntryKind.RECOVERED if was_late else EntryKind.TURNED_LATE
        turned = [Entry(kind, _days(held.promised_on, after.predicted_on))]
    return turned, [_progressed(event, held, after, now)]


def _progressed(event: Told, held: Held, after: Progress, now: Light) -> LineProgressed:
    assert held.promised_on
    occurred_at, recorded_at, _ = _moment(event)
    return LineProgressed(
        order_id=event.order_id,
        schedule_line_id=event.schedule_line_id,
        buyer_id=event.buyer_id,
        supplier_id=event.supplier_id,
        good=after.good,
        scrapped=after.scrapped,
        quantity=held.quantity,
        light=now,
        promised_on=held.promised_on,
        predicted_on=after.predicted_on,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
    )


def _report(event: ProgressReported) -> dict[str, Any]:
    values = {
        "operation": event.operation,
        "good": plain(event.good),
        "scrapped": plain(event.scrapped),
        "completed": plain(event.completed),
        "quantity": plain(event.ordered),
        "report_id": str(event.report_id),
    }
    return values | ({"reverses": str(event.reverses)} if event.reverses else {})


def _days(promised_on: date, predicted_on: date | None) -> dict[str, Any]:
    return {
        "promised_on": promised_on.isoformat(),
        "predicted_on": predicted_on.isoformat() if predicted_on else None,
    }


def _moment(event: Told) -> tuple[datetime, datetime, bool]:
    """Return when it happened, when it was recorded, and whether it comes from the past."""
    match event:
        case WorkOrderOpened():
            return event.opened_at, event.opened_at, False
        case ProgressReported():
            return event.occurred_at, event.recorded_at, event.imported
        case WorkOrderCompleted():
            return event.completed_at, event.completed_at, False
        case SlippagePredicted():
            return event.predicted_at, event.predicted_at, False
