"""Single payments that arrive at the same time share a transaction: see ADR 23."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.settlement.commands.payments import Paid, pay
from services.settlement.commands.proposals import pay_proposal
from services.settlement.commands.recording import Circumstances
from services.settlement.domain import paying
from services.settlement.domain.problems import DuplicatePayment
from services.settlement.queries import payments as queries
from services.settlement.schemas.payments import PaidOut
from shared.auth import Caller
from shared.database import Store, transaction
from shared.gathering import Behalf, Gathering, gathered
from shared.problem import Problem
from shared.trace import traceparent


class Asked(NamedTuple):
    """A payment, who records it, when, and the trace that it belongs to."""

    payment: paying.Asked
    caller: Caller
    at: datetime
    trace: str | None


Made = list[UUID] | Problem


class Together(NamedTuple):
    """What may share a transaction: payments of a proposal are not among direct ones."""

    payer: Behalf
    proposal_id: UUID | None


def asking(payment: paying.Asked, *, by: Caller, at: datetime) -> Asked:
    """Say what is asked for in the trace that is being followed."""
    return Asked(payment, by, at, traceparent())


async def pay_with_others(payments: "Gathered", asked: Asked) -> PaidOut:
    """Record a payment in one transaction with what else the same payer records just now."""
    together = Together(Behalf.of(asked.caller), asked.payment.proposal_id)
    return _answer(await payments.ask(together, asked))


async def pay_alone(session: AsyncSession, asked: Asked) -> PaidOut:
    """Record a payment in the caller's transaction."""
    [outcome] = await _pay(session, [asked])
    return _answer(outcome)


def _answer(outcome: PaidOut | Problem) -> PaidOut:
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


async def _record(
    store: Store, together: Together, asked: Sequence[Asked]
) -> Sequence[PaidOut | Problem]:
    async with transaction(store.app, actor=together.payer.organization_id) as session:
        return await _pay(session, asked)


async def _pay(session: AsyncSession, asked: Sequence[Asked]) -> Sequence[PaidOut | Problem]:
    pay_all = _pay_proposal if asked[0].payment.proposal_id else _pay_invoices
    made = await pay_all(session, asked)
    await session.flush()
    ids = [id_ for one in made if not isinstance(one, Problem) for id_ in one]
    found = await queries.payments_by_id(session, ids, caller=asked[0].caller)
    shown = {one.id: one for one in found}
    return [
        one if isinstance(one, Problem) else PaidOut(payments=[shown[id_] for id_ in one])
        for one in made
    ]


async def _pay_proposal(session: AsyncSession, asked: Sequence[Asked]) -> Sequence[Made]:
    """Pay of one proposal in turn; refused as a whole, as what is tried alone then is not."""
    return [
        await pay_proposal(session, proposal_id, one.payment, caller=one.caller, at=one.at)
        for one in asked
        if (proposal_id := one.payment.proposal_id)
    ]


async def _pay_invoices(session: AsyncSession, asked: Sequence[Asked]) -> Sequence[Made]:
    traces = {one.payment.reference: one.trace for one in asked if one.trace}
    under = Circumstances(asked[0].caller, max(one.at for one in asked), traces=traces)
    outcomes = await pay(session, [one.payment for one in asked], under=under)
    return [_made(one.payment, outcome) for one, outcome in zip(asked, outcomes, strict=True)]


def _made(payment: paying.Asked, outcome: Paid | Problem) -> Made:
    if isinstance(outcome, Problem):
        return outcome
    if outcome.new:
        return [outcome.payment_id]
    return DuplicatePayment(f"Payment {payment.reference} is here already; nothing was paid.")


Gathered = Annotated[Gathering[Together, Asked, PaidOut | Problem], gathered(_record)]
