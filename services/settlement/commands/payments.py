"""Record money that was sent: whatever happens at once, no debt is paid twice."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.settlement.commands import books
from services.settlement.commands.books import Books
from services.settlement.commands.recording import (
    Circumstances,
    Recorded,
    Settled,
    debts_of,
    recorded,
    write,
)
from services.settlement.domain.invoices import number_key
from services.settlement.domain.paying import (
    Asked,
    Debt,
    Limit,
    check_limit,
    settle,
)
from services.settlement.domain.problems import (
    InvoiceNotFound,
    NotPayableYet,
    NotYetHappened,
    ReferenceTaken,
)
from services.settlement.domain.valuation import minor
from services.settlement.models import Invoice, Payment
from services.settlement.queries.settings import limit_of
from shared.auth import Caller
from shared.problem import Problem


class Paid(NamedTuple):
    """A payment that is there now, and whether it was there before."""

    payment_id: UUID
    new: bool


async def pay(
    session: AsyncSession, payments: Sequence[Asked], *, under: Circumstances
) -> list[Paid | Problem]:
    """Record payments for invoices in turn and announce each; return what became of each.

    One with the same reference and content is left alone. Refused: more than is payable and
    unpaid, another payment under the reference, and without an approved proposal what all direct
    payments of an invoice would bring above the buyer's limit.
    """
    invoices = await find_invoices(session, payments, under.caller)
    found = [invoices.get(asked.key) for asked in payments]
    await books.hold(session, {_books(one) for one in found if one})
    ids = {one.id for one in found if one}
    debts = await debts_of(session, ids)
    known = await _known(session, under.caller, payments)
    limit = await limit_of(session, under.caller.organization_id)
    outcomes: list[Paid | Problem] = []
    written: list[Recorded] = []
    for asked, invoice in zip(payments, found, strict=True):
        if invoice is None:
            outcomes.append(InvoiceNotFound("There is no such invoice that you have to pay."))
            continue
        key = invoice.supplier_id, number_key(asked.reference)
        outcome = _as_before(asked, known.get(key)) or _pay_one(
            asked, invoice, debts.get(invoice.id, ()), limit, under
        )
        if isinstance(outcome, Recorded):
            written.append(outcome)
            known[key] = outcome.payment.id, outcome.payment.digest
            outcomes.append(Paid(outcome.payment.id, new=True))
        else:
            outcomes.append(outcome)
    await write(session, written, {one.id: one for one in found if one}, under)
    return outcomes


def _books(invoice: Invoice) -> Books:
    return Books(invoice.buyer_id, invoice.supplier_id, invoice.currency)


async def find_invoices(
    session: AsyncSession, payments: Sequence[Asked], caller: Caller
) -> dict[object, Invoice]:
    """Return the buyer's invoices that payments name, by id or by supplier and number."""
    mine = Invoice.buyer_id == caller.organization_id
    ids = {asked.invoice_id for asked in payments if asked.invoice_id}
    numbers = {asked.key for asked in payments if not asked.invoice_id}
    by_number = tuple_(Invoice.supplier_id, Invoice.number_key).in_(numbers)
    found: dict[object, Invoice] = {}
    for asked in Invoice.id.in_(ids), by_number:
        rows = select(Invoice).where(mine, asked)
        for one in await session.scalars(rows):
            found[one.id] = found[one.supplier_id, one.number_key] = one
    return found


async def _known(
    session: AsyncSession, caller: Caller, payments: Sequence[Asked]
) -> dict[tuple[UUID, str], tuple[UUID, bytes]]:
    keys = {number_key(asked.reference) for asked in payments}
    columns = Payment.supplier_id, Payment.reference_key, Payment.id, Payment.digest
    rows = select(*columns).where(
        Payment.buyer_id == caller.organization_id, Payment.reference_key.in_(keys)
    )
    return {(row[0], row[1]): (row.id, row.digest) for row in await session.execute(rows)}


def _as_before(asked: Asked, known: tuple[UUID, bytes] | None) -> Paid | Problem | None:
    if known is None:
        return None
    if known[1] == asked.digest():
        return Paid(known[0], new=False)
    return ReferenceTaken(f"Another payment to this supplier has reference {asked.reference}.")


def _pay_one(
    asked: Asked,
    invoice: Invoice,
    debts: Sequence[Settled],
    limit: Limit,
    under: Circumstances,
) -> Recorded | Problem:
    try:
        if asked.paid_on > under.today:
            raise NotYetHappened("paid_on: record a payment on the day it was made, or after.")
        rows = {one.allocation.id: one for one in debts}
        amount = None if asked.amount is None else minor(asked.amount, invoice.currency)
        open_debts = [
            Debt(id_, a.amount_minor - a.credited_minor - a.paid_minor)
            for id_, (a, *_) in rows.items()
        ]
        left = sum(debt.open_minor for debt in open_debts)
        if under.imported and invoice.disputed_minor and (amount is None or amount > left):
            raise NotPayableYet("Its goods are not accepted here yet; send the same again shortly.")
        parts = settle(open_debts, amount, invoice.currency)
        total = sum(part for _, part in parts)
        if not under.imported:
            check_limit(invoice.direct_minor + total, invoice.currency, limit)
    except Problem as refusal:
        return refusal
    settled = [rows[id_]._replace(amount_minor=part) for id_, part in parts]
    return recorded({invoice.id: invoice}, settled, asked, under)
