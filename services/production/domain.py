"""The rules of production: what may be reported, what it brings about, and when all will be done.

No database, no network, no clock. Quantities are exact decimals of the work order's unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from functools import lru_cache
from math import exp, sqrt
from typing import NamedTuple
from uuid import UUID

from contracts.values import plain
from shared.problem import Problem

FINISHED = "完工 Finished"  # the operation of a work order whose supplier has named none
OPERATIONS_MAX = 30
QUANTITY_MAX = Decimal(10) ** 12  # what a column of numeric(18, 6) cannot hold any more
ZERO = Decimal(0)

REPORTS_MIN = 2  # one report shows no pace
ELAPSED_S_MIN = 3_600  # nor do two that were typed in one after the other
HORIZON_S_MAX = 10 * 365 * 86_400
Z_50, Z_90 = 0.674, 1.645  # half-widths of the normal distribution's 50 % and 90 %


class WorkOrderNotFound(Problem):
    """There is no such work order, or it is not the caller's to see."""

    status = 404


class ReportNotFound(Problem):
    """There is no such report, or it is not the caller's to see."""

    status = 404


class NotTheSupplier(Problem):
    """Only the supplier of a work order reports progress on it."""

    status = 403


class NoSuchOperation(Problem):
    """The work order has no operation of this number."""

    status = 422


class NothingReported(Problem):
    """A report says neither a good nor a scrapped quantity."""

    status = 422


class NotYetHappened(Problem):
    """A report says that something happened in the future."""

    status = 422


class MoreThanOrdered(Problem):
    """More was reported than is left to make."""

    status = 409


class MoreThanCameBefore(Problem):
    """An operation cannot take more than has left the operation before it."""

    status = 409


class LaterOperationsNeedIt(Problem):
    """What would be taken back has already gone through a later operation."""

    status = 409


class AlreadyReversed(Problem):
    """A report can be reversed once, and a reversal cannot be reversed."""

    status = 409


class ReferenceTaken(Problem):
    """Another report of this work order has the same reference."""

    status = 409


class WorkOrderCancelled(Problem):
    """The work order was cancelled; nothing more is to be made."""

    status = 409


class AlreadyStarted(Problem):
    """The operations are fixed once something was reported."""

    status = 409


