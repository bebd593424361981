"""Payments: what they settle, and who must approve them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from contracts.values import Money, plain
from services.settlement.domain.invoices import digest_of, number_key
from services.settlement.domain.problems import (
    AmountImpossible,
    ApprovalNeeded,
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
    if not amount:
        raise AmountImpossible("amount: say how much was paid, or leave it out for all of it.")
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


class Limit(NamedTuple):
    """Above which amount two persons approve."""

    amount_minor: int = LIMIT_MINOR
    currency: str = LIMIT_CURRENCY


@dataclass(frozen=True, slots=True)
class Asked:
    """A payment as somebody told it: for an invoice, by id or by supplier and number."""

    paid_on: date
    reference: str
    invoice_id: UUID | None = None
    supplier_id: UUID | None = None
    invoice_number: str | None = None
    amount: Decimal | None = None
    remittance: str | None = None
    occurred_at: datetime | None = None
    proposal_id: UUID | None = None

    @property
    def key(self) -> object:
        """By what the invoice is found."""
        return self.invoice_id or (self.supplier_id, number_key(self.invoice_number or ""))

    def digest(self) -> bytes:
        """Tell content apart: the same reference and the same content are the same payment."""
        amount = "" if self.amount is None else plain(self.amount)
        return digest_of([self.key, self.proposal_id, amount, self.paid_on])


def check_limit(spent_minor: int, currency: str, limit: Limit) -> None:
    """Refuse a direct payment that needs two persons' approval."""
    if approvals_needed(spent_minor, currency, *limit) > 1:
        said = Money.of(limit.amount_minor, limit.currency)
        raise ApprovalNeeded(
            f"Above {said.amount} {said.currency} two persons approve: propose the payment first."
        )
