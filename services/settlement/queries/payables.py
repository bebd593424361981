"""What is owed, to whom, until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Side
from contracts.settlement import Verdict
from contracts.values import Money
from services.settlement.domain.problems import PayableNotFound
from services.settlement.models import (
    Allocation,
    Entry,
    Invoice,
    Payable,
    Payment,
    PaymentPart,
    Proposal,
    Statement,
)
from services.settlement.queries import journal
from services.settlement.queries.clock import clocks, explained, interest_to
from services.settlement.queries.partners import named, party, with_partner
from services.settlement.schemas.clock import ClockOut
from services.settlement.schemas.payables import (
    ClaimOut,
    CountOut,
    CurrencySummary,
    PayableDetail,
    PayableOut,
    PayableSum,
    SettledOut,
    State,
    SummaryOut,
)
from shared.auth import Caller
from shared.paging import Paging, Rows, keyset

WEEK, MONTH = timedelta(days=7), timedelta(days=30)
COPIED = (
    *("id", "buyer_id", "supplier_id", "order_id", "order_number", "position"),
    *("schedule_line_id", "item_number", "item_name", "receipt_id", "receipt_number", "quantity"),
    *("unit", "delivered_on", "inspection_ends_on", "accepted_on", "deemed", "statement_id"),
    *("settled_on", "imported"),
)
UNPAID = Payable.settled_on.is_(None)
OPEN = and_(UNPAID, Payable.open_minor > 0)


@dataclass(frozen=True)
class Asked:
    """Which deliveries; what is None does not matter."""

    side: Side
    state: State | None = None
    counterparty_id: UUID | None = None
    order_id: UUID | None = None
    due_before: date | None = None
    q: str | None = None


def _overdue(on: date) -> ColumnElement[bool]:
    return and_(UNPAID, ~Payable.imported, Payable.open_minor > 0, Payable.due_on < on)


def _in_state(state: State, on: date) -> ColumnElement[bool]:
    return {
        State.OPEN: and_(UNPAID, Payable.open_minor > 0),
        State.UNINVOICED: Payable.quantity > Payable.invoiced_quantity,
        State.INVOICED: and_(Payable.invoiced_quantity > 0, UNPAID),
        State.DISPUTED: Payable.disputed_minor > 0,
        State.APPROVED: Payable.approved_minor > Payable.paid_minor,
        State.PAID: ~UNPAID,
        State.OVERDUE: _overdue(on),
    }[state]


async def payables(
    session: AsyncSession, asked: Asked, *, caller: Caller, on: date, paging: Paging
) -> Rows[PayableOut]:
    """Return a page of what is owed, the first due first."""
    rows = named(select(Payable), Payable).where(*_meant(asked, caller, on))
    page = await keyset(session, rows, order=(Payable.due_on, Payable.id), paging=paging)
    debts = [row[0] for row in page.items]
    times = await clocks(session, debts, on=on)
    items = [
        PayableOut(**_values(row[0], row[1], row[2], times[row[0].id], on)) for row in page.items
    ]
    return Rows(items, page.next)


async def sums(
    session: AsyncSession, asked: Asked, *, caller: Caller, on: date
) -> list[PayableSum]:
    """Add up all that a list would hold on all its pages, by currency."""
    columns = Payable.currency, func.count(), func.min(Payable.due_on)
    open_minor = func.coalesce(func.sum(Payable.open_minor), 0)
    rows = select(*columns, open_minor).where(*_meant(asked, caller, on))
    grouped = rows.group_by(Payable.currency).order_by(Payable.currency)
    return [
        PayableSum(count=count, open=Money.of(int(minor), currency), first_due_on=first)
        for currency, count, first, minor in await session.execute(grouped)
    ]


def _meant(asked: Asked, caller: Caller, on: date) -> list[ColumnElement[bool]]:
    meant = [
        party(Payable, caller, asked.side),
        *with_partner(Payable, asked.side, asked.counterparty_id),
    ]
    if asked.state:
        meant.append(_in_state(asked.state, on))
    if asked.order_id:
        meant.append(Payable.order_id == asked.order_id)
    if asked.due_before:
        meant.append(Payable.due_on < asked.due_before)
    if asked.q:
        told = Payable.order_number, Payable.item_number, Payable.item_name, Payable.receipt_number
        meant.append(or_(*(column.icontains(asked.q, autoescape=True) for column in told)))
    return meant


def _values(
    debt: Payable, buyer_name: str | None, supplier_name: str | None, clock: ClockOut, on: date
) -> dict[str, Any]:
    money = {
        "amount": debt.amount_minor,
        "uninvoiced": debt.amount_minor - debt.invoiced_minor,
        "payable": debt.approved_minor,
        "disputed": debt.disputed_minor,
        "paid": debt.paid_minor,
        "open": debt.open_minor,
    }
    settled = debt.settled_on is not None
    late = not settled and not debt.imported and debt.open_minor > 0 and debt.due_on < on
    times = dict(clock)
    if debt.imported:  # history starts no clock
        times |= {"breached": False, "interest": None, "late": None, "waits_for": None}
        times |= {"days": {}, "segments": []}
    if settled or debt.imported:
        times["days_left"] = None
    return {
        **{name: getattr(debt, name) for name in COPIED},
        "buyer_name": buyer_name,
        "supplier_name": supplier_name,
        **{name: Money.of(minor, debt.currency) for name, minor in money.items()},
        "state": _state(debt),
        "overdue": late,
        **times,
    }


def _state(debt: Payable) -> State:
    if debt.settled_on:
        return State.PAID
    if debt.disputed_minor:
        return State.DISPUTED
    return State.APPROVED if debt.approved_minor > debt.paid_minor else State.UNINVOICED


async def payable(
    session: AsyncSession, payable_id: UUID, *, caller: Caller, on: date
) -> PayableDetail:
    """Return what is owed for one delivery, with how its dates were found and what happened."""
    chosen = named(select(Payable), Payable).where(party(Payable, caller), Payable.id == payable_id)
    row = (await session.execute(chosen)).first()
    if row is None:
        raise PayableNotFound("There is no such delivery among yours.")
    debt: Payable = row[0]
    times = await clocks(session, [debt], on=on)
    about = journal.entry_rows().where(Entry.payable_id == debt.id).order_by(Entry.id)
    return PayableDetail(
        **_values(row[0], row[1], row[2], times[debt.id], on),
        explanation=await explained(session, debt, on=on),
        invoices=await _claims(session, debt),
        payments=await _settled(session, debt),
        entries=[journal.shown(entry) for entry in await session.execute(about)],
        recorded_at=debt.recorded_at,
    )


async def _claims(session: AsyncSession, debt: Payable) -> list[ClaimOut]:
    rows = (
        select(Allocation, Invoice.number, Invoice.invoiced_on)
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .where(Allocation.payable_id == debt.id)
        .order_by(Allocation.id)
    )
    return [
        ClaimOut(
            invoice_id=one.invoice_id,
            invoice_number=number,
            invoiced_on=invoiced_on,
            quantity=one.quantity,
            payable=Money.of(one.amount_minor - one.credited_minor, debt.currency),
            disputed=Money.of(one.disputed_minor, debt.currency),
            paid=Money.of(one.paid_minor, debt.currency),
        )
        for one, number, invoiced_on in await session.execute(rows)
    ]


async def _settled(session: AsyncSession, debt: Payable) -> list[SettledOut]:
    rows = (
        select(PaymentPart, Payment.reference, Payment.paid_on)
        .join(Payment, Payment.id == PaymentPart.payment_id)
        .where(PaymentPart.payable_id == debt.id)
        .order_by(Payment.paid_on, PaymentPart.id)
    )
    return [
        SettledOut(
            payment_id=one.payment_id,
            invoice_id=one.invoice_id,
            reference=reference,
            paid_on=paid_on,
            amount=Money.of(one.amount_minor, debt.currency),
        )
        for one, reference, paid_on in await session.execute(rows)
    ]


async def summary(session: AsyncSession, *, caller: Caller, side: Side, on: date) -> SummaryOut:
    """Count what is owed on one side by how it stands, and what waits for it."""
    mine = party(Payable, caller, side)
    due = select(func.min(Payable.due_on)).where(mine, UNPAID, ~Payable.imported)
    must_act = select(Invoice.must_act, func.count()).where(
        party(Invoice, caller, side), Invoice.verdict == Verdict.EXCEPTION
    )
    turns = dict((await session.execute(must_act.group_by(Invoice.must_act))).all())
    agreed = Statement.buyer_agreed_at if side is Side.BUYER else Statement.supplier_agreed_at
    statements = select(func.count()).where(
        party(Statement, caller, side), Statement.state == "open", agreed.is_(None)
    )
    proposals = select(func.count()).where(
        Proposal.buyer_id == caller.organization_id, Proposal.state == "open"
    )
    waiting = await session.scalar(proposals) if side is Side.BUYER else 0
    return SummaryOut(
        today=on,
        currencies=await _by_currency(session, mine, on),
        exceptions_for_me=turns.pop(side, 0),
        exceptions_for_them=sum(turns.values()),
        statements_for_me=await session.scalar(statements) or 0,
        proposals_to_approve=waiting or 0,
        next_due_on=await session.scalar(due),
    )


async def _by_currency(
    session: AsyncSession, mine: ColumnElement[bool], on: date
) -> list[CurrencySummary]:
    counted = _counted(on)
    columns: Sequence[Any] = [
        part
        for where, amount in counted.values()
        for part in (
            func.count().filter(where),
            func.coalesce(func.sum(amount).filter(where), 0),
        )
    ]
    pairs_of_two = func.count(tuple_(Payable.buyer_id, Payable.supplier_id).distinct())
    known = select(Payable.currency, pairs_of_two.filter(OPEN), *columns).where(mine)
    interest = await interest_to(session, select(Payable).where(mine, _overdue(on)), on=on)
    rows = known.group_by(Payable.currency).order_by(Payable.currency)
    found = []
    for currency, counterparties, *values in await session.execute(rows):
        pairs = zip(counted, values[::2], values[1::2], strict=True)
        counts = {
            name: CountOut(count=count, amount=Money.of(int(minor), currency))
            for name, count, minor in pairs
        }
        late = Money.of(interest.get(currency, 0), currency)
        found.append(
            CurrencySummary(
                currency=currency, counterparties=counterparties, interest=late, **counts
            )
        )
    return found


def _counted(on: date) -> dict[str, tuple[ColumnElement[bool], Any]]:
    """Return what is counted, and what of it is summed up."""
    running = and_(OPEN, ~Payable.imported)
    soon = and_(running, Payable.due_on >= on)
    return {
        "open": (OPEN, Payable.open_minor),
        "uninvoiced": (
            _in_state(State.UNINVOICED, on),
            Payable.amount_minor - Payable.invoiced_minor,
        ),
        "disputed": (_in_state(State.DISPUTED, on), Payable.disputed_minor),
        "approved": (
            _in_state(State.APPROVED, on),
            Payable.approved_minor - Payable.paid_minor,
        ),
        "overdue": (_overdue(on), Payable.open_minor),
        "breached": (and_(running, Payable.legal_latest_on < on), Payable.open_minor),
        "due_in_7_days": (and_(soon, Payable.due_on <= on + WEEK), Payable.open_minor),
        "due_in_30_days": (and_(soon, Payable.due_on <= on + MONTH), Payable.open_minor),
        "paid": (Payable.paid_minor > 0, Payable.paid_minor),
    }