class Status(StrEnum):
    """How a work order stands."""

    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Operation(NamedTuple):
    """One step of the work, and what has left it."""

    name: str
    good: Decimal = ZERO
    scrapped: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a work order has come through its operations, of which there is at least one.

    No operation has taken in more than left the one before it, ever. What the first takes in is
    limited by the agreed quantity and the scrap to be made good; that is judged when it is
    reported. Where the agreed quantity was reduced or scrap was taken back afterwards, more may
    be in process than is needed: it can be scrapped or left over, but not be completed.
    """

    agreed: Decimal
    operations: tuple[Operation, ...]
    cancelled: bool = False

    def __post_init__(self) -> None:
        came = None
        for operation in self.operations:
            assert operation.good >= 0 <= operation.scrapped
            assert came is None or operation.good + operation.scrapped <= came
            came = operation.good

    @property
    def completed(self) -> Decimal:
        """What has left the last operation."""
        return self.operations[-1].good

    @property
    def ordered(self) -> Decimal:
        """What is to be made: as agreed, but never less than is completed already."""
        return max(self.agreed, self.completed)

    @property
    def excess(self) -> Decimal:
        """What was completed before the agreed quantity was reduced below it."""
        return self.ordered - self.agreed

    @property
    def remaining(self) -> Decimal:
        return self.ordered - self.completed

    @property
    def status(self) -> Status:
        if self.cancelled:
            return Status.CANCELLED
        return Status.OPEN if self.completed < self.agreed else Status.COMPLETED

    @property
    def done_share(self) -> Decimal:
        """How much of the work is done, with equal work in each operation; from 0 to 1."""
        done = sum(min(operation.good, self.agreed) for operation in self.operations)
        share = Decimal(done) / (self.agreed * len(self.operations))
        return share.quantize(Decimal("0.000001"), ROUND_DOWN)

    def waiting_at(self, sequence: int) -> Decimal | None:
        """Return what has left the operation before and not been reported; None for the first."""
        if sequence == 1:
            return None
        _, good, scrapped = self.operations[sequence - 1]
        return self.operations[sequence - 2].good - good - scrapped

    def open_at(self, sequence: int) -> Decimal:
        """Return how much more good quantity can be reported of an operation now."""
        if self.cancelled:
            return ZERO
        good, wanted = self.operations[sequence - 1].good, self.agreed
        if sequence < len(self.operations):  # scrap of later operations is made good
            wanted += sum(operation.scrapped for operation in self.operations[sequence:])
        limit = max(wanted - good, ZERO)
        waiting = self.waiting_at(sequence)
        if waiting is None:
            return limit
        return waiting if sequence < len(self.operations) else min(waiting, limit)

    def report(self, sequence: int, good: Decimal, scrapped: Decimal) -> "Progress":
        """Count what newly left an operation."""
        if self.cancelled:
            raise WorkOrderCancelled(
                "It was cancelled by agreement; what was made stays on record."
            )
        if not 1 <= sequence <= len(self.operations):
            raise NoSuchOperation(f"Name an operation from 1 to {len(self.operations)}.")
        if good + scrapped <= 0:
            raise NothingReported("Say how much was good, or how much was scrapped.")
        self._check_waiting(sequence, good + scrapped)
        self._check_wanted(sequence, good)
        return self._with(sequence, good, scrapped)

    def take_back(self, sequence: int, good: Decimal, scrapped: Decimal) -> "Progress":
        """Undo an earlier report of these quantities."""
        later = sequence < len(self.operations) and self.operations[sequence]
        left = self.operations[sequence - 1].good - good
        if later and later.good + later.scrapped > left:
            missing = plain(later.good + later.scrapped - left)
            raise LaterOperationsNeedIt(
                f"Operation {sequence + 1} has taken in {plain(later.good + later.scrapped)}, and"
                f" {plain(left)} would be left. First take back reports of operation"
                f" {sequence + 1} that make up {missing} or more."
            )
        return self._with(sequence, -good, -scrapped)

    def _check_waiting(self, sequence: int, quantity: Decimal) -> None:
        waiting = self.waiting_at(sequence)
        if waiting is not None and quantity > waiting:
            raise MoreThanCameBefore(
                f"{plain(waiting)} wait for operation {sequence}, not {plain(quantity)}."
                f" First report what has left operation {sequence - 1}."
            )

    def _check_wanted(self, sequence: int, good: Decimal) -> None:
        if sequence not in (1, len(self.operations)):
            return
        wanted = self.open_at(sequence)
        if good > wanted:
            raise MoreThanOrdered(
                f"{plain(wanted)} are left to report of operation {sequence}, not {plain(good)}:"
                f" {plain(self.agreed)} are ordered."
            )

    def _with(self, sequence: int, good: Decimal, scrapped: Decimal) -> "Progress":
        before = self.operations[sequence - 1]
        after = Operation(before.name, before.good + good, before.scrapped + scrapped)
        if max(after.good, after.scrapped) >= QUANTITY_MAX:
            raise MoreThanOrdered(f"An operation can count to less than {plain(QUANTITY_MAX)}.")
        operations = (*self.operations[: sequence - 1], after, *self.operations[sequence:])
        return Progress(self.agreed, operations, self.cancelled)


class Pace(NamedTuple):
    """What the reports that stand (neither reversed nor reversals) say about speed."""

    reports: int = 0
    started_at: datetime | None = None  # the first of them
    last_reported_at: datetime | None = None

    def with_report(self, at: datetime) -> "Pace":
        """Count one more report, which may have happened before others."""
        return Pace(
            self.reports + 1,
            min(self.started_at or at, at),
            max(self.last_reported_at or at, at),
        )


class Prediction(NamedTuple):
    """When a work order will be completed at its pace so far; see `contracts.production`."""

    predicted_on: date
    early_50_on: date
    late_50_on: date
    early_90_on: date
    late_90_on: date
    started_at: datetime
    last_reported_at: datetime
    reports: int
    done_share: Decimal


def predict(progress: Progress, pace: Pace, *, zone: tzinfo) -> Prediction | None:
    """Say when a work order will be completed if it goes on as from its first report to its last.

    n reports span n - 1 intervals, so the pace is (n - 1) / n of what is done, by the time between
    the first and the last. The reports are taken as a Poisson process, whose estimated rate has a
    logarithm with the standard error 1 / √n (Cox and Lewis, Statistical Analysis of Series of
    Events, 1966): the time that is left is multiplied by e^(± z / √n). None: not open, or fewer
    than two reports an hour apart.
    """
    reports, first, last = pace
    if progress.status is not Status.OPEN or reports < REPORTS_MIN or not first or not last:
        return None
    elapsed_s, share = (last - first).total_seconds(), progress.done_share
    if elapsed_s < ELAPSED_S_MIN or not share:
        return None
    rest_s = elapsed_s * reports / (reports - 1) * float((1 - share) / share)
    on, early_50_on, late_50_on, early_90_on, late_90_on = (
        (last + timedelta(seconds=min(rest_s * factor, HORIZON_S_MAX))).astimezone(zone).date()
        for factor in _spread(reports)
    )
    return Prediction(
        on, early_50_on, late_50_on, early_90_on, late_90_on, first, last, reports, share
    )


@lru_cache(maxsize=1_024)
def _spread(reports: int) -> tuple[float, ...]:
    error = 1 / sqrt(reports)
    return 1.0, exp(-Z_50 * error), exp(Z_50 * error), exp(-Z_90 * error), exp(Z_90 * error)


@dataclass(frozen=True, slots=True)
class Held:
    """A work order that nobody else changes meanwhile."""

    supplier_id: UUID
    promised_on: date
    progress: Progress
    pace: Pace = Pace()  # noqa: RUF009  a value
    slipped_on: date | None = None  # the predicted date that was last told as too late


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
            outcome = _repeated(made, seen, before) or _recorded(made, before, under)
        except Problem as refusal:
            judged.append(refusal)
            continue
        judged.append(outcome)
        if isinstance(outcome, Recorded):
            now[made.work_order_id] = outcome.after
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
    kept = seen.get((made.work_order_id, made.reference)) if made.reference else None
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
    after = Held(before.supplier_id, before.promised_on, progress, pace, told_on)
    return Recorded(made, after, prediction, _completes(before.progress, progress), slips)


def slippage(
    prediction: Prediction | None, promised_on: date, told_on: date | None
) -> tuple[bool, date | None]:
    """Decide whether to warn of a prediction, and what date has then been told.

    Warned is when it passes the promise, and again when it is a day or more later than was told.
    """
    if prediction is None or prediction.predicted_on <= promised_on:
        return False, None
    slips = told_on is None or prediction.predicted_on > told_on
    return slips, prediction.predicted_on if slips else told_on


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
    after = replace(order, progress=progress, promised_on=promised_on, slipped_on=slipped_on)
    return Agreed(after, prediction, _completes(order.progress, progress), slips)


def _completes(before: Progress, after: Progress) -> bool:
    return after.status is Status.COMPLETED and before.status is not Status.COMPLETED


def renamed(order: Held, names: Sequence[str]) -> Held:
    """Give a work order other operations, which is possible while nothing is reported."""
    if order.progress.cancelled:
        raise WorkOrderCancelled("It was cancelled by agreement; what was made stays on record.")
    if order.pace.reports:
        raise AlreadyStarted("Take all reports back first, if the operations are wrong.")
    operations = tuple(Operation(name) for name in names)
    return replace(order, progress=replace(order.progress, operations=operations))
