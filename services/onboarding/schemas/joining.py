"""Invitations, profiles and applications as the API accepts and returns them."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import (
    BeforeValidator,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from contracts.onboarding import ApplicationState, Size, Terms
from services.onboarding.domain.joining import InvitationState
from services.onboarding.schemas.terms import IndustryCode, RegionCode, TermsIn
from shared.problem import ProblemDetails
from shared.types import BULK_MAX, Body, Code, Email, Line, Paragraph, View
from shared.uscc import UsccCode

SECRET_MAX = 100
SEPARATORS = str.maketrans("", "", " -()\u3000")

Language = Literal["zh", "en"]
Field_ = Literal[
    "uscc",
    "region",
    "industry",
    "size",
    "parent_uscc",
    "contact",
    "contact.name",
    "contact.phone",
    "contact.email",
    "bank",
    "bank.name",
    "bank.account",
    "bank.holder",
]


def _close(value: object) -> object:
    return value.translate(SEPARATORS) if isinstance(value, str) else value


Phone = Annotated[
    str,
    BeforeValidator(_close),
    StringConstraints(pattern=r"^\+?[0-9]{6,20}$"),
    WithJsonSchema({"type": "string", "maxLength": 40, "examples": ["+86 755 8888 1234"]}),
]
Account = Annotated[
    str,
    BeforeValidator(_close),
    StringConstraints(pattern=r"^[0-9A-Z]{8,34}$"),
    WithJsonSchema({"type": "string", "maxLength": 50, "examples": ["6222 0000 1111 2222"]}),
]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=SECRET_MAX)]
Sha256 = Annotated[
    str,
    StringConstraints(pattern="^[0-9a-f]{64}$"),
    WithJsonSchema({"type": "string", "maxLength": 64, "examples": ["0" * 64]}),
]


class InvitationIn(Body):
    """Whom a buyer asks to supply it, and how that company is reached."""

    name: Line
    email: Email | None = None
    phone: Phone | None = None
    language: Language = "zh"
    vendor_number: Code | None = None
    note: Paragraph | None = None

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if not (self.email or self.phone):
            raise ValueError("an e-mail address or a telephone number is needed")
        return self

    @property
    def contact(self) -> str:
        """By what the same company is known again."""
        return self.email or self.phone or ""


class InvitationsIn(Body):
    """Companies to be invited, judged one after the other."""

    invitations: Annotated[list[InvitationIn], Field(min_length=1, max_length=BULK_MAX)]


class OpenLinkIn(Body):
    """What the buyer calls a link by which anybody may apply."""

    name: Line | None = None
    language: Language = "zh"


class SecretIn(Body):
    """The last part of an invitation's link."""

    secret: Secret


class ContactIn(Body):
    """Whom the customer calls."""

    name: Line | None = None
    phone: Phone | None = None
    email: Email | None = None


class BankIn(Body):
    """Where the customer pays."""

    name: Line | None = None
    account: Account | None = None
    holder: Line | None = None


class ProfileIn(Body):
    """What an organization says of itself; what is left out stays as it was."""

    region: RegionCode | None = None
    industry: IndustryCode | None = None
    size: Size | None = None
    parent_uscc: UsccCode | None = None
    contact: ContactIn | None = None
    bank: BankIn | None = None


class NoteIn(Body):
    """What is to be changed about one field."""

    field: Field_
    note: Paragraph


class ChangesIn(Body):
    """What the buyer wants changed before it decides."""

    fields: Annotated[list[NoteIn], Field(min_length=1, max_length=40)]


class ApprovalIn(Body):
    """On what terms a supplier is let in, and under which number."""

    terms: TermsIn = TermsIn()
    vendor_number: Code | None = None


class DeclineIn(Body):
    """Why a supplier is not let in; it reads that."""

    reason: Paragraph


class AgreementIn(Body):
    """Which text is agreed to, by its SHA-256."""

    sha256: Sha256


class Named(View):
    """A code of a national standard, and what it means."""

    code: str
    name: str
    full_name: str
    english: str


