"""What may be done in production. Each function is one use case in the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.onboarding import RelationshipChanged
from contracts.orders import ChangeAgreed, LineConfirmed
from contracts.production import (
    OperationProgress,
    Prediction,
    SlippagePredicted,
    WorkOrderCompleted,
    WorkOrderOpened,
)
from contracts.values import plain
from services.production.domain.progress import FINISHED, ZERO
from services.production.domain.reports import (
    Agreed,
    Circumstances,
    Held,
    Made,
    Outcome,
    Recorded,
    agree,
    judge,
    own,
    renamed,
    take_back,
)
from services.production.models import Relationship, Routing, WorkOrder, held
from services.production.queries import (
    by_reference,
    kept,
    pace_without,
    report_of,
    visible_to,
)
from shared.auth import Caller
from shared.database import statement
from shared.events import publish, published
from shared.settings import settings
from shared.trace import traceparent

Traces = Mapping[UUID, str]
NO_TRACES: Traces = {}
HOLD_WORK_ORDERS = statement("services.production", "hold_work_orders.sql")
RECORD_REPORTS = statement("services.production", "record_reports.sql")
OPEN_WORK_ORDERS = statement("services.production", "open_work_orders.sql")


async def report_progress(
    session: AsyncSession,
    reports: Sequence[Made],
    *,
    by: Caller,
    under: Circumstances,
    traces: Traces = NO_TRACES,
) -> Sequence[Outcome]:
    """Record reports in turn and announce each, and whatever it brings about.

    Return, for each report, how far it brought its work order, or why it was refused. By their ids,
    reports may have traces of their own, where they did not come by one request.
    """
    judged = await preview(session, reports, by=by, under=under)
    accepted = [outcome for outcome in judged if isinstance(outcome, Recorded)]
    if accepted:
        await _record(session, accepted, by=by, under=under, traces=traces)
    return judged


async def preview(
    session: AsyncSession, reports: Sequence[Made], *, by: Caller, under: Circumstances
) -> Sequence[Outcome]:
    """Say what `report_progress` would do, and hold the work orders so that it still will."""
    known = await _hold(session, by, {made.work_order_id for made in reports})
    references = {(made.work_order_id, made.reference) for made in reports if made.reference}
    reported = await by_reference(session, references)
    return judge(known, reports, under=under, known=reported)


async def reverse_report(
    session: AsyncSession, report_id: UUID, *, by: Caller, reason: str, under: Circumstances
) -> Recorded:
    """Take a report back by a row of the opposite sign, and announce where that leaves the work.

    Refused when it was taken back before, or when later operations already used what it brought.
    """
    report = await report_of(session, report_id, caller=by)
    known = await _hold(session, by, {report.work_order_id})
    recorded = take_back(
        known.get(report.work_order_id),
        await kept(session, report),
        reversal_id=uuid7(),
        others=await pace_without(session, report),
        under=under,
    )
    await _record(session, [recorded], by=by, under=under, reason=reason)
    return recorded


async def _hold(session: AsyncSession, caller: Caller, ids: Iterable[UUID]) -> Mapping[UUID, Held]:
    """Lock work orders in the order of their ids, so that two batches cannot deadlock.

    Without SQLAlchemy's types: for thousands of rows they take longer than all rules together.
    """
    asked = ",".join([f"{id_.int:032x}" for id_ in ids])
    given = {"party": caller.organization_id, "ids": f"{{{asked}}}"}
    return {id_: held(state) for id_, *state in await session.execute(HOLD_WORK_ORDERS, given)}


async def _record(  # noqa: PLR0913
    session: AsyncSession,
    accepted: Sequence[Recorded],
    *,
    by: Caller,
    under: Circumstances,
    reason: str | None = None,
    traces: Traces = NO_TRACES,
) -> None:
    """Write state, history and events of judged reports in one statement."""
    values = writing(accepted, by=by.name, under=under, reason=reason, traces=traces)
    await session.execute(RECORD_REPORTS, values)
    published(session)


def writing(
    accepted: Sequence[Recorded],
    *,
    by: str,
    under: Circumstances,
    reason: str | None = None,
    traces: Traces = NO_TRACES,
) -> dict[str, Any]:
    """Return what `RECORD_REPORTS` is told of judged reports."""
    latest = {recorded.report.work_order_id: recorded.after for recorded in accepted}
    rows = [_row(place, recorded, reason) for place, recorded in enumerate(accepted)]
    for row in rows if traces else ():
        row["trace"] = traces.get(row["report_id"])
    states = [_state(work_order_id, after) for work_order_id, after in latest.items()]
    return {
        "reports": _json(rows),
        "work_orders": _json(states),
        "at": under.at,
        "imported": under.imported,
        "reported_by": by,
        "trace": traceparent(),
    }


def _row(place: int, recorded: Recorded, reason: str | None) -> dict[str, Any]:
    made, after, prediction, revision, completes, slips, reverses = recorded
    progress = after.progress
    return {
        "place": place,
        "report_id": made.report_id,
        "work_order_id": made.work_order_id,
        "operation": made.operation,
        "good": made.good,
        "scrapped": made.scrapped,
        "scrap_reason": made.scrap_reason,
        "reference": made.reference,
        "occurred_at": made.occurred_at,
        "reverses": reverses,
        "reason": reason,
        "completed": progress.completed,
        "reached": [
            {"sequence": sequence, "name": name, "good": good, "scrapped": scrapped}
            for sequence, (name, good, scrapped) in enumerate(progress.operations, start=1)
        ],
        "prediction": prediction and prediction._asdict(),
        "revision": revision,
        "completes": completes,
        "slips": slips,
    }


def _state(work_order_id: UUID, after: Held) -> dict[str, Any]:
    return {
        "work_order_id": work_order_id,
        "good": [operation.good for operation in after.progress.operations],
        "scrapped": [operation.scrapped for operation in after.progress.operations],
        **after.pace._asdict(),
        "slipped_on": after.slipped_on,
        "revision": after.revision,
    }


def _json(rows: Sequence[dict[str, Any]]) -> str:
    return orjson.dumps(rows, default=_plain).decode()


def _plain(value: object) -> str:
    assert isinstance(value, Decimal)
    return plain(value)


async def set_operations(
    session: AsyncSession,
    work_order_id: UUID,
    *,
    caller: Caller,
    names: Sequence[str],
    at: datetime,
) -> None:
    """Set the operations of a work order, and remember them for the next of the same item.

    Announced where they change. Refused once something is reported.
    """
    chosen = visible_to(caller).where(WorkOrder.id == work_order_id).with_for_update()
    order = (await session.scalars(chosen)).first()
    before = own(order.held if order else None, caller.organization_id)
    after = renamed(before, names)
    assert order
    await _remember(session, order, names, at=at)
    if after == before:
        return
    order.operations = list(names)
    order.good = order.scrapped = [ZERO] * len(names)
    order.revision += 1
    publish(session, _opened(order))


async def _remember(
    session: AsyncSession, order: WorkOrder, names: Sequence[str], *, at: datetime
) -> None:
    key = ("supplier_id", "buyer_id", "item_number")
    row = {name: getattr(order, name) for name in key}
    remembered = insert(Routing).values(**row, operations=list(names), created_at=at)
    changed = {"operations": remembered.excluded.operations}
    await session.execute(remembered.on_conflict_do_update(index_elements=key, set_=changed))


async def open_work_orders(
    session: AsyncSession, promises: Sequence[LineConfirmed], *, at: datetime
) -> None:
    """Open a work order for each confirmed line, once, and announce it."""
    rows = [
        {"place": place} | promise.model_dump(mode="json", exclude={"rest"})
        for place, promise in enumerate(promises)
        if promise.quantity
    ]
    if rows:
        values = {"at": at, "finished": FINISHED, "trace": traceparent()}
        await session.execute(OPEN_WORK_ORDERS, {"promises": _json(rows)} | values)
        published(session)


async def apply_change(session: AsyncSession, event: ChangeAgreed, *, at: datetime) -> None:
    """Give a work order the quantity and date that were agreed on, or cancel it.

    What was reported stays. What is completed beyond a reduced quantity shows as excess. Announced
    are a completion, where the reduced quantity is made already, and a slippage, where the
    predicted date passes the new promise. An agreement older than one known here changes nothing.
    """
    line = WorkOrder.schedule_line_id == event.schedule_line_id
    party = WorkOrder.buyer_id == event.buyer_id, WorkOrder.supplier_id == event.supplier_id
    chosen = select(WorkOrder).where(line, *party).with_for_update()
    order = (await session.scalars(chosen)).first()
    if order is None or order.cancelled_at or order.agreed_at > event.recorded_at:
        return
    order.agreed_at = event.recorded_at
    if event.kind == "cancel" or not event.quantity:
        order.cancelled_at = event.occurred_at
        return
    before = order.held
    promised_on = event.promised_on or order.promised_on
    agreed = agree(
        before, quantity=event.quantity, promised_on=promised_on, zone=settings().calendar
    )
    order.agreed, order.promised_on = event.quantity, promised_on
    order.slipped_on, order.revision = agreed.after.slipped_on, agreed.after.revision
    _announce(session, order, agreed, at=at)


def _announce(session: AsyncSession, order: WorkOrder, agreed: Agreed, *, at: datetime) -> None:
    parties = _parties(order)
    if agreed.completes:
        quantity = agreed.after.progress.ordered
        publish(
            session,
            WorkOrderCompleted(**parties, quantity=quantity, unit=order.unit, completed_at=at),
        )
    if agreed.slips and agreed.prediction:
        prediction = Prediction(**agreed.prediction._asdict())
        publish(
            session,
            SlippagePredicted(
                **parties,
                promised_on=order.promised_on,
                prediction=prediction,
                predicted_at=at,
            ),
        )


def _opened(order: WorkOrder) -> WorkOrderOpened:
    operations = [
        OperationProgress(sequence=sequence, name=name, good=good, scrapped=scrapped)
        for sequence, (name, good, scrapped) in enumerate(order.held.progress.operations, start=1)
    ]
    return WorkOrderOpened(**_parties(order), operations=operations, opened_at=order.opened_at)


def _parties(order: WorkOrder) -> dict[str, Any]:
    return {
        "work_order_id": order.id,
        "order_id": order.order_id,
        "schedule_line_id": order.schedule_line_id,
        "buyer_id": order.buyer_id,
        "supplier_id": order.supplier_id,
        "revision": order.revision,
    }


async def note_relationship(session: AsyncSession, event: RelationshipChanged) -> None:
    """Write down what a buyer and a supplier are called, and who has suspended the two."""
    told = "buyer_name", "supplier_name", "suspended_by", "changed_at"
    row = event.model_dump(include={"buyer_id", "supplier_id", *told})
    noted = insert(Relationship).values(**row)
    newer = Relationship.changed_at <= noted.excluded.changed_at
    changed = {name: noted.excluded[name] for name in told}
    await session.execute(
        noted.on_conflict_do_update(
            index_elements=["buyer_id", "supplier_id"], set_=changed, where=newer
        )
    )
