"""Take back what was paid: by a row and a posting of the opposite sign, never by an eraser."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.settlement.commands import books
from services.settlement.commands.books import Books
from services.settlement.commands.recording import (
    Circumstances,
    Sent,
    debts_of,
    recorded,
    write,
)
from services.settlement.domain.paying import Asked
from services.settlement.domain.problems import AlreadyReversed, PaymentNotFound
from services.settlement.models import Invoice, Payment, PaymentPart, Posting
from shared.auth import Caller


async def reverse(
    session: AsyncSession, payment_id: UUID, *, reason: str, caller: Caller, at: datetime
) -> UUID:
    """Reverse a payment of the buyer's own, once; what it settled is open again. Announced."""
    sent = await _held(session, payment_id, caller)
    again = select(Payment.id).where(Payment.reverses == sent.id)
    if sent.reverses or await session.scalar(again):
        raise AlreadyReversed("It came back already; record what was paid anew.")
    posted = select(Posting.id).where(Posting.source_id == sent.id, Posting.kind == "paid")
    parts = select(PaymentPart).where(PaymentPart.payment_id == sent.id)
    amounts = {one.allocation_id: one for one in await session.scalars(parts)}
    ids = {one.invoice_id for one in amounts.values()}
    settled = [
        debt._replace(amount_minor=-amounts[debt.allocation.id].amount_minor)
        for debts in (await debts_of(session, ids)).values()
        for debt in debts
        if debt.allocation.id in amounts
    ]
    rows = await session.scalars(select(Invoice).where(Invoice.id.in_(ids)))
    under = Circumstances(caller, at, sent.proposal_id, imported=sent.imported)
    asked = Asked(
        under.today,
        f"{sent.reference} reversed",
        supplier_id=sent.supplier_id,
        remittance=reason,
        occurred_at=at,
        proposal_id=sent.proposal_id,
    )
    posting_id = (await session.scalars(posted)).one()
    by_id = {one.id: one for one in rows}
    of = Sent(sent.id, posting_id)
    back = recorded(by_id, settled, asked, under, of)
    [id_] = await write(session, [back], by_id, under)
    return id_


async def _held(session: AsyncSession, payment_id: UUID, caller: Caller) -> Payment:
    """Return a payment that the caller made, whose books are held."""
    party = caller.organization_id
    mine = or_(Payment.buyer_id == party, Payment.supplier_id == party)
    found = (await session.scalars(select(Payment).where(Payment.id == payment_id, mine))).first()
    if found is None or found.buyer_id != party:
        raise PaymentNotFound("There is no such payment that you made.")
    await books.hold(session, [Books(found.buyer_id, found.supplier_id, found.currency)])
    return found
