"""What is proposed to be paid, and what was."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Side
from contracts.values import Money
from services.settlement.domain.problems import PaymentNotFound, ProposalNotFound
from services.settlement.models import (
    Approval,
    Invoice,
    Payable,
    Payment,
    PaymentPart,
    Proposal,
    ProposalLine,
    Settings,
)
from services.settlement.queries.partners import named, party, with_partner
from services.settlement.queries.settings import limit_of
from services.settlement.schemas.payments import (
    ApprovalOut,
    PaidPartOut,
    PaymentOut,
    ProposalLineOut,
    ProposalOut,
    ProposalSummary,
    SettingsOut,
)
from shared.auth import Caller
from shared.paging import Paging, Rows, keyset

PAYMENT = (
    *("id", "buyer_id", "supplier_id", "paid_on", "reference", "remittance", "proposal_id"),
    "reverses",
    *("recorded_by", "occurred_at", "recorded_at", "imported"),
)
PROPOSAL = (
    *("id", "buyer_id", "due_before", "state", "approvals_needed", "proposed_by", "created_at"),
)


async def settings(session: AsyncSession, *, caller: Caller) -> SettingsOut:
    """Return what the caller's organization decided for its own payments."""
    limit = await limit_of(session, caller.organization_id)
    found = await session.get(Settings, caller.organization_id)
    return SettingsOut(
        approval_limit=Money.of(*limit),
        by=found.by if found else None,
        changed_at=found.changed_at if found else None,
    )


async def proposals(
    session: AsyncSession, *, caller: Caller, state: str | None, paging: Paging
) -> Rows[ProposalSummary]:
    """Return a page of a buyer's own proposals, the latest first."""
    rows = select(Proposal).where(Proposal.buyer_id == caller.organization_id)
    if state:
        rows = rows.where(Proposal.state == state)
    page = await keyset(session, rows, order=(Proposal.id,), paging=paging, descending=True)
    shown = await _shown(session, page.items, caller)
    return Rows([ProposalSummary(**shown[one.id]) for one in page.items], page.next)


async def _shown(
    session: AsyncSession, found: Sequence[Proposal], caller: Caller
) -> Mapping[UUID, dict[str, Any]]:
    ids = [one.id for one in found]
    given: defaultdict[UUID, list[ApprovalOut]] = defaultdict(list)
    approvals = select(Approval).where(Approval.proposal_id.in_(ids)).order_by(Approval.id)
    for approval in await session.scalars(approvals):
        given[approval.proposal_id].append(ApprovalOut.model_validate(approval))
    suppliers = func.count(ProposalLine.supplier_id.distinct())
    counts = (
        select(ProposalLine.proposal_id, func.count(), suppliers)
        .where(ProposalLine.proposal_id.in_(ids))
        .group_by(ProposalLine.proposal_id)
    )
    counted = {id_: numbers for id_, *numbers in await session.execute(counts)}
    return {
        one.id: {
            **{name: getattr(one, name) for name in PROPOSAL},
            "total": Money.of(one.total_minor, one.currency),
            "line_count": counted[one.id][0],
            "supplier_count": counted[one.id][1],
            "approvals": given[one.id],
            "proposed_by_me": one.proposed_by_user_id == caller.user_id,
        }
        for one in found
    }


