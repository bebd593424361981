"""Decide what was invoiced otherwise than ordered or accepted, and hand it to who must act."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Side
from contracts.settlement import Verdict
from services.settlement.commands import books
from services.settlement.commands.announcements import matched
from services.settlement.commands.books import Books
from services.settlement.commands.matching import Finished, Moves, finish, lines_of, sum_up
from services.settlement.commands.sides import acting
from services.settlement.domain import journal
from services.settlement.domain.journal import Entry, Kind
from services.settlement.domain.matching import Reason
from services.settlement.domain.problems import (
    InvoiceNotFound,
    NotAcceptedYet,
    NothingDisputed,
    NotTheBuyer,
)
from services.settlement.models import Allocation, Invoice, InvoiceLine, Step
from shared.auth import Caller


class Decision(StrEnum):
    """What a buyer says of a line that is disputed."""

    ACCEPT = "accept"
    REJECT = "reject"


class Decided(NamedTuple):
    """A decision on one line, with its reason."""

    invoice_line_id: UUID
    decision: Decision
    reason: str | None = None


async def held(session: AsyncSession, invoice_id: UUID, *, caller: Caller) -> Invoice:
    """Return an invoice of the caller's, whose books are held from now on."""
    party = caller.organization_id
    mine = or_(Invoice.buyer_id == party, Invoice.supplier_id == party)
    of = select(Invoice.buyer_id, Invoice.supplier_id, Invoice.currency)
    found = (await session.execute(of.where(Invoice.id == invoice_id, mine))).first()
    if found is None:
        raise InvoiceNotFound("There is no such invoice among yours.")
    await books.hold(session, [Books(*found)])
    return await session.get_one(Invoice, invoice_id)


def side_of(invoice: Invoice, caller: Caller) -> Side:
    """Return on which side of an invoice its caller stands."""
    return Side.BUYER if caller.organization_id == invoice.buyer_id else Side.SUPPLIER


async def resolve(
    session: AsyncSession,
    invoice_id: UUID,
    *,
    caller: Caller,
    decisions: Sequence[Decided],
    at: datetime,
) -> Invoice:
    """Accept disputed prices, which are payable then, or reject: a credit note is awaited.

    What was never accepted as goods cannot be accepted as an invoice. Only the buyer decides.
    """
    invoice = await held(session, invoice_id, caller=caller)
    if side_of(invoice, caller) is not Side.BUYER:
        raise NotTheBuyer("The buyer decides; you may correct the invoice by a credit note.")
    if invoice.verdict != Verdict.EXCEPTION:
        raise NothingDisputed("Nothing of this invoice waits for a decision.")
    lines = (await lines_of(session, [invoice.id]))[invoice.id]
    by_id = {line.id: line for line in lines}
    allocations = await _disputed(session, by_id)
    moves, entries = Moves(), list[Entry]()
    for decided in decisions:
        line = by_id.get(decided.invoice_line_id)
        if line is None:
            raise InvoiceNotFound("The invoice has no such line.")
        parts = [one for one in allocations if one.invoice_line_id == line.id]
        entries += _decide(line, decided, parts, moves)
    sum_up(invoice, lines)
    done = Finished(invoice, Kind.RESOLVED, entries, moves, by=caller.name)
    await finish(session, [done], at=at)
    return invoice


async def _disputed(
    session: AsyncSession, lines: Mapping[UUID, InvoiceLine]
) -> Sequence[Allocation]:
    rows = select(Allocation).where(Allocation.invoice_line_id.in_(lines))
    return (await session.scalars(rows.order_by(Allocation.id))).all()


def _decide(
    line: InvoiceLine, decided: Decided, parts: Sequence[Allocation], moves: Moves
) -> list[Entry]:
    if line.verdict != Verdict.EXCEPTION:
        raise NothingDisputed("Nothing of this line waits for a decision.")
    line.decision_reason = decided.reason
    if decided.decision is Decision.REJECT:
        line.decision, line.reason, line.must_act = "rejected", Reason.REJECTED, Side.SUPPLIER
        return []
    if line.unmatched and not any(part.disputed_minor for part in parts):
        raise NotAcceptedYet("Accept the goods first; or reject what was never delivered.")
    entries: list[Entry] = []
    for part in parts:
        if by := part.disputed_minor:
            entries += journal.conceded(by, part.payable_id, line.invoice_id)
            moves.add(part.payable_id, approved_minor=by, disputed_minor=-by)
            part.amount_minor += by
            part.disputed_minor = 0
            line.undisputed_minor += by
            line.disputed_minor -= by
    line.decision = "accepted"
    if not line.unmatched:
        line.verdict, line.reason, line.must_act = Verdict.WITHIN_TOLERANCE, None, None
    return entries


async def assign(
    session: AsyncSession, invoice_id: UUID, *, caller: Caller, must_act: Side, at: datetime
) -> Invoice:
    """Say which side has to act on an exception; both see who said so. Announced."""
    invoice = await held(session, invoice_id, caller=caller)
    side = acting(caller, side_of(invoice, caller))
    if invoice.verdict != Verdict.EXCEPTION:
        raise NothingDisputed("Nothing of this invoice waits for anybody.")
    for line in (await lines_of(session, [invoice.id]))[invoice.id]:
        if line.verdict == Verdict.EXCEPTION:
            line.must_act = must_act
    invoice.must_act = must_act
    step = Step(
        buyer_id=invoice.buyer_id,
        supplier_id=invoice.supplier_id,
        about_id=invoice.id,
        kind="assigned",
        side=side,
        by=caller.name,
        values={"must_act": must_act},
        recorded_at=at,
    )
    session.add(step)
    matched(session, invoice, at=at)
    return invoice
