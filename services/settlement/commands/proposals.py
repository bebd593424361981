"""Propose what to pay, have it approved by other people, and pay it once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from services.settlement.commands import books
from services.settlement.commands.books import Books
from services.settlement.commands.recording import (
    Circumstances,
    Settled,
    debts_of,
    recorded,
    write,
)
from services.settlement.domain.invoices import number_key
from services.settlement.domain.paying import Asked, Debt, approvals_needed, may_approve, settle
from services.settlement.domain.problems import (
    AlreadyDecided,
    CurrenciesMixed,
    DuplicatePayment,
    NothingPayable,
    NotYetHappened,
    ProposalNotFound,
)
from services.settlement.domain.valuation import minor
from services.settlement.models import (
    Allocation,
    Approval,
    Invoice,
    Payable,
    Payment,
    PaymentPart,
    Proposal,
    ProposalLine,
    Settings,
)
from services.settlement.queries.settings import limit_of
from services.settlement.schemas.payments import MoneyIn, ProposalIn
from shared.auth import Caller

LINES_MAX = 5_000
LIVE = "open", "approved"


async def set_limit(session: AsyncSession, limit: MoneyIn, *, caller: Caller, at: datetime) -> None:
    """Decide above which amount two persons approve; proposals made before keep their rule."""
    values = {
        "approval_limit_minor": minor(limit.amount, limit.currency, field="approval_limit"),
        "approval_limit_currency": limit.currency,
        "by": caller.name,
        "changed_at": at,
    }
    setting = insert(Settings).values(organization_id=caller.organization_id, **values)
    same = [Settings.organization_id]
    await session.execute(setting.on_conflict_do_update(index_elements=same, set_=values))


async def propose(
    session: AsyncSession, asked: ProposalIn, *, caller: Caller, at: datetime
) -> Proposal:
    """Propose to pay all that is payable, unpaid and due until a day, and in no other proposal."""
    found = await _due(session, asked, caller)
    currencies = {currency for *_, currency in found}
    if len(currencies) > 1:
        raise CurrenciesMixed(f"Say which currency: {', '.join(sorted(currencies))}.")
    await books.hold(session, {Books(*one) for one in found})
    rows = (await session.execute(_open(asked, caller).limit(LINES_MAX))).all()
    if not rows:
        raise NothingPayable("Nothing is payable, unpaid and due by then.")
    [currency] = currencies
    total = sum(row.open_minor for row in rows)
    limit = await limit_of(session, caller.organization_id)
    proposal = Proposal(
        id=uuid7(),
        buyer_id=caller.organization_id,
        currency=currency,
        due_before=asked.due_before,
        state="open",
        total_minor=total,
        approvals_needed=approvals_needed(total, currency, *limit),
        proposed_by=caller.name,
        proposed_by_user_id=caller.user_id,
        created_at=at,
    )
    session.add(proposal)
    await session.flush()
    session.add_all([_line(proposal, row) for row in rows])
    return proposal


def _line(proposal: Proposal, row: Row[Any]) -> ProposalLine:
    return ProposalLine(
        buyer_id=proposal.buyer_id,
        supplier_id=row.supplier_id,
        proposal_id=proposal.id,
        allocation_id=row.id,
        invoice_id=row.invoice_id,
        payable_id=row.payable_id,
        amount_minor=row.open_minor,
        due_on=row.due_on,
    )


def _open(asked: ProposalIn, caller: Caller) -> Select[*tuple[Any, ...]]:
    taken = (
        select(ProposalLine.allocation_id)
        .join(Proposal, Proposal.id == ProposalLine.proposal_id)
        .where(Proposal.buyer_id == caller.organization_id, Proposal.state.in_(LIVE))
    )
    columns = Allocation.supplier_id, Allocation.id, Allocation.invoice_id, Allocation.payable_id
    rows = (
        select(*columns, Allocation.open_minor, Payable.due_on, Payable.currency)
        .join(Payable, Payable.id == Allocation.payable_id)
        .where(
            Allocation.buyer_id == caller.organization_id,
            Allocation.open_minor > 0,
            Payable.due_on <= asked.due_before,
            Allocation.id.not_in(taken),
        )
        .order_by(Payable.due_on, Allocation.id)
    )
    if asked.counterparty_id:
        rows = rows.where(Allocation.supplier_id == asked.counterparty_id)
    return rows.where(Payable.currency == asked.currency) if asked.currency else rows


async def _due(
    session: AsyncSession, asked: ProposalIn, caller: Caller
) -> Sequence[tuple[UUID, UUID, str]]:
    of = Allocation.buyer_id, Allocation.supplier_id, Payable.currency
    rows = _open(asked, caller).with_only_columns(*of).order_by(None).distinct()
    return [(row[0], row[1], row[2]) for row in await session.execute(rows)]


async def _held(session: AsyncSession, proposal_id: UUID, caller: Caller) -> Proposal:
    """Return the buyer's own proposal, which nobody else decides on until the transaction ends."""
    mine = select(Proposal).filter_by(id=proposal_id, buyer_id=caller.organization_id)
    if found := (await session.scalars(mine.with_for_update())).first():
        return found
    raise ProposalNotFound("There is no such proposal among yours.")


