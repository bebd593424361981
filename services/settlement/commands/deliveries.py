"""Owe for what was accepted, as orders and logistics tell it, in whatever order they are heard."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.logistics import GoodsAccepted, GoodsReceived
from contracts.onboarding import Terms
from contracts.orders import LineCancelled, OrderPlaced, PlacedScheduleLine
from services.settlement.commands import books
from services.settlement.commands.books import Books, Said
from services.settlement.commands.clock import reckon_payables
from services.settlement.commands.matching import match_waiting
from services.settlement.commands.partners import agreements
from services.settlement.domain import journal
from services.settlement.domain.journal import Kind
from services.settlement.domain.valuation import accepted_value
from services.settlement.models import (
    Acceptance,
    OrderLine,
    Payable,
    ReceiptLine,
    ScheduleLine,
)
from shared.settings import settings

BATCH_MAX = 1_000
PLATFORM = "Lianqiao"  # by whom things come about that follow from others
ORDER_COLUMNS = (
    *(OrderLine.order_number, OrderLine.position, OrderLine.item_number, OrderLine.item_name),
    *(OrderLine.unit, OrderLine.ordered_on),
)


async def keep_orders(
    session: AsyncSession, events: Sequence[OrderPlaced], *, at: datetime
) -> None:
    """Know what was ordered at which price, and value what was accepted of it before."""
    lines = [row for event in events for row in _order_lines(event)]
    parts = [
        {
            "id": part.schedule_line_id,
            "buyer_id": event.buyer_id,
            "supplier_id": event.supplier_id,
            "line_id": line.line_id,
        }
        for event in events
        for line in event.lines
        for part in line.schedule_lines
    ]
    await session.execute(insert(OrderLine).on_conflict_do_nothing(), lines)
    await session.execute(insert(ScheduleLine).on_conflict_do_nothing(), parts)
    await _value_all(session, Acceptance.order_id.in_({one.order_id for one in events}), at=at)


def _order_lines(event: OrderPlaced) -> list[dict[str, Any]]:
    placed = event.occurred_at and event.occurred_at.astimezone(settings().calendar).date()
    return [
        {
            "id": line.line_id,
            "buyer_id": event.buyer_id,
            "supplier_id": event.supplier_id,
            "order_id": event.order_id,
            "order_number": event.number,
            **line.model_dump(include={"position", "item_number", "item_name", "unit"}),
            "quantity": sum((part.quantity for part in line.schedule_lines), Decimal(0)),
            "amount_minor": line.amount.amount_minor,
            "currency": line.amount.currency,
            "ordered_on": placed,
            "imported": event.imported,
        }
        for line in event.lines
    ]


async def keep_rest(
    session: AsyncSession, schedule_line_id: UUID, rest: PlacedScheduleLine | None, *, at: datetime
) -> None:
    """Know of which order line a part is that was split off; its price is the line's."""
    if rest is None:
        return
    of = ScheduleLine.line_id, ScheduleLine.buyer_id, ScheduleLine.supplier_id
    found = (await session.execute(select(*of).filter_by(id=schedule_line_id))).first()
    assert found, "orders told of a part before it told of the order"
    row = {"id": rest.schedule_line_id, **found._mapping}  # noqa: SLF001  the documented way
    await session.execute(insert(ScheduleLine).values(row).on_conflict_do_nothing())
    await value(session, Acceptance.schedule_line_id == rest.schedule_line_id, at=at)


async def keep_cancellation(session: AsyncSession, event: LineCancelled) -> None:
    """Know that a part will not come; what was accepted of the line keeps its price."""
    cancelled = update(ScheduleLine).where(ScheduleLine.id == event.schedule_line_id)
    await session.execute(cancelled.values(cancelled_at=event.occurred_at))


