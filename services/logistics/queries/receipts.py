"""Receipts: what came, what waits to be judged, and what was found wrong."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, and_, distinct, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Side
from services.logistics.domain.problems import PhotoNotFound, ReceiptNotFound
from services.logistics.models import (
    Acceptance,
    AcceptanceLine,
    Entry,
    Photo,
    Receipt,
    ReceiptLine,
    Relationship,
    ScheduleLine,
    Shipment,
)
from services.logistics.queries.sides import on_sides, story, visible
from services.logistics.schemas.receipts import (
    AcceptanceLineOut,
    AcceptanceOut,
    ReceiptCounts,
    ReceiptLineOut,
    ReceiptOut,
    ReceiptState,
    ReceiptSummary,
)
from shared.auth import Caller
from shared.database import spelled
from shared.paging import Paging, Rows, keyset
from shared.settings import settings

LATELY = timedelta(days=30)


class Filter(NamedTuple):
    """Which receipts are asked for; what is None does not matter."""

    side: Side | None = None
    state: ReceiptState | None = None
    order_id: UUID | None = None
    supplier_id: UUID | None = None
    q: str | None = None


def _lines() -> Select[Any]:
    return (
        select(ReceiptLine.id)
        .outerjoin(ScheduleLine, ScheduleLine.id == ReceiptLine.schedule_line_id)
        .where(ReceiptLine.receipt_id == Receipt.id)
        .correlate(Receipt)
    )


DEVIATIONS = {
    "short": ReceiptLine.missing > 0,
    "over": ReceiptLine.over > 0,
    "damaged": ReceiptLine.damaged > 0,
    "wrong": ReceiptLine.schedule_line_id.is_(None),
    "rejected": ReceiptLine.rejected > 0,
}


def _summaries() -> Select[Any]:
    """Select receipts with both sides' names, and what is to be said of their lines."""
    lines = _lines()
    parties = and_(
        Relationship.buyer_id == Receipt.buyer_id, Relationship.supplier_id == Receipt.supplier_id
    )
    numbers = func.array_agg(distinct(ScheduleLine.order_number)).filter(
        ScheduleLine.order_number.is_not(None)
    )
    return (
        select(
            Receipt,
            Relationship.buyer_name,
            Relationship.supplier_name,
            Shipment.number.label("shipment_number"),
            lines.with_only_columns(func.count()).scalar_subquery().label("line_count"),
            lines.with_only_columns(numbers).scalar_subquery().label("order_numbers"),
            *(exists(lines.where(deviates)).label(name) for name, deviates in DEVIATIONS.items()),
        )
        .outerjoin(Relationship, parties)
        .outerjoin(Shipment, Shipment.id == Receipt.shipment_id)
    )


def _summary(row: Any, at: datetime) -> dict[str, Any]:  # noqa: ANN401  a row of `_summaries`
    receipt, buyer_name, supplier_name, shipment_number, count, numbers, *deviations = row
    columns = {
        name: getattr(receipt, name)
        for name in ReceiptSummary.model_fields
        if hasattr(receipt, name)
    }
    today = at.astimezone(settings().calendar).date()
    waits = receipt.state == ReceiptState.WAITING
    return (
        columns
        | dict(zip(DEVIATIONS, deviations, strict=True))
        | {
            "buyer_name": buyer_name or "",
            "supplier_name": supplier_name or "",
            "shipment_number": shipment_number,
            "line_count": count,
            "order_numbers": sorted(numbers or []),
            "received_at": receipt.occurred_at,
            "days_left": (receipt.inspection_ends_on - today).days if waits else None,
        }
    )


async def receipts(
    session: AsyncSession, only: Filter, *, caller: Caller, paging: Paging, at: datetime
) -> Rows[ReceiptSummary]:
    """Return a page of receipts, the newest first."""
    asked = _summaries()
    if only.state:
        asked = asked.where(Receipt.state == only.state)
    if only.supplier_id:
        asked = asked.where(Receipt.supplier_id == only.supplier_id)
    if only.order_id:
        of_lines = exists(_lines().where(ReceiptLine.order_id == only.order_id))
        asked = asked.where(or_(Receipt.order_id == only.order_id, of_lines))
    if only.q:
        told = ScheduleLine.order_number, ReceiptLine.item_number, ReceiptLine.item_name
        found = or_(*(column.icontains(only.q, autoescape=True) for column in told))
        numbered = Receipt.number.icontains(only.q, autoescape=True)
        asked = asked.where(or_(numbered, exists(_lines().where(found))))
    sides = on_sides(Receipt, caller, only.side)
    page = await keyset(
        session, asked, order=(Receipt.id,), paging=paging, descending=True, sides=sides
    )
    return Rows([ReceiptSummary(**_summary(row, at)) for row in page.items], page.next)


