"""Receipts of the past, as other systems kept them: nobody inspects them any more."""

from collections import ChainMap
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from contracts.values import plain
from services.logistics.domain.deadlines import inspection
from services.logistics.domain.problems import (
    NotYetHappened,
    OrderNotKnownYet,
    OtherSupplier,
    ScheduleLineNotFound,
)
from services.logistics.domain.quantities import ZERO
from services.logistics.domain.receipts import Circumstances, Counted, ReceiptAsked, Received
from services.logistics.domain.shipments import AsBefore, Goods, Known, as_before
from shared.problem import Problem


class PastLine(NamedTuple):
    """What came of a schedule line, or of a position of the order."""

    quantity: Decimal
    schedule_line_id: UUID | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class PastReceipt:
    """A receipt as another system kept it; it may name times and no quantity."""

    id: UUID
    number: str
    order_number: str
    supplier_id: UUID
    postings: tuple[datetime, ...]
    lines: tuple[PastLine, ...]
    delivered_on: date | None = None
    accepted: bool = True

    def digest(self) -> bytes:
        """Tell content apart: the same number and the same content are the same receipt."""
        said = [self.order_number, str(self.supplier_id), str(self.accepted)]
        said += [posted_at.isoformat() for posted_at in self.postings]
        said += [f"{id_} {at} {plain(quantity)}" for quantity, id_, at in self.lines]
        return sha256(repr(said).encode()).digest()


def receive_past(
    asked: Sequence[PastReceipt],
    goods: MutableMapping[UUID, Goods],
    *,
    known: Mapping[str, Known],
    under: Circumstances,
) -> list[Received | AsBefore | Problem]:
    """Say of each receipt of the past what it counts, or why it is refused; they count in turn."""
    there, outcomes = dict(known), []
    by_order: dict[str, list[UUID]] = {}
    for one in goods.values():
        by_order.setdefault(one.order_number, []).append(one.id)
    for past in asked:
        outcome: Received | AsBefore | Problem
        try:
            if before := there.get(past.number):
                outcome = as_before(past.number, past.digest(), before)
            else:
                trial = ChainMap({}, goods)
                outcome = _received(past, trial, by_order.get(past.order_number, []), under)
                goods.update(trial.maps[0])
                there[past.number] = Known(past.id, past.digest())
        except Problem as refusal:
            outcome = refusal
        outcomes.append(outcome)
    return outcomes


def _received(
    past: PastReceipt,
    goods: MutableMapping[UUID, Goods],
    ids: Sequence[UUID],
    under: Circumstances,
) -> Received:
    order = sorted((goods[id_] for id_ in ids), key=lambda of: (of.position, of.sequence))
    if not order:
        raise OrderNotKnownYet(f"Order {past.order_number} has not been heard of here.")
    if order[0].supplier_id != past.supplier_id:
        raise OtherSupplier(f"Order {past.order_number} is another supplier's.")
    if max(past.postings) > under.at:
        raise NotYetHappened(f"{max(past.postings).isoformat()} is yet to come.")
    lines = [
        _counted(share, of, goods, past, under)
        for line in past.lines
        for of, share in _shares(line, [goods[of.id] for of in order])
    ]
    last = max(past.postings)
    delivered_on = past.delivered_on or last.astimezone(under.zone).date()
    days = under.working_days.get(past.supplier_id, under.working_days_default)
    return Received(
        ReceiptAsked(past.id, past.number, (), last, supplier_id=past.supplier_id),
        past.supplier_id,
        tuple(lines),
        delivered_on,
        inspection(delivered_on, days),
        days,
        past.digest(),
        tuple(sorted(past.postings)),
    )


def _shares(line: PastLine, order: Sequence[Goods]) -> list[tuple[Goods, Decimal]]:
    """Share a quantity out over the parts of a position in turn; the last takes what is over."""
    chosen = [of for of in order if line.schedule_line_id in (None, of.id)]
    chosen = [of for of in chosen if line.position in (None, of.position)]
    if not chosen:
        raise ScheduleLineNotFound("The order has no such line.")
    left, shares = line.quantity, []
    for of in chosen[:-1]:
        share = min(left, max(of.tally.ordered - of.tally.received, ZERO))
        left -= share
        shares.append((of, share))
    shares.append((chosen[-1], left))
    return [(of, share) for of, share in shares if share]


def _counted(
    quantity: Decimal,
    of: Goods,
    goods: MutableMapping[UUID, Goods],
    past: PastReceipt,
    under: Circumstances,
) -> Counted:
    tally, over = goods[of.id].tally.receive_unannounced(quantity)
    accepted = quantity if past.accepted else ZERO
    goods[of.id] = replace(goods[of.id], tally=tally.judge(accepted=accepted, rejected=ZERO))
    return Counted(
        id=under.new_id(),
        received=quantity,
        over=over,
        accepted=accepted,
        goods=of,
        item_number=of.item_number,
        item_name=of.item_name,
        unit=of.unit,
    )
