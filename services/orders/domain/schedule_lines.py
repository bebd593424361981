"""What the two sides may say about a schedule line: confirm, propose, agree, give up.

Nothing that was ordered vanishes: what a partial promise leaves over becomes a schedule line of
its own, and so the parts of a line always add up to its quantity and to its amount.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from contracts.orders import Side
from contracts.values import plain
from services.orders.domain.lights import State
from shared.problem import Conflict, FieldError, Forbidden, InvalidInput, NotFound, Problem

ZERO = Decimal(0)


class ScheduleLineNotFound(NotFound):
    """There is no such schedule line, or it is not the caller's to see."""


class ChangeNotFound(NotFound):
    """There is no such change, or it is not the caller's to see."""


class NotYourSide(Forbidden):
    """The token does not let its holder speak for this side of the order."""


class AlreadyConfirmed(Conflict):
    """The schedule line was confirmed otherwise before."""


class NothingLeft(Conflict):
    """The schedule line is completed or cancelled; nothing about it is left to agree on."""


class ChangeIsOpen(Conflict):
    """One side has proposed a change that waits for an answer."""


class MoreThanAsked(Conflict):
    """The quantity is larger than what the schedule line asks for."""


class LessThanMade(Conflict):
    """More than that is finished already."""


class NothingChanges(InvalidInput):
    """The proposal is what already holds."""


class OwnProposal(Conflict):
    """A change is decided by the side that did not propose it."""


class AlreadyDecided(Conflict):
    """The change was agreed, declined or withdrawn before."""


class ChangeKind(StrEnum):
    """What one side wants of a schedule line."""

    RESCHEDULE = "reschedule"
    CANCEL = "cancel"


class ChangeState(StrEnum):
    """What became of a proposal."""

    OPEN = "open"
    AGREED = "agreed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Promise:
    """So much by then."""

    quantity: Decimal
    promised_on: date


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    """A schedule line as it stands while nobody else changes it."""

    state: State
    quantity: Decimal
    amount_minor: int
    due_on: date
    promised_on: date | None = None
    first: Promise | None = None  # what the supplier said first; it stays for ever
    good: Decimal = ZERO
    open_change: bool = False

    def __post_init__(self) -> None:
        assert self.quantity > 0
        assert (self.state is not State.CONFIRMED) or (self.promised_on and self.first)

    @property
    def completed(self) -> bool:
        """Whether everything that was promised has left the last operation."""
        return self.state is State.CONFIRMED and self.good >= self.quantity

    @property
    def over(self) -> bool:
        """Whether nothing is left to agree on."""
        return self.state is State.CANCELLED or self.completed

    def promised(self, promise: Promise) -> "ScheduleLine":
        """Take a promise; the first one is kept beside all later ones."""
        return replace(
            self,
            state=State.CONFIRMED,
            quantity=promise.quantity,
            promised_on=promise.promised_on,
            first=self.first or promise,
        )


class Outcome(NamedTuple):
    """A schedule line after something was said, and what was split off, if anything was."""

    line: ScheduleLine
    rest: ScheduleLine | None = None


class Unchanged(NamedTuple):
    """What was said had been said before."""

    line: ScheduleLine


def split(line: ScheduleLine, quantity: Decimal) -> Outcome:
    """Keep a quantity and put the rest on a new schedule line; no cent is lost between them."""
    assert 0 < quantity <= line.quantity
    if quantity == line.quantity:
        return Outcome(line)
    exact = line.amount_minor * quantity / line.quantity
    amount_minor = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    rest = ScheduleLine(
        state=State.UNCONFIRMED,
        quantity=line.quantity - quantity,
        amount_minor=line.amount_minor - amount_minor,
        due_on=line.due_on,
    )
    return Outcome(replace(line, quantity=quantity, amount_minor=amount_minor), rest)


class Confirmation(NamedTuple):
    """The supplier promises a schedule line: a quantity and a day, each as asked if not said."""

    schedule_line_id: UUID
    quantity: Decimal | None = None
    promised_on: date | None = None


class Held(NamedTuple):
    """A schedule line that nobody else changes meanwhile, and who supplies it."""

    supplier_id: UUID
    line: ScheduleLine


def confirm(line: ScheduleLine, said: Confirmation) -> Outcome | Unchanged:
    """Promise what is asked or a part of it; the rest stays asked for, on a line of its own."""
    day = line.due_on
    promise = Promise(said.quantity or line.quantity, said.promised_on or day)
    if line.first and promise in (line.first, Promise(line.quantity, line.promised_on or day)):
        return Unchanged(line)
    if line.state is State.CANCELLED:
        raise NothingLeft("It was cancelled; there is nothing to confirm.")
    if line.first:
        said_before = f"{plain(line.first.quantity)} by {line.first.promised_on}"
        raise AlreadyConfirmed(f"You promised {said_before}. To alter that, propose a change.")
    if line.open_change:
        raise ChangeIsOpen("Answer or withdraw the proposed change first; then confirm.")
    if promise.quantity > line.quantity:
        asked = plain(line.quantity)
        raise MoreThanAsked(f"{asked} are asked for: confirm at most that many.")
    outcome = split(line, promise.quantity)
    return Outcome(outcome.line.promised(promise), outcome.rest)


