"""Relationships over HTTP: proposed, accepted, suspended, agreed anew, ended."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.onboarding import RelationshipState, Terms
from contracts.orders import Side
from contracts.scopes import Scope
from services.onboarding.commands import profiles
from services.onboarding.commands import relationships as commands
from services.onboarding.commands.relationships import Kept, Pair, Signing
from services.onboarding.domain.relationships import (
    Act,
    NotNow,
    OrganizationNotKnownYet,
    OtherSidesTurn,
    RelationshipExists,
    RelationshipNotFound,
    WithItself,
)
from services.onboarding.models import Step
from services.onboarding.queries import relationships as queries
from services.onboarding.queries.relationships import Asked
from services.onboarding.schemas.relationships import (
    ImportedRelationshipIn,
    ImportedRelationshipsIn,
    NewTermsIn,
    RelationshipIn,
    RelationshipOut,
    RelationshipResult,
    RelationshipResults,
    StepIn,
    StepOut,
)
from shared.auth import Caller, requires
from shared.database import Now, SystemTransaction, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked, Rows
from shared.problem import Problem, problems
from shared.types import Search

router = APIRouter(prefix="/relationships", route_class=Route, tags=["Relationships"])

Reader = Annotated[Caller, requires(Scope.ONBOARDING_READ)]
Writer = Annotated[Caller, requires(Scope.ONBOARDING_WRITE)]
Importer = Annotated[Caller, requires(Scope.ONBOARDING_IMPORT)]

REFUSALS = problems(RelationshipNotFound, OtherSidesTurn, NotNow)


@router.post(
    "",
    status_code=201,
    responses=problems(OrganizationNotKnownYet, RelationshipExists, WithItself),
)
async def propose_relationship(
    body: RelationshipIn, caller: Writer, session: Transaction, now: Now
) -> RelationshipOut:
    """Propose a relationship to a supplier; orders can be placed once it has accepted."""
    row = await commands.propose(
        session,
        caller=caller,
        supplier_id=body.supplier_id,
        vendor_number=body.vendor_number,
        at=now,
    )
    return await _as_stored(session, caller, row.id)


async def _asked(
    state: RelationshipState | None = None,
    side: Annotated[Side | None, Query(description="The caller's; sorted by name then.")] = None,
    counterparty_id: UUID | None = None,
    q: Annotated[Search | None, Query(description="Name or vendor number.")] = None,
) -> Asked:
    return Asked(state, side, counterparty_id, q)


@router.get("", response_model=Page[RelationshipOut])
async def list_relationships(
    caller: Reader,
    session: Transaction,
    paging: PageAsked,
    asked: Annotated[Asked, Depends(_asked)],
) -> Rows[RelationshipOut]:
    """List the caller's relationships, as buyer and as supplier."""
    return await queries.relationships(session, asked, caller=caller, paging=paging)


@router.post("/import")
async def import_relationships(
    body: ImportedRelationshipsIn, caller: Importer, session: SystemTransaction, now: Now
) -> RelationshipResults:
    """Take in relationships that both sides live already; the answers are in the same order."""
    pairs = [
        Pair(r.buyer_id, r.supplier_id, r.since, r.vendor_number, _signing(r))
        for r in body.relationships
    ]
    kept = await commands.import_relationships(session, caller=caller, pairs=pairs, at=now)
    return RelationshipResults(results=[_result(n, outcome) for n, outcome in enumerate(kept)])


@router.get("/{relationship_id}", responses=problems(RelationshipNotFound))
async def read_relationship(
    relationship_id: UUID, caller: Reader, session: Transaction
) -> RelationshipOut:
    """Read how the caller stands to a counterparty."""
    return await queries.relationship(session, caller=caller, relationship_id=relationship_id)


@router.get(
    "/{relationship_id}/steps",
    response_model=Page[StepOut],
    responses=problems(RelationshipNotFound),
)
async def list_steps(
    relationship_id: UUID, caller: Reader, session: Transaction, paging: PageAsked
) -> Rows[Step]:
    """Read what happened to a relationship, from the beginning."""
    return await queries.steps(
        session, caller=caller, relationship_id=relationship_id, paging=paging
    )


