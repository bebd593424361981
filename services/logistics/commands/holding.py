"""Hold what is about to change, always in the same order, so that batches cannot deadlock."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, any_, literal, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from services.logistics import models
from services.logistics.domain.acceptances import Receipt, ReceiptLine
from services.logistics.domain.quantities import Announced, Tally
from services.logistics.domain.shipments import (
    Goods,
    LineState,
    NoticeLine,
    Shipment,
    ShipmentState,
)
from services.logistics.models import Relationship, ScheduleLine
from services.logistics.queries.sides import visible
from shared.auth import Caller

LINE = (
    *(ScheduleLine.id, ScheduleLine.buyer_id, ScheduleLine.supplier_id, ScheduleLine.order_id),
    *(ScheduleLine.order_number, ScheduleLine.position, ScheduleLine.sequence),
    *(ScheduleLine.item_number, ScheduleLine.item_name, ScheduleLine.unit, ScheduleLine.state),
    *(ScheduleLine.expected_on, ScheduleLine.quantity, ScheduleLine.planned),
    *(ScheduleLine.shipped, ScheduleLine.over, ScheduleLine.received, ScheduleLine.missing),
    *(ScheduleLine.accepted, ScheduleLine.rejected),
)


def held(rows: Select[Any]) -> Select[Any]:
    """Lock the rows that are found, until the transaction ends."""
    return rows.with_for_update(key_share=True)


def among(column: Any, ids: Iterable[UUID]) -> ColumnElement[bool]:  # noqa: ANN401
    """Say that an id is one of many, as one parameter."""
    chosen: ColumnElement[bool] = column == any_(literal(list(ids), ARRAY(Uuid)))
    return chosen


def party(model: Any, caller: Caller | None) -> ColumnElement[bool]:  # noqa: ANN401
    """Say which rows are a caller's, in words the planner has an index for; the system has all."""
    if caller is None:
        everything: ColumnElement[bool] = true()
        return everything
    return visible(model, caller)


ManyGoods = dict[UUID, Goods]


async def goods(session: AsyncSession, ids: Iterable[UUID], *, caller: Caller | None) -> ManyGoods:
    """Lock schedule lines by id, and read what became of their goods."""
    mine = among(ScheduleLine.id, set(ids)), party(ScheduleLine, caller)
    asked: Any = select(*LINE).where(*mine)
    rows: Any = (await session.execute(held(asked.order_by(ScheduleLine.id)))).all()
    tolerances = await _tolerances(session, {row.supplier_id for row in rows}, caller)
    return {row.id: _goods(row, tolerances) for row in rows}


def _goods(row: Any, tolerances: Mapping[tuple[UUID, UUID], Decimal]) -> Goods:  # noqa: ANN401
    tolerance = tolerances.get((row.buyer_id, row.supplier_id), Decimal(0))
    tally = Tally(*row[12:])
    told: tuple[Any, ...] = (*row[:10], LineState(row.state), row.expected_on, tally, tolerance)
    return Goods(*told)


async def _tolerances(
    session: AsyncSession, suppliers: Iterable[UUID], caller: Caller | None
) -> Mapping[tuple[UUID, UUID], Decimal]:
    asked = select(
        Relationship.buyer_id, Relationship.supplier_id, Relationship.quantity_tolerance_percent
    ).where(among(Relationship.supplier_id, suppliers), party(Relationship, caller))
    return {(buyer, supplier): tol for buyer, supplier, tol in await session.execute(asked)}


async def shipments(
    session: AsyncSession, ids: Iterable[UUID], *, caller: Caller
) -> dict[UUID, Shipment]:
    """Lock shipments by id, and read them with their lines."""
    row = models.Shipment
    asked = select(row).where(among(row.id, set(ids)), party(row, caller)).order_by(row.id)
    found = (await session.scalars(held(asked))).all()
    lines = await notice_lines(session, [one.id for one in found])
    return {
        one.id: Shipment(
            one.id,
            one.number,
            one.buyer_id,
            one.supplier_id,
            ShipmentState(one.state),
            tuple(lines[one.id]),
            one.departed_at,
            one.arrived_at,
            one.received_at,
        )
        for one in found
    }


async def notice_lines(
    session: AsyncSession, shipment_ids: Iterable[UUID]
) -> Mapping[UUID, list[NoticeLine]]:
    """Read the lines of shipments, which whoever holds the shipment holds too."""
    row = models.NoticeLine
    columns = (
        *(row.shipment_id, row.id, row.schedule_line_id, row.lot),
        *(row.quantity, row.departed, row.over, row.received, row.missing),
    )
    ordered = select(*columns).where(among(row.shipment_id, shipment_ids))
    lines: defaultdict[UUID, list[NoticeLine]] = defaultdict(list)
    rows: Any = await session.execute(ordered.order_by(row.sequence))
    for shipment_id, id_, of, lot, *state in rows:
        lines[shipment_id].append(NoticeLine(id_, of, Announced(*state), lot))
    return lines


async def receipts(
    session: AsyncSession, chosen: Select[Any], *, caller: Caller | None
) -> dict[UUID, Receipt]:
    """Lock receipts, which `chosen` selects in the order of their ids, with their lines."""
    row = models.Receipt
    asked = chosen.where(party(row, caller)).order_by(row.id)
    found = (await session.scalars(held(asked))).all()
    lines = await _receipt_lines(session, [one.id for one in found])
    return {
        one.id: Receipt(
            one.id,
            one.number,
            one.buyer_id,
            one.supplier_id,
            one.shipment_id,
            one.delivered_on,
            one.inspection_ends_on,
            one.working_days,
            one.provisional,
            lines[one.id],
        )
        for one in found
    }


async def _receipt_lines(
    session: AsyncSession, receipt_ids: Iterable[UUID]
) -> Mapping[UUID, dict[UUID, ReceiptLine]]:
    row = models.ReceiptLine
    columns = (
        *(row.receipt_id, row.id, row.schedule_line_id, row.order_id),
        *(row.received, row.damaged, row.accepted, row.rejected),
    )
    ordered = select(*columns).where(among(row.receipt_id, receipt_ids)).order_by(row.sequence)
    lines: defaultdict[UUID, dict[UUID, ReceiptLine]] = defaultdict(dict)
    rows: Any = await session.execute(ordered)
    for receipt_id, *state in rows:
        line = ReceiptLine(*state)
        lines[receipt_id][line.id] = line
    return lines