def judge(
    held: Mapping[UUID, Held], said: Sequence[Confirmation], *, supplier_id: UUID
) -> list[Outcome | Unchanged | Problem]:
    """Say what each confirmation makes of its schedule line, or why it is refused.

    They count in turn, as they would one at a time; a refused one changes nothing.
    """
    now = dict(held)
    judged: list[Outcome | Unchanged | Problem] = []
    for confirmation in said:
        try:
            found = now.get(confirmation.schedule_line_id)
            outcome = confirm(_to_confirm(found, supplier_id), confirmation)
        except Problem as refusal:
            judged.append(refusal)
        else:
            now[confirmation.schedule_line_id] = Held(supplier_id, outcome.line)
            judged.append(outcome)
    return judged


def _to_confirm(found: Held | None, supplier_id: UUID) -> ScheduleLine:
    if found is None:
        raise ScheduleLineNotFound("There is no such schedule line among yours.")
    if found.supplier_id != supplier_id:
        raise NotYourSide("Only the supplier confirms; as the buyer you may propose a change.")
    return found.line


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one side wants a schedule line to be; no day: cancelled."""

    kind: ChangeKind
    by: Side
    quantity: Decimal
    promised_on: date | None


def propose(
    line: ScheduleLine,
    *,
    by: Side,
    kind: ChangeKind,
    quantity: Decimal | None,
    promised_on: date | None,
) -> Proposal:
    """Put a wish into full words, or refuse what makes no sense here.

    A smaller quantity means, from the buyer, that the rest is not wanted any more; from the
    supplier, that the rest is still to be promised.
    """
    if line.over:
        raise NothingLeft("It is completed or cancelled already; order anew what is needed.")
    if line.open_change:
        raise ChangeIsOpen("Answer or withdraw the change that is open; then propose another.")
    if kind is ChangeKind.CANCEL:
        _refuse_values_beside_cancellation(quantity, promised_on)
        return Proposal(kind, by, line.quantity, None)
    day = line.promised_on or line.due_on
    proposal = Proposal(kind, by, quantity or line.quantity, promised_on or day)
    if (proposal.quantity, proposal.promised_on) == (line.quantity, day):
        said = "Name another quantity or another day than what is asked or promised now."
        raise NothingChanges(said, errors=[FieldError(field="promised_on", detail=said)])
    _refuse_impossible_quantity(line, proposal.quantity)
    return proposal


def _refuse_values_beside_cancellation(quantity: Decimal | None, promised_on: date | None) -> None:
    for name, value in (("quantity", quantity), ("promised_on", promised_on)):
        if value is not None:
            said = (
                "Leave it out: a whole line is cancelled. For a part, propose a smaller quantity."
            )
            raise InvalidInput(said, errors=[FieldError(field=name, detail=said)])


def _refuse_impossible_quantity(line: ScheduleLine, quantity: Decimal) -> None:
    if quantity > line.quantity:
        asked = plain(line.quantity)
        raise MoreThanAsked(f"The line has {asked}; to have more, the buyer places another order.")
    if quantity < line.good:
        raise LessThanMade(f"{plain(line.good)} are finished already; propose no less than that.")


def holds_at_once(line: ScheduleLine, by: Side) -> bool:
    """Tell whether a change needs nobody's consent: a buyer's, of what nobody has promised."""
    return by is Side.BUYER and line.state is State.UNCONFIRMED


def agree(line: ScheduleLine, proposal: Proposal) -> Outcome:
    """Put a change into effect, unless what was made meanwhile has outrun it."""
    if line.over:
        raise NothingLeft("It was completed meanwhile; decline the change or withdraw it.")
    if proposal.promised_on is None:
        return Outcome(replace(line, state=State.CANCELLED))
    _refuse_impossible_quantity(line, proposal.quantity)
    kept, rest = split(line, proposal.quantity)
    if proposal.by is Side.BUYER:
        kept = replace(kept, due_on=proposal.promised_on)
        rest = rest and replace(rest, state=State.CANCELLED)
    if proposal.by is Side.SUPPLIER or line.state is State.CONFIRMED:
        kept = kept.promised(Promise(proposal.quantity, proposal.promised_on))
    return Outcome(kept, rest)
