"""Let shipments leave and arrive, take notices back, and hear their carriers."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.logistics import (
    ShipmentArrived,
    ShipmentCancelled,
    ShipmentDispatched,
    ShipmentTracked,
)
from contracts.orders import Side
from contracts.scopes import Scope
from services.logistics.commands import holding
from services.logistics.commands.notices import shipped_lines
from services.logistics.commands.recording import Changes, record, side_of
from services.logistics.domain.problems import (
    AlreadyDeparted,
    NotUnderWay,
    NotYetHappened,
    NotYourSide,
    OutOfOrder,
    ShipmentNotFound,
)
from services.logistics.domain.shipments import (
    Shipment,
    ShipmentState,
    apply_cancellation,
    apply_departure,
)
from services.logistics.models import Shipment as Row
from services.logistics.schemas.stories import EntryKind, TrackingKind
from shared.auth import Caller
from shared.problem import FieldError

SPEAKS = {Side.BUYER: Scope.LOGISTICS_RECEIVE, Side.SUPPLIER: Scope.LOGISTICS_SHIP}


async def depart(
    session: AsyncSession, *, caller: Caller, shipment_id: UUID, when: datetime | None, at: datetime
) -> None:
    """Let a shipment leave, now or at a time before, and announce it.

    Its goods count as shipped. Refused in the future, and where it left or was cancelled.
    """
    before = await _hold(session, caller, shipment_id, side=Side.SUPPLIER)
    left_at = when or at
    after = before.depart(left_at, now=at)
    held = await _goods(session, caller, before)
    goods = dict(held)
    apply_departure(before, goods)
    changes = Changes(by=caller.name, at=at)
    changes.move([after])
    changes.count(held, goods)
    _tell(changes, EntryKind.DEPARTED, after, caller, occurred_at=left_at)
    row = await session.get_one(Row, shipment_id)
    changes.announce(
        ShipmentDispatched(
            shipment_id=shipment_id,
            number=after.number,
            buyer_id=after.buyer_id,
            supplier_id=after.supplier_id,
            carrier_id=row.carrier_id,
            lines=shipped_lines(after, goods),
            estimated_arrival_at=row.estimated_arrival_at,
            occurred_at=left_at,
            recorded_at=at,
        )
    )
    await record(session, changes)


async def arrive(
    session: AsyncSession, *, caller: Caller, shipment_id: UUID, when: datetime | None, at: datetime
) -> None:
    """Let a shipment stand at the gate, now or at a time before, and announce it.

    Either side may say so. Refused before its departure, in the future, and twice.
    """
    before = await _hold(session, caller, shipment_id)
    came_at = when or at
    after = before.arrive(came_at, now=at)
    changes = Changes(by=caller.name, at=at)
    changes.move([after])
    _tell(changes, EntryKind.ARRIVED, after, caller, occurred_at=came_at)
    changes.announce(
        ShipmentArrived(
            shipment_id=shipment_id,
            buyer_id=after.buyer_id,
            supplier_id=after.supplier_id,
            occurred_at=came_at,
            recorded_at=at,
        )
    )
    await record(session, changes)


async def estimate(  # noqa: PLR0913  which shipment, and what is expected of it
    session: AsyncSession,
    *,
    caller: Caller,
    shipment_id: UUID,
    departure_at: datetime | None = None,
    arrival_at: datetime | None = None,
    at: datetime,
) -> None:
    """Say when a shipment is expected to leave or to arrive; the supplier's to say."""
    before = await _hold(session, caller, shipment_id, side=Side.SUPPLIER)
    if before.state not in (ShipmentState.PLANNED, ShipmentState.DISPATCHED):
        raise NotUnderWay(f"The shipment is {before.state}: nothing is to be estimated.")
    if departure_at and before.state is not ShipmentState.PLANNED:
        raise AlreadyDeparted("The shipment has left already.")
    row = await session.get_one(Row, shipment_id)
    leaves = before.departed_at or departure_at or row.estimated_departure_at
    comes = arrival_at or row.estimated_arrival_at
    if leaves and comes and comes < leaves:
        said = "It cannot arrive before it leaves."
        raise OutOfOrder(said, errors=[FieldError(field="estimated_at", detail=said)])
    told = {"estimated_departure_at": departure_at, "estimated_arrival_at": arrival_at}
    values = {name: when for name, when in told.items() if when}
    values |= {"expected_at": comes or departure_at or row.expected_at, "updated_at": at}
    await session.execute(update(Row).where(Row.id == shipment_id).values(**values))
    changes = Changes(by=caller.name, at=at)
    expected = (arrival_at or departure_at or at).isoformat()
    _tell(changes, EntryKind.ESTIMATED, before, caller, occurred_at=at, text=expected)
    await record(session, changes)


