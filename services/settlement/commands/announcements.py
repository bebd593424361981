"""Say what was invoiced, matched, agreed and paid, as the events of the contract."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Side
from contracts.settlement import (
    InvoiceMatched,
    InvoiceSubmitted,
    PaidPart,
    PaymentMade,
    StatementAgreed,
    Verdict,
)
from contracts.values import Money
from services.settlement.models import CreditNote, Invoice, Payment, Statement
from shared.events import publish


def submitted(session: AsyncSession, invoice: Invoice) -> None:
    """Announce that a supplier claims money."""
    event = InvoiceSubmitted(
        invoice_id=invoice.id,
        number=invoice.number,
        buyer_id=invoice.buyer_id,
        supplier_id=invoice.supplier_id,
        total=Money.of(invoice.total_minor, invoice.currency),
        occurred_at=invoice.occurred_at,
        recorded_at=invoice.recorded_at,
        imported=invoice.imported,
    )
    publish(session, event)


def credited(session: AsyncSession, note: CreditNote) -> None:
    """Announce that a supplier gives some back: a negative total."""
    event = InvoiceSubmitted(
        invoice_id=note.id,
        number=note.number,
        buyer_id=note.buyer_id,
        supplier_id=note.supplier_id,
        total=Money.of(-note.amount_minor, note.currency),
        credits=note.invoice_id,
        occurred_at=note.recorded_at,
        recorded_at=note.recorded_at,
    )
    publish(session, event)


def matched(session: AsyncSession, invoice: Invoice, *, at: datetime) -> None:
    """Announce how an invoice stands now."""
    undisputed = invoice.undisputed_minor - invoice.credited_minor
    event = InvoiceMatched(
        invoice_id=invoice.id,
        buyer_id=invoice.buyer_id,
        supplier_id=invoice.supplier_id,
        verdict=Verdict(invoice.verdict),
        payable=Money.of(undisputed, invoice.currency),
        disputed=Money.of(invoice.disputed_minor, invoice.currency),
        must_act=Side(invoice.must_act) if invoice.must_act else None,
        reason=invoice.reason,
        occurred_at=invoice.occurred_at or at,
        recorded_at=at,
        imported=invoice.imported,
    )
    publish(session, event)


def agreed(session: AsyncSession, statement: Statement) -> None:
    """Announce that both sides agreed on a month."""
    assert statement.sha256
    assert statement.agreed_at
    event = StatementAgreed(
        statement_id=statement.id,
        buyer_id=statement.buyer_id,
        supplier_id=statement.supplier_id,
        month=statement.month,
        total=Money.of(statement.total_minor, statement.currency),
        sha256=statement.sha256,
        agreed_at=statement.agreed_at,
    )
    publish(session, event)


def paid(session: AsyncSession, payment: Payment, parts: Sequence[PaidPart]) -> None:
    """Announce money that was sent, with what it is for."""
    event = PaymentMade(
        payment_id=payment.id,
        buyer_id=payment.buyer_id,
        supplier_id=payment.supplier_id,
        amount=Money.of(payment.amount_minor, payment.currency),
        parts=list(parts),
        paid_on=payment.paid_on,
        reverses=payment.reverses,
        occurred_at=payment.occurred_at,
        recorded_at=payment.recorded_at,
        imported=payment.imported,
    )
    publish(session, event)
