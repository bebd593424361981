"""What a report, a reversal or an agreement brings about."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from contracts.values import plain
from services.production.domain.prediction import Pace, Prediction, predict, slippage
from services.production.domain.problems import (
    AlreadyReversed,
    AlreadyStarted,
    NotTheSupplier,
    NotYetHappened,
    ReferenceTaken,
    WorkOrderCancelled,
    WorkOrderNotFound,
)
from services.production.domain.progress import Operation, Progress, Status
from shared.problem import Problem


class Held(NamedTuple):
    """A work order that nobody else changes meanwhile."""

    supplier_id: UUID
    promised_on: date
    progress: Progress
    pace: Pace = Pace()
    slipped_on: date | None = None  # the predicted date that was last told as too late
    revision: int = 1  # how many events there were about it


class Made(NamedTuple):
    """So much newly left an operation: a report before it is judged."""

    report_id: UUID
    work_order_id: UUID
    operation: int
    good: Decimal
    scrapped: Decimal
    occurred_at: datetime
    scrap_reason: str | None = None
    reference: str | None = None  # the supplier's own, unique within the work order


class Kept(NamedTuple):
    """A report on record."""

    report_id: UUID
    work_order_id: UUID
    operation: int
    good: Decimal
    scrapped: Decimal
    is_final: bool = False  # reversed before, or a reversal itself


class Recorded(NamedTuple):
    """A report that counts, and what it brings about."""

    report: Made
    after: Held
    prediction: Prediction | None
    revision: int  # of the report's own event; another follows where it completes or slips
    completes: bool  # the work order, which was open
    slips: bool  # the prediction has passed the promise, or is later than was told before
    reverses: UUID | None = None


class Unchanged(NamedTuple):
    """A report that was sent before, under the same reference."""

    report: Kept
    after: Held


Outcome = Recorded | Unchanged | Problem
References = Mapping[tuple[UUID, str], Kept]  # by work order and reference


class Circumstances(NamedTuple):
    """Who reports, when, and whose calendar counts."""

    reporter_id: UUID
    at: datetime
    zone: tzinfo
    imported: bool = False  # history: nobody is warned of it


def judge(
    held: Mapping[UUID, Held],
    reports: Sequence[Made],
    *,
    under: Circumstances,
    known: References | None = None,
) -> list[Outcome]:
    """Say what each report brings about, or why it is refused.

    They count in turn, as they would one at a time; a refused one changes nothing. What is `known`
    under the same reference counts no second time.
    """
    now, seen = dict(held), dict(known or {})
    judged: list[Outcome] = []
    for made in reports:
        try:
            before = own(now.get(made.work_order_id), under.reporter_id)
            if repeated := _repeated(made, seen, before):
                judged.append(repeated)
                continue
            recorded = _recorded(made, before, under)
        except Problem as refusal:
            judged.append(refusal)
            continue
        judged.append(recorded)
        now[made.work_order_id] = recorded.after
        if made.reference:
            seen[made.work_order_id, made.reference] = Kept(*made[:5])
    return judged


def own(order: Held | None, reporter_id: UUID) -> Held:
    """Return a work order that the caller makes; refused is any other."""
    if order is None:
        raise WorkOrderNotFound("There is no such work order among yours.")
    if order.supplier_id != reporter_id:
        raise NotTheSupplier("The buyer may watch this work order, not report on it.")
    return order


def _repeated(made: Made, seen: References, order: Held) -> Unchanged | None:
    if made.reference is None:
        return None
    kept = seen.get((made.work_order_id, made.reference))
    if kept and kept[2:5] != made[2:5]:
        raise ReferenceTaken(
            f"{made.reference} reported {plain(kept.good)} good and {plain(kept.scrapped)} scrapped"
            f" of operation {kept.operation}. Give a new report a reference of its own."
        )
    return Unchanged(kept, order) if kept else None


def _recorded(made: Made, before: Held, under: Circumstances) -> Recorded:
    if made.occurred_at > under.at:
        raise NotYetHappened(f"{made.occurred_at.isoformat()} is yet to come.")
    progress = before.progress.report(made.operation, made.good, made.scrapped)
    pace = before.pace.with_report(made.occurred_at)
    return _followed(made, before, progress, pace, under)


def take_back(
    order: Held | None,
    kept: Kept,
    *,
    reversal_id: UUID,
    others: Pace,
    under: Circumstances,
) -> Recorded:
    """Reverse a report by a row of the opposite sign; `others` is the pace without it."""
    before = own(order, under.reporter_id)
    if kept.is_final:
        raise AlreadyReversed("It was taken back before; report what is right as a new report.")
    progress = before.progress.take_back(kept.operation, kept.good, kept.scrapped)
    undone = kept.operation, -kept.good, -kept.scrapped
    row = Made(reversal_id, kept.work_order_id, *undone, occurred_at=under.at)
    return _followed(row, before, progress, others, under)._replace(reverses=kept.report_id)


def _followed(
    made: Made, before: Held, progress: Progress, pace: Pace, under: Circumstances
) -> Recorded:
    prediction = predict(progress, pace, zone=under.zone)
    slips, told_on = slippage(prediction, before.promised_on, before.slipped_on)
    if under.imported and slips:
        slips, told_on = False, before.slipped_on
    completes = _completes(before.progress, progress)
    revision = before.revision + 1
    after = Held(
        before.supplier_id,
        before.promised_on,
        progress,
        pace,
        told_on,
        revision + completes + slips,
    )
    return Recorded(made, after, prediction, revision, completes, slips)


class Agreed(NamedTuple):
    """What an agreed change of quantity or date brings about."""

    after: Held
    prediction: Prediction | None
    completes: bool
    slips: bool


def agree(order: Held, *, quantity: Decimal, promised_on: date, zone: tzinfo) -> Agreed:
    """Give a work order the quantity and the date that both sides agreed on; none is undone."""
    progress = replace(order.progress, agreed=quantity)
    prediction = predict(progress, order.pace, zone=zone)
    slips, slipped_on = slippage(prediction, promised_on, order.slipped_on)
    completes = _completes(order.progress, progress)
    after = order._replace(
        progress=progress,
        promised_on=promised_on,
        slipped_on=slipped_on,
        revision=order.revision + completes + slips,
    )
    return Agreed(after, prediction, completes, slips)


def _completes(before: Progress, after: Progress) -> bool:
    return after.status is Status.COMPLETED and before.status is not Status.COMPLETED


def renamed(order: Held, names: Sequence[str]) -> Held:
    """Give a work order other operations, which is possible while nothing is reported."""
    if order.progress.cancelled:
        raise WorkOrderCancelled("It was cancelled by agreement; what was made stays on record.")
    if order.pace.reports:
        raise AlreadyStarted("Take all reports back first, if the operations are wrong.")
    operations = tuple(Operation(name) for name in names)
    return order._replace(progress=replace(order.progress, operations=operations))
