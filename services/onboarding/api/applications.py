"""Applications over HTTP: the supplier's side and the buyer's."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.onboarding import ApplicationState, Terms
from contracts.orders import Side
from services.onboarding.api.callers import Administrator, Reader, Writer
from services.onboarding.commands import applications as commands
from services.onboarding.domain.joining import AgreementDiffers, ApplicationNotFound, Incomplete
from services.onboarding.domain.relationships import NotNow, OtherSidesTurn
from services.onboarding.models import Application
from services.onboarding.queries import joining as queries
from services.onboarding.schemas.joining import (
    AgreementIn,
    AgreementOut,
    ApplicationOut,
    ApplicationStoryOut,
    ApprovalIn,
    ChangesIn,
    DeclineIn,
    Language,
)
from shared.auth import Caller
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked, Rows
from shared.problem import problems
from shared.web.languages import language_of

router = APIRouter(prefix="/applications", route_class=Route, tags=["Applications"])

REFUSALS = problems(ApplicationNotFound, OtherSidesTurn, NotNow)
Asked = Annotated[Language | None, Query()]


@router.get("", response_model=Page[ApplicationOut])
async def list_applications(
    caller: Reader,
    session: Transaction,
    paging: PageAsked,
    side: Side | None = None,
    state: ApplicationState | None = None,
) -> Rows[ApplicationOut]:
    """List applications: as the buyer the oldest first, else the newest."""
    return await queries.applications(session, caller=caller, side=side, state=state, paging=paging)


@router.get("/{application_id}", responses=problems(ApplicationNotFound))
async def read_application(
    application_id: UUID, caller: Reader, session: Transaction
) -> ApplicationStoryOut:
    """Read an application with all that happened to it; both sides see the same.

    The buyer sees what was submitted last, and nothing of what is being filled in.
    """
    return await queries.application(session, caller=caller, application_id=application_id)


@router.post(
    "/{application_id}/submission",
    responses=problems(ApplicationNotFound, OtherSidesTurn, NotNow, Incomplete),
)
async def submit_application(
    application_id: UUID, caller: Writer, session: Transaction, now: Now
) -> ApplicationStoryOut:
    """Send the buyer, as the supplier, what one's profile says now."""
    row = await commands.submit(session, caller=caller, application_id=application_id, at=now)
    return await _as_stored(session, caller, row)


@router.post("/{application_id}/changes", responses=REFUSALS)
async def request_changes(
    application_id: UUID, body: ChangesIn, caller: Writer, session: Transaction, now: Now
) -> ApplicationStoryOut:
    """Ask the supplier, as the buyer, to change some fields."""
    row = await commands.request_changes(
        session,
        caller=caller,
        application_id=application_id,
        notes=[note.model_dump() for note in body.fields],
        at=now,
    )
    return await _as_stored(session, caller, row)


@router.post("/{application_id}/approval", responses=REFUSALS)
async def approve_application(
    application_id: UUID, body: ApprovalIn, caller: Writer, session: Transaction, now: Now
) -> ApplicationStoryOut:
    """Let the supplier in, as the buyer, on the terms given; it then accepts the agreement."""
    row = await commands.approve(
        session,
        caller=caller,
        application_id=application_id,
        terms=body.terms.agreed(),
        vendor_number=body.vendor_number,
        at=now,
    )
    return await _as_stored(session, caller, row)


@router.post("/{application_id}/decline", responses=REFUSALS)
async def decline_application(
    application_id: UUID, body: DeclineIn, caller: Writer, session: Transaction, now: Now
) -> ApplicationStoryOut:
    """Do not let the supplier in, as the buyer, and say why."""
    row = await commands.decline(
        session, caller=caller, application_id=application_id, reason=body.reason, at=now
    )
    return await _as_stored(session, caller, row)


@router.get("/{application_id}/agreement", responses=problems(ApplicationNotFound, NotNow))
async def read_agreement(
    request: Request,
    application_id: UUID,
    caller: Reader,
    session: Transaction,
    language: Asked = None,
) -> AgreementOut:
    """Read the exact text that waits for the supplier, or that it accepted."""
    row = await commands.own(session, caller=caller, application_id=application_id)
    wanted = language or language_of(request).value
    text = await commands.agreement_text(session, row=row, language=wanted)
    accepted = await queries.agreement(session, application_id=row.id)
    return AgreementOut(
        version=text.version,
        language=text.language,
        text=text.text,
        sha256=text.sha256,
        terms=Terms.model_validate(row.terms),
        accepted_by=accepted.accepted_by if accepted else None,
        accepted_at=accepted.accepted_at if accepted else None,
    )


@router.post(
    "/{application_id}/agreement/acceptance",
    responses=problems(ApplicationNotFound, OtherSidesTurn, NotNow, AgreementDiffers),
)
async def accept_agreement(
    application_id: UUID, body: AgreementIn, caller: Administrator, session: Transaction, now: Now
) -> ApplicationStoryOut:
    """Accept the agreement as the supplier's administrator, by the digest of what was read.

    The relationship is active from now on.
    """
    row = await commands.agree(
        session, caller=caller, application_id=application_id, sha256=body.sha256, at=now
    )
    return await _as_stored(session, caller, row)


async def _as_stored(
    session: AsyncSession, caller: Caller, row: Application
) -> ApplicationStoryOut:
    await session.flush()
    return await queries.application(session, caller=caller, application_id=row.id)
