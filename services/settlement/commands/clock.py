"""Reckon until when payables must be paid, again whenever an act or a rule moves a date."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.settlement import PaymentDue
from contracts.values import Money
from services.settlement.domain.clock import Dates, reckon
from services.settlement.domain.rules import digest
from services.settlement.models import Allocation, Payable
from services.settlement.queries.clock import agreement_of, delivery_of
from shared.database import UNAVAILABLE, Sessions, transaction, utc_now
from shared.events import publish
from shared.workdays import calendar_version

logger = logging.getLogger(__name__)

EVERY_S = 3_600
STEP_ROWS_MAX = 500  # of one transaction
TOLD = "started_on", "contract_due_on", "legal_latest_on", "rules", "provisional"
# … what PaymentDue tells: it is told again when one of these moves


async def reckon_payables(session: AsyncSession, ids: Sequence[UUID], *, at: datetime) -> int:
    """Bring the dates of payables that are not settled up to date; return how many moved.

    Called in the transaction of what moves them: acceptance, a frozen statement, terms. Announces
    `payment_due` for each that is set or moved, history apart; with the one invoice that claims it.
    """
    columns = [column for column in Payable.__table__.columns if column.name != "open_minor"]
    rows = select(*columns).where(Payable.id.in_(ids), Payable.settled_on.is_(None))
    return await _write(session, (await session.execute(rows.order_by(Payable.id))).all(), at=at)


async def catch_up(sessions: Sessions, *, at: datetime) -> int:
    """Reckon anew what was reckoned by fewer holiday notices or other rules, step by step.

    A row that somebody is at work on is left for the next time: nothing here waits for a lock.
    """
    moved, after = 0, UUID(int=0)
    columns = [column for column in Payable.__table__.columns if column.name != "open_minor"]
    stale = select(*columns).where(Payable.settled_on.is_(None), Payable.calendar != basis())
    while True:
        async with transaction(sessions) as session:
            step = stale.where(Payable.id > after).order_by(Payable.id).limit(STEP_ROWS_MAX)
            rows = (await session.execute(step.with_for_update(skip_locked=True))).all()
            moved += await _write(session, rows, at=at)
        if not rows:
            return moved
        after = rows[-1].id


async def keep_up(sessions: Sessions, stop: asyncio.Event) -> None:
    """Reckon anew once an hour, and at the start, as a service's system role."""
    while not stop.is_set():
        try:
            if moved := await catch_up(sessions, at=utc_now()):
                logger.info("dates of payment moved", extra={"rows": moved})
        except UNAVAILABLE as error:
            logger.info("no date of payment was reckoned anew: %r", error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY_S)


def basis() -> str:
    """Name what dates are found by: which holiday notices are known, and which rules."""
    return f"{calendar_version()} {digest()}"


def results(found: Dates) -> dict[str, Any]:
    """Return what the clock writes on a payable."""
    return {
        "started_on": found.started_on,
        "start": found.start.value,
        "contract_due_on": found.contract.due_on,
        "legal_latest_on": found.legal and found.legal.due_on,
        "no_legal_date": found.no_legal and found.no_legal.name,
        "pledge_due_on": found.pledge and found.pledge.due_on,
        "due_on": found.earliest.due_on,
        "rules": found.rules,
        "provisional": found.provisional,
        "expected": found.expected,
    }


async def _write(session: AsyncSession, rows: Sequence[Row[Any]], *, at: datetime) -> int:
    """Reckon, write what came out, and announce what moved."""
    if not rows:
        return 0
    reckoned = [(row, results(reckon(agreement_of(row), delivery_of(row)))) for row in rows]
    names = [*reckoned[0][1], "calendar", "reckoned_at"]
    writing = (
        update(Payable)
        .where(Payable.id == bindparam("of"))
        .values({name: bindparam(f"new_{name}") for name in names})
    )
    told = [
        {"of": row.id} | {f"new_{name}": value for name, value in _stamped(found, at).items()}
        for row, found in reckoned
    ]
    await (await session.connection()).execute(writing, told)
    moved = [(row, found) for row, found in reckoned if _moved(row, found)]
    told_of = [(row, found) for row, found in moved if not row.imported]
    claims = await _claims(session, [row.id for row, _ in told_of])
    for row, found in told_of:
        publish(session, _due(row, found, claims.get(row.id), at))
    return len(moved)


async def _claims(session: AsyncSession, ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
    """Return the invoice of each debt that one invoice alone claims."""
    if not ids:
        return {}
    invoices = func.array_agg(Allocation.invoice_id.distinct())
    rows = (
        select(Allocation.payable_id, invoices)
        .where(Allocation.payable_id.in_(ids))
        .group_by(Allocation.payable_id)
    )
    found = await session.execute(rows)
    return {payable_id: known[0] for payable_id, known in found if len(known) == 1}


def _stamped(found: dict[str, Any], at: datetime) -> dict[str, Any]:
    return found | {"calendar": basis(), "reckoned_at": at}


def _moved(row: Row[Any], found: dict[str, Any]) -> bool:
    """Return whether a date is new or another; without rules the row is not reckoned yet."""
    return not row.rules or any(getattr(row, name) != found[name] for name in TOLD)


def _due(row: Row[Any], found: dict[str, Any], invoice_id: UUID | None, at: datetime) -> PaymentDue:
    return PaymentDue(
        payable_id=row.id,
        invoice_id=invoice_id,
        order_id=row.order_id,
        schedule_line_id=row.schedule_line_id,
        buyer_id=row.buyer_id,
        supplier_id=row.supplier_id,
        amount=Money.of(row.amount_minor, row.currency),
        delivered_on=row.delivered_on,
        **{name: found[name] for name in TOLD},
        recorded_at=at,
        imported=row.imported,
    )
