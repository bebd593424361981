"""Invitations, applications and relationships, as the onboarding service tells of them."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from contracts.onboarding import RelationshipState, Signatory, Terms
from services.portal.schemas.answers import Answer


class SupplierInvitation(Answer):
    """A company that was asked to join; the link is in the one answer that shows it."""

    id: UUID
    name: str
    email: str | None = None
    phone: str | None = None
    language: str = "zh"
    vendor_number: str | None = None
    note: str | None = None
    state: str
    created_at: datetime
    expires_at: datetime | None = None
    sent_at: datetime | None = None
    opened_at: datetime | None = None
    used_at: datetime | None = None
    invited_by: str | None = None
    application_id: UUID | None = None
    link: str | None = None


class OpenLink(Answer):
    """A link with which companies apply by themselves, until it is withdrawn."""

    id: UUID
    name: str | None = None
    created_at: datetime
    created_by: str = ""
    uses: int = 0
    withdrawn_at: datetime | None = None
    link: str | None = None


class RowProblem(Answer):
    """Why a row was not taken."""

    title: str = ""
    detail: str = ""
    type: str = "about:blank"
    status: int = 422


class InvitedRow(Answer):
    """What became of one row of a spreadsheet of contacts, or would."""

    row: int
    name: str | None = None
    contact: str | None = None
    status: str
    cell: str | None = None
    link: str | None = None
    problem: RowProblem | None = None


class InvitedSheet(Answer):
    """What became of a spreadsheet of contacts, or would."""

    dry_run: bool
    invited: int = 0
    unchanged: int = 0
    refused: int = 0
    rows: list[InvitedRow] = Field(default_factory=list)


class Contact(Answer):
    """Whom to call at a supplier."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None


class Bank(Answer):
    """Where a supplier is paid; the number is masked."""

    name: str | None = None
    account: str | None = None
    holder: str | None = None


class Profile(Answer):
    """What a supplier tells of itself."""

    uscc: str | None = None
    region: str | None = None
    region_name: str | None = None
    industry: str | None = None
    industry_name: str | None = None
    size: str | None = None
    parent_uscc: str | None = None
    contact: Contact | None = None
    bank: Bank | None = None


class Noted(Answer):
    """What is to be changed about one field."""

    field: str
    note: str


class Step(Answer):
    """What happened to an application."""

    kind: str
    by: str | None = None
    text: str | None = None
    notes: list[Noted] = Field(default_factory=list)
    at: datetime


class Application(Answer):
    """A supplier that wants to be let in."""

    id: UUID
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    state: str
    vendor_number: str | None = None
    profile: Profile = Field(default_factory=Profile)
    warnings: list[str] = Field(default_factory=list)
    notes: list[Noted] = Field(default_factory=list)
    history: list[Step] = Field(default_factory=list)
    terms: Terms | None = None
    reason: str | None = None
    created_at: datetime | None = None
    submitted_at: datetime | None = None
    relationship_id: UUID | None = None


class Partnership(Answer):
    """A relationship with what was agreed and what both sides were then."""

    id: UUID
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    state: RelationshipState
    vendor_number: str | None = None
    since: date | None = None
    signed_on: date | None = None
    terms: Terms | None = None
    proposed_terms: Terms | None = None
    buyer: Signatory | None = None
    supplier: Signatory | None = None
    suspended_by: str | None = None


def terms_or_default(terms: Terms | None) -> Terms:
    """Return what holds where nothing was agreed."""
    return terms or Terms()
