"""Relationships as the API accepts and returns them."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.onboarding import RelationshipState, Signatory, Terms
from contracts.orders import Side
from services.onboarding.schemas.terms import SignatoryIn, TermsIn
from shared.problem import ProblemDetails
from shared.types import BULK_MAX, Body, Code, Day, Paragraph, View


class RelationshipIn(Body):
    """Whom a buyer wants as its supplier, and the number under which its own books know it."""

    supplier_id: UUID
    vendor_number: Code | None = None


class StepIn(Body):
    """Why a step is taken; the other side reads it."""

    reason: Paragraph | None = None


class ImportedRelationshipIn(Body):
    """A relationship that both sides live already."""

    buyer_id: UUID
    supplier_id: UUID
    since: Day
    vendor_number: Code | None = None
    terms: TermsIn | None = None
    signed_on: Day | None = None
    buyer: SignatoryIn | None = None
    supplier: SignatoryIn | None = None


class NewTermsIn(Body):
    """What the buyer proposes to agree on from now on."""

    terms: TermsIn


class ImportedRelationshipsIn(Body):
    """Relationships to take in, judged one after the other."""

    relationships: Annotated[list[ImportedRelationshipIn], Field(min_length=1, max_length=BULK_MAX)]


class RelationshipResult(View):
    """What became of one relationship."""

    index: int
    status: Literal["recorded", "unchanged", "refused"]
    relationship_id: UUID | None = None
    problem: ProblemDetails | None = None


class RelationshipResults(View):
    """The answers, in the order of the questions."""

    results: list[RelationshipResult]


class RelationshipOut(View):
    """How a buyer and a supplier stand to each other."""

    id: UUID
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    state: RelationshipState
    suspended_by: Side | None  # which side; it alone may resume
    vendor_number: str | None
    since: date | None
    terms: Terms | None  # None: nothing was agreed, the defaults hold
    proposed_terms: Terms | None  # by the buyer; the supplier has not accepted them
    signed_on: date | None  # both sides are told below as they were on that day
    buyer: Signatory | None
    supplier: Signatory | None
    changed_at: datetime


class StepOut(View):
    """One step in the life of a relationship."""

    id: UUID
    state: RelationshipState  # in which it led
    by: str
    organization_id: UUID  # for whom that was done
    reason: str | None
    recorded_at: datetime
