"""Payments: what they settle, and who must approve them."""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from contracts.values import Money
from services.settlement.domain.problems import (
    ApproveAsAnother,
    MoreThanPayable,
    NothingPayable,
    OnlyAPerson,
)

LIMIT_MINOR, LIMIT_CURRENCY = 100_000_00, "CNY"  # until a buyer sets its own


class Debt(NamedTuple):
    """What is payable and unpaid of one delivery by one invoice."""

    allocation_id: UUID
    open_minor: int


def settle(
    debts: Sequence[Debt], amount_minor: int | None, currency: str
) -> list[tuple[UUID, int]]:
    """Spread a payment over debts, the first due first; None pays all of them.

    Refused where it is more than is open, with the amount that is left.
    """
    left = sum(debt.open_minor for debt in debts)
    if not left:
        raise NothingPayable("Nothing is open: it is paid, or disputed, or not matched yet.")
    amount = left if amount_minor is None else amount_minor
    if amount > left:
        said = Money.of(left, currency)
        raise MoreThanPayable(f"{said.amount} {currency} are payable and unpaid, not more.")
    parts = []
    for debt in debts:
        part = min(amount, debt.open_minor)
        if part > 0:
            parts.append((debt.allocation_id, part))
            amount -= part
    return parts


def approvals_needed(total_minor: int, currency: str, limit_minor: int, limit_currency: str) -> int:
    """Return how many persons approve a proposal: two above the limit, which is in one currency."""
    within = currency == limit_currency and total_minor <= limit_minor
    return 1 if within else 2


def may_approve(
    user_id: UUID | None, *, proposed_by: UUID | None, so_far: Collection[UUID]
) -> UUID:
    """Return who approves; neither who proposed it nor anybody twice."""
    if user_id is None:
        raise OnlyAPerson("Sign in as a person with the right to approve payments.")
    if user_id == proposed_by:
        raise ApproveAsAnother("Who proposed a payment does not approve it; ask a colleague.")
    if user_id in so_far:
        raise ApproveAsAnother("You approved it already; a second person has to.")
    return user_id
