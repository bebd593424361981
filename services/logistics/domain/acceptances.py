"""Goods that came are accepted, rejected with a reason or, when time has run out, deemed accepted.

What was noted as damaged at the receipt is rejected unless somebody decides otherwise, also when
the rest is deemed accepted: the receipt, which the supplier reads, was the notice of the defect
(Civil Code, Art. 621).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from contracts.values import plain
from services.logistics.domain.deadlines import is_over
from services.logistics.domain.problems import (
    DeemedAccepted,
    MoreThanWaits,
    NothingWaits,
    NotYourSide,
    ReasonMissing,
    ReceiptNotFound,
)
from services.logistics.domain.quantities import ZERO
from shared.problem import FieldError

DAMAGED = "到货时已破损 Damaged on arrival"


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A line of a receipt while nobody else judges it."""

    id: UUID
    schedule_line_id: UUID | None  # None: a wrong item
    order_id: UUID | None
    received: Decimal
    damaged: Decimal = ZERO
    accepted: Decimal = ZERO
    rejected: Decimal = ZERO

    @property
    def waiting(self) -> Decimal:
        return self.received - self.accepted - self.rejected


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt while nobody else judges it."""

    id: UUID
    number: str
    buyer_id: UUID
    supplier_id: UUID
    shipment_id: UUID | None
    delivered_on: date
    inspection_ends_on: date
    working_days: int
    provisional: bool
    lines: Mapping[UUID, ReceiptLine]

    @property
    def waiting(self) -> Decimal:
        return sum((line.waiting for line in self.lines.values()), ZERO)


class Verdict(NamedTuple):
    """What is accepted and rejected of one line, now."""

    receipt_line_id: UUID
    accepted: Decimal
    rejected: Decimal = ZERO
    reason: str | None = None


def to_judge(receipt: Receipt | None, buyer_id: UUID, at: datetime, zone: tzinfo) -> Receipt:
    """Return a receipt that its buyer may still judge; refused is any other."""
    if receipt is None:
        raise ReceiptNotFound("There is no such receipt among yours.")
    if receipt.buyer_id != buyer_id:
        raise NotYourSide("The buyer accepts or rejects what came.")
    if not receipt.waiting:
        raise NothingWaits("All of it was accepted or rejected before.")
    if is_over(receipt.inspection_ends_on, at, zone):
        raise DeemedAccepted(
            f"Its last day to be judged was {receipt.inspection_ends_on}: it counts as accepted."
        )
    return receipt


def judge(receipt: Receipt, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Check verdicts; those of one line count together, and lines not named go on waiting."""
    left = {id_: line.waiting for id_, line in receipt.lines.items()}
    for verdict in verdicts:
        if verdict.receipt_line_id not in left:
            raise ReceiptNotFound("There is no such line on this receipt.")
        judged = verdict.accepted + verdict.rejected
        waiting = left[verdict.receipt_line_id]
        if judged > waiting:
            raise MoreThanWaits(f"{plain(waiting)} wait to be judged, not {plain(judged)}.")
        if not judged:
            said = "Say how much is accepted or rejected."
            raise ReasonMissing(said, errors=[FieldError(field="accepted", detail=said)])
        if verdict.rejected and not verdict.reason:
            said = "Say why, so that the supplier can act on it."
            raise ReasonMissing(said, errors=[FieldError(field="reason", detail=said)])
        left[verdict.receipt_line_id] = waiting - judged
    return list(verdicts)


def accept_all(receipt: Receipt) -> list[Verdict]:
    """Accept all that waits, and reject what was noted as damaged."""
    return [
        Verdict(line.id, line.waiting - hurt, hurt, DAMAGED if hurt else None)
        for line in receipt.lines.values()
        if line.waiting
        for hurt in [min(line.waiting, max(line.damaged - line.rejected, ZERO))]
    ]