async def keep_receipts(session: AsyncSession, events: Sequence[GoodsReceived]) -> None:
    """Know what was counted and waits to be judged."""
    rows = [
        {
            "id": line.receipt_line_id,
            "buyer_id": event.buyer_id,
            "supplier_id": event.supplier_id,
            "receipt_id": event.receipt_id,
            "receipt_number": event.number,
            "order_id": line.order_id,
            "schedule_line_id": line.schedule_line_id,
            "received": line.received,
            "delivered_on": event.delivered_on,
            "inspection_ends_on": event.inspection_ends_on,
            "imported": event.imported,
        }
        for event in events
        for line in event.lines
    ]
    if rows:
        await session.execute(insert(ReceiptLine).on_conflict_do_nothing(), rows)


async def keep_acceptances(
    session: AsyncSession, events: Sequence[GoodsAccepted], *, at: datetime
) -> None:
    """Owe for what was accepted; what belongs to an order not heard of yet waits for it."""
    rows = [row for event in events for row in _acceptances(event, at)]
    if not rows:
        return
    await session.execute(insert(Acceptance).on_conflict_do_nothing(), rows)
    judged = (
        update(ReceiptLine)
        .where(ReceiptLine.id == bindparam("line"))
        .values(
            accepted=ReceiptLine.accepted + bindparam("more"),
            rejected=ReceiptLine.rejected + bindparam("less"),
        )
    )
    told = [
        {"line": one.receipt_line_id, "more": one.accepted, "less": one.rejected}
        for event in events
        for one in event.lines
    ]
    await (await session.connection()).execute(judged, told)
    ids = {event.acceptance_id for event in events}
    await _value_all(session, Acceptance.acceptance_id.in_(ids), at=at)


def _acceptances(event: GoodsAccepted, at: datetime) -> list[dict[str, Any]]:
    shared = event.model_dump(
        include={
            *("acceptance_id", "receipt_id", "buyer_id", "supplier_id", "deemed", "delivered_on"),
            *("inspection_ends_on", "accepted_on", "provisional", "imported", "occurred_at"),
            "recorded_at",
        }
    )
    return [
        {
            **shared,
            "id": uuid7(),
            "receipt_number": event.number,
            **line.model_dump(),
            "valued_at": None if line.accepted else at,
        }
        for line in event.lines
    ]


async def _value_all(session: AsyncSession, only: ColumnElement[bool], *, at: datetime) -> None:
    """Owe for all that can be valued now, in steps that stay small."""
    while await value(session, only, at=at) == BATCH_MAX:
        pass


async def value(
    session: AsyncSession, only: ColumnElement[bool], *, at: datetime, wait: bool = False
) -> int:
    """Owe for accepted deliveries whose orders are known, and return how many.

    Books that somebody else holds are left for `keep_up`, unless the caller can wait: a handler
    applies many events in one transaction, and would hold books in any order.
    """
    concerned = _valuable(only).with_only_columns(
        OrderLine.buyer_id, OrderLine.supplier_id, OrderLine.currency
    )
    asked = {Books(*row) for row in await session.execute(concerned.distinct())}
    if not asked:
        return 0
    if wait:
        await books.hold(session, asked)
    else:
        asked = set(await books.hold_if_free(session, asked))
    rows = [
        row
        for row in await session.execute(
            _valuable(only).order_by(Acceptance.recorded_at, Acceptance.id).limit(BATCH_MAX)
        )
        if Books(row.buyer_id, row.supplier_id, row.currency) in asked
    ]
    if rows:
        await _owe(session, rows, at=at)
    return len(rows)


def _valuable(only: ColumnElement[bool]) -> Any:  # noqa: ANN401  a select of many columns
    parties = and_(
        ScheduleLine.buyer_id == Acceptance.buyer_id,
        ScheduleLine.supplier_id == Acceptance.supplier_id,
    )
    return (
        select(
            *Acceptance.__table__.columns,
            *ORDER_COLUMNS,
            OrderLine.id.label("line_id"),
            OrderLine.quantity.label("ordered"),
            OrderLine.amount_minor,
            OrderLine.currency,
            OrderLine.accepted.label("before"),
        )
        .join(ScheduleLine, and_(ScheduleLine.id == Acceptance.schedule_line_id, parties))
        .join(OrderLine, OrderLine.id == ScheduleLine.line_id)
        .where(Acceptance.valued_at.is_(None), only)
    )


