"""Record money that was sent: whatever happens at once, no debt is paid twice."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.settlement import PaidPart
from contracts.values import Money
from services.settlement.commands import announcements, books
from services.settlement.commands.books import Books, Said
from services.settlement.commands.matching import Moves
from services.settlement.domain import journal
from services.settlement.domain.invoices import number_key
from services.settlement.domain.journal import Kind
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
from services.settlement.models import Allocation, Invoice, Payable, Payment, PaymentPart, Step
from services.settlement.queries.settings import limit_of
from shared.auth import Caller
from shared.problem import Problem
from shared.settings import settings


class Paid(NamedTuple):
    """A payment that is there now, and whether it was there before."""

    payment_id: UUID
    new: bool


class Circumstances(NamedTuple):
    """Who records payments, when, under which approved proposal, and whether it is history."""

    caller: Caller
    at: datetime
    proposal_id: UUID | None = None
    imported: bool = False

    @property
    def today(self) -> date:
        return self.at.astimezone(settings().calendar).date()


class Settled(NamedTuple):
    """One part of a debt to be paid: the rows that it moves, and by how much."""

    allocation: Allocation
    payable: Payable
    amount_minor: int


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
    spent = await _spent(session, ids) if not under.imported else {}
    limit = await limit_of(session, under.caller.organization_id)
    outcomes: list[Paid | Problem] = []
    for asked, invoice in zip(payments, found, strict=True):
        if invoice is None:
            outcomes.append(InvoiceNotFound("There is no such invoice that you have to pay."))
            continue
        key = invoice.supplier_id, number_key(asked.reference)
        outcome = _as_before(asked, known.get(key))
        if outcome is None:
            outcome = await _pay_one(session, asked, invoice, debts, spent, limit, under)
        outcomes.append(outcome)
        if isinstance(outcome, Paid):
            known[key] = outcome.payment_id, asked.digest()
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


async def debts_of(session: AsyncSession, ids: set[UUID]) -> dict[UUID, list[Settled]]:
    """Return what is payable of invoices, the first due first; their books are held."""
    rows = (
        select(Allocation, Payable)
        .join(Payable, Payable.id == Allocation.payable_id)
        .where(Allocation.invoice_id.in_(ids))
        .order_by(Payable.due_on, Allocation.id)
        .execution_options(populate_existing=True)  # what was read before the books were held
    )
    found: defaultdict[UUID, list[Settled]] = defaultdict(list)
    for allocation, payable in await session.execute(rows):
        found[allocation.invoice_id].append(Settled(allocation, payable, 0))
    held = select(Invoice).where(Invoice.id.in_(ids)).execution_options(populate_existing=True)
    await session.execute(held)
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


async def _spent(session: AsyncSession, ids: set[UUID]) -> dict[UUID, int]:
    """Return what was paid of invoices without any proposal."""
    rows = (
        select(PaymentPart.invoice_id, func.sum(PaymentPart.amount_minor))
        .join(Payment, Payment.id == PaymentPart.payment_id)
        .where(PaymentPart.invoice_id.in_(ids), Payment.proposal_id.is_(None))
        .group_by(PaymentPart.invoice_id)
    )
    return {invoice_id: int(amount) for invoice_id, amount in await session.execute(rows)}


def _as_before(asked: Asked, known: tuple[UUID, bytes] | None) -> Paid | Problem | None:
    if known is None:
        return None
    if known[1] == asked.digest():
        return Paid(known[0], new=False)
    return ReferenceTaken(f"Another payment to this supplier has reference {asked.reference}.")


async def _pay_one(  # noqa: PLR0913, PLR0917  what is paid, and what limits it
    session: AsyncSession,
    asked: Asked,
    invoice: Invoice,
    debts: Mapping[UUID, Sequence[Settled]],
    spent: dict[UUID, int],
    limit: Limit,
    under: Circumstances,
) -> Paid | Problem:
    try:
        if asked.paid_on > under.today:
            raise NotYetHappened("paid_on: record a payment on the day it was made, or after.")
        rows = {one.allocation.id: one for one in debts.get(invoice.id, ())}
        if not rows and invoice.disputed_minor and under.imported:
            raise NotPayableYet("Its goods are not accepted here yet; send the same again shortly.")
        amount = None if asked.amount is None else minor(asked.amount, invoice.currency)
        open_debts = [
            Debt(id_, a.amount_minor - a.credited_minor - a.paid_minor)
            for id_, (a, *_) in rows.items()
        ]
        parts = settle(open_debts, amount, invoice.currency)
        total = sum(part for _, part in parts)
        if not under.imported:
            check_limit(spent.get(invoice.id, 0) + total, invoice.currency, limit)
    except Problem as refusal:
        return refusal
    spent[invoice.id] = spent.get(invoice.id, 0) + total
    settled = [rows[id_]._replace(amount_minor=part) for id_, part in parts]
    return Paid(await record(session, {invoice.id: invoice}, settled, asked, under), new=True)


async def record(
    session: AsyncSession,
    invoices: Mapping[UUID, Invoice],
    settled: Sequence[Settled],
    asked: Asked,
    under: Circumstances,
) -> UUID:
    """Write one payment to one supplier down, post it and announce it; the books are held."""
    first = settled[0].payable
    of = {"buyer_id": first.buyer_id, "supplier_id": first.supplier_id}
    payment = Payment(
        id=uuid7(),
        **of,
        currency=first.currency,
        amount_minor=sum(one.amount_minor for one in settled),
        paid_on=asked.paid_on,
        reference=asked.reference,
        reference_key=number_key(asked.reference),
        remittance=asked.remittance,
        proposal_id=under.proposal_id,
        digest=asked.digest(),
        recorded_by=under.caller.name,
        occurred_at=asked.occurred_at or under.at,
        recorded_at=under.at,
        imported=under.imported,
    )
    session.add(payment)
    await session.flush()
    moves = Moves()
    for allocation, payable, amount in settled:
        allocation.paid_minor += amount
        invoices[allocation.invoice_id].paid_minor += amount
        moves.add(payable.id, paid_minor=amount)
        part = PaymentPart(
            **of,
            payment_id=payment.id,
            invoice_id=allocation.invoice_id,
            payable_id=payable.id,
            allocation_id=allocation.id,
            amount_minor=amount,
        )
        session.add(part)
    await session.flush()
    await moves.write(session, on=asked.paid_on)
    await books.post(session, [_posting(payment, settled, under)], at=under.at)
    session.add_all(_steps(payment, invoices, settled, under))
    announcements.paid(session, payment, [_part(one) for one in settled])
    return payment.id


def _posting(payment: Payment, settled: Sequence[Settled], under: Circumstances) -> Said:
    entries = [
        entry
        for allocation, payable, amount in settled
        for entry in journal.paid(amount, payable.id, allocation.invoice_id)
    ]
    return Said(
        Books(payment.buyer_id, payment.supplier_id, payment.currency),
        Kind.PAID,
        payment.id,
        entries,
        payment.paid_on,
        under.caller.name,
        imported=under.imported,
    )


def _steps(
    payment: Payment,
    invoices: Mapping[UUID, Invoice],
    settled: Sequence[Settled],
    under: Circumstances,
) -> list[Step]:
    by_invoice: defaultdict[UUID, int] = defaultdict(int)
    for one in settled:
        by_invoice[one.allocation.invoice_id] += one.amount_minor
    return [
        Step(
            buyer_id=payment.buyer_id,
            supplier_id=payment.supplier_id,
            about_id=invoice_id,
            kind="paid",
            side="buyer",
            by=under.caller.name,
            values={
                "payment_id": str(payment.id),
                "reference": payment.reference,
                "amount": Money.of(amount, payment.currency).model_dump(mode="json"),
                "number": invoices[invoice_id].number,
            },
            recorded_at=under.at,
        )
        for invoice_id, amount in by_invoice.items()
    ]


def _part(one: Settled) -> PaidPart:
    payable = one.payable
    return PaidPart(
        payable_id=payable.id,
        invoice_id=one.allocation.invoice_id,
        amount=Money.of(one.amount_minor, payable.currency),
        delivered_on=payable.delivered_on,
        contract_due_on=payable.contract_due_on,
        legal_latest_on=payable.legal_latest_on,
    )
