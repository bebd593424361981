"""Invoices, credit notes and the match queue over HTTP."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Side
from services.settlement.api.callers import Buyer, Either, Importer, Reader, Supplier, today
from services.settlement.commands import credits as credit_commands
from services.settlement.commands import decisions
from services.settlement.commands.decisions import Decided, Decision
from services.settlement.commands.invoices import (
    Circumstances,
    Submitted,
    submit,
    waiting_lines,
    waiting_on_statement,
)
from services.settlement.domain.invoices import InvoiceAsked, LineAsked
from services.settlement.domain.problems import (
    AmountImpossible,
    CurrenciesMixed,
    DuplicateInvoice,
    InvoiceNotFound,
    MoreThanLeft,
    NotAcceptedYet,
    NotAParty,
    NothingAccepted,
    NothingDisputed,
    NotTheBuyer,
    NotTheSupplier,
    NotYetHappened,
    NumberTaken,
    OrderLineNotFound,
    PayableNotFound,
    StatementNotAgreed,
    StatementNotFound,
)
from services.settlement.queries import invoices as queries
from services.settlement.queries.invoices import Asked, State
from services.settlement.schemas.invoices import (
    AssignmentIn,
    CreditNoteIn,
    CreditNoteOut,
    FromReceiptsIn,
    InvoiceIn,
    InvoiceLineIn,
    InvoiceOut,
    InvoiceResult,
    InvoiceResults,
    InvoicesIn,
    InvoiceSummary,
    NumberIn,
    PastInvoicesIn,
    ResolutionIn,
)
from shared.auth import Caller
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked, Rows
from shared.problem import Problem, problems
from shared.types import Search

router = APIRouter(route_class=Route, tags=["Invoices"])

REFUSALS = problems(
    PayableNotFound,
    OrderLineNotFound,
    NumberTaken,
    DuplicateInvoice,
    NothingAccepted,
    CurrenciesMixed,
    AmountImpossible,
    NotYetHappened,
)


async def _asked(  # noqa: PLR0913, PLR0917  what one may filter by
    side: Side = Side.BUYER,
    state: State | None = None,
    must_act: Side | None = None,
    counterparty_id: UUID | None = None,
    order_id: UUID | None = None,
    q: Annotated[Search | None, Query(description="number of invoice or order")] = None,
) -> Asked:
    return Asked(side, state, must_act, counterparty_id, order_id, q)


@router.get("/invoices", response_model=Page[InvoiceSummary])
async def list_invoices(
    caller: Reader,
    session: Transaction,
    paging: PageAsked,
    asked: Annotated[Asked, Depends(_asked)],
) -> Rows[InvoiceSummary]:
    """List invoices and how they stand, the latest first."""
    return await queries.invoices(session, asked, caller=caller, paging=paging)


@router.get("/invoices/{invoice_id}", responses=problems(InvoiceNotFound))
async def read_invoice(invoice_id: UUID, caller: Reader, session: Transaction) -> InvoiceOut:
    """Read an invoice with how each line is matched, and what happened."""
    return await queries.invoice(session, invoice_id, caller=caller)


@router.post("/invoices", status_code=201, responses=REFUSALS)
async def submit_invoice(
    body: InvoiceIn, caller: Supplier, session: Transaction, now: Now
) -> InvoiceOut:
    """Invoice deliveries or order lines; matched at once. The same invoice again is refused."""
    return await _submitted(session, _invoice(body, caller), Circumstances(caller, now))


@router.post("/invoices/bulk")
async def submit_many_invoices(
    body: InvoicesIn, caller: Supplier, session: Transaction, now: Now
) -> InvoiceResults:
    """Submit many invoices, each as if alone; one that is here already is `unchanged`."""
    asked = [_invoice(one, caller) for one in body.invoices]
    outcomes = await _all(session, asked, Circumstances(caller, now))
    return _results([one.number for one in asked], outcomes)


@router.post("/invoices/import")
async def import_invoices(
    body: PastInvoicesIn, caller: Importer, session: Transaction, now: Now
) -> InvoiceResults:
    """Take in invoices of the past, told by either side; nobody is reminded of them.

    One about an order that is not known here yet is refused: send the same again shortly.
    """
    asked = [
        InvoiceAsked(
            number=one.number,
            buyer_id=one.buyer_id,
            supplier_id=one.supplier_id,
            invoiced_on=one.invoiced_on,
            lines=_lines(one.lines),
            tax=one.tax,
            total=one.total,
            occurred_at=one.occurred_at,
        )
        for one in body.invoices
    ]
    under = Circumstances(caller, now, imported=True)
    return _results([one.number for one in asked], await _all(session, asked, under))


@router.post("/invoices/from-receipts", status_code=201, responses=REFUSALS)
async def invoice_receipts(
    body: FromReceiptsIn, caller: Supplier, session: Transaction, now: Now
) -> InvoiceOut:
    """Invoice all that a buyer accepted and nobody invoiced, or what some receipts hold of it."""
    lines = await waiting_lines(
        session,
        buyer_id=body.buyer_id,
        supplier_id=caller.organization_id,
        receipt_ids=body.receipt_ids,
    )
    asked = InvoiceAsked(
        number=body.number,
        buyer_id=body.buyer_id,
        supplier_id=caller.organization_id,
        invoiced_on=body.invoiced_on or today(now),
        lines=lines,
    )
    return await _submitted(session, asked, Circumstances(caller, now))


@router.post(
    "/statements/{statement_id}/invoice",
    status_code=201,
    responses=problems(
        StatementNotFound,
        StatementNotAgreed,
        NotTheSupplier,
        NumberTaken,
        DuplicateInvoice,
        NothingAccepted,
    ),
)
async def invoice_statement(
    statement_id: UUID, body: NumberIn, caller: Supplier, session: Transaction, now: Now
) -> InvoiceOut:
    """Invoice what both sides agreed on for a month, in one click."""
    buyer_id, lines = await waiting_on_statement(session, statement_id, caller=caller)
    asked = InvoiceAsked(
        number=body.number,
        buyer_id=buyer_id,
        supplier_id=caller.organization_id,
        invoiced_on=body.invoiced_on or today(now),
        lines=lines,
        statement_id=statement_id,
    )
    return await _submitted(session, asked, Circumstances(caller, now))


@router.post(
    "/invoices/{invoice_id}/resolution",
    responses=problems(InvoiceNotFound, NotTheBuyer, NothingDisputed, NotAcceptedYet),
)
async def resolve_invoice(
    invoice_id: UUID, body: ResolutionIn, caller: Buyer, session: Transaction, now: Now
) -> InvoiceOut:
    """Accept disputed prices, or reject lines; the supplier then writes a credit note."""
    said = [Decided(one.invoice_line_id, Decision(one.decision), one.reason) for one in body.lines]
    await decisions.resolve(session, invoice_id, caller=caller, decisions=said, at=now)
    await session.flush()
    return await queries.invoice(session, invoice_id, caller=caller)


@router.post(
    "/invoices/{invoice_id}/assignment",
    responses=problems(InvoiceNotFound, NothingDisputed, NotAParty),
)
async def assign_invoice(
    invoice_id: UUID, body: AssignmentIn, caller: Either, session: Transaction, now: Now
) -> InvoiceOut:
    """Say which side has to act on an exception."""
    await decisions.assign(session, invoice_id, caller=caller, must_act=body.must_act, at=now)
    await session.flush()
    return await queries.invoice(session, invoice_id, caller=caller)


@router.post(
    "/credit-notes",
    status_code=201,
    responses=problems(
        InvoiceNotFound, NotTheSupplier, NumberTaken, MoreThanLeft, AmountImpossible
    ),
)
async def give_credit(
    body: CreditNoteIn, caller: Supplier, session: Transaction, now: Now
) -> InvoiceOut:
    """Give some of an invoice back, what is disputed first; answers how the invoice stands."""
    await credit_commands.credit(session, body, caller=caller, at=now)
    await session.flush()
    return await queries.invoice(session, body.invoice_id, caller=caller)


@router.get("/credit-notes", response_model=Page[CreditNoteOut])
async def list_credit_notes(
    caller: Reader, session: Transaction, paging: PageAsked, side: Side = Side.BUYER
) -> Rows[CreditNoteOut]:
    """List credit notes, the latest first."""
    return await queries.credit_notes(session, caller=caller, side=side, paging=paging)


def _lines(lines: Sequence[InvoiceLineIn]) -> tuple[LineAsked, ...]:
    return tuple(LineAsked(**dict(line)) for line in lines)


def _invoice(body: InvoiceIn, caller: Caller) -> InvoiceAsked:
    return InvoiceAsked(
        number=body.number,
        buyer_id=body.buyer_id,
        supplier_id=caller.organization_id,
        invoiced_on=body.invoiced_on,
        lines=_lines(body.lines),
        tax=body.tax,
        total=body.total,
    )


async def _submitted(
    session: AsyncSession, asked: InvoiceAsked, under: Circumstances
) -> InvoiceOut:
    [outcome] = await _all(session, [asked], under)
    if isinstance(outcome, Problem):
        raise outcome
    if not outcome.new:
        raise DuplicateInvoice(f"Invoice {asked.number} is here already; nothing was added.")
    await session.flush()
    return await queries.invoice(session, outcome.invoice_id, caller=under.caller)


async def _all(
    session: AsyncSession, asked: Sequence[InvoiceAsked], under: Circumstances
) -> list[Submitted | Problem]:
    """Submit those that may be; nobody writes for others, or of the future."""
    refused = {n: why for n, one in enumerate(asked) if (why := _refused(one, under))}
    allowed = [one for n, one in enumerate(asked) if n not in refused]
    outcomes = iter(await submit(session, allowed, under=under))
    return [refused[n] if n in refused else next(outcomes) for n in range(len(asked))]


def _refused(asked: InvoiceAsked, under: Circumstances) -> Problem | None:
    if under.caller.organization_id not in (asked.buyer_id, asked.supplier_id):
        return NotAParty("You are neither the buyer nor the supplier of this invoice.")
    if asked.invoiced_on > today(under.at):
        return NotYetHappened("invoiced_on: an invoice is dated today, or before.")
    return None


def _results(numbers: Sequence[str], outcomes: Sequence[Submitted | Problem]) -> InvoiceResults:
    return InvoiceResults(
        results=[
            InvoiceResult(index=n, number=number, status="refused", problem=outcome.details())
            if isinstance(outcome, Problem)
            else InvoiceResult(
                index=n,
                number=number,
                status="submitted" if outcome.new else "unchanged",
                invoice_id=outcome.invoice_id,
            )
            for n, (number, outcome) in enumerate(zip(numbers, outcomes, strict=True))
        ]
    )
