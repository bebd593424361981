"""The people of the caller's organization over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter

from contracts.scopes import Scope
from services.identity import queries
from services.identity.commands import people
from services.identity.domain.access import LastAdministrator, NotYoursToGive
from services.identity.models import Invitation
from services.identity.schemas import InvitationIn, InvitationOut, MemberOut, RolesIn
from shared.auth import Caller, requires
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked
from shared.problem import NotFound, problems

router = APIRouter(route_class=Route, tags=["People"])

Administrator = Annotated[Caller, requires(Scope.IDENTITY_ADMINISTER)]
REFUSALS = problems(NotFound, NotYoursToGive, LastAdministrator)


@router.get("/users", response_model=Page[MemberOut])
async def list_users(caller: Administrator, session: Transaction, paging: PageAsked) -> Any:  # noqa: ANN401
    """List who works in the organization, by name."""
    return await queries.people(session, caller=caller, paging=paging)


@router.put("/users/{user_id}/roles", status_code=204, responses=REFUSALS)
async def set_roles(
    user_id: UUID, body: RolesIn, caller: Administrator, session: Transaction
) -> None:
    """Give a person these roles and no others; tokens follow within five minutes."""
    await people.set_roles(session, caller=caller, user_id=user_id, roles=body.roles)


@router.delete("/users/{user_id}", status_code=204, responses=REFUSALS)
async def remove_user(user_id: UUID, caller: Administrator, session: Transaction, now: Now) -> None:
    """Let a person go: sessions end at once, access tokens within five minutes."""
    await people.remove(session, caller=caller, user_id=user_id, at=now)


@router.post("/users/{user_id}/suspension", status_code=204, responses=REFUSALS)
async def suspend_user(
    user_id: UUID, caller: Administrator, session: Transaction, now: Now
) -> None:
    """Stop a person for now; sessions end."""
    await people.suspend(session, caller=caller, user_id=user_id, at=now)


@router.post("/users/{user_id}/resumption", status_code=204, responses=problems(NotFound))
async def resume_user(user_id: UUID, caller: Administrator, session: Transaction) -> None:
    """Let a suspended person act again."""
    await people.resume(session, caller=caller, user_id=user_id)


@router.get("/invitations", response_model=Page[InvitationOut])
async def list_invitations(caller: Administrator, session: Transaction, paging: PageAsked) -> Any:  # noqa: ANN401
    """List the organization's invitations, the newest first."""
    return await queries.invitations(session, caller=caller, paging=paging)


@router.post(
    "/invitations",
    status_code=201,
    response_model=InvitationOut,
    responses=problems(NotFound, NotYoursToGive, people.AlreadyMember),
)
async def invite(
    body: InvitationIn, caller: Administrator, session: Transaction, now: Now
) -> Invitation:
    """Invite a colleague by e-mail; an older open invitation is replaced."""
    row = await queries.organization(session, organization_id=caller.organization_id)
    if row is None:
        raise NotFound("There is no such organization.")
    return await people.invite(
        session,
        caller=caller,
        organization=row,
        email=body.email,
        name=body.name,
        language=body.language,
        roles=body.roles,
        at=now,
    )


@router.post(
    "/invitations/{invitation_id}/withdrawal",
    response_model=InvitationOut,
    responses=problems(people.InvitationIsOver),
)
async def withdraw_invitation(
    invitation_id: UUID, caller: Administrator, session: Transaction, now: Now
) -> Invitation:
    """Take back an invitation that nobody has accepted yet."""
    return await people.withdraw(session, caller=caller, invitation_id=invitation_id, at=now)
