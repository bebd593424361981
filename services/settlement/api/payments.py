"""Proposals, approvals and payments over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import Side
from services.settlement.api.callers import Approver, Importer, Payer, Preparer, Reader
from services.settlement.api.gathered import Gathered, asking, pay_alone, pay_with_others
from services.settlement.commands import proposals as commands
from services.settlement.commands.payments import Paid, pay
from services.settlement.commands.recording import Circumstances
from services.settlement.commands.reversals import reverse
from services.settlement.domain.paying import Asked
from services.settlement.domain.problems import (
    AlreadyDecided,
    AlreadyReversed,
    AmountImpossible,
    ApprovalNeeded,
    ApproveAsAnother,
    CurrenciesMixed,
    DuplicatePayment,
    InvoiceNotFound,
    MoreThanPayable,
    NothingPayable,
    NotYetHappened,
    OnlyAPerson,
    PaymentNotFound,
    ProposalNotFound,
    ReferenceTaken,
)
from services.settlement.queries import payments as queries
from services.settlement.schemas.payments import (
    InvoicePaymentIn,
    PaidOut,
    PastPaymentsIn,
    PaymentIn,
    PaymentOut,
    PaymentResult,
    PaymentResults,
    PaymentsIn,
    ProposalIn,
    ProposalOut,
    ProposalSummary,
    ReversalIn,
    SettingsIn,
    SettingsOut,
)
from shared.auth import Caller
from shared.database import KeyedTransaction, Now, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked, Rows
from shared.problem import Problem, problems

router = APIRouter(route_class=Route, tags=["Payments"])

DECIDED = problems(ProposalNotFound, AlreadyDecided, ApproveAsAnother, OnlyAPerson)


@router.get("/settings")
async def read_settings(caller: Reader, session: Transaction) -> SettingsOut:
    """Read above which amount two persons approve a payment."""
    return await queries.settings(session, caller=caller)


@router.put("/settings", responses=problems(AmountImpossible))
async def change_settings(
    body: SettingsIn, caller: Approver, session: Transaction, now: Now
) -> SettingsOut:
    """Decide above which amount two persons approve; proposals made before keep their rule."""
    await commands.set_limit(session, body.approval_limit, caller=caller, at=now)
    return await queries.settings(session, caller=caller)


@router.get("/proposals", response_model=Page[ProposalSummary])
async def list_proposals(
    caller: Preparer,
    session: Transaction,
    paging: PageAsked,
    state: Literal["open", "approved", "paid", "withdrawn"] | None = None,
) -> Rows[ProposalSummary]:
    """List one's own payment proposals, the latest first; no supplier sees them."""
    return await queries.proposals(session, caller=caller, state=state, paging=paging)


@router.post("/proposals", status_code=201, responses=problems(NothingPayable, CurrenciesMixed))
async def propose_payments(
    body: ProposalIn, caller: Payer, session: Transaction, now: Now
) -> ProposalOut:
    """Propose to pay all that is payable, unpaid and due until a day."""
    found = await commands.propose(session, body, caller=caller, at=now)
    await session.flush()
    return await queries.proposal(session, found.id, caller=caller)


@router.get("/proposals/{proposal_id}", responses=problems(ProposalNotFound))
async def read_proposal(proposal_id: UUID, caller: Preparer, session: Transaction) -> ProposalOut:
    """Read a proposal debt by debt, and who approved it."""
    return await queries.proposal(session, proposal_id, caller=caller)


@router.post("/proposals/{proposal_id}/approval", responses=DECIDED)
async def approve_proposal(
    proposal_id: UUID, caller: Approver, session: Transaction, now: Now
) -> ProposalOut:
    """Approve as another person than who proposed; above the limit, two persons approve."""
    await commands.approve(session, proposal_id, caller=caller, at=now)
    await session.flush()
    return await queries.proposal(session, proposal_id, caller=caller)


