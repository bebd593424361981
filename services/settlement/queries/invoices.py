"""Invoices beside their orders and receipts, and what happened to them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Side
from contracts.settlement import Verdict
from contracts.values import Money
from services.settlement.domain.problems import InvoiceNotFound
from services.settlement.models import (
    Allocation,
    CreditNote,
    Invoice,
    InvoiceLine,
    OrderLine,
    Payable,
    Payment,
    PaymentPart,
    Step,
)
from services.settlement.queries.partners import named, party, with_partner
from services.settlement.schemas.invoices import (
    CreditNoteOut,
    InvoiceLineOut,
    InvoiceOut,
    InvoicePaidOut,
    InvoiceSummary,
    MatchedPart,
    StepOut,
)
from shared.auth import Caller
from shared.paging import Paging, Rows, keyset


class State(StrEnum):
    """How an invoice stands."""

    MATCHED = "matched"
    WITHIN_TOLERANCE = "within_tolerance"
    EXCEPTION = "exception"
    PAID = "paid"


PAID = and_(Invoice.open_minor == 0, Invoice.disputed_minor == 0)
COPIED = (
    *("id", "number", "buyer_id", "supplier_id", "invoiced_on", "verdict", "reason", "must_act"),
    *("statement_id", "submitted_by", "occurred_at", "recorded_at", "imported"),
)


@dataclass(frozen=True)
class Asked:
    """Which invoices; what is None does not matter."""

    side: Side
    state: State | None = None
    must_act: Side | None = None
    counterparty_id: UUID | None = None
    order_id: UUID | None = None
    q: str | None = None


def _matching(asked: Asked) -> list[ColumnElement[bool]]:
    where = with_partner(Invoice, asked.side, asked.counterparty_id)
    if asked.state is State.PAID:
        where.append(PAID)
    elif asked.state:
        where += [Invoice.verdict == asked.state, ~PAID]
    if asked.must_act:
        where += [Invoice.must_act == asked.must_act, Invoice.verdict == Verdict.EXCEPTION]
    about = (
        select(InvoiceLine.id)
        .join(OrderLine, OrderLine.id == InvoiceLine.line_id)
        .where(InvoiceLine.invoice_id == Invoice.id)
    )
    if asked.order_id:
        where.append(about.where(OrderLine.order_id == asked.order_id).exists())
    if asked.q:
        by_order = about.where(OrderLine.order_number.icontains(asked.q, autoescape=True))
        number = Invoice.number.icontains(asked.q, autoescape=True)
        where.append(or_(number, by_order.exists()))
    return where


def _rows() -> Select[*tuple[Any, ...]]:
    return named(select(Invoice), Invoice)


async def invoices(
    session: AsyncSession, asked: Asked, *, caller: Caller, paging: Paging
) -> Rows[InvoiceSummary]:
    """Return a page of one side's invoices, the latest first."""
    rows = _rows().where(party(Invoice, caller, asked.side), *_matching(asked))
    order = Invoice.recorded_at, Invoice.id
    page = await keyset(session, rows, order=order, paging=paging, descending=True)
    ids = [row[0].id for row in page.items]
    due, orders = await _due(session, ids), await _orders(session, ids)
    items = [InvoiceSummary(**_values(row[0], row[1], row[2], due, orders)) for row in page.items]
    return Rows(items, page.next)


def _values(
    invoice: Invoice,
    buyer_name: str | None,
    supplier_name: str | None,
    due: Mapping[UUID, date],
    orders: Mapping[UUID, list[str]],
) -> dict[str, Any]:
    money = {
        "total": invoice.total_minor,
        "payable": invoice.undisputed_minor - invoice.credited_minor,
        "disputed": invoice.disputed_minor,
        "paid": invoice.paid_minor,
        "open": invoice.open_minor,
        "credited": invoice.credited_minor + invoice.withdrawn_minor,
    }
    settled = not invoice.open_minor and not invoice.disputed_minor
    tax = invoice.tax_minor
    return {
        **{name: getattr(invoice, name) for name in COPIED},
        "buyer_name": buyer_name,
        "supplier_name": supplier_name,
        **{name: Money.of(minor, invoice.currency) for name, minor in money.items()},
        "tax": None if tax is None else Money.of(tax, invoice.currency),
        "state": State.PAID if settled else invoice.verdict,
        "due_on": due.get(invoice.id),
        "orders": orders.get(invoice.id, []),
    }


async def _due(session: AsyncSession, ids: Collection[UUID]) -> Mapping[UUID, date]:
    rows = (
        select(Allocation.invoice_id, func.min(Payable.due_on))
        .join(Payable, Payable.id == Allocation.payable_id)
        .where(Allocation.invoice_id.in_(ids), Allocation.open_minor > 0)
        .group_by(Allocation.invoice_id)
    )
    return dict((await session.execute(rows)).all())


async def _orders(session: AsyncSession, ids: Collection[UUID]) -> Mapping[UUID, list[str]]:
    rows = (
        select(InvoiceLine.invoice_id, OrderLine.order_number)
        .join(OrderLine, OrderLine.id == InvoiceLine.line_id)
        .where(InvoiceLine.invoice_id.in_(ids))
        .distinct()
        .order_by(InvoiceLine.invoice_id, OrderLine.order_number)
    )
    found: defaultdict[UUID, list[str]] = defaultdict(list)
    for invoice_id, number in await session.execute(rows):
        found[invoice_id].append(number)
    return found


