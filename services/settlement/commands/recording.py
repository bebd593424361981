"""Write payments down: their parts, what they settle, the books, and the announcement."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
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
from services.settlement.domain.paying import Asked
from services.settlement.models import Allocation, Invoice, Payable, Payment, PaymentPart, Step
from shared.auth import Caller
from shared.settings import settings
from shared.trace import following, traceparent

NO_TRACES: Mapping[str, str] = {}


class Circumstances(NamedTuple):
    """Who records payments, when, under which approved proposal, and whether it is history.

    By their references, payments have traces of their own where they did not come by one request.
    """

    caller: Caller
    at: datetime
    proposal_id: UUID | None = None
    imported: bool = False
    traces: Mapping[str, str] = NO_TRACES

    @property
    def today(self) -> date:
        return self.at.astimezone(settings().calendar).date()


class Settled(NamedTuple):
    """One part of a debt to be paid: the rows that it moves, and by how much."""

    allocation: Allocation
    payable: Payable
    amount_minor: int


class Sent(NamedTuple):
    """A payment that came back, and the posting that it made."""

    payment_id: UUID
    posting_id: UUID


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


class Recorded(NamedTuple):
    """A payment to be written down, what it settles, and what it takes back, if anything."""

    payment: Payment
    settled: Sequence[Settled]
    reverses: Sent | None = None


def recorded(
    invoices: Mapping[UUID, Invoice],
    settled: Sequence[Settled],
    asked: Asked,
    under: Circumstances,
    reverses: Sent | None = None,
) -> Recorded:
    """Count one payment to one supplier on what it settles; `write` writes it down."""
    payment = _payment(settled, asked, under, reverses)
    for allocation, _, amount in settled:
        invoice = invoices[allocation.invoice_id]
        allocation.paid_minor += amount
        invoice.paid_minor += amount
        if payment.proposal_id is None:
            invoice.direct_minor += amount
    return Recorded(payment, settled, reverses)


async def write(
    session: AsyncSession,
    payments: Sequence[Recorded],
    invoices: Mapping[UUID, Invoice],
    under: Circumstances,
) -> list[UUID]:
    """Write payments down, post and announce each; the books are held. Return their ids."""
    session.add_all([one.payment for one in payments])
    await session.flush()
    session.add_all([_part_row(one.payment, part) for one in payments for part in one.settled])
    await session.flush()
    by_day: defaultdict[date, Moves] = defaultdict(Moves)
    for payment, settled, _ in payments:
        for _, payable, amount in settled:
            by_day[payment.paid_on].add(payable.id, paid_minor=amount)
    for day in sorted(by_day):
        await by_day[day].write(session, on=day)
    postings = [_posting(*one, under) for one in payments]
    await books.post(session, postings, at=under.at)
    for payment, settled, _ in payments:
        session.add_all(_steps(payment, invoices, settled, under))
        with following(under.traces.get(payment.reference) or traceparent()):
            announcements.paid(session, payment, [_part(one) for one in settled])
    return [one.payment.id for one in payments]


def _part_row(payment: Payment, part: Settled) -> PaymentPart:
    return PaymentPart(
        buyer_id=payment.buyer_id,
        supplier_id=payment.supplier_id,
        payment_id=payment.id,
        invoice_id=part.allocation.invoice_id,
        payable_id=part.payable.id,
        allocation_id=part.allocation.id,
        amount_minor=part.amount_minor,
    )


def _payment(
    settled: Sequence[Settled], asked: Asked, under: Circumstances, reverses: Sent | None
) -> Payment:
    first = settled[0].payable
    return Payment(
        id=uuid7(),
        buyer_id=first.buyer_id,
        supplier_id=first.supplier_id,
        currency=first.currency,
        amount_minor=sum(one.amount_minor for one in settled),
        paid_on=asked.paid_on,
        reference=asked.reference,
        reference_key=number_key(asked.reference),
        remittance=asked.remittance,
        proposal_id=under.proposal_id,
        reverses=reverses.payment_id if reverses else None,
        digest=asked.digest(),
        recorded_by=under.caller.name,
        occurred_at=asked.occurred_at or under.at,
        recorded_at=under.at,
        imported=under.imported,
    )


def _posting(
    payment: Payment,
    settled: Sequence[Settled],
    reverses: Sent | None,
    under: Circumstances,
) -> Said:
    entries = [
        entry
        for allocation, payable, amount in settled
        for entry in journal.paid(amount, payable.id, allocation.invoice_id)
    ]
    return Said(
        Books(payment.buyer_id, payment.supplier_id, payment.currency),
        Kind.REVERSED if reverses else Kind.PAID,
        payment.id,
        entries,
        payment.paid_on,
        under.caller.name,
        imported=under.imported,
        reverses=reverses.posting_id if reverses else None,
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
            kind="reversed" if payment.reverses else "paid",
            text=payment.remittance if payment.reverses else None,
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