async def receipt(
    session: AsyncSession, receipt_id: UUID, *, caller: Caller, at: datetime
) -> ReceiptOut:
    """Return a receipt with its lines, its acceptances and its story."""
    asked = _summaries().where(Receipt.id == receipt_id, visible(Receipt, caller))
    found = (await session.execute(asked)).first()
    if found is None:
        raise ReceiptNotFound("There is no such receipt among yours.")
    return ReceiptOut(
        **_summary(found, at),
        lines=await _receipt_lines(session, receipt_id),
        acceptances=await _acceptances(session, receipt_id),
        story=await story(session, Entry.receipt_id == receipt_id, caller),
    )


async def _receipt_lines(session: AsyncSession, receipt_id: UUID) -> list[ReceiptLineOut]:
    asked = (
        select(ReceiptLine, ScheduleLine.order_number, ScheduleLine.position)
        .outerjoin(ScheduleLine, ScheduleLine.id == ReceiptLine.schedule_line_id)
        .where(ReceiptLine.receipt_id == receipt_id)
        .order_by(ReceiptLine.sequence)
    )
    added = {"receipt_line_id", "order_number", "position"}
    return [
        ReceiptLineOut(
            **{name: getattr(line, name) for name in ReceiptLineOut.model_fields.keys() - added},
            receipt_line_id=line.id,
            order_number=order_number,
            position=position,
        )
        for line, order_number, position in (await session.execute(asked))
    ]


async def _acceptances(session: AsyncSession, receipt_id: UUID) -> list[AcceptanceOut]:
    asked = (
        select(Acceptance, AcceptanceLine)
        .join(AcceptanceLine, AcceptanceLine.acceptance_id == Acceptance.id)
        .where(Acceptance.receipt_id == receipt_id)
        .order_by(Acceptance.id, AcceptanceLine.id)
    )
    lines: defaultdict[UUID, list[AcceptanceLineOut]] = defaultdict(list)
    heads: dict[UUID, Acceptance] = {}
    for head, line in await session.execute(asked):
        heads[head.id] = head
        lines[head.id].append(AcceptanceLineOut.model_validate(line))
    columns = AcceptanceOut.model_fields.keys() - {"lines"}
    return [
        AcceptanceOut(**{name: getattr(head, name) for name in columns}, lines=lines[id_])
        for id_, head in heads.items()
    ]


async def counts(
    session: AsyncSession, *, caller: Caller, side: Side, at: datetime
) -> ReceiptCounts:
    """Count receipts that wait and that deviated, for a home page."""
    today = at.astimezone(settings().calendar).date()
    mine = visible(Receipt, caller, side)
    waits = Receipt.state == spelled(ReceiptState.WAITING)
    waiting = select(func.count(), func.count().filter(Receipt.inspection_ends_on <= today)).where(
        mine, waits
    )
    count, due = (await session.execute(waiting)).one()
    lately = select(
        func.count(distinct(Receipt.id)).filter(Receipt.delivered_on == today),
        func.count(distinct(Receipt.id)).filter(
            or_(*(one for name, one in DEVIATIONS.items() if name != "rejected"))
        ),
        func.count(distinct(Receipt.id)).filter(DEVIATIONS["rejected"]),
    ).outerjoin(ReceiptLine, ReceiptLine.receipt_id == Receipt.id)
    since: date = today - LATELY
    recent = lately.where(mine, Receipt.delivered_on >= since)
    came, deviating, rejected = (await session.execute(recent)).one()
    return ReceiptCounts(
        waiting=count,
        due_today=due,
        received_today=came,
        deviating=deviating,
        rejected=rejected,
    )


async def photo(session: AsyncSession, photo_id: UUID, *, caller: Caller) -> bytes:
    """Return a picture that the caller took, or that a receipt shows it."""
    mine = visible(Photo, caller)
    found = await session.scalar(select(Photo.content).where(Photo.id == photo_id, mine))
    if found is None:
        raise PhotoNotFound("There is no such photo among yours.")
    return found
