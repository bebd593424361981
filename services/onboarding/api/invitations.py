"""Invitations and open links over HTTP."""

from uuid import UUID

from fastapi import APIRouter

from services.onboarding.api.callers import Administrator, Reader, Writer
from services.onboarding.commands import applications
from services.onboarding.commands import invitations as commands
from services.onboarding.commands.invitations import Invited, Sent
from services.onboarding.domain.joining import (
    InvitationExists,
    InvitationIsOver,
    InvitationNotFound,
    InvitationState,
)
from services.onboarding.domain.relationships import RelationshipExists, WithItself
from services.onboarding.models import OpenLink
from services.onboarding.queries import joining as queries
from services.onboarding.queries.joining import shown_invitation
from services.onboarding.schemas.joining import (
    ApplicationStoryOut,
    InvitationIn,
    InvitationOut,
    InvitationResult,
    InvitationResults,
    InvitationsIn,
    OpenLinkIn,
    OpenLinkOut,
    PreviewOut,
    SecretIn,
)
from shared.database import Now, SystemTransaction, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked, Rows
from shared.problem import problems

router = APIRouter(route_class=Route, tags=["Invitations"])

OVER = problems(InvitationNotFound, InvitationIsOver)


def invited(body: InvitationIn) -> Invited:
    """Return whom a request asks to invite."""
    return Invited(**body.model_dump(), contact=body.contact)


@router.post("/invitations", status_code=201, responses=problems(InvitationExists))
async def invite(
    body: InvitationIn, caller: Writer, session: Transaction, now: Now
) -> InvitationOut:
    """Ask a company to become a supplier; its link, good for one use, is told only here."""
    sent = await commands.invite(session, caller=caller, asked=invited(body), at=now)
    return shown_invitation(sent.invitation, at=now, link=sent.link)


@router.post("/invitations/bulk")
async def invite_many(
    body: InvitationsIn, caller: Writer, session: Transaction, now: Now
) -> InvitationResults:
    """Ask many companies; who was asked before is left as it is. Answers are in order."""
    batch = [invited(one) for one in body.invitations]
    sent = await commands.invite_all(session, caller=caller, batch=batch, at=now)
    return InvitationResults(results=[_result(n, one) for n, one in enumerate(sent)])


def _result(n: int, sent: Sent) -> InvitationResult:
    return InvitationResult(
        index=n,
        status="sent" if sent.link else "unchanged",
        invitation_id=sent.invitation.id,
        link=sent.link,
    )


@router.get("/invitations", response_model=Page[InvitationOut])
async def list_invitations(
    caller: Reader,
    session: Transaction,
    now: Now,
    paging: PageAsked,
    state: InvitationState | None = None,
) -> Rows[InvitationOut]:
    """List whom the caller has invited, the newest first."""
    return await queries.invitations(session, caller=caller, state=state, at=now, paging=paging)


@router.post("/invitations/preview", responses=problems(InvitationIsOver))
async def preview_invitation(
    body: SecretIn, caller: Reader, session: SystemTransaction, now: Now
) -> PreviewOut:
    """Say who invites, without accepting anything."""
    found, state = await commands.look(session, secret=body.secret, at=now)
    row = found.invitation
    mine = None
    if row and row.application_id:
        used = await applications.used_for(session, caller=caller, invitation=row)
        mine = used.id if used else None
    return PreviewOut(
        buyer_id=found.buyer_id,
        buyer_name=await queries.organization_named(session, found.buyer_id),
        name=row.name if row else None,
        note=row.note if row else None,
        state=state,
        open=row is None,
        application_id=mine,
    )


@router.post(
    "/invitations/acceptance",
    responses=problems(InvitationIsOver, RelationshipExists, WithItself),
)
async def accept_invitation(
    body: SecretIn, caller: Administrator, session: SystemTransaction, now: Now
) -> ApplicationStoryOut:
    """Apply to the buyer who invites, as an administrator of one's own organization.

    The application has all that the profile says already; nothing is sent before its submission.
    """
    row = await applications.accept_invitation(session, caller=caller, secret=body.secret, at=now)
    await session.flush()
    return await queries.application(session, caller=caller, application_id=row.id)


@router.post("/invitations/{invitation_id}/withdrawal", responses=OVER)
async def withdraw_invitation(
    invitation_id: UUID, caller: Writer, session: Transaction, now: Now
) -> InvitationOut:
    """Make a link useless that nobody has used."""
    row = await commands.withdraw(session, caller=caller, invitation_id=invitation_id, at=now)
    return shown_invitation(row, at=now)


@router.post("/invitations/{invitation_id}/renewal", responses=OVER)
async def renew_invitation(
    invitation_id: UUID, caller: Writer, session: Transaction, now: Now
) -> InvitationOut:
    """Send an invitation again with another link; the one before opens nothing any more."""
    sent = await commands.renew(session, caller=caller, invitation_id=invitation_id, at=now)
    return shown_invitation(sent.invitation, at=now, link=sent.link)


@router.post("/open-links", status_code=201)
async def make_open_link(
    body: OpenLinkIn, caller: Writer, session: Transaction, now: Now
) -> OpenLinkOut:
    """Make a link by which any company may apply; it is told only here."""
    row, link = await commands.open_link(
        session, caller=caller, name=body.name, language=body.language, at=now
    )
    return _shown_link(row, link)


@router.get("/open-links")
async def list_open_links(
    caller: Reader, session: Transaction, paging: PageAsked
) -> Page[OpenLinkOut]:
    """List the caller's open links, the newest first."""
    page = await queries.open_links(session, caller=caller, paging=paging)
    return Page(items=[_shown_link(row) for row in page.items], next=page.next)


@router.post("/open-links/{open_link_id}/withdrawal", responses=problems(InvitationNotFound))
async def withdraw_open_link(
    open_link_id: UUID, caller: Writer, session: Transaction, now: Now
) -> OpenLinkOut:
    """Make an open link useless; who has applied stays."""
    row = await commands.withdraw_link(session, caller=caller, open_link_id=open_link_id, at=now)
    return _shown_link(row)


def _shown_link(row: OpenLink, link: str | None = None) -> OpenLinkOut:
    names = OpenLinkOut.model_fields.keys() - {"link"}
    return OpenLinkOut(**{name: getattr(row, name) for name in names}, link=link)