class NamedList(View):
    """Codes that fit, the likeliest first."""

    edition: str
    items: list[Named]
    next: str | None = None


class CodeOut(View):
    """What a unified social credit code says; `problem` says why it is none."""

    uscc: str  # normalized
    valid: bool
    problem: str | None = None
    warnings: list[str]
    region: Named | None = None


class InvitationOut(View):
    """Somebody who was invited; the link is told once, when it is made."""

    id: UUID
    name: str
    email: str | None
    phone: str | None
    language: str
    vendor_number: str | None
    note: str | None
    state: InvitationState
    invited_by: str
    application_id: UUID | None
    created_at: datetime
    sent_at: datetime
    expires_at: datetime
    opened_at: datetime | None
    used_at: datetime | None
    withdrawn_at: datetime | None
    link: str | None = None


class InvitationResult(View):
    """What became of one company."""

    index: int
    status: Literal["sent", "unchanged", "refused"]
    invitation_id: UUID | None = None
    link: str | None = None
    problem: ProblemDetails | None = None


class InvitationResults(View):
    """The answers, in the order of the questions."""

    results: list[InvitationResult]


class SheetRowOut(View):
    """What became of one row of the spreadsheet, or would."""

    row: int
    cell: str | None = None  # the one in the way
    name: str
    contact: str
    status: Literal["invited", "unchanged", "refused"]
    invitation_id: UUID | None = None
    link: str | None = None
    problem: ProblemDetails | None = None


class SheetOut(View):
    """What became of a spreadsheet of companies, or would in a dry run."""

    dry_run: bool
    invited: int
    unchanged: int
    refused: int
    rows: list[SheetRowOut]


class OpenLinkOut(View):
    """A link by which anybody may apply; it is told once, when it is made."""

    id: UUID
    name: str | None
    language: str
    created_by: str
    uses: int
    created_at: datetime
    withdrawn_at: datetime | None
    link: str | None = None


class PreviewOut(View):
    """Who invites, before anybody has accepted."""

    buyer_id: UUID
    buyer_name: str
    name: str | None  # of the company, as the buyer wrote it
    note: str | None
    state: InvitationState
    open: bool  # a link for anybody
    application_id: UUID | None = None  # the caller's own, where it has accepted already


class ContactOut(View):
    """Whom the customer calls."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None


class BankOut(View):
    """Where the customer pays; of the account the last four characters are shown."""

    name: str | None = None
    account: str | None = None
    holder: str | None = None


class ProfileOut(View):
    """What an organization says of itself."""

    name: str = ""
    uscc: str | None = None
    region: str | None = None
    region_name: str | None = None
    industry: str | None = None
    industry_name: str | None = None
    size: Size | None = None
    parent_uscc: str | None = None
    contact: ContactOut = ContactOut()
    bank: BankOut = BankOut()
    missing: list[str] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)


class NoteOut(View):
    """What is to be changed about one field."""

    field: str
    note: str


class ApplicationStepOut(View):
    """One step in the life of an application."""

    kind: str  # begun, or the state in which it led
    by: str
    organization_id: UUID
    text: str | None
    notes: list[NoteOut]
    at: datetime


class ApplicationOut(View):
    """A supplier's way to a customer; both sides see the same."""

    id: UUID
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    state: ApplicationState
    vendor_number: str | None
    profile: ProfileOut  # the supplier's; the buyer sees what was submitted last
    warnings: list[str]
    notes: list[NoteOut]  # what is to be changed now
    terms: Terms | None
    reason: str | None  # why it was declined
    relationship_id: UUID | None
    created_at: datetime
    submitted_at: datetime | None
    approved_at: datetime | None
    changed_at: datetime


class ApplicationStoryOut(ApplicationOut):
    """An application with all that happened to it."""

    history: list[ApplicationStepOut]


class AgreementOut(View):
    """The exact text that is agreed to, or was."""

    version: str
    language: str
    text: str
    sha256: str
    terms: Terms
    accepted_by: str | None = None
    accepted_at: datetime | None = None