@router.post(
    "/proposals/{proposal_id}/withdrawal", responses=problems(ProposalNotFound, AlreadyDecided)
)
async def withdraw_proposal(proposal_id: UUID, caller: Payer, session: Transaction) -> ProposalOut:
    """Give a proposal up that is not paid yet."""
    await commands.withdraw(session, proposal_id, caller=caller)
    await session.flush()
    return await queries.proposal(session, proposal_id, caller=caller)


@router.get("/payments", response_model=Page[PaymentOut])
async def list_payments(  # noqa: PLR0913, PLR0917  what one may filter by
    caller: Reader,
    session: Transaction,
    paging: PageAsked,
    side: Side = Side.BUYER,
    counterparty_id: UUID | None = None,
    invoice_id: UUID | None = None,
) -> Rows[PaymentOut]:
    """List payments with what they are for, the latest day first."""
    return await queries.payments(
        session,
        caller=caller,
        side=side,
        counterparty_id=counterparty_id,
        invoice_id=invoice_id,
        paging=paging,
    )


@router.get("/payments/{payment_id}", responses=problems(PaymentNotFound))
async def read_payment(payment_id: UUID, caller: Reader, session: Transaction) -> PaymentOut:
    """Read a payment with what it is for."""
    return await queries.payment(session, payment_id, caller=caller)


@router.post(
    "/payments",
    status_code=201,
    responses=problems(
        ProposalNotFound,
        InvoiceNotFound,
        AlreadyDecided,
        NothingPayable,
        MoreThanPayable,
        ApprovalNeeded,
        ReferenceTaken,
        DuplicatePayment,
        AmountImpossible,
        NotYetHappened,
    ),
)
async def record_payment(
    body: PaymentIn, caller: Payer, gathered: Gathered, session: KeyedTransaction, now: Now
) -> PaidOut:
    """Record money that was sent: for an approved proposal, or for one invoice below the limit."""
    asked = asking(Asked(**dict(body)), by=caller, at=now)
    if session is None:
        return await pay_with_others(gathered, asked)
    return await pay_alone(session, asked)


@router.post(
    "/payments/{payment_id}/reversal",
    status_code=201,
    responses=problems(PaymentNotFound, AlreadyReversed),
)
async def reverse_payment(
    payment_id: UUID, body: ReversalIn, caller: Payer, session: Transaction, now: Now
) -> PaymentOut:
    """Take a payment back that bounced or was recorded wrongly: what it paid is open again."""
    id_ = await reverse(session, payment_id, reason=body.reason, caller=caller, at=now)
    await session.flush()
    return await queries.payment(session, id_, caller=caller)


@router.post("/payments/bulk")
async def record_many_payments(
    body: PaymentsIn, caller: Payer, session: Transaction, now: Now
) -> PaymentResults:
    """Record many payments, each as if alone; one that is here already is `unchanged`."""
    return await _paid(session, body.payments, caller, now)


@router.post("/payments/import")
async def import_payments(
    body: PastPaymentsIn, caller: Importer, session: Transaction, now: Now
) -> PaymentResults:
    """Take in payments of the past, told by the buyer; one for an invoice not matched is refused.

    Send the same again shortly then: its goods may not have been heard of here yet.
    """
    return await _paid(session, body.payments, caller, now, imported=True)


async def _paid(
    session: AsyncSession,
    payments: Sequence[InvoicePaymentIn],
    caller: Caller,
    at: datetime,
    *,
    imported: bool = False,
) -> PaymentResults:
    asked = [Asked(**dict(one)) for one in payments]
    under = Circumstances(caller, at, imported=imported)
    outcomes = await pay(session, asked, under=under)
    return PaymentResults(
        results=[
            _result(n, one.reference, outcome)
            for n, (one, outcome) in enumerate(zip(asked, outcomes, strict=True))
        ]
    )


def _result(index: int, reference: str, outcome: Paid | Problem) -> PaymentResult:
    if isinstance(outcome, Problem):
        problem = outcome.details()
        return PaymentResult(index=index, reference=reference, status="refused", problem=problem)
    status: Literal["paid", "unchanged"] = "paid" if outcome.new else "unchanged"
    return PaymentResult(
        index=index, reference=reference, status=status, payment_id=outcome.payment_id
    )
