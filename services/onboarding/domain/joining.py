"""The rules of coming in: whose turn an application is, and when a link is over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contracts.onboarding import ApplicationState
from contracts.orders import Side
from services.onboarding.domain.relationships import NotNow, OtherSidesTurn
from shared.problem import Conflict, FieldError, InvalidInput, NotFound

INVITATION_LIFE = timedelta(days=14)


class ApplicationNotFound(NotFound):
    """There is no such application, or it is not the caller's to see."""


class InvitationNotFound(NotFound):
    """There is no such invitation, or it is not the caller's to see."""


class InvitationExists(Conflict):
    """Somebody was invited under this e-mail address or telephone number already."""


class InvitationIsOver(Conflict):
    """The link was used or withdrawn, has expired, or never was."""


class Incomplete(InvalidInput):
    """The application lacks something."""


class AgreementDiffers(Conflict):
    """The text that was read is not the one that waits for acceptance."""


class InvitationState(StrEnum):
    """How far somebody who was invited has come."""

    SENT = "sent"
    OPENED = "opened"
    USED = "used"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """When something happened to an invitation."""

    expires_at: datetime
    opened_at: datetime | None = None
    used_at: datetime | None = None
    withdrawn_at: datetime | None = None


def invitation_state(moments: Moments, *, at: datetime) -> InvitationState:
    """Return where an invitation stands; what was used stays used."""
    if moments.used_at:
        return InvitationState.USED
    if moments.withdrawn_at:
        return InvitationState.WITHDRAWN
    if moments.expires_at <= at:
        return InvitationState.EXPIRED
    return InvitationState.OPENED if moments.opened_at else InvitationState.SENT


OPEN = frozenset({InvitationState.SENT, InvitationState.OPENED})
RENEWABLE = OPEN | {InvitationState.EXPIRED, InvitationState.WITHDRAWN}


class Step(StrEnum):
    """What one side may do with an application."""

    SUBMIT = "submit"
    REQUEST_CHANGES = "request_changes"
    APPROVE = "approve"
    DECLINE = "decline"
    AGREE = "agree"


_S = ApplicationState
STEPS: Mapping[Step, tuple[Side, frozenset[ApplicationState], ApplicationState]] = {
    Step.SUBMIT: (Side.SUPPLIER, frozenset({_S.DRAFT, _S.CHANGES_REQUESTED}), _S.SUBMITTED),
    Step.REQUEST_CHANGES: (Side.BUYER, frozenset({_S.SUBMITTED}), _S.CHANGES_REQUESTED),
    Step.APPROVE: (Side.BUYER, frozenset({_S.SUBMITTED}), _S.APPROVED),
    Step.DECLINE: (
        Side.BUYER,
        frozenset({_S.DRAFT, _S.SUBMITTED, _S.CHANGES_REQUESTED, _S.APPROVED}),
        _S.DECLINED,
    ),
    Step.AGREE: (Side.SUPPLIER, frozenset({_S.APPROVED}), _S.AGREED),
}


def after(state: ApplicationState, step: Step, *, by: Side) -> ApplicationState:
    """Take one step, or say why not.

    The supplier submits; the buyer asks for changes, approves or declines; the supplier agrees to
    what was approved. Nobody takes the other side's step. Raises OtherSidesTurn, NotNow.
    """
    side, states, led = STEPS[step]
    if by is not side:
        raise OtherSidesTurn(f"That is the {side.value}'s to do.")
    if state not in states:
        stands = state.value.replace("_", " ")
        raise NotNow(f"The application is {stands}: that cannot be done now.")
    return led


REQUIRED = (
    *("region", "industry", "size"),
    *("contact.name", "contact.phone"),
    *("bank.holder", "bank.name", "bank.account"),
)


def missing(values: Mapping[str, object | None]) -> list[str]:
    """Name what a profile lacks before it can be submitted."""
    return [name for name in REQUIRED if not values.get(name)]


def require_complete(values: Mapping[str, object | None]) -> None:
    """Refuse to submit what lacks something. Raises Incomplete, which names each field."""
    if lacking := missing(values):
        errors = [FieldError(field=name, detail="Fill this in first.") for name in lacking]
        raise Incomplete(f"Fill in first: {', '.join(lacking)}.", errors=errors)


SHOWN = 4  # characters of an account number


def masked(account: str | None) -> str | None:
    """Show the last four characters of an account number."""
    return f"••••{account[-SHOWN:]}" if account else None