async def _owe(session: AsyncSession, rows: Sequence[Row[Any]], *, at: datetime) -> None:
    """Make payables of acceptances whose books are held, and post what they are worth."""
    agreed = await agreements(session, {(row.buyer_id, row.supplier_id) for row in rows})
    before: dict[UUID, Decimal] = {row.line_id: row.before for row in rows}
    worth: defaultdict[UUID, int] = defaultdict(int)
    payables, postings = [], []
    for row in rows:
        amount = accepted_value(
            row.amount_minor, row.ordered, before=before[row.line_id], accepted=row.accepted
        )
        before[row.line_id] += row.accepted
        worth[row.line_id] += amount
        payables.append(_payable(row, amount, agreed.get((row.buyer_id, row.supplier_id)), at))
        postings.append(_posting(row, amount))
    await session.execute(insert(Payable), payables)
    await _advance(session, [row.id for row in rows], before, worth, at=at)
    await books.post(session, postings, at=at)
    await reckon_payables(session, [row.id for row in rows], at=at)
    await match_waiting(session, set(before), at=at)


async def _advance(
    session: AsyncSession,
    ids: Sequence[UUID],
    accepted: Mapping[UUID, Decimal],
    worth: Mapping[UUID, int],
    *,
    at: datetime,
) -> None:
    """Write down what of each line is accepted and valued now."""
    lines = (
        update(OrderLine)
        .where(OrderLine.id == bindparam("line"))
        .values(
            accepted=bindparam("now_accepted"),
            valued_minor=OrderLine.valued_minor + bindparam("more_minor"),
        )
    )
    told = [
        {"line": id_, "now_accepted": accepted[id_], "more_minor": worth[id_]}
        for id_ in sorted(accepted)
    ]
    await (await session.connection()).execute(lines, told)
    await session.execute(update(Acceptance).where(Acceptance.id.in_(ids)).values(valued_at=at))


def _payable(
    row: Row[Any], amount_minor: int, agreed: dict[str, Any] | None, at: datetime
) -> dict[str, Any]:
    copied = (
        *("id", "buyer_id", "supplier_id", "order_id", "line_id", "schedule_line_id", "receipt_id"),
        *("receipt_line_id", "receipt_number", "order_number", "position", "item_number"),
        *("item_name", "unit", "currency", "imported", "ordered_on", "delivered_on"),
        *("inspection_ends_on", "accepted_on", "deemed", "provisional"),
    )
    return {
        **{name: getattr(row, name) for name in copied},
        "quantity": row.accepted,
        "amount_minor": amount_minor,
        "agreed": agreed,
        "recorded_at": at,
        **_until_reckoned(row.accepted_on, agreed, at),
    }


def _until_reckoned(
    accepted_on: date, agreed: dict[str, Any] | None, at: datetime
) -> dict[str, Any]:
    """Return dates by the contract alone; the payment clock overwrites them at once."""
    terms = Terms.model_validate((agreed or {}).get("terms") or {})
    due_on = accepted_on + timedelta(days=terms.payment_days)
    return {
        "started_on": accepted_on,
        "start": "acceptance",
        "contract_due_on": due_on,
        "due_on": due_on,
        "rules": "",
        "expected": False,
        "calendar": "",
        "reckoned_at": at,
    }


def _posting(row: Row[Any], amount_minor: int) -> Said:
    return Said(
        Books(row.buyer_id, row.supplier_id, row.currency),
        Kind.ACCEPTED,
        row.id,
        journal.accepted(amount_minor, row.id),
        row.accepted_on,
        PLATFORM,
        imported=row.imported,
    )


async def value_what_waits(session: AsyncSession, *, at: datetime) -> int:
    """Owe for what was passed over while somebody held the books, or two events met."""
    waits = Acceptance.valued_at.is_(None)
    anything = select(func.count()).select_from(Acceptance).where(waits)
    if not await session.scalar(anything):
        return 0
    return await value(session, waits, at=at, wait=True)