async def invoice(session: AsyncSession, invoice_id: UUID, *, caller: Caller) -> InvoiceOut:
    """Return an invoice with how each line is matched, and what happened."""
    chosen = _rows().where(party(Invoice, caller), Invoice.id == invoice_id)
    row = (await session.execute(chosen.execution_options(populate_existing=True))).first()
    if row is None:
        raise InvoiceNotFound("There is no such invoice among yours.")
    ids = [invoice_id]
    due, orders = await _due(session, ids), await _orders(session, ids)
    return InvoiceOut(
        **_values(row[0], row[1], row[2], due, orders),
        lines=await _lines(session, row[0]),
        credit_notes=await _notes(session, row[0], row[1], row[2]),
        payments=await _payments(session, row[0]),
        story=await story(session, invoice_id),
    )


async def _lines(session: AsyncSession, of: Invoice) -> list[InvoiceLineOut]:
    rows = (
        select(InvoiceLine, OrderLine)
        .join(OrderLine, OrderLine.id == InvoiceLine.line_id)
        .where(InvoiceLine.invoice_id == of.id)
        .order_by(InvoiceLine.turn)
    )
    parts = await _parts(session, of)
    return [
        _line(line, ordered, parts.get(line.id, []), of.currency)
        for line, ordered in await session.execute(rows)
    ]


def _line(
    line: InvoiceLine, ordered: OrderLine, parts: list[MatchedPart], currency: str
) -> InvoiceLineOut:
    about = "order_id", "order_number", "position", "item_number", "item_name", "unit"
    own = (
        *("id", "turn", "quantity", "verdict", "reason", "must_act", "unmatched", "decision"),
        "decision_reason",
    )
    return InvoiceLineOut(
        **{name: getattr(ordered, name) for name in about},
        **{name: getattr(line, name) for name in own},
        ordered=ordered.quantity,
        ordered_amount=Money.of(ordered.amount_minor, currency),
        accepted=ordered.accepted,
        amount=Money.of(line.amount_minor, currency),
        payable=Money.of(line.undisputed_minor, currency),
        disputed=Money.of(line.disputed_minor, currency),
        parts=parts,
    )


async def _parts(session: AsyncSession, of: Invoice) -> Mapping[UUID, list[MatchedPart]]:
    rows = (
        select(Allocation, Payable)
        .join(Payable, Payable.id == Allocation.payable_id)
        .where(Allocation.invoice_id == of.id)
        .order_by(Allocation.id)
        .execution_options(populate_existing=True)
    )
    found: defaultdict[UUID, list[MatchedPart]] = defaultdict(list)
    for one, delivery in await session.execute(rows):
        money = {
            "value": one.value_minor,
            "payable": one.amount_minor - one.credited_minor,
            "disputed": one.disputed_minor,
            "paid": one.paid_minor,
            "open": one.open_minor,
        }
        days = "receipt_id", "receipt_number", "delivered_on", "accepted_on", "due_on"
        part = MatchedPart(
            payable_id=delivery.id,
            **{name: getattr(delivery, name) for name in days},
            quantity=one.quantity,
            **{name: Money.of(minor, of.currency) for name, minor in money.items()},
        )
        found[one.invoice_line_id].append(part)
    return found


async def _notes(
    session: AsyncSession, of: Invoice, buyer_name: str | None, supplier_name: str | None
) -> list[CreditNoteOut]:
    rows = select(CreditNote).where(CreditNote.invoice_id == of.id).order_by(CreditNote.id)
    notes = await session.scalars(rows)
    return [shown_note(note, buyer_name, supplier_name) for note in notes]


def shown_note(
    note: CreditNote, buyer_name: str | None, supplier_name: str | None
) -> CreditNoteOut:
    """Show a credit note."""
    own = "id", "invoice_id", "number", "buyer_id", "supplier_id", "reason", "by", "recorded_at"
    return CreditNoteOut(
        **{name: getattr(note, name) for name in own},
        buyer_name=buyer_name,
        supplier_name=supplier_name,
        amount=Money.of(note.amount_minor, note.currency),
    )


async def credit_notes(
    session: AsyncSession, *, caller: Caller, side: Side, paging: Paging
) -> Rows[CreditNoteOut]:
    """Return a page of credit notes, the latest first."""
    rows = named(select(CreditNote), CreditNote).where(party(CreditNote, caller, side))
    page = await keyset(session, rows, order=(CreditNote.id,), paging=paging, descending=True)
    return Rows([shown_note(*row) for row in page.items], page.next)


async def _payments(session: AsyncSession, of: Invoice) -> list[InvoicePaidOut]:
    amount = func.sum(PaymentPart.amount_minor)
    columns = Payment.id, Payment.reference, Payment.paid_on
    rows = (
        select(*columns, amount)
        .join(PaymentPart, PaymentPart.payment_id == Payment.id)
        .where(PaymentPart.invoice_id == of.id)
        .group_by(*columns)
        .order_by(Payment.paid_on, Payment.id)
    )
    return [
        InvoicePaidOut(
            payment_id=id_,
            reference=reference,
            paid_on=paid_on,
            amount=Money.of(int(minor), of.currency),
        )
        for id_, reference, paid_on, minor in await session.execute(rows)
    ]


async def story(session: AsyncSession, about_id: UUID) -> Sequence[StepOut]:
    """Return what was done about something, from the beginning."""
    rows = select(Step).where(Step.about_id == about_id).order_by(Step.recorded_at, Step.id)
    return [StepOut.model_validate(step) for step in await session.scalars(rows)]
