"""How far a work order has come through its operations, and what may be reported next.

Quantities are exact decimals of the work order's unit.
"""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import NamedTuple

from contracts.values import plain
from services.production.domain.problems import (
    LaterOperationsNeedIt,
    MoreThanCameBefore,
    MoreThanOrdered,
    NoSuchOperation,
    NothingReported,
    WorkOrderCancelled,
)

FINISHED = "完工 Finished"  # the operation of a work order whose supplier has named none
OPERATIONS_MAX = 30
QUANTITY_MAX = Decimal(10) ** 12  # what a column of numeric(18, 6) cannot hold any more
ZERO, MILLIONTH = Decimal(0), Decimal("0.000001")


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
        done = sum([min(operation.good, self.agreed) for operation in self.operations], ZERO)
        return (done / (self.agreed * len(self.operations))).quantize(MILLIONTH, ROUND_DOWN)

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
