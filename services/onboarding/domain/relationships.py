"""The rules of relationships: who may do what, from which state. No I/O, no clock."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from contracts.onboarding import RelationshipState
from contracts.orders import Side
from shared.problem import Conflict, Forbidden, InvalidInput, NotFound


class OrganizationNotKnownYet(NotFound):
    """No organization is known under this id yet."""


class RelationshipNotFound(NotFound):
    """There is no such relationship, or it is not the caller's to see."""


class RelationshipExists(Conflict):
    """The two organizations have a relationship already."""


class WithItself(InvalidInput):
    """An organization has no relationship with itself."""


class NotNow(Conflict):
    """The relationship is in a state that does not allow this."""


class OtherSidesTurn(Forbidden):
    """The step is the other side's to take."""


class Act(StrEnum):
    """What one side may do with a relationship."""

    ACCEPT = "accept"
    SUSPEND = "suspend"
    RESUME = "resume"
    END = "end"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a buyer and a supplier stand to each other."""

    state: RelationshipState
    since: date | None = None
    suspended_by: Side | None = None


PROPOSED = Standing(RelationshipState.PROPOSED)
UNENDED = frozenset(RelationshipState) - {RelationshipState.ENDED}
FROM = {
    Act.ACCEPT: frozenset({RelationshipState.PROPOSED}),
    Act.SUSPEND: frozenset({RelationshipState.ACTIVE}),
    Act.RESUME: frozenset({RelationshipState.SUSPENDED}),
    Act.END: UNENDED,
}


def proposed(standing: Standing | None) -> Standing:
    """Begin anew; refused while the two have a relationship."""
    if standing and standing.state in UNENDED:
        raise RelationshipExists(f"It is {standing.state.value}; there is nothing to propose.")
    return PROPOSED


def after(standing: Standing, act: Act, *, by: Side, on: date) -> Standing:
    """Take one step, or say why not.

    The supplier accepts what the buyer proposed. Either side may suspend, and only that side
    resumes. Either side may end it; before it was accepted, that declines or withdraws it.
    """
    if standing.state not in FROM[act]:
        raise NotNow(f"The relationship is {standing.state.value}: one cannot {act.value} it now.")
    if act is Act.ACCEPT:
        if by is not Side.SUPPLIER:
            raise OtherSidesTurn("The supplier accepts; you proposed.")
        return Standing(RelationshipState.ACTIVE, since=on)
    if act is Act.SUSPEND:
        return replace(standing, state=RelationshipState.SUSPENDED, suspended_by=by)
    if act is Act.RESUME:
        if by is not standing.suspended_by:
            raise OtherSidesTurn("The side that suspended the relationship resumes it.")
        return replace(standing, state=RelationshipState.ACTIVE, suspended_by=None)
    return replace(standing, state=RelationshipState.ENDED, suspended_by=None)


def signed(standing: Standing | None, *, on: date) -> Standing:
    """Become active by an agreement; two that work together already go on. Raises NotNow."""
    if standing and standing.state is RelationshipState.SUSPENDED:
        raise NotNow("The relationship is suspended; it must be resumed first.")
    if standing and standing.state is RelationshipState.ACTIVE:
        return standing
    return Standing(RelationshipState.ACTIVE, since=on)


def check_new_terms(standing: Standing, *, by: Side, proposed: bool) -> None:
    """Let the buyer propose terms, and the supplier accept those that are proposed.

    Raises OtherSidesTurn, NotNow.
    """
    turn = Side.SUPPLIER if proposed else Side.BUYER
    if by is not turn:
        raise OtherSidesTurn(f"That is the {turn.value}'s to do.")
    if standing.state is not RelationshipState.ACTIVE:
        raise NotNow(f"The relationship is {standing.state.value}: its terms stand.")


def imported(standing: Standing | None, since: date) -> Standing:
    """Take in a relationship that both sides live already; what was suspended or ended stays."""
    if standing is None or standing.state is RelationshipState.PROPOSED:
        return Standing(RelationshipState.ACTIVE, since=since)
    if standing.state is not RelationshipState.ACTIVE:
        raise NotNow(f"It is {standing.state.value} here; the two sides decide about that.")
    return standing
