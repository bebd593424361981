"""Let a supplier in: it applies, the buyer reviews, both agree."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.onboarding import (
    ApplicationChanged,
    ApplicationState,
    RelationshipState,
    Signatory,
    SupplierActivated,
    Terms,
)
from contracts.orders import Side
from services.onboarding.commands import letters, relationships
from services.onboarding.commands.invitations import Door, door
from services.onboarding.commands.letters import Addressee, post
from services.onboarding.commands.profiles import signatory, signatory_of
from services.onboarding.domain import agreement
from services.onboarding.domain.agreement import Party, Text
from services.onboarding.domain.joining import (
    OPEN,
    AgreementDiffers,
    ApplicationNotFound,
    InvitationIsOver,
    InvitationState,
    Step,
    after,
    invitation_state,
    require_complete,
)
from services.onboarding.domain.relationships import NotNow, RelationshipExists, WithItself
from services.onboarding.models import (
    Agreement,
    Application,
    ApplicationStep,
    Invitation,
    Json,
    Relationship,
)
from services.onboarding.queries import joining as queries
from services.onboarding.queries.joining import moments
from shared.auth import Caller
from shared.events import publish
from shared.mail import Letter

TICK = timedelta(microseconds=1)
LANGUAGES = "zh", "en"
STARTED = "begun"
UNENDED = RelationshipState.ACTIVE, RelationshipState.SUSPENDED
CLOSED = ApplicationState.AGREED, ApplicationState.DECLINED


async def accept_invitation(
    session: AsyncSession, *, caller: Caller, secret: str, at: datetime
) -> Application:
    """Apply by a link, for the organization of the administrator who has signed in.

    Runs as the platform: until now the caller is no party. An invitation is used once; the one who
    has used it, or has an open application to the same buyer, gets that application again.

    Announces ApplicationChanged. Raises InvitationIsOver, WithItself, RelationshipExists.
    """
    found = await door(session, secret=secret, lock=True)
    if found.buyer_id == caller.organization_id:
        raise WithItself("This link invites others to supply you; send it to them.")
    if used := await _used_by(session, found, caller):
        return used
    _refuse_over(found, at)
    await _refuse_partner(session, found.buyer_id, caller.organization_id)
    row, new = await _begun(session, found, caller, at)
    if found.invitation:
        found.invitation.used_at, found.invitation.application_id = at, row.id
    if found.link and new:
        found.link.uses += 1
    if new:
        _note(session, row, caller, STARTED, at)
        _announce(session, row)
    return row


async def _used_by(session: AsyncSession, found: Door, caller: Caller) -> Application | None:
    if found.invitation is None or found.invitation.application_id is None:
        return None
    row = await session.get(Application, found.invitation.application_id)
    if row is None or row.supplier_id != caller.organization_id:
        raise InvitationIsOver("It was used by another company; ask for another invitation.")
    return row


async def used_for(
    session: AsyncSession, *, caller: Caller, invitation: Invitation
) -> Application | None:
    """Return the caller's application for which an invitation was used, if it is the caller's."""
    row = await session.get(Application, invitation.application_id)
    return row if row and row.supplier_id == caller.organization_id else None


def _refuse_over(found: Door, at: datetime) -> None:
    if found.link and found.link.withdrawn_at:
        raise InvitationIsOver("The link was withdrawn; ask for an invitation.")
    if found.invitation:
        state = invitation_state(moments(found.invitation), at=at)
        if state not in OPEN:
            said = "withdrawn" if state is InvitationState.WITHDRAWN else "left too long"
            raise InvitationIsOver(f"It was {said}; ask for another invitation.")


async def _refuse_partner(session: AsyncSession, buyer_id: UUID, supplier_id: UUID) -> None:
    pair = Relationship.buyer_id == buyer_id, Relationship.supplier_id == supplier_id
    works = select(Relationship.id).where(*pair, Relationship.state.in_(UNENDED))
    signed = works.where(Relationship.signed_on.is_not(None))
    if await session.scalar(signed):
        raise RelationshipExists("You work with this customer already.")


async def _begun(
    session: AsyncSession, found: Door, caller: Caller, at: datetime
) -> tuple[Application, bool]:
    """Return the open application of the two, and whether it was made now."""
    source = found.invitation or found.link
    assert source
    row = {
        "id": uuid7(),
        "buyer_id": found.buyer_id,
        "supplier_id": caller.organization_id,
        "state": ApplicationState.DRAFT,
        "language": source.language,
        "vendor_number": found.invitation.vendor_number if found.invitation else None,
        "created_at": at,
        "changed_at": at,
    }
    creating = insert(Application).values(row).on_conflict_do_nothing().returning(Application.id)
    made = await session.scalar(creating)
    pair = Application.buyer_id == row["buyer_id"], Application.supplier_id == row["supplier_id"]
    chosen = select(Application).where(*pair, Application.state.not_in(CLOSED))
    [there] = (await session.scalars(chosen.with_for_update())).all()
    return there, made is not None


async def submit(
    session: AsyncSession, *, caller: Caller, application_id: UUID, at: datetime
) -> Application:
    """Send the buyer what the profile says now. Raises OtherSidesTurn, NotNow, Incomplete."""
    row, side = await _held(session, caller, application_id)
    state = after(ApplicationState(row.state), Step.SUBMIT, by=side)
    values = await queries.profile_values(session, organization_id=caller.organization_id)
    require_complete(values)
    row.profile, row.submitted_at = values, at
    return _moved(session, row, caller, state, at)


async def request_changes(
    session: AsyncSession,
    *,
    caller: Caller,
    application_id: UUID,
    notes: Sequence[Json],
    at: datetime,
) -> Application:
    """Ask the supplier for changes, field by field; a letter tells it. Raises as `after`."""
    row, side = await _held(session, caller, application_id)
    state = after(ApplicationState(row.state), Step.REQUEST_CHANGES, by=side)
    lines = "\n".join(f"- {note['field']}: {note['note']}" for note in notes)
    await _write(session, row, letters.CHANGES_REQUESTED, at, notes=lines)
    return _moved(session, row, caller, state, at, notes=list(notes))


async def approve(  # noqa: PLR0913  what is approved, and by whom
    session: AsyncSession,
    *,
    caller: Caller,
    application_id: UUID,
    terms: Terms,
    vendor_number: str | None,
    at: datetime,
) -> Application:
    """Let a supplier in on these terms, once it agrees; a letter tells it. Raises as `after`.

    What the buyer is today is kept with them, and so is the version of the agreement.
    """
    row, side = await _held(session, caller, application_id)
    state = after(ApplicationState(row.state), Step.APPROVE, by=side)
    buyer = await signatory(session, organization_id=caller.organization_id)
    row.terms, row.buyer = terms.model_dump(mode="json"), buyer.model_dump(mode="json")
    row.vendor_number = vendor_number or row.vendor_number
    row.agreement_version, row.approved_at = agreement.CURRENT, at
    await _write(session, row, letters.APPROVED, at)
    return _moved(session, row, caller, state, at, terms=row.terms)


async def decline(
    session: AsyncSession, *, caller: Caller, application_id: UUID, reason: str, at: datetime
) -> Application:
    """Refuse to let a supplier in, and say why; a letter tells it. Raises as `after`."""
    row, side = await _held(session, caller, application_id)
    state = after(ApplicationState(row.state), Step.DECLINE, by=side)
    await _write(session, row, letters.DECLINED, at, reason=reason)
    return _moved(session, row, caller, state, at, text=reason)


async def agreement_text(session: AsyncSession, *, row: Application, language: str) -> Text:
    """Return the text that both sides agree on: as it was accepted, or as it waits."""
    if row.terms is None or row.agreement_version is None or row.profile is None:
        raise NotNow("There is nothing to agree on before the buyer has approved.")
    if accepted := await queries.agreement(session, application_id=row.id):
        return Text(accepted.version, accepted.language, accepted.text)
    buyer, supplier = Signatory.model_validate(row.buyer or {}), signatory_of(row.profile)
    names = [
        await queries.organization_named(session, id_) for id_ in (row.buyer_id, row.supplier_id)
    ]
    return agreement.filled(
        _template(row.agreement_version, language),
        version=row.agreement_version,
        language=language,
        buyer=Party.of(names[0], buyer),
        supplier=Party.of(names[1], supplier),
        terms=Terms.model_validate(row.terms),
    )


@cache
def _template(version: str, language: str) -> str:
    file = files("services.onboarding").joinpath("agreements", f"{version}.{language}.md")
    return file.read_text(encoding="utf-8")


async def agree(
    session: AsyncSession, *, caller: Caller, application_id: UUID, sha256: str, at: datetime
) -> Application:
    """Accept the agreement by the digest of its exact text, in whichever language it was read.

    The two work together from now on: what both are is frozen with the terms, and SupplierActivated
    and RelationshipChanged are announced. Raises OtherSidesTurn, NotNow, AgreementDiffers.
    """
    row, side = await _held(session, caller, application_id)
    state = after(ApplicationState(row.state), Step.AGREE, by=side)
    texts = [await agreement_text(session, row=row, language=name) for name in LANGUAGES]
    accepted = next((text for text in texts if text.sha256 == sha256), None)
    if accepted is None:
        raise AgreementDiffers("Read the agreement again, and accept what it says now.")
    session.add(
        Agreement(
            application_id=row.id,
            buyer_id=row.buyer_id,
            supplier_id=row.supplier_id,
            version=accepted.version,
            language=accepted.language,
            text=accepted.text,
            sha256=sha256,
            accepted_by=caller.name,
            accepted_by_id=caller.user_id,
            accepted_at=at,
        )
    )
    await _activate(session, row, accepted, caller, at)
    return _moved(session, row, caller, state, at, text=f"{accepted.version} {sha256}")


async def _activate(
    session: AsyncSession, row: Application, accepted: Text, caller: Caller, at: datetime
) -> None:
    signing = relationships.Signing(
        terms=Terms.model_validate(row.terms),
        signed_on=relationships.today(at),
        buyer=Signatory.model_validate(row.buyer or {}),
        supplier=signatory_of(row.profile or {}),
    )
    relationship = await relationships.sign(
        session,
        caller=caller,
        buyer_id=row.buyer_id,
        vendor_number=row.vendor_number,
        signing=signing,
        at=at,
    )
    row.relationship_id = relationship.id
    activated = SupplierActivated(
        relationship_id=relationship.id,
        application_id=row.id,
        buyer_id=row.buyer_id,
        supplier_id=row.supplier_id,
        agreement_version=accepted.version,
        agreement_sha256=accepted.sha256,
        activated_at=at,
    )
    publish(session, activated)


async def own(session: AsyncSession, *, caller: Caller, application_id: UUID) -> Application:
    """Return an application to which the caller is party. Raises ApplicationNotFound."""
    row, _ = await _held(session, caller, application_id, lock=False)
    return row


async def _held(
    session: AsyncSession, caller: Caller, application_id: UUID, *, lock: bool = True
) -> tuple[Application, Side]:
    me = caller.organization_id
    party = or_(Application.buyer_id == me, Application.supplier_id == me)
    chosen = select(Application).where(Application.id == application_id, party)
    row = await session.scalar(chosen.with_for_update() if lock else chosen)
    if row is None:
        raise ApplicationNotFound("There is no such application among yours.")
    return row, Side.BUYER if row.buyer_id == me else Side.SUPPLIER


def _moved(
    session: AsyncSession,
    row: Application,
    caller: Caller,
    state: ApplicationState,
    at: datetime,
    **told: Any,  # noqa: ANN401
) -> Application:
    row.state, row.changed_at = state, max(at, row.changed_at + TICK)
    _note(session, row, caller, state, at, **told)
    _announce(session, row)
    return row


def _note(
    session: AsyncSession,
    row: Application,
    caller: Caller,
    kind: str,
    at: datetime,
    **told: Any,  # noqa: ANN401
) -> None:
    session.add(
        ApplicationStep(
            application_id=row.id,
            buyer_id=row.buyer_id,
            supplier_id=row.supplier_id,
            organization_id=caller.organization_id,
            kind=kind,
            by=caller.name,
            recorded_at=at,
            **told,
        )
    )


def _announce(session: AsyncSession, row: Application) -> None:
    names = "buyer_id", "supplier_id", "state", "changed_at"
    told = {name: getattr(row, name) for name in names}
    publish(session, ApplicationChanged(application_id=row.id, **told))


async def _write(
    session: AsyncSession,
    row: Application,
    letter: Letter,
    at: datetime,
    **words: str,
) -> None:
    """Tell the supplier's contact by mail, if it gave an address."""
    profile: Mapping[str, Any] = row.profile or {}
    if email := profile.get("contact.email"):
        to = Addressee(email, profile.get("contact.name") or "", row.language)
        buyer = await queries.organization_named(session, row.buyer_id)
        path = f"/application/{row.id}"
        post.write(session, to, letter, at=at, path=path, buyer=buyer, **words)
