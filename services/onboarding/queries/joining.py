"""Ask who was invited, who applies, and what they say of themselves."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from contracts.onboarding import ApplicationState
from contracts.orders import Side
from services.onboarding.domain.joining import (
    ApplicationNotFound,
    InvitationState,
    Moments,
    invitation_state,
    masked,
    missing,
)
from services.onboarding.models import (
    Agreement,
    Application,
    ApplicationStep,
    Invitation,
    Json,
    OpenLink,
    Organization,
    Profile,
)
from services.onboarding.schemas.joining import (
    ApplicationOut,
    ApplicationStepOut,
    ApplicationStoryOut,
    InvitationOut,
    NoteOut,
    ProfileOut,
)
from shared import uscc
from shared.auth import Caller
from shared.classifications import industries, regions
from shared.paging import Paging, Rows, keyset

BUYER, SUPPLIER = aliased(Organization), aliased(Organization)
REGION_DIFFERS = "The region differs from the one in which the company is registered."
SUPPLIERS_TURN = ApplicationState.DRAFT, ApplicationState.CHANGES_REQUESTED


def is_party(caller: Caller, side: Side | None) -> ColumnElement[bool]:
    """Say which applications the caller may see, on one side or on either."""
    mine = {
        Side.BUYER: Application.buyer_id == caller.organization_id,
        Side.SUPPLIER: Application.supplier_id == caller.organization_id,
    }
    return mine[side] if side else or_(*mine.values())


def _with_names() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Application,
            func.coalesce(BUYER.name, "").label("buyer_name"),
            func.coalesce(SUPPLIER.name, "").label("supplier_name"),
            SUPPLIER.uscc.label("uscc"),
        )
        .outerjoin(BUYER, BUYER.id == Application.buyer_id)
        .outerjoin(SUPPLIER, SUPPLIER.id == Application.supplier_id)
    )


async def applications(
    session: AsyncSession,
    *,
    caller: Caller,
    side: Side | None,
    state: ApplicationState | None,
    paging: Paging,
) -> Rows[ApplicationOut]:
    """Return a page of applications: a buyer's oldest first, else the newest."""
    rows = _with_names().where(is_party(caller, side))
    if state:
        rows = rows.where(Application.state == state)
    newest = side is not Side.BUYER
    page = await keyset(session, rows, order=(Application.id,), paging=paging, descending=newest)
    own = await profile_values(session, organization_id=caller.organization_id)
    last = await _last_steps(session, [row[0].id for row in page.items])
    found = [
        ApplicationOut(**_shown(row, caller=caller, own=own, last=last.get(row[0].id)))
        for row in page.items
    ]
    return Rows(found, page.next)


async def application(
    session: AsyncSession, *, caller: Caller, application_id: UUID
) -> ApplicationStoryOut:
    """Return one application with all that happened to it. Raises ApplicationNotFound."""
    chosen = _with_names().where(is_party(caller, None), Application.id == application_id)
    row = (await session.execute(chosen)).one_or_none()
    if row is None:
        raise ApplicationNotFound("There is no such application among yours.")
    own = await profile_values(session, organization_id=caller.organization_id)
    taken = select(ApplicationStep).where(ApplicationStep.application_id == application_id)
    steps = (await session.scalars(taken.order_by(ApplicationStep.id))).all()
    history = [
        ApplicationStepOut(
            kind=step.kind,
            by=step.by,
            organization_id=step.organization_id,
            text=step.text,
            notes=[NoteOut(**note) for note in step.notes or ()],
            at=step.recorded_at,
        )
        for step in steps
    ]
    shown = _shown(row, caller=caller, own=own, last=steps[-1] if steps else None)
    return ApplicationStoryOut(**shown, history=history)


async def _last_steps(
    session: AsyncSession, application_ids: Sequence[UUID]
) -> dict[UUID, ApplicationStep]:
    last = (
        select(ApplicationStep)
        .where(ApplicationStep.application_id.in_(application_ids))
        .order_by(ApplicationStep.application_id, ApplicationStep.id.desc())
        .ext(distinct_on(ApplicationStep.application_id))
    )
    return {step.application_id: step for step in await session.scalars(last)}


def _shown(
    row: Any,  # noqa: ANN401
    *,
    caller: Caller,
    own: Mapping[str, Any],
    last: ApplicationStep | None,
) -> dict[str, Any]:
    """Say what an application is now; while it is the supplier's turn, it sees its own profile."""
    found: Application = row[0]
    live = found.supplier_id == caller.organization_id and found.state in SUPPLIERS_TURN
    values = own if live else found.profile or {"uscc": row.uscc}
    profile = profile_out(values, name=row.supplier_name)
    declined = last if found.state == ApplicationState.DECLINED else None
    asked = last if found.state == ApplicationState.CHANGES_REQUESTED else None
    columns = (
        *("id", "buyer_id", "supplier_id", "state", "vendor_number", "terms", "relationship_id"),
        *("created_at", "submitted_at", "approved_at", "changed_at"),
    )
    return {name: getattr(found, name) for name in columns} | {
        "buyer_name": row.buyer_name,
        "supplier_name": row.supplier_name,
        "profile": profile,
        "warnings": profile.warnings,
        "notes": (asked.notes if asked else None) or [],
        "reason": declined.text if declined else None,
    }


