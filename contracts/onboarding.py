"""What the onboarding service tells the others."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from contracts.event import Event
from contracts.values import Exact, Money


class RelationshipState(StrEnum):
    """How a buyer and a supplier stand to each other; orders need an active relationship."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Size(StrEnum):
    """How large an enterprise is, as it told its customer when they signed (Decree 802, Art. 3)."""

    LARGE = "large"
    MEDIUM = "medium"
    SMALL = "small"
    MICRO = "micro"


class TermFrom(StrEnum):
    """From which day a payment term runs, as agreed."""

    DELIVERY = "delivery"
    ACCEPTANCE = "acceptance"
    STATEMENT = "statement"


Percent = Annotated[Exact, Field(ge=0, le=100, max_digits=7, decimal_places=4)]
Days = Annotated[NonNegativeInt, Field(le=365)]


class Signatory(BaseModel):
    """What one side was when the relationship was signed; None where it never said."""

    model_config = ConfigDict(frozen=True)

    uscc: str | None = None  # GB 32100-2015
    size: Size | None = None
    region: str | None = None  # GB/T 2260, six digits
    industry: str | None = None  # GB/T 4754-2017, such as C3670
    group: str | None = None  # the parent's USCC, or its own: who decides together


class Terms(BaseModel):
    """What both sides agreed on for receiving and paying."""

    model_config = ConfigDict(frozen=True)

    quantity_tolerance_percent: Percent = Decimal(0)  # that may be shipped above what is ordered
    price_tolerance_percent: Percent = Decimal(0)  # by which an invoice line may differ
    amount_tolerance: Money | None = None  # and at most this much per invoice
    acceptance_working_days: Days = 3  # then goods are deemed accepted
    payment_days: Days = 60
    payment_from: TermFrom = TermFrom.ACCEPTANCE
    late_interest_percent: Percent | None = None  # per year; None: 0.05 % per day
    lpr_percent: Percent | None = None  # one-year LPR at signing: the floor of what is agreed
    pledged_60_days: bool = False  # the buyer signed the CAAM initiative of 2025-09-15


class RelationshipChanged(
    Event, type="onboarding.relationship_changed.v1", subject="relationship_id"
):
    """A relationship came about or changed; the event carries all that it is now."""

    relationship_id: UUID
    buyer_id: UUID
    buyer_name: str
    supplier_id: UUID
    supplier_name: str
    state: RelationshipState
    vendor_number: str | None = None  # under which the buyer's own books know the supplier
    since: date | None = None  # when it became active
    signed_on: date | None = None  # when both agreed on the terms; sizes are those of that day
    terms: Terms | None = None  # None: nothing was agreed, the defaults hold
    buyer: Signatory | None = None
    supplier: Signatory | None = None
    suspended_by: Literal["buyer", "supplier"] | None = None  # while it is suspended
    changed_at: datetime


class ApplicationState(StrEnum):
    """How far a supplier has come on its way to a relationship, and whose turn it is."""

    DRAFT = "draft"  # the supplier's
    SUBMITTED = "submitted"  # the buyer's
    CHANGES_REQUESTED = "changes_requested"  # the supplier's
    APPROVED = "approved"  # the supplier's: the agreement waits
    AGREED = "agreed"  # nobody's: the relationship is active
    DECLINED = "declined"  # nobody's


class ApplicationChanged(Event, type="onboarding.application_changed.v1", subject="application_id"):
    """A supplier's application came about or took a step; what it says stays with onboarding."""

    application_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    state: ApplicationState
    changed_at: datetime


class SupplierActivated(Event, type="onboarding.supplier_activated.v1", subject="relationship_id"):
    """A supplier's application was approved and the agreement accepted: it can be ordered from."""

    relationship_id: UUID
    application_id: UUID
    buyer_id: UUID
    supplier_id: UUID
    agreement_version: str
    agreement_sha256: str
    activated_at: datetime
