"""Announce what is shipped, and pack it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.logistics import ShipmentPlanned, ShippedLine
from contracts.orders import Side
from services.logistics.commands import holding, numbers
from services.logistics.commands.numbers import Numbered
from services.logistics.commands.recording import Changes, record
from services.logistics.domain.problems import AlreadyDeparted, NotYourSide, ShipmentNotFound
from services.logistics.domain.shipments import (
    AsBefore,
    Goods,
    PackageAsked,
    Planned,
    Shipment,
    ShipmentAsked,
    ShipmentState,
    check_packages,
    plan,
)
from services.logistics.models import NoticeLine, Organization, Package, PackageLine, Relationship
from services.logistics.models import Shipment as Row
from services.logistics.schemas.stories import EntryKind
from shared.auth import Caller
from shared.problem import Problem
from shared.settings import settings


class Placement(NamedTuple):
    """A notice that is there now, and whether that is news."""

    shipment_id: UUID
    number: str
    new: bool


async def announce(
    session: AsyncSession, *, caller: Caller, asked: Sequence[ShipmentAsked], at: datetime
) -> list[Placement | Problem]:
    """Make notices in turn and announce each; return what became of each.

    One that is there with the same content is left alone; one without a number gets the next.
    Refused are another one under its number, what is not confirmed, and what exceeds the quantity
    left with its tolerance, and a carrier that is no organization here.
    """
    me = caller.organization_id
    ids = {line.schedule_line_id for one in asked for line in one.lines}
    before = await holding.goods(session, ids, caller=caller)
    after = dict(before)
    given = [one.number for one in asked if one.number]
    known = await numbers.known(session, me, Numbered.NOTICES, given)
    carriers = await _carriers(session, asked)
    judged = plan(asked, goods=after, known=known, supplier_id=me, carriers=carriers)
    new = [outcome for outcome in judged if isinstance(outcome, Planned)]
    if not new:
        return [_placed(outcome) for outcome in judged]
    named = [planned.asked.number for planned in new]
    drawn = await numbers.numbered(session, me, Numbered.NOTICES, named)
    new = [planned.numbered(number) for planned, number in zip(new, drawn, strict=True)]
    changes = Changes(by=caller.name, at=at)
    await _store(session, new, caller=caller, changes=changes)
    changes.count(before, after)
    await record(session, changes)
    made = iter(new)
    return [_placed(next(made) if isinstance(one, Planned) else one) for one in judged]


async def _carriers(session: AsyncSession, asked: Sequence[ShipmentAsked]) -> set[UUID]:
    """Return the carriers asked for that are organizations here."""
    if named := {one.carrier_id for one in asked} - {None}:
        known = select(Organization.id).where(Organization.id.in_(named))
        return set(await session.scalars(known))
    return set()


def _placed(outcome: Planned | AsBefore | Problem) -> Placement | Problem:
    if isinstance(outcome, Problem):
        return outcome
    if isinstance(outcome, Planned):
        return Placement(outcome.asked.id, outcome.asked.number, new=True)
    return Placement(outcome.id, outcome.number, new=False)


async def _store(
    session: AsyncSession, new: Sequence[Planned], *, caller: Caller, changes: Changes
) -> None:
    """Store notices with their lines and packages, table by table."""
    packages = sum(len(planned.asked.packages) for planned in new)
    units = await numbers.units(session, caller.organization_id, packages)
    names = await _names(session, caller)
    ids = [[uuid7() for _ in planned.goods] for planned in new]
    session.add_all(_row(planned, caller, names, changes.at) for planned in new)
    await session.flush()
    for planned, line_ids in zip(new, ids, strict=True):
        session.add_all(_lines(planned, line_ids))
        _tell_plan(planned, line_ids, changes)
    await session.flush()
    for planned, line_ids in zip(new, ids, strict=True):
        goods = planned.goods[0]
        parties = goods.buyer_id, goods.supplier_id
        _pack(session, planned.asked.id, parties, planned.asked.packages, line_ids, units)
    await session.flush()


async def _names(session: AsyncSession, caller: Caller) -> dict[UUID, tuple[str, str]]:
    asked = select(
        Relationship.buyer_id, Relationship.buyer_name, Relationship.supplier_name
    ).where(Relationship.supplier_id == caller.organization_id)
    return {buyer_id: (one, other) for buyer_id, one, other in await session.execute(asked)}


def _row(planned: Planned, caller: Caller, names: dict[UUID, tuple[str, str]], at: datetime) -> Row:
    asked = planned.asked
    buyer_name, supplier_name = names.get(asked.buyer_id, ("", ""))
    end_of_day = datetime.combine(planned.expected_on, time(), settings().calendar)
    end_of_day += timedelta(days=1, seconds=-1)
    return Row(
        id=asked.id,
        number=asked.number,
        digest=asked.digest(),
        buyer_id=asked.buyer_id,
        buyer_name=buyer_name,
        supplier_id=caller.organization_id,
        supplier_name=supplier_name,
        state=ShipmentState.PLANNED,
        carrier_id=asked.carrier_id,
        carrier_name=asked.carrier_name,
        vehicle=asked.vehicle,
        note=asked.note,
        package_count=len(asked.packages),
        estimated_departure_at=asked.estimated_departure_at,
        estimated_arrival_at=asked.estimated_arrival_at,
        expected_at=asked.estimated_arrival_at or asked.estimated_departure_at or end_of_day,
        created_at=at,
        updated_at=at,
    )


def _lines(planned: Planned, line_ids: Sequence[UUID]) -> list[NoticeLine]:
    return [
        NoticeLine(
            id=id_,
            shipment_id=planned.asked.id,
            sequence=sequence,
            buyer_id=goods.buyer_id,
            supplier_id=goods.supplier_id,
            schedule_line_id=goods.id,
            quantity=line.quantity,
            lot=line.lot,
        )
        for sequence, (id_, line, goods) in enumerate(
            zip(line_ids, planned.asked.lines, planned.goods, strict=True), start=1
        )
    ]


def _tell_plan(planned: Planned, line_ids: Sequence[UUID], changes: Changes) -> None:
    asked, at = planned.asked, changes.at
    supplier_id = planned.goods[0].supplier_id
    changes.tell(
        EntryKind.PLANNED,
        parties=(asked.buyer_id, supplier_id),
        side=Side.SUPPLIER,
        occurred_at=at,
        shipment_id=asked.id,
        text=asked.note,
    )
    lines = [
        _shipped(id_, goods, quantity=line.quantity, lot=line.lot)
        for id_, goods, line in zip(line_ids, planned.goods, asked.lines, strict=True)
    ]
    changes.announce(
        ShipmentPlanned(
            shipment_id=asked.id,
            number=asked.number,
            buyer_id=asked.buyer_id,
            supplier_id=supplier_id,
            carrier_id=asked.carrier_id,
            lines=lines,
            estimated_arrival_at=asked.estimated_arrival_at,
            occurred_at=at,
            recorded_at=at,
        )
    )


def _shipped(id_: UUID, goods: Goods, *, quantity: Decimal, lot: str | None) -> ShippedLine:
    return ShippedLine(
        notice_line_id=id_,
        order_id=goods.order_id,
        schedule_line_id=goods.id,
        item_number=goods.item_number,
        quantity=quantity,
        unit=goods.unit,
        lot=lot,
    )


def shipped_lines(shipment: Shipment, goods: Mapping[UUID, Goods]) -> list[ShippedLine]:
    """Tell the lines of a shipment as events do."""
    return [
        _shipped(line.id, goods[line.schedule_line_id], quantity=line.goods.quantity, lot=line.lot)
        for line in shipment.lines
    ]


def _pack(  # noqa: PLR0913, PLR0917  whose packages, of what, and how they are numbered
    session: AsyncSession,
    shipment_id: UUID,
    parties: tuple[UUID, UUID],
    packages: Sequence[PackageAsked],
    line_ids: Sequence[UUID],
    units: Iterator[str],
) -> None:
    """Store handling units with their contents, each under an SSCC of its own."""
    buyer_id, supplier_id = parties
    for sequence, package in enumerate(packages, start=1):
        unit = Package(
            id=uuid7(),
            shipment_id=shipment_id,
            sequence=sequence,
            buyer_id=buyer_id,
            supplier_id=supplier_id,
            kind=package.kind,
            sscc=next(units),
        )
        session.add(unit)
        session.add_all(
            PackageLine(
                package_id=unit.id,
                notice_line_id=line_ids[line - 1],
                buyer_id=buyer_id,
                supplier_id=supplier_id,
                quantity=quantity,
            )
            for line, quantity in package.contents
        )


async def pack(
    session: AsyncSession,
    *,
    caller: Caller,
    shipment_id: UUID,
    packages: Sequence[PackageAsked],
    at: datetime,
) -> None:
    """Pack a shipment anew; each handling unit gets a new SSCC, and none is ever used again.

    Refused once the shipment has left: what its labels say stays.
    """
    shipment = (await holding.shipments(session, [shipment_id], caller=caller)).get(shipment_id)
    if shipment is None:
        raise ShipmentNotFound("There is no such shipment among yours.")
    if shipment.supplier_id != caller.organization_id:
        raise NotYourSide("The supplier packs what it ships.")
    if shipment.state is not ShipmentState.PLANNED:
        raise AlreadyDeparted(f"The shipment is {shipment.state}; its labels stay as they are.")
    check_packages(packages, [line.goods.quantity for line in shipment.lines])
    old = select(Package.id).where(Package.shipment_id == shipment_id)
    await session.execute(delete(PackageLine).where(PackageLine.package_id.in_(old)))
    await session.execute(delete(Package).where(Package.shipment_id == shipment_id))
    parties = shipment.buyer_id, shipment.supplier_id
    line_ids = [line.id for line in shipment.lines]
    units = await numbers.units(session, caller.organization_id, len(packages))
    _pack(session, shipment_id, parties, packages, line_ids, units)
    counted = {"package_count": len(packages), "updated_at": at}
    await session.execute(update(Row).where(Row.id == shipment_id).values(**counted))
    await session.flush()
    changes = Changes(by=caller.name, at=at)
    changes.tell(
        EntryKind.PACKED,
        parties=parties,
        side=Side.SUPPLIER,
        occurred_at=at,
        shipment_id=shipment_id,
        text=str(len(packages)),
    )
    await record(session, changes)