async def cancel(
    session: AsyncSession, *, caller: Caller, shipment_id: UUID, reason: str, at: datetime
) -> None:
    """Take a notice back before its goods leave, and announce it; they may be shipped anew."""
    before = await _hold(session, caller, shipment_id, side=Side.SUPPLIER)
    after = before.cancel()
    held = await _goods(session, caller, before)
    goods = dict(held)
    apply_cancellation(before, goods)
    changes = Changes(by=caller.name, at=at)
    changes.move([after])
    changes.count(held, goods)
    _tell(changes, EntryKind.CANCELLED, after, caller, occurred_at=at, text=reason)
    changes.announce(
        ShipmentCancelled(
            shipment_id=shipment_id,
            number=after.number,
            buyer_id=after.buyer_id,
            supplier_id=after.supplier_id,
            reason=reason,
            occurred_at=at,
            recorded_at=at,
        )
    )
    await session.execute(update(Row).where(Row.id == shipment_id).values(cancel_reason=reason))
    await record(session, changes)


class Tracking(NamedTuple):
    """What a carrier says of a shipment, and when it was so."""

    kind: TrackingKind
    at: datetime
    place: str | None = None
    text: str | None = None


async def track(
    session: AsyncSession, *, caller: Caller, shipment_id: UUID, said: Tracking, at: datetime
) -> None:
    """Write down what a carrier says of a shipment that it carries, and announce it.

    It moves no quantity: that the goods left or came is for the two sides to say. Refused in the
    future, and of shipments of others.
    """
    carried = select(Row).where(Row.id == shipment_id, Row.carrier_id == caller.organization_id)
    row = (await session.scalars(carried)).first()
    if row is None:
        raise ShipmentNotFound("There is no such shipment among those that you carry.")
    if said.at > at:
        told = f"{said.at.isoformat()} is yet to come."
        raise NotYetHappened(told, errors=[FieldError(field="at", detail=told)])
    changes = Changes(by=caller.name, at=at)
    changes.tell(
        EntryKind(said.kind),
        parties=(row.buyer_id, row.supplier_id),
        side="carrier",
        occurred_at=said.at,
        shipment_id=shipment_id,
        carrier_id=caller.organization_id,
        text=said.text,
        place=said.place,
    )
    changes.announce(_tracked(row, caller, said, at))
    await record(session, changes)


def _tracked(row: Row, caller: Caller, said: Tracking, at: datetime) -> ShipmentTracked:
    return ShipmentTracked(
        shipment_id=row.id,
        number=row.number,
        buyer_id=row.buyer_id,
        supplier_id=row.supplier_id,
        carrier_id=caller.organization_id,
        kind=said.kind,
        place=said.place,
        occurred_at=said.at,
        recorded_at=at,
    )


async def _hold(
    session: AsyncSession, caller: Caller, shipment_id: UUID, *, side: Side | None = None
) -> Shipment:
    """Lock a shipment of which the caller may speak, for one side or for its own."""
    found = (await holding.shipments(session, [shipment_id], caller=caller)).get(shipment_id)
    if found is None:
        raise ShipmentNotFound("There is no such shipment among yours.")
    stands = side_of(caller, found.buyer_id)
    if stands is not (side or stands) or not caller.may(SPEAKS[stands]):
        speaker = SPEAKS[side or stands]
        raise NotYourSide(f"The {side or stands} says that, with a token that has {speaker}.")
    return found


async def _goods(session: AsyncSession, caller: Caller, shipment: Shipment) -> holding.ManyGoods:
    ids = {line.schedule_line_id for line in shipment.lines}
    return await holding.goods(session, ids, caller=caller)


def _tell(  # noqa: PLR0913  what an entry says
    changes: Changes,
    kind: EntryKind,
    shipment: Shipment,
    caller: Caller,
    *,
    occurred_at: datetime,
    text: str | None = None,
) -> None:
    changes.tell(
        kind,
        parties=(shipment.buyer_id, shipment.supplier_id),
        side=side_of(caller, shipment.buyer_id),
        occurred_at=occurred_at,
        shipment_id=shipment.id,
        text=text,
    )
