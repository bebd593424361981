"""Count what came: one receipt is a batch of one."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.logistics import GoodsReceived, ReceivedLine, ShipmentArrived, ShipmentDispatched
from contracts.orders import Side
from services.logistics.commands import holding, numbers
from services.logistics.commands.notices import shipped_lines
from services.logistics.commands.numbers import Numbered
from services.logistics.commands.recording import Changes, Row, record
from services.logistics.domain.counting import receive
from services.logistics.domain.problems import PhotoNotFound
from services.logistics.domain.receipts import (
    Circumstances,
    Counted,
    Floor,
    ReceiptAsked,
    Received,
)
from services.logistics.domain.shipments import AsBefore, Shipment
from services.logistics.models import Photo, Relationship
from services.logistics.schemas.stories import EntryKind
from shared.auth import Caller
from shared.problem import Problem
from shared.settings import settings


class Placement(NamedTuple):
    """A receipt that is there now, and whether that is news."""

    receipt_id: UUID
    number: str
    new: bool


async def receive_goods(
    session: AsyncSession, *, caller: Caller, asked: Sequence[ReceiptAsked], at: datetime
) -> list[Placement | Problem]:
    """Count receipts in turn and announce each; return what became of each.

    One that is there with the same content is left alone; one without a number gets the next. A
    shipment that nobody said had left or come has, by the time it is received. Refused are another
    receipt under its number, a shipment that was received completely, and lines of others.
    """
    me = caller.organization_id
    photos = await _photos(session, asked, me)
    floor = await _floor(session, asked, caller)
    before = Floor(dict(floor.goods), dict(floor.shipments))
    given = [one.number for one in asked if one.number]
    judged = receive(
        [one for one in asked if not _strange(one, photos)],
        floor,
        known=await numbers.known(session, me, Numbered.RECEIPTS, given),
        under=await circumstances(session, caller, at),
    )
    new = [outcome for outcome in judged if isinstance(outcome, Received)]
    if new:
        named = [received.asked.number for received in new]
        drawn = await numbers.numbered(session, me, Numbered.RECEIPTS, named)
        new = [received.numbered(number) for received, number in zip(new, drawn, strict=True)]
        changes = Changes(by=caller.name, at=at)
        for received in new:
            write_receipt(changes, received, me)
        changes.count(before.goods, floor.goods)
        changes.move(one for id_, one in floor.shipments.items() if one != before.shipments[id_])
        await record(session, changes)
    made = iter(new)
    outcomes = (placed(next(made) if isinstance(one, Received) else one) for one in judged)
    return [_strange(one, photos) or next(outcomes) for one in asked]


def placed(outcome: Received | AsBefore | Problem) -> Placement | Problem:
    """Say what became of a receipt."""
    if isinstance(outcome, Problem):
        return outcome
    if isinstance(outcome, Received):
        return Placement(outcome.asked.id, outcome.asked.number, new=True)
    return Placement(outcome.id, outcome.number, new=False)


async def _photos(
    session: AsyncSession, receipts: Iterable[ReceiptAsked], buyer_id: UUID
) -> set[UUID]:
    ids = {line.photo_id for one in receipts for line in one.lines if line.photo_id}
    if not ids:
        return set()
    mine = select(Photo.id).where(holding.among(Photo.id, ids), Photo.buyer_id == buyer_id)
    return set(await session.scalars(mine))


def _strange(receipt: ReceiptAsked, photos: set[UUID]) -> Problem | None:
    """Refuse a receipt that shows a photo its buyer has not taken."""
    named = {line.photo_id for line in receipt.lines if line.photo_id}
    return PhotoNotFound("There is no such photo among yours.") if named - photos else None


async def _floor(session: AsyncSession, receipts: Sequence[ReceiptAsked], caller: Caller) -> Floor:
    """Hold the shipments that are received, and then the schedule lines of all that is counted."""
    ids = {one.shipment_id for one in receipts if one.shipment_id}
    shipments = await holding.shipments(session, ids, caller=caller) if ids else {}
    lines = {
        line.schedule_line_id for one in receipts for line in one.lines if line.schedule_line_id
    }
    lines |= {line.schedule_line_id for one in shipments.values() for line in one.lines}
    return Floor(await holding.goods(session, lines, caller=caller), shipments)


async def circumstances(session: AsyncSession, caller: Caller, at: datetime) -> Circumstances:
    """Say who receives and what was agreed with each of its suppliers."""
    me = caller.organization_id
    agreed = select(Relationship.supplier_id, Relationship.acceptance_working_days)
    days = dict((await session.execute(agreed.where(Relationship.buyer_id == me))).all())
    return Circumstances(me, at, settings().calendar, days, uuid7)


def write_receipt(changes: Changes, received: Received, buyer_id: UUID) -> None:
    """Add a receipt with its lines to what is written, and announce it."""
    asked, parties = received.asked, (buyer_id, received.supplier_id)
    if received.before and received.after:
        _write_journey(changes, received, received.after)
    changes.receipts.append(_row(received, parties))
    changes.receipt_lines += [
        line_row(line, asked.id, sequence, parties)
        for sequence, line in enumerate(received.lines, start=1)
    ]
    changes.photos += [
        {"id": line.photo_id, "supplier_id": received.supplier_id}
        for line in received.lines
        if line.photo_id
    ]
    for posted_at in received.postings:
        changes.tell(
            EntryKind.RECEIVED,
            parties=parties,
            side=Side.BUYER,
            occurred_at=posted_at,
            shipment_id=asked.shipment_id,
            receipt_id=asked.id,
            text=asked.number,
        )
    changes.announce(_received(changes, received, parties))


def _row(received: Received, parties: tuple[UUID, UUID]) -> Row:
    asked = received.asked
    waits = any(line.waiting for line in received.lines)
    orders = {line.goods.order_id for line in received.lines if line.goods}
    return {
        "id": asked.id,
        "number": asked.number,
        "digest": received.digest,
        "buyer_id": parties[0],
        "supplier_id": parties[1],
        "shipment_id": asked.shipment_id,
        "order_id": next(iter(orders)) if len(orders) == 1 else None,
        "state": "waiting" if waits else "judged",
        "complete": asked.complete,
        "delivered_on": received.delivered_on,
        "inspection_ends_on": received.inspection.ends_on,
        "working_days": received.working_days,
        "provisional": received.inspection.provisional,
        "occurred_at": asked.received_at,
    }


def line_row(line: Counted, receipt_id: UUID, sequence: int, parties: tuple[UUID, UUID]) -> Row:
    """Return a line of a receipt as it is stored."""
    same = (
        *("id", "notice_line_id", "item_number", "item_name", "unit", "received", "over"),
        *("missing", "damaged", "accepted", "rejected", "photo_id"),
    )
    row: dict[str, Any] = {name: getattr(line, name) for name in same}
    return row | {
        "receipt_id": receipt_id,
        "sequence": sequence,
        "buyer_id": parties[0],
        "supplier_id": parties[1],
        "schedule_line_id": line.goods.id if line.goods else None,
        "order_id": line.goods.order_id if line.goods else None,
        "note": line.note,
    }


def _received(changes: Changes, received: Received, parties: tuple[UUID, UUID]) -> GoodsReceived:
    asked = received.asked
    return GoodsReceived(
        receipt_id=asked.id,
        number=asked.number,
        shipment_id=asked.shipment_id,
        buyer_id=parties[0],
        supplier_id=parties[1],
        lines=[received_line(line) for line in received.lines],
        delivered_on=received.delivered_on,
        inspection_ends_on=received.inspection.ends_on,
        provisional=received.inspection.provisional,
        occurred_at=asked.received_at,
        recorded_at=changes.at,
        imported=changes.imported,
    )


def received_line(line: Counted) -> ReceivedLine:
    """Tell a line of a receipt as events do."""
    return ReceivedLine(
        receipt_line_id=line.id,
        notice_line_id=line.notice_line_id,
        order_id=line.goods.order_id if line.goods else None,
        schedule_line_id=line.goods.id if line.goods else None,
        item_number=line.item_number,
        unit=line.unit,
        received=line.received,
        over=line.over,
        missing=line.missing,
        damaged=line.damaged,
    )


def _write_journey(changes: Changes, received: Received, shipment: Shipment) -> None:
    """Say that a shipment left and came, where nobody had said so."""
    at, when = changes.at, received.asked.received_at
    parties = shipment.buyer_id, shipment.supplier_id
    same: Mapping[str, Any] = {
        "shipment_id": shipment.id,
        "buyer_id": shipment.buyer_id,
        "supplier_id": shipment.supplier_id,
        "occurred_at": when,
        "recorded_at": at,
    }
    if received.departs:
        said = EntryKind.DEPARTED
        changes.tell(
            said, parties=parties, side=Side.BUYER, occurred_at=when, shipment_id=shipment.id
        )
        lines = shipped_lines(shipment, received.shipped)
        changes.announce(ShipmentDispatched(**same, number=shipment.number, lines=lines))
    if received.arrives:
        said = EntryKind.ARRIVED
        changes.tell(
            said, parties=parties, side=Side.BUYER, occurred_at=when, shipment_id=shipment.id
        )
        changes.announce(ShipmentArrived(**same))
