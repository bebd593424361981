"""Give some of an invoice back: what is disputed first, then what is unpaid."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.orders import Side
from contracts.settlement import Verdict
from contracts.values import Money
from services.settlement.commands import announcements
from services.settlement.commands.decisions import held, side_of
from services.settlement.commands.matching import (
    Finished,
    Moves,
    finish,
    lines_of,
    match_waiting,
    sum_up,
)
from services.settlement.domain import journal
from services.settlement.domain.invoices import number_key
from services.settlement.domain.journal import Entry, Kind
from services.settlement.domain.matching import ZERO
from services.settlement.domain.problems import (
    AmountImpossible,
    InvoiceNotFound,
    MoreThanLeft,
    NotTheSupplier,
    NumberTaken,
)
from services.settlement.domain.valuation import minor
from services.settlement.models import Allocation, CreditNote, Invoice, InvoiceLine
from services.settlement.schemas.invoices import CreditNoteIn
from shared.auth import Caller


class Given(NamedTuple):
    """What a line gives back, of what was disputed and of what was payable."""

    disputed_minor: int
    undisputed_minor: int
    entries: list[Entry]


async def credit(
    session: AsyncSession, asked: CreditNoteIn, *, caller: Caller, at: datetime
) -> CreditNote:
    """Take back a part of an invoice under a number of its own, and announce both.

    Refused above what is left unpaid. A line that is given back in full can be invoiced again, and
    what was invoiced and waits for goods is matched with what became free.
    """
    invoice = await held(session, asked.invoice_id, caller=caller)
    if side_of(invoice, caller) is not Side.SUPPLIER:
        raise NotTheSupplier("Only the supplier writes credit notes; reject the line instead.")
    await _refuse_twice(session, invoice, asked.number)
    lines = (await lines_of(session, [invoice.id]))[invoice.id]
    rows = select(Allocation).where(Allocation.invoice_id == invoice.id).order_by(Allocation.id)
    allocations = (await session.scalars(rows)).all()
    moves, entries, total = Moves(), list[Entry](), 0
    for line, amount in _amounts(asked, invoice, lines, allocations):
        own = [one for one in allocations if one.invoice_line_id == line.id]
        given = _give_back(line, own, amount, moves)
        invoice.credited_minor += given.undisputed_minor
        entries += given.entries
        total += amount
    if not total:
        raise AmountImpossible("amount: say how much is given back.")
    sum_up(invoice, lines)
    note = _note(invoice, asked, total, caller, at)
    session.add(note)
    announcements.credited(session, note)
    done = Finished(invoice, Kind.CREDITED, entries, moves, note.id, caller.name)
    await finish(session, [done], at=at)
    if free := {line.line_id for line in lines if line.decision == "withdrawn"}:
        await match_waiting(session, free, at=at)
    return note


async def _refuse_twice(session: AsyncSession, invoice: Invoice, number: str) -> None:
    taken = select(CreditNote.id).where(
        CreditNote.buyer_id == invoice.buyer_id,
        CreditNote.supplier_id == invoice.supplier_id,
        CreditNote.number_key == number_key(number),
    )
    if await session.scalar(taken):
        raise NumberTaken(f"Credit note {number} is here already.")


def _left(line: InvoiceLine, own: Sequence[Allocation]) -> int:
    return line.disputed_minor + sum(
        one.amount_minor - one.credited_minor - one.paid_minor for one in own
    )


def _amounts(
    asked: CreditNoteIn,
    invoice: Invoice,
    lines: Sequence[InvoiceLine],
    allocations: Sequence[Allocation],
) -> list[tuple[InvoiceLine, int]]:
    """Say how much each line gives back; an amount as a whole is spread, what is disputed first."""
    left = {
        line.id: _left(line, [one for one in allocations if one.invoice_line_id == line.id])
        for line in lines
    }
    by_id = {line.id: line for line in lines}
    if asked.lines:
        found = []
        for one in asked.lines:
            line = by_id.get(one.invoice_line_id)
            if line is None:
                raise InvoiceNotFound("The invoice has no such line.")
            amount = minor(one.amount, invoice.currency)
            _refuse_more(amount, left[line.id], invoice.currency)
            left[line.id] -= amount
            found.append((line, amount))
        return [pair for pair in found if pair[1]]
    whole = sum(left.values())
    amount = whole if asked.amount is None else minor(asked.amount, invoice.currency)
    _refuse_more(amount, whole, invoice.currency)
    return _spread(lines, left, amount)


def _spread(
    lines: Sequence[InvoiceLine], left: dict[UUID, int], amount: int
) -> list[tuple[InvoiceLine, int]]:
    parts = dict.fromkeys(left, 0)
    for limit in ({line.id: line.disputed_minor for line in lines}, left):
        for line in lines:
            more = min(amount, limit[line.id] - parts[line.id])
            if more > 0:
                parts[line.id] += more
                amount -= more
    return [(line, parts[line.id]) for line in lines if parts[line.id]]


def _refuse_more(amount: int, left: int, currency: str) -> None:
    if amount > left or not left:
        said = Money.of(left, currency).amount
        raise MoreThanLeft(f"{said} {currency} are left that are not paid or given back yet.")


def _give_back(line: InvoiceLine, own: Sequence[Allocation], amount: int, moves: Moves) -> Given:
    disputed = min(amount, line.disputed_minor)
    entries = journal.disputed(-disputed, line.invoice_id)
    _withdraw(line, own, disputed, moves)
    rest = amount - disputed
    for one in reversed(own):
        part = min(rest, one.amount_minor - one.credited_minor - one.paid_minor)
        if part > 0:
            one.credited_minor += part
            rest -= part
            entries += journal.credited(part, one.payable_id, line.invoice_id)
            moves.add(one.payable_id, approved_minor=-part)
    assert not rest
    if not line.disputed_minor and all(
        one.credited_minor == one.amount_minor and not one.paid_minor for one in own
    ):
        entries += _release(own, line, moves)
        line.decision = "withdrawn"
    return Given(disputed, amount - disputed, entries)


def _withdraw(line: InvoiceLine, own: Sequence[Allocation], amount: int, moves: Moves) -> None:
    """Give up what is disputed: what nothing stands behind first, then prices."""
    line.disputed_minor -= amount
    line.withdrawn_minor += amount
    part = min(amount, line.unmatched_minor)
    line.unmatched_minor -= part
    if not line.unmatched_minor:
        line.unmatched = ZERO
    amount -= part
    for one in reversed(own):
        part = min(amount, one.disputed_minor)
        one.disputed_minor -= part
        amount -= part
        if part:
            moves.add(one.payable_id, disputed_minor=-part)
    if not line.disputed_minor:
        line.verdict, line.reason, line.must_act = Verdict.MATCHED, None, None


def _release(own: Sequence[Allocation], line: InvoiceLine, moves: Moves) -> list[Entry]:
    """Let deliveries be invoiced again whose line was given back in full."""
    entries: list[Entry] = []
    for one in own:
        if not one.released:
            one.released = True
            entries += journal.released(one.value_minor, one.payable_id, line.invoice_id)
            moves.add(
                one.payable_id, invoiced_quantity=-one.quantity, invoiced_minor=-one.value_minor
            )
    return entries


def _note(
    invoice: Invoice, asked: CreditNoteIn, total: int, caller: Caller, at: datetime
) -> CreditNote:
    return CreditNote(
        id=uuid7(),
        buyer_id=invoice.buyer_id,
        supplier_id=invoice.supplier_id,
        invoice_id=invoice.id,
        number=asked.number,
        number_key=number_key(asked.number),
        amount_minor=total,
        currency=invoice.currency,
        reason=asked.reason,
        by=caller.name,
        recorded_at=at,
    )