@router.post("/{relationship_id}/acceptance", responses=REFUSALS)
async def accept_relationship(
    relationship_id: UUID, body: StepIn, caller: Writer, session: Transaction, now: Now
) -> RelationshipOut:
    """Accept, as the supplier, what a buyer proposed."""
    return await _step(session, caller, relationship_id, Act.ACCEPT, body, now)


@router.post("/{relationship_id}/suspension", responses=REFUSALS)
async def suspend_relationship(
    relationship_id: UUID, body: StepIn, caller: Writer, session: Transaction, now: Now
) -> RelationshipOut:
    """Let no new orders be placed for now.

    A supplier whose buyer does this sees no orders, production and shipments of the relationship
    any more, until it is resumed or ended; what is owed to it stays readable.
    """
    return await _step(session, caller, relationship_id, Act.SUSPEND, body, now)


@router.post("/{relationship_id}/resumption", responses=REFUSALS)
async def resume_relationship(
    relationship_id: UUID, body: StepIn, caller: Writer, session: Transaction, now: Now
) -> RelationshipOut:
    """Let orders be placed again, as the side that suspended the relationship."""
    return await _step(session, caller, relationship_id, Act.RESUME, body, now)


@router.post("/{relationship_id}/terms", responses=REFUSALS)
async def propose_terms(
    relationship_id: UUID, body: NewTermsIn, caller: Writer, session: Transaction, now: Now
) -> RelationshipOut:
    """Propose, as the buyer, other terms for receiving and paying."""
    row = await commands.propose_terms(
        session,
        caller=caller,
        relationship_id=relationship_id,
        terms=body.terms.agreed(),
        buyer=await profiles.signatory(session, organization_id=caller.organization_id),
        at=now,
    )
    return await _as_stored(session, caller, row.id)


@router.post("/{relationship_id}/terms/acceptance", responses=REFUSALS)
async def accept_terms(
    relationship_id: UUID, caller: Writer, session: Transaction, now: Now
) -> RelationshipOut:
    """Agree, as the supplier, to the terms that the buyer proposed."""
    row = await commands.accept_terms(
        session,
        caller=caller,
        relationship_id=relationship_id,
        supplier=await profiles.signatory(session, organization_id=caller.organization_id),
        at=now,
    )
    return await _as_stored(session, caller, row.id)


@router.post("/{relationship_id}/end", responses=REFUSALS)
async def end_relationship(
    relationship_id: UUID, body: StepIn, caller: Writer, session: Transaction, now: Now
) -> RelationshipOut:
    """End a relationship, or decline or withdraw one that was proposed."""
    return await _step(session, caller, relationship_id, Act.END, body, now)


async def _step(  # noqa: PLR0913, PLR0917  what the four routes above have in common
    session: AsyncSession, caller: Caller, id_: UUID, act: Act, body: StepIn, now: datetime
) -> RelationshipOut:
    row = await commands.step(
        session, caller=caller, relationship_id=id_, act=act, reason=body.reason, at=now
    )
    return await _as_stored(session, caller, row.id)


async def _as_stored(session: AsyncSession, caller: Caller, id_: UUID) -> RelationshipOut:
    await session.flush()
    return await queries.relationship(session, caller=caller, relationship_id=id_)


def _signing(item: ImportedRelationshipIn) -> Signing | None:
    """Return what was agreed, if anything of it is told; without terms the defaults hold."""
    if not (item.terms or item.signed_on or item.buyer or item.supplier):
        return None
    return Signing(
        terms=item.terms.agreed() if item.terms else Terms(),
        signed_on=item.signed_on or item.since,
        buyer=item.buyer.told() if item.buyer else None,
        supplier=item.supplier.told() if item.supplier else None,
    )


def _result(n: int, outcome: Kept | Problem) -> RelationshipResult:
    if isinstance(outcome, Problem):
        return RelationshipResult(index=n, status="refused", problem=outcome.details())
    return RelationshipResult(
        index=n,
        status="recorded" if outcome.new else "unchanged",
        relationship_id=outcome.relationship_id,
    )