async def profile_values(session: AsyncSession, *, organization_id: UUID) -> Json:
    """Return what an organization says of itself, as it is submitted; the account is masked."""
    columns = Organization.name, Organization.uscc
    known = (
        await session.execute(select(*columns).where(Organization.id == organization_id))
    ).one_or_none()
    code = known.uscc if known else None
    row = await session.get(Profile, organization_id, populate_existing=True)
    region = row.region if row and row.region else _registered_in(code)
    return {
        "name": known.name if known else "",
        "uscc": code,
        "region": region,
        "industry": row.industry if row else None,
        "size": row.size if row else None,
        "parent_uscc": row.parent_uscc if row else None,
        "contact.name": row.contact_name if row else None,
        "contact.phone": row.contact_phone if row else None,
        "contact.email": row.contact_email if row else None,
        "bank.name": row.bank_name if row else None,
        "bank.account": masked(row.bank_account) if row else None,
        "bank.holder": row.bank_holder if row else None,
    }


def profile_out(values: Mapping[str, Any], *, name: str) -> ProfileOut:
    """Show what an organization says of itself, with names for codes and what is odd about it."""
    region = regions().get(values.get("region") or "")
    industry = industries().get(values.get("industry") or "")
    plain = ("uscc", "region", "industry", "size", "parent_uscc")
    inner = {
        group: {
            key: values.get(f"{group}.{key}")
            for key in ("name", "phone", "email", "account", "holder")
        }
        for group in ("contact", "bank")
    }
    return ProfileOut.model_validate(
        {key: values.get(key) for key in plain}
        | inner
        | {
            "name": name,
            "region_name": region.full_name if region else None,
            "industry_name": industry.name if industry else None,
            "missing": missing(values),
            "warnings": _warnings(values),
        }
    )


def _registered_in(code: str | None) -> str | None:
    region = uscc.read(code).region if code else None
    return region if region in regions() else None


def _warnings(values: Mapping[str, Any]) -> list[str]:
    code = values.get("uscc")
    if not code:
        return []
    read = uscc.read(code)
    differs = values.get("region") and values["region"] != read.region
    return [*read.warnings, *([REGION_DIFFERS] if differs else [])]


async def agreement(session: AsyncSession, *, application_id: UUID) -> Agreement | None:
    """Return the text that was agreed to, if it was."""
    chosen = select(Agreement).where(Agreement.application_id == application_id)
    return (await session.scalars(chosen)).one_or_none()


def moments(row: Invitation) -> Moments:
    """Return when something happened to an invitation."""
    return Moments(
        expires_at=row.expires_at,
        opened_at=row.opened_at,
        used_at=row.used_at,
        withdrawn_at=row.withdrawn_at,
    )


def shown_invitation(row: Invitation, *, at: datetime, link: str | None = None) -> InvitationOut:
    """Show an invitation; the link where it was just made."""
    state = invitation_state(moments(row), at=at)
    names = InvitationOut.model_fields.keys() - {"state", "link"}
    return InvitationOut(**{name: getattr(row, name) for name in names}, state=state, link=link)


async def invitations(
    session: AsyncSession,
    *,
    caller: Caller,
    state: InvitationState | None,
    at: datetime,
    paging: Paging,
) -> Rows[InvitationOut]:
    """Return a page of the caller's invitations, the newest first."""
    rows = select(Invitation).where(Invitation.buyer_id == caller.organization_id)
    if state:
        rows = rows.where(_in_state(state, at))
    page = await keyset(session, rows, order=(Invitation.id,), paging=paging, descending=True)
    return Rows([shown_invitation(row, at=at) for row in page.items], page.next)


def _in_state(state: InvitationState, at: datetime) -> ColumnElement[bool]:
    row = Invitation
    unused = row.used_at.is_(None)
    living = and_(unused, row.withdrawn_at.is_(None), row.expires_at > at)
    return {
        InvitationState.USED: row.used_at.is_not(None),
        InvitationState.WITHDRAWN: and_(unused, row.withdrawn_at.is_not(None)),
        InvitationState.EXPIRED: and_(unused, row.withdrawn_at.is_(None), row.expires_at <= at),
        InvitationState.OPENED: and_(living, row.opened_at.is_not(None)),
        InvitationState.SENT: and_(living, row.opened_at.is_(None)),
    }[state]


async def open_links(session: AsyncSession, *, caller: Caller, paging: Paging) -> Rows[OpenLink]:
    """Return a page of the caller's open links, the newest first."""
    rows = select(OpenLink).where(OpenLink.buyer_id == caller.organization_id)
    return await keyset(session, rows, order=(OpenLink.id,), paging=paging, descending=True)


async def organization_named(session: AsyncSession, organization_id: UUID) -> str:
    """Return what an organization is called, as far as that is known."""
    named = select(Organization.name).where(Organization.id == organization_id)
    return await session.scalar(named) or ""


async def is_known(session: AsyncSession, *, code: str) -> bool:
    """Tell whether an organization with this credit code is on the platform."""
    known = select(Organization.id).where(Organization.uscc == code).limit(1)
    return await session.scalar(known) is not None