async def proposal(session: AsyncSession, proposal_id: UUID, *, caller: Caller) -> ProposalOut:
    """Return a buyer's own proposal, debt by debt."""
    mine = select(Proposal).filter_by(id=proposal_id, buyer_id=caller.organization_id)
    found = (await session.scalars(mine)).first()
    if found is None:
        raise ProposalNotFound("There is no such proposal among yours.")
    rows = (
        select(ProposalLine, Invoice.number, Payable.order_number)
        .join(Invoice, Invoice.id == ProposalLine.invoice_id)
        .join(Payable, Payable.id == ProposalLine.payable_id)
        .where(ProposalLine.proposal_id == proposal_id)
        .order_by(ProposalLine.due_on, ProposalLine.id)
    )
    lines = [
        ProposalLineOut(
            invoice_id=line.invoice_id,
            invoice_number=number,
            payable_id=line.payable_id,
            supplier_id=line.supplier_id,
            supplier_name=supplier_name,
            order_number=order_number,
            due_on=line.due_on,
            amount=Money.of(line.amount_minor, found.currency),
        )
        for line, number, order_number, _, supplier_name in await session.execute(
            named(rows, ProposalLine)
        )
    ]
    shown = await _shown(session, [found], caller)
    return ProposalOut(**shown[proposal_id], lines=lines)


async def payments(  # noqa: PLR0913  what one may filter by
    session: AsyncSession,
    *,
    caller: Caller,
    side: Side,
    counterparty_id: UUID | None,
    invoice_id: UUID | None,
    paging: Paging,
) -> Rows[PaymentOut]:
    """Return a page of one side's payments, the latest day first."""
    rows = named(select(Payment), Payment).where(
        party(Payment, caller, side), *with_partner(Payment, side, counterparty_id)
    )
    if invoice_id:
        about = select(PaymentPart.id).where(
            PaymentPart.payment_id == Payment.id, PaymentPart.invoice_id == invoice_id
        )
        rows = rows.where(about.exists())
    order = Payment.paid_on, Payment.id
    page = await keyset(session, rows, order=order, paging=paging, descending=True)
    return Rows(await _with_parts(session, page.items), page.next)


async def payments_by_id(
    session: AsyncSession, ids: Sequence[UUID], *, caller: Caller
) -> list[PaymentOut]:
    """Return payments with what they are for."""
    rows = named(select(Payment), Payment).where(party(Payment, caller), Payment.id.in_(ids))
    found = (await session.execute(rows.order_by(Payment.id))).all()
    return await _with_parts(session, found)


async def payment(session: AsyncSession, payment_id: UUID, *, caller: Caller) -> PaymentOut:
    """Return a payment with what it is for."""
    if found := await payments_by_id(session, [payment_id], caller=caller):
        return found[0]
    raise PaymentNotFound("There is no such payment among yours.")


async def _with_parts(session: AsyncSession, found: Sequence[Any]) -> list[PaymentOut]:
    rows = (
        select(PaymentPart, Invoice.number, Payable.order_number, Payable.due_on, Payment.paid_on)
        .join(Payment, Payment.id == PaymentPart.payment_id)
        .join(Invoice, Invoice.id == PaymentPart.invoice_id)
        .join(Payable, Payable.id == PaymentPart.payable_id)
        .where(PaymentPart.payment_id.in_([row[0].id for row in found]))
        .order_by(PaymentPart.id)
    )
    currency = {row[0].id: row[0].currency for row in found}
    parts: defaultdict[UUID, list[PaidPartOut]] = defaultdict(list)
    for part, number, order_number, due_on, paid_on in await session.execute(rows):
        settled = PaidPartOut(
            invoice_id=part.invoice_id,
            invoice_number=number,
            payable_id=part.payable_id,
            order_number=order_number,
            due_on=due_on,
            days_late=(paid_on - due_on).days,
            amount=Money.of(part.amount_minor, currency[part.payment_id]),
        )
        parts[part.payment_id].append(settled)
    back = select(Payment.reverses, Payment.id).where(Payment.reverses.in_(list(currency)))
    reversals = dict((await session.execute(back)).all())
    return [
        PaymentOut(
            **{name: getattr(one, name) for name in PAYMENT},
            buyer_name=buyer_name,
            supplier_name=supplier_name,
            amount=Money.of(one.amount_minor, one.currency),
            reversed_by=reversals.get(one.id),
            parts=parts[one.id],
        )
        for one, buyer_name, supplier_name in found
    ]
