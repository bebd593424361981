"""Organizations over HTTP: one's own, and all of them for the platform's operator."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends

from contracts.scopes import Scope
from services.identity import queries
from services.identity.commands import organizations
from services.identity.models import Organization
from services.identity.schemas import (
    MembershipOut,
    MeOut,
    OrganizationOut,
    OrganizationResult,
    OrganizationsIn,
    OrganizationsOut,
    PersonOut,
    ReasonIn,
)
from shared.auth import Caller, authenticated, requires
from shared.database import Now, SystemTransaction, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked
from shared.problem import NotFound, Problem, problems
from shared.types import Search

router = APIRouter(route_class=Route, tags=["Organizations"])

Anybody = Annotated[Caller, Depends(authenticated)]
Operator = Annotated[Caller, requires(Scope.IDENTITY_OPERATE)]


@router.get("/me")
async def me(caller: Anybody, session: SystemTransaction) -> MeOut:
    """Say who calls, for which organization, and for which others the person may act."""
    acting = await queries.all_actors(session, user_id=caller.user_id) if caller.user_id else []
    mine = [actor for actor in acting if actor.organization.id == caller.organization_id]
    return MeOut(
        user=PersonOut.model_validate(acting[0].user) if acting else None,
        client_id=caller.client_id,
        organization=await _own(session, caller),
        roles=mine[0].roles if mine else [],
        scopes=sorted(caller.scopes),
        memberships=[
            MembershipOut(
                organization_id=a.organization.id, name=a.organization.name, roles=a.roles
            )
            for a in acting
        ],
    )


@router.get("/organization", responses=problems(NotFound))
async def own_organization(caller: Anybody, session: Transaction) -> OrganizationOut:
    """Return the organization for which the caller acts."""
    return await _own(session, caller)


async def _own(session: Transaction, caller: Caller) -> OrganizationOut:
    row = await queries.organization(session, organization_id=caller.organization_id)
    if row is None:
        raise NotFound("There is no such organization.")
    [shown] = await _shown(session, [row])
    return shown


async def _shown(session: Transaction, rows: Any) -> list[OrganizationOut]:  # noqa: ANN401
    numbers = await queries.identifiers(session, organization_ids=[row.id for row in rows])
    columns = "id", "name", "suspended_at", "created_at"
    return [
        OrganizationOut(
            identifiers=numbers[row.id], **{name: getattr(row, name) for name in columns}
        )
        for row in rows
    ]


@router.get("/organizations")
async def list_organizations(
    caller: Operator, session: SystemTransaction, paging: PageAsked, q: Search | None = None
) -> Page[OrganizationOut]:
    """List all organizations by name."""
    assert caller
    found = await queries.organizations(session, q=q, paging=paging)
    return Page(items=await _shown(session, found.items), next=found.next)


@router.post("/organizations/bulk")
async def register_organizations(
    body: OrganizationsIn, caller: Operator, session: SystemTransaction, now: Now
) -> OrganizationsOut:
    """Register organizations that are not there yet; sent again, nothing changes."""
    batch = [
        organizations.Described(
            item.name,
            item.id,
            item.identifiers,
            organizations.Administrator(**item.administrator.model_dump())
            if item.administrator
            else None,
        )
        for item in body.organizations
    ]
    outcomes = await organizations.register(session, caller=caller, batch=batch, at=now)
    results = [
        OrganizationResult(index=index, status="refused", problem=outcome.details())
        if isinstance(outcome, Problem)
        else OrganizationResult(index=index, id=outcome.organization.id, status=outcome.status)
        for index, outcome in enumerate(outcomes)
    ]
    return OrganizationsOut(results=results)


@router.post(
    "/organizations/{organization_id}/suspension",
    responses=problems(NotFound, organizations.OwnOrganization),
)
async def suspend_organization(
    organization_id: UUID, body: ReasonIn, caller: Operator, session: SystemTransaction, now: Now
) -> OrganizationOut:
    """Let nobody act for an organization; its sessions end and its clients stop."""
    row: Organization = await organizations.suspend(
        session, caller=caller, organization_id=organization_id, reason=body.reason, at=now
    )
    [shown] = await _shown(session, [row])
    return shown


@router.post("/organizations/{organization_id}/resumption", responses=problems(NotFound))
async def resume_organization(
    organization_id: UUID, body: ReasonIn, caller: Operator, session: SystemTransaction, now: Now
) -> OrganizationOut:
    """Let a suspended organization act again."""
    row = await organizations.resume(
        session, caller=caller, organization_id=organization_id, reason=body.reason, at=now
    )
    [shown] = await _shown(session, [row])
    return shown
