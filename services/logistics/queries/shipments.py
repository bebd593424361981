"""Shipments: what is announced, under way, expected and carried."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, distinct, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Side
from services.logistics.domain.problems import ShipmentNotFound
from services.logistics.domain.shipments import LineState, ShipmentState
from services.logistics.models import (
    Entry,
    NoticeLine,
    Package,
    PackageLine,
    Receipt,
    ScheduleLine,
    Shipment,
)
from services.logistics.queries.sides import on_sides, story, visible
from services.logistics.schemas.shipments import (
    ArrivalOut,
    CarriedOut,
    NoticeLineOut,
    PackageOut,
    PackedOut,
    ReceiptOfShipment,
    ShipmentCounts,
    ShipmentOut,
    ShipmentSummary,
)
from services.logistics.schemas.stories import EntryOut
from shared.auth import Caller
from shared.database import spelled
from shared.paging import Paging, Rows, keyset
from shared.settings import settings

COMING = ShipmentState.PLANNED, ShipmentState.DISPATCHED
OPEN = (*COMING, ShipmentState.ARRIVED)
TRACKING_MAX = 200


class Filter(NamedTuple):
    """Which shipments are asked for; what is None does not matter."""

    side: Side | None = None
    state: ShipmentState | None = None
    order_id: UUID | None = None
    q: str | None = None
    expected_on: date | None = None


def day(on: date) -> tuple[datetime, datetime]:
    """Return when a day begins and when it is over, where the platform stands."""
    zone = settings().calendar
    begins = datetime.combine(on, time(), zone)
    return begins, datetime.combine(on + timedelta(days=1), time(), zone)


def is_late(at: datetime) -> ColumnElement[bool]:
    """Say which shipments should be there and are not."""
    return and_(Shipment.state.in_(map(spelled, COMING)), Shipment.expected_at < at)


def _lines() -> Select[Any]:
    return (
        select(NoticeLine.id)
        .join(ScheduleLine, ScheduleLine.id == NoticeLine.schedule_line_id)
        .where(NoticeLine.shipment_id == Shipment.id)
        .correlate(Shipment)
    )


def _summaries() -> Select[Any]:
    """Select shipments with how many lines they have, and of which orders."""
    lines = _lines()
    return select(
        Shipment,
        lines.with_only_columns(func.count()).scalar_subquery(),
        lines.with_only_columns(
            func.array_agg(distinct(ScheduleLine.order_number))
        ).scalar_subquery(),
    )


def _summary(row: Any, at: datetime) -> dict[str, Any]:  # noqa: ANN401  a row of `_summaries`
    shipment, count, orders = row
    columns = {
        name: getattr(shipment, name)
        for name in ShipmentSummary.model_fields
        if hasattr(shipment, name)
    }
    late = shipment.state in COMING and shipment.expected_at < at
    return columns | {"line_count": count, "order_numbers": sorted(orders or []), "late": late}


async def shipments(
    session: AsyncSession, only: Filter, *, caller: Caller, paging: Paging, at: datetime
) -> Rows[ShipmentSummary]:
    """Return a page of shipments, the newest first."""
    asked = _summaries()
    if only.state:
        asked = asked.where(Shipment.state == only.state)
    if only.order_id:
        asked = asked.where(exists(_lines().where(ScheduleLine.order_id == only.order_id)))
    if only.expected_on:
        begins, ends = day(only.expected_on)
        asked = asked.where(Shipment.expected_at >= begins, Shipment.expected_at < ends)
    if only.q:
        told = ScheduleLine.order_number, ScheduleLine.item_number, ScheduleLine.item_name
        found = or_(*(column.icontains(only.q, autoescape=True) for column in told))
        numbered = Shipment.number.icontains(only.q, autoescape=True)
        asked = asked.where(or_(numbered, exists(_lines().where(found))))
    sides = on_sides(Shipment, caller, only.side)
    page = await keyset(
        session, asked, order=(Shipment.id,), paging=paging, descending=True, sides=sides
    )
    return Rows([ShipmentSummary(**_summary(row, at)) for row in page.items], page.next)


async def shipment(
    session: AsyncSession, shipment_id: UUID, *, caller: Caller, at: datetime
) -> ShipmentOut:
    """Return a shipment with its lines, packages, receipts and story."""
    asked = _summaries().where(Shipment.id == shipment_id, visible(Shipment, caller))
    found = (await session.execute(asked)).first()
    if found is None:
        raise ShipmentNotFound("There is no such shipment among yours.")
    row: Shipment = found[0]
    lines = await _notice_lines(session, shipment_id)
    told = await story(session, Entry.shipment_id == shipment_id, caller)
    return ShipmentOut(
        **_summary(found, at),
        note=row.note,
        cancel_reason=row.cancel_reason,
        lines=lines,
        packages=await _packages(session, shipment_id, {line.id: line for line in lines}),
        receipts=await _receipts(session, shipment_id),
        story=told,
        tracking=[entry for entry in told if entry.side == "carrier"],
    )


async def _notice_lines(session: AsyncSession, shipment_id: UUID) -> list[NoticeLineOut]:
    asked = (
        select(NoticeLine, ScheduleLine)
        .join(ScheduleLine, ScheduleLine.id == NoticeLine.schedule_line_id)
        .where(NoticeLine.shipment_id == shipment_id)
        .order_by(NoticeLine.sequence)
    )
    told = "order_id", "order_number", "position", "item_number", "item_name", "unit"
    counted = "quantity", "on_the_way", "received", "over", "missing"
    return [
        NoticeLineOut(
            id=line.id,
            notice_line_id=line.id,
            sequence=line.sequence,
            schedule_line_id=of.id,
            lot=line.lot,
            **{name: getattr(of, name) for name in told},
            **{name: getattr(line, name) for name in counted},
        )
        for line, of in (await session.execute(asked))
    ]


async def _packages(
    session: AsyncSession, shipment_id: UUID, lines: dict[UUID, NoticeLineOut]
) -> list[PackageOut]:
    packages = select(Package).where(Package.shipment_id == shipment_id).order_by(Package.sequence)
    found = {
        unit.id: PackageOut(
            id=unit.id, sequence=unit.sequence, kind=unit.kind, sscc=unit.sscc, lines=[]
        )
        for unit in await session.scalars(packages)
    }
    held = select(PackageLine).where(PackageLine.notice_line_id.in_(lines)).order_by(PackageLine.id)
    for packed in await session.scalars(held):
        line = lines[packed.notice_line_id]
        found[packed.package_id].lines.append(
            PackedOut(
                notice_line_id=line.id,
                line=line.sequence,
                item_number=line.item_number,
                item_name=line.item_name,
                unit=line.unit,
                lot=line.lot,
                quantity=packed.quantity,
            )
        )
    return list(found.values())


async def _receipts(session: AsyncSession, shipment_id: UUID) -> list[ReceiptOfShipment]:
    asked = select(Receipt).where(Receipt.shipment_id == shipment_id).order_by(Receipt.id)
    return [ReceiptOfShipment.model_validate(row) for row in await session.scalars(asked)]


async def arrivals(
    session: AsyncSession, on: date | None, *, caller: Caller, paging: Paging, at: datetime
) -> Rows[ArrivalOut]:
    """Return a page of what comes to the caller on a day; today shows what is late as well."""
    today = at.astimezone(settings().calendar).date()
    begins, ends = day(on or today)
    expected = Shipment.expected_at < ends
    if (on or today) != today:
        expected = and_(expected, Shipment.expected_at >= begins)
    asked = _summaries().where(
        visible(Shipment, caller, Side.BUYER), Shipment.state.in_(map(spelled, OPEN)), expected
    )
    order = Shipment.expected_at, Shipment.id
    page = await keyset(session, asked, order=order, paging=paging)
    shown = [
        ArrivalOut(**_summary(row, at), at_an_hour=row[0].estimated_arrival_at is not None)
        for row in page.items
    ]
    return Rows(shown, page.next)


async def counts(
    session: AsyncSession, *, caller: Caller, side: Side, at: datetime
) -> ShipmentCounts:
    """Count shipments and what is ready to be shipped, for a home page."""
    today = at.astimezone(settings().calendar).date()
    begins, ends = day(today)
    expected = and_(Shipment.expected_at >= begins, Shipment.expected_at < ends)
    states = {state.value: func.count().filter(Shipment.state == state) for state in OPEN}
    others = {
        "late": func.count().filter(is_late(at)),
        "expected_today": func.count().filter(expected),
    }
    columns = [column.label(name) for name, column in (states | others).items()]
    mine = visible(Shipment, caller, side), Shipment.state.in_(map(spelled, OPEN))
    found = (await session.execute(select(*columns).where(*mine))).one()
    ready = select(func.count(), func.count().filter(ScheduleLine.expected_on <= today)).where(
        visible(ScheduleLine, caller, side),
        ScheduleLine.state == LineState.CONFIRMED,
        ScheduleLine.left_to_ship > 0,
    )
    lines, due = (await session.execute(ready)).one()
    return ShipmentCounts(**found._mapping, ready_lines=lines, ready_due=due)  # noqa: SLF001


def _carried(caller: Caller) -> Select[Any]:
    mine = Shipment.carrier_id == caller.organization_id
    return select(Shipment).where(mine, Shipment.state != ShipmentState.CANCELLED)


async def carriage(session: AsyncSession, *, caller: Caller, paging: Paging) -> Rows[CarriedOut]:
    """Return a page of what the caller carries, the newest first, with what it said of each."""
    order = (Shipment.id,)
    page = await keyset(session, _carried(caller), order=order, paging=paging, descending=True)
    return Rows(await _with_tracking(session, page.items, caller), page.next)


async def carried(session: AsyncSession, shipment_id: UUID, *, caller: Caller) -> CarriedOut:
    """Return a shipment as its carrier sees it."""
    rows = await session.scalars(_carried(caller).where(Shipment.id == shipment_id))
    if found := await _with_tracking(session, rows.all(), caller):
        return found[0]
    raise ShipmentNotFound("There is no such shipment among those that you carry.")


async def _with_tracking(
    session: AsyncSession, rows: Sequence[Shipment], caller: Caller
) -> list[CarriedOut]:
    said = select(Entry).where(
        Entry.shipment_id.in_([row.id for row in rows]),
        Entry.carrier_id == caller.organization_id,
    )
    told: dict[UUID | None, list[EntryOut]] = {row.id: [] for row in rows}
    for entry in await session.scalars(said.order_by(Entry.id)):
        told[entry.shipment_id].append(EntryOut.model_validate(entry))
    columns = CarriedOut.model_fields.keys() - {"tracking", "shipment_id"}
    return [
        CarriedOut(
            **{name: getattr(row, name) for name in columns},
            shipment_id=row.id,
            tracking=told[row.id][-TRACKING_MAX:],
        )
        for row in rows
    ]
