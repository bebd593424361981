"""Invitations, profiles and applications, as the onboarding service tells of them."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from contracts.onboarding import ApplicationState, Size, Terms
from services.portal.schemas.answers import Answer


class Named(Answer):
    """A code of a standard with what it is called."""

    code: str
    name: str
    full_name: str = ""
    english: str = ""


class Code(Answer):
    """What a unified social credit code says about its holder."""

    uscc: str
    valid: bool
    warnings: list[str] = Field(default_factory=list)
    region: Named | None = None


class Contact(Answer):
    """Whom the buyer calls."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None


class Bank(Answer):
    """Where money goes; of the account only the last four digits are told."""

    name: str | None = None
    account: str | None = None
    holder: str | None = None


class Profile(Answer):
    """What an organization tells its customers about itself."""

    uscc: str | None = None
    region: str | None = None
    region_name: str | None = None
    industry: str | None = None
    industry_name: str | None = None
    size: Size | None = None
    parent_uscc: str | None = None
    contact: Contact = Field(default_factory=Contact)
    bank: Bank = Field(default_factory=Bank)


class FieldNote(Answer):
    """What the buyer wants changed."""

    field: str
    note: str


class Passage(Answer):
    """One thing that happened to an application."""

    kind: str
    by: str = ""
    text: str | None = None
    notes: list[FieldNote] = Field(default_factory=list)
    at: datetime


class Application(Answer):
    """A supplier's application to one buyer."""

    id: UUID
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    state: ApplicationState
    profile: Profile = Field(default_factory=Profile)
    notes: list[FieldNote] = Field(default_factory=list)
    history: list[Passage] = Field(default_factory=list)
    terms: Terms | None = None
    reason: str | None = None

    @property
    def is_open_to_change(self) -> bool:
        return self.state in {ApplicationState.DRAFT, ApplicationState.CHANGES_REQUESTED}


class Preview(Answer):
    """Who invites, before anybody has accepted."""

    buyer_name: str
    name: str | None = None
    note: str | None = None
    application_id: UUID | None = None


class Agreement(Answer):
    """The exact text that both sides sign, by version and hash."""

    version: str
    language: str
    text: str
    sha256: str
    terms: Terms
    accepted_by: str | None = None
    accepted_at: datetime | None = None
