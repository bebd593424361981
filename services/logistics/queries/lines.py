"""What is left to ship, and what a scan means."""

from contextlib import suppress
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Side
from services.logistics.domain.handling_units import is_sscc, scanned
from services.logistics.domain.quantities import Tally
from services.logistics.domain.shipments import LineState, ShipmentState
from services.logistics.models import (
    NoticeLine,
    Package,
    PackageLine,
    Progress,
    Relationship,
    ScheduleLine,
    Shipment,
)
from services.logistics.queries.sides import visible
from services.logistics.schemas.lines import ReadyLineOut
from services.logistics.schemas.receipts import ExpectedLineOut, ExpectedOut, ScanOut
from shared.auth import Caller
from shared.paging import Paging, Rows, keyset

MATCHES_MAX, LINES_MAX = 5, 500
GONE = ShipmentState.RECEIVED, ShipmentState.CANCELLED


def _named() -> Select[Any]:
    parties = and_(
        Relationship.buyer_id == ScheduleLine.buyer_id,
        Relationship.supplier_id == ScheduleLine.supplier_id,
    )
    named: Any = (
        select(
            ScheduleLine,
            Relationship.buyer_name,
            Relationship.supplier_name,
            Relationship.quantity_tolerance_percent,
            Progress.good,
        )
        .join(Relationship, parties)
        .outerjoin(Progress, Progress.schedule_line_id == ScheduleLine.id)
    )
    rows: Select[Any] = named
    return rows


async def ready_lines(  # noqa: PLR0913  what one may filter by
    session: AsyncSession,
    *,
    caller: Caller,
    side: Side,
    order_id: UUID | None,
    q: str | None,
    with_done: bool,
    paging: Paging,
) -> Rows[ReadyLineOut]:
    """Return a page of confirmed lines, the earliest promise first, with what is left to ship."""
    confirmed = ScheduleLine.state == LineState.CONFIRMED
    asked = _named().where(visible(ScheduleLine, caller, side), confirmed)
    if not with_done:
        asked = asked.where(ScheduleLine.left_to_ship > 0)
    if order_id:
        asked = asked.where(ScheduleLine.order_id == order_id)
    if q:
        told = ScheduleLine.order_number, ScheduleLine.item_number, ScheduleLine.item_name
        asked = asked.where(or_(*(column.icontains(q, autoescape=True) for column in told)))
    order = ScheduleLine.expected_on, ScheduleLine.id
    page = await keyset(session, asked, order=order, paging=paging)
    return Rows([_shown(*row) for row in page.items], page.next)


def _shown(
    line: ScheduleLine,
    buyer_name: str,
    supplier_name: str,
    tolerance: Decimal,
    good: Decimal | None,
) -> ReadyLineOut:
    tally = Tally(
        line.quantity,
        *(line.planned, line.shipped, line.over, line.received, line.missing),
        *(line.accepted, line.rejected),
    )
    columns = {name: getattr(line, name, None) for name in ReadyLineOut.model_fields}
    return ReadyLineOut.model_validate(
        columns
        | {
            "schedule_line_id": line.id,
            "good": good,
            "most_to_ship": tally.most(tolerance),
            "tolerance_percent": tolerance,
            "buyer_name": buyer_name,
            "supplier_name": supplier_name,
        }
    )


async def scan(session: AsyncSession, *, caller: Caller, code: str) -> ScanOut:
    """Say what a code stands for among what the caller is to receive, or has sent.

    An SSCC is a package, a notice's number or id a shipment, and an order's number, with or
    without an item, what is still to come of it without a notice.
    """
    meant = scanned(code)
    matches = await _packages(session, caller, meant) if is_sscc(meant) else []
    matches = matches or await _shipments(session, caller, meant)
    matches = matches or await _orders(session, caller, meant)
    return ScanOut(code=meant, matches=matches)


async def _packages(session: AsyncSession, caller: Caller, sscc: str) -> list[ExpectedOut]:
    asked = (
        select(Package, Shipment)
        .join(Shipment, Shipment.id == Package.shipment_id)
        .where(Package.sscc == sscc, visible(Package, caller))
        .limit(MATCHES_MAX)
    )
    return [
        await _expected(session, shipment, package)
        for package, shipment in (await session.execute(asked))
    ]


async def _shipments(session: AsyncSession, caller: Caller, meant: str) -> list[ExpectedOut]:
    numbered = Shipment.number == meant
    with suppress(ValueError):  # no id, then
        numbered = or_(numbered, Shipment.id == UUID(meant))
    asked = select(Shipment).where(numbered, visible(Shipment, caller))
    newest = asked.order_by(Shipment.id.desc()).limit(MATCHES_MAX)
    return [await _expected(session, one, None) for one in await session.scalars(newest)]


async def _expected(
    session: AsyncSession, shipment: Shipment, package: Package | None
) -> ExpectedOut:
    packed = and_(
        PackageLine.notice_line_id == NoticeLine.id,
        PackageLine.package_id == (package.id if package else None),
    )
    asked = (
        select(NoticeLine, ScheduleLine, PackageLine.quantity)
        .join(ScheduleLine, ScheduleLine.id == NoticeLine.schedule_line_id)
        .outerjoin(PackageLine, packed)
        .where(NoticeLine.shipment_id == shipment.id)
        .order_by(NoticeLine.sequence)
    )
    rows = (await session.execute(asked)).all()
    planned = shipment.state == ShipmentState.PLANNED
    lines = [
        ExpectedLineOut(
            notice_line_id=line.id,
            schedule_line_id=of.id,
            lot=line.lot,
            expected=line.quantity if planned else line.on_the_way,
            in_package=quantity,
            **_of(of),
        )
        for line, of, quantity in rows
    ]
    return ExpectedOut(
        kind="package" if package else "shipment",
        shipment_id=shipment.id,
        shipment_number=shipment.number,
        shipment_state=shipment.state,
        sscc=package.sscc if package else None,
        order_number=None,
        supplier_id=shipment.supplier_id,
        supplier_name=shipment.supplier_name,
        expected_at=shipment.expected_at,
        lines=lines,
    )


def _of(line: ScheduleLine) -> dict[str, Any]:
    told = "order_number", "position", "item_number", "item_name", "unit"
    return {name: getattr(line, name) for name in told}


async def _orders(session: AsyncSession, caller: Caller, meant: str) -> list[ExpectedOut]:
    number, _, item = meant.rpartition(" ")
    with_item = and_(ScheduleLine.order_number == number, ScheduleLine.item_number == item)
    asked = _named().where(
        visible(ScheduleLine, caller),
        ScheduleLine.state != LineState.CANCELLED,
        or_(ScheduleLine.order_number == meant, with_item),
    )
    order = ScheduleLine.position, ScheduleLine.sequence, ScheduleLine.id
    rows: Any = await session.execute(asked.order_by(*order).limit(LINES_MAX))
    orders: dict[UUID, ExpectedOut] = {}
    for line, _, supplier_name, *_ in rows:
        found = orders.setdefault(
            line.order_id,
            ExpectedOut(
                kind="order",
                shipment_id=None,
                shipment_number=None,
                shipment_state=None,
                sscc=None,
                order_number=line.order_number,
                supplier_id=line.supplier_id,
                supplier_name=supplier_name,
                expected_at=None,
                lines=[],
            ),
        )
        still = max(line.left_to_ship + line.planned, Decimal(0))
        found.lines.append(
            ExpectedLineOut(
                notice_line_id=None,
                schedule_line_id=line.id,
                lot=None,
                expected=still,
                in_package=None,
                **_of(line),
            )
        )
    return list(orders.values())[:MATCHES_MAX]
