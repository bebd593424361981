"""Count what came, receipt by receipt."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from contracts.values import plain
from services.logistics.domain.deadlines import inspection
from services.logistics.domain.problems import (
    AlreadyReceived,
    MoreDamagedThanReceived,
    NotOnThisNotice,
    NotYetHappened,
    NotYourSide,
    OtherSupplier,
    OutOfOrder,
    ScheduleLineNotFound,
    ShipmentNotFound,
    SupplierUnknown,
)
from services.logistics.domain.quantities import ZERO, Tally
from services.logistics.domain.receipts import (
    WRONG,
    Circumstances,
    Counted,
    Floor,
    LineCounted,
    ReceiptAsked,
    Received,
)
from services.logistics.domain.shipments import (
    AsBefore,
    Goods,
    Known,
    NoticeLine,
    Shipment,
    ShipmentState,
    apply_departure,
    as_before,
)
from shared.problem import FieldError, Problem


def receive(
    asked: Sequence[ReceiptAsked],
    floor: Floor,
    *,
    known: Mapping[str, Known],
    under: Circumstances,
) -> list[Received | AsBefore | Problem]:
    """Say of each receipt what it counts, or why it is refused.

    They count in turn, as they would one at a time; `floor` is afterwards as they leave it.
    """
    there, outcomes = dict(known), []
    for one in asked:
        outcome: Received | AsBefore | Problem
        try:
            if before := there.get(one.number):
                outcome = as_before(one.number, one.digest(), before)
            else:
                trial = floor.trial()
                outcome = _Count(one, trial, under).done()
                floor.keep(trial)
                if one.number:
                    there[one.number] = Known(one.id, one.digest())
        except Problem as refusal:
            outcome = refusal
        outcomes.append(outcome)
    return outcomes


class _Count:
    """One receipt while it is counted."""

    def __init__(self, asked: ReceiptAsked, floor: Floor, under: Circumstances) -> None:
        self.asked, self.floor, self.under = asked, floor, under
        self.before = self._shipment()
        self.shipment = self.before and self._there(self.before)
        self.lines: list[Counted] = []

    def done(self) -> Received:
        asked, under = self.asked, self.under
        for line in asked.lines:
            self._count(line)
        supplier_id = self._supplier()
        if self.shipment:
            if asked.complete:
                self._miss_the_rest()
            self.floor.shipments[self.shipment.id] = self.shipment
        delivered_on = asked.received_at.astimezone(under.zone).date()
        days = under.working_days.get(supplier_id, under.working_days_default)
        return Received(
            asked,
            supplier_id,
            tuple(self.lines),
            delivered_on,
            inspection(delivered_on, days),
            days,
            asked.digest(),
            (asked.received_at,),
            self.before,
            self.shipment,
            self._shipped(),
        )

    def _shipped(self) -> Mapping[UUID, Goods]:
        ids = {line.schedule_line_id for line in (self.shipment.lines if self.shipment else ())}
        return {id_: self.floor.goods[id_] for id_ in ids}

    def _shipment(self) -> Shipment | None:
        if self.asked.received_at > self.under.at:
            said = f"{self.asked.received_at.isoformat()} is yet to come."
            raise NotYetHappened(said, errors=[FieldError(field="received_at", detail=said)])
        if self.asked.shipment_id is None:
            return None
        found = self.floor.shipments.get(self.asked.shipment_id)
        if found is None:
            raise ShipmentNotFound("There is no such shipment to you.")
        if found.buyer_id != self.under.buyer_id:
            raise NotYourSide("The buyer receives what is shipped.")
        if found.state is ShipmentState.CANCELLED:
            raise AlreadyReceived("The notice was cancelled: receive against the order's lines.")
        if found.state is ShipmentState.RECEIVED:
            raise AlreadyReceived(
                "All of it was counted. What turns up later is received against the order's lines."
            )
        return found

    def _there(self, shipment: Shipment) -> Shipment:
        """Let a shipment be at the gate, also where nobody said that it left or came."""
        when = self.asked.received_at
        if shipment.departed_at and when < shipment.departed_at:
            said = f"The shipment left at {shipment.departed_at.isoformat()}."
            raise OutOfOrder(said, errors=[FieldError(field="received_at", detail=said)])
        if shipment.state is ShipmentState.PLANNED:
            shipment = shipment.depart(when, now=self.under.at)
            apply_departure(shipment, self.floor.goods)
        if shipment.state is ShipmentState.DISPATCHED:
            shipment = shipment.arrive(when, now=self.under.at)
        return shipment

    def _supplier(self) -> UUID:
        named = [self.asked.supplier_id] if self.asked.supplier_id else []
        of_lines = [line.goods.supplier_id for line in self.lines if line.goods]
        of_notice = [self.shipment.supplier_id] if self.shipment else []
        suppliers = {*named, *of_lines, *of_notice}
        if not suppliers:
            said = "Name the shipment, a line of an order, or the supplier."
            raise SupplierUnknown(said, errors=[FieldError(field="supplier_id", detail=said)])
        if len(suppliers) > 1:
            raise OtherSupplier("Make a receipt for each supplier.")
        [supplier_id] = suppliers
        if supplier_id not in self.under.working_days and not (of_lines or of_notice):
            raise OtherSupplier("There is no relationship to this supplier.")
        return supplier_id

    def _count(self, line: LineCounted) -> None:
        if line.damaged > line.received:
            said = f"{plain(line.damaged)} of {plain(line.received)} cannot be damaged."
            raise MoreDamagedThanReceived(said, errors=[FieldError(field="damaged", detail=said)])
        if line.notice_line_id:
            self._announced([self._notice_line(line)], line)
        elif line.schedule_line_id:
            on_notice = [
                one
                for one in (self.shipment.lines if self.shipment else ())
                if one.schedule_line_id == line.schedule_line_id
            ]
            if on_notice:
                self._announced(on_notice, line)
            else:
                self._unannounced(self._goods(line.schedule_line_id, line), line)
        else:
            self._wrong(line)

    def _notice_line(self, line: LineCounted) -> NoticeLine:
        if self.shipment is None:
            said = "Name the shipment whose notice has this line."
            raise SupplierUnknown(said, errors=[FieldError(field="shipment_id", detail=said)])
        for one in self.shipment.lines:
            if one.id == line.notice_line_id:
                if line.schedule_line_id not in (None, one.schedule_line_id):
                    raise NotOnThisNotice("The notice line is of another schedule line.")
                return one
        raise NotOnThisNotice(f"Notice {self.shipment.number} has no such line.")

    def _goods(self, schedule_line_id: UUID, line: LineCounted) -> Goods:
        found = self.floor.goods.get(schedule_line_id)
        if found is None:
            raise ScheduleLineNotFound("There is no such schedule line among yours.")
        if found.buyer_id != self.under.buyer_id:
            raise NotYourSide("The buyer receives what it ordered.")
        if line.item_number not in (None, found.item_number):
            raise NotOnThisNotice(
                f"The line is of {found.item_number}: count {line.item_number} as a line of its"
                " own, with no order's line."
            )
        return found

    def _announced(self, lines: Sequence[NoticeLine], line: LineCounted) -> None:
        """Count against lines of the notice in turn; the last takes what is over."""
        assert self.shipment
        left, damaged = line.received, line.damaged
        for place, one in enumerate(lines, start=1):
            share = left if place == len(lines) else min(left, one.goods.on_the_way)
            if not share and place < len(lines):
                continue
            hurt = min(damaged, share)
            self._count_announced(one, line._replace(received=share, damaged=hurt))
            left, damaged = left - share, damaged - hurt

    def _count_announced(self, one: NoticeLine, line: LineCounted) -> None:
        assert self.shipment
        announced, over = one.goods.receive(line.received)
        of = self._goods(one.schedule_line_id, line)
        self._set(replace(one, goods=announced))
        self._tally(of, of.tally.receive(line.received, over=over))
        self._add(line, of, over=over, notice_line_id=one.id)

    def _unannounced(self, of: Goods, line: LineCounted) -> None:
        tally, over = of.tally.receive_unannounced(line.received)
        self._tally(of, tally)
        self._add(line, of, over=over)

    def _wrong(self, line: LineCounted) -> None:
        if line.item_number is None:
            said = "Name a line of the notice or of an order or, of a wrong item, its number."
            raise SupplierUnknown(said, errors=[FieldError(field="item_number", detail=said)])
        self.lines.append(
            Counted(
                id=self.under.new_id(),
                received=line.received,
                damaged=line.damaged,
                rejected=line.received,
                reason=WRONG,
                item_number=line.item_number,
                item_name=line.item_name or line.item_number,
                unit=line.unit or "C62",
                note=line.note,
                photo_id=line.photo_id,
            )
        )

    def _add(
        self, line: LineCounted, of: Goods, *, over: Decimal, notice_line_id: UUID | None = None
    ) -> None:
        self.lines.append(
            Counted(
                id=self.under.new_id(),
                received=line.received,
                over=over,
                damaged=line.damaged,
                goods=of,
                notice_line_id=notice_line_id,
                item_number=of.item_number,
                item_name=of.item_name,
                unit=of.unit,
                note=line.note,
                photo_id=line.photo_id,
            )
        )

    def _set(self, line: NoticeLine) -> None:
        assert self.shipment
        lines = tuple(line if line.id == one.id else one for one in self.shipment.lines)
        self.shipment = replace(self.shipment, lines=lines)

    def _tally(self, of: Goods, tally: Tally) -> None:
        self.floor.goods[of.id] = replace(of, tally=tally)

    def _miss_the_rest(self) -> None:
        """Count as missing what is still on the way, on a line of the receipt each."""
        assert self.shipment
        for one in self.shipment.lines:
            announced, missing = one.goods.miss()
            if not missing:
                continue
            self._set(replace(one, goods=announced))
            of = self.floor.goods[one.schedule_line_id]
            self._tally(of, of.tally.miss(missing))
            places = [n for n, line in enumerate(self.lines) if line.notice_line_id == one.id]
            if places:
                self.lines[places[-1]] = replace(self.lines[places[-1]], missing=missing)
            else:
                self._add(LineCounted(ZERO), of, over=ZERO, notice_line_id=one.id)
                self.lines[-1] = replace(self.lines[-1], missing=missing)
        self.shipment = replace(
            self.shipment, state=ShipmentState.RECEIVED, received_at=self.asked.received_at
        )