async def approve(
    session: AsyncSession, proposal_id: UUID, *, caller: Caller, at: datetime
) -> Proposal:
    """Approve as another person than the one who proposed; above the limit, two persons do."""
    proposal = await _held(session, proposal_id, caller)
    if proposal.state != "open":
        raise AlreadyDecided(f"The proposal is {proposal.state} already.")
    given = select(Approval.user_id).filter_by(proposal_id=proposal.id)
    so_far = set(await session.scalars(given))
    user_id = may_approve(caller.user_id, proposed_by=proposal.proposed_by_user_id, so_far=so_far)
    approval = Approval(
        proposal_id=proposal.id,
        buyer_id=proposal.buyer_id,
        user_id=user_id,
        by=caller.name,
        approved_at=at,
    )
    session.add(approval)
    if len(so_far) + 1 >= proposal.approvals_needed:
        proposal.state = "approved"
    return proposal


async def withdraw(session: AsyncSession, proposal_id: UUID, *, caller: Caller) -> Proposal:
    """Give a proposal up that is not paid; its debts may be proposed again."""
    proposal = await _held(session, proposal_id, caller)
    if proposal.state not in LIVE:
        raise AlreadyDecided(f"The proposal is {proposal.state} already.")
    proposal.state = "withdrawn"
    return proposal


async def pay_proposal(
    session: AsyncSession, proposal_id: UUID, asked: Asked, *, caller: Caller, at: datetime
) -> list[UUID]:
    """Record that an approved proposal was paid, with one payment to each supplier; once.

    Or one invoice of it, all of that or a part. What was paid otherwise in the meantime, or given
    back, is left out; when nothing of it is open any more, the proposal is paid.
    """
    under = Circumstances(caller, at, proposal_id)
    if asked.paid_on > under.today:
        raise NotYetHappened("paid_on: record a payment on the day it was made, or after.")
    proposal = await _held(session, proposal_id, caller)
    if proposal.state != "approved":
        raise AlreadyDecided(f"The proposal is {proposal.state}; only an approved one is paid.")
    rows = select(ProposalLine).where(ProposalLine.proposal_id == proposal.id)
    lines = {line.allocation_id: line for line in await session.scalars(rows)}
    own = proposal.buyer_id, proposal.currency
    await books.hold(session, {Books(own[0], line.supplier_id, own[1]) for line in lines.values()})
    still_open = await _still_open(session, proposal, lines)
    chosen = _chosen(still_open, asked, proposal.currency)
    await _refuse_twice(session, asked, chosen, caller)
    invoices = select(Invoice).where(Invoice.id.in_({line.invoice_id for line in lines.values()}))
    by_id = {one.id: one for one in await session.scalars(invoices)}
    if sum(one.amount_minor for one in still_open) == sum(
        one.amount_minor for settled in chosen.values() for one in settled
    ):
        proposal.state = "paid"
    payments = [recorded(by_id, settled, asked, under) for _, settled in sorted(chosen.items())]
    return await write(session, payments, by_id, under)


async def _still_open(
    session: AsyncSession, proposal: Proposal, lines: Mapping[UUID, ProposalLine]
) -> list[Settled]:
    """Return what of a proposal is not paid yet, by it or otherwise, nor given back."""
    debts = await debts_of(session, {line.invoice_id for line in lines.values()})
    parts = (
        select(PaymentPart.allocation_id, func.sum(PaymentPart.amount_minor))
        .join(Payment, Payment.id == PaymentPart.payment_id)
        .where(Payment.proposal_id == proposal.id)
        .group_by(PaymentPart.allocation_id)
    )
    paid = {id_: int(amount) for id_, amount in await session.execute(parts)}
    found = []
    for allocation, payable, _ in (one for rows in debts.values() for one in rows):
        left = allocation.amount_minor - allocation.credited_minor - allocation.paid_minor
        if line := lines.get(allocation.id):
            amount = min(left, line.amount_minor - paid.get(allocation.id, 0))
            if amount > 0:
                found.append(Settled(allocation, payable, amount))
    return found


def _chosen(
    still_open: Sequence[Settled], asked: Asked, currency: str
) -> dict[UUID, list[Settled]]:
    """Return what is to be paid now, by supplier: all of it, or what one invoice has of it."""
    rows = {
        one.allocation.id: one
        for one in still_open
        if asked.invoice_id in (None, one.allocation.invoice_id)
    }
    amount = None if asked.amount is None else minor(asked.amount, currency)
    debts = [Debt(id_, one.amount_minor) for id_, one in rows.items()]
    by_supplier: defaultdict[UUID, list[Settled]] = defaultdict(list)
    for id_, part in settle(debts, amount, currency):
        one = rows[id_]._replace(amount_minor=part)
        by_supplier[one.allocation.supplier_id].append(one)
    return dict(by_supplier)


async def _refuse_twice(
    session: AsyncSession, asked: Asked, suppliers: dict[UUID, list[Settled]], caller: Caller
) -> None:
    taken = select(Payment.id).where(
        Payment.buyer_id == caller.organization_id,
        Payment.supplier_id.in_(suppliers),
        Payment.reference_key == number_key(asked.reference),
    )
    if await session.scalar(taken):
        raise DuplicatePayment(f"A payment under reference {asked.reference} is here already.")
