"""Double entry: what is posted when goods are accepted, invoiced, disputed, credited and paid.

The books are those of one buyer with one supplier in one currency; a debit is positive, a credit
negative, and the entries of a posting add up to nothing. A correction is another posting.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Account(StrEnum):
    """Where amounts stand."""

    PURCHASES = "purchases"  # what was accepted, at the order's price
    RECEIVED_NOT_INVOICED = "received_not_invoiced"  # owed, and nobody has asked for it yet
    PRICE_DIFFERENCE = "price_difference"  # by which invoices differ from orders
    PAYABLE = "payable"  # undisputed and unpaid
    IN_QUESTION = "in_question"  # the other side of what is disputed
    DISPUTED = "disputed"  # asked for, and not agreed to
    PAID = "paid"  # what has left the buyer's bank


class Kind(StrEnum):
    """What a posting is about."""

    ACCEPTED = "accepted"
    MATCHED = "matched"
    RESOLVED = "resolved"
    CREDITED = "credited"
    PAID = "paid"
    REVERSED = "reversed"


class Entry(NamedTuple):
    """So much on one account, and which rows it is about."""

    account: Account
    amount_minor: int
    payable_id: UUID | None = None
    invoice_id: UUID | None = None


def accepted(value_minor: int, payable_id: UUID) -> list[Entry]:
    """Owe accepted goods at the order's price, though nobody has invoiced them."""
    return [
        Entry(Account.PURCHASES, value_minor, payable_id),
        Entry(Account.RECEIVED_NOT_INVOICED, -value_minor, payable_id),
    ]


def matched(value_minor: int, amount_minor: int, payable_id: UUID, invoice_id: UUID) -> list[Entry]:
    """Owe by invoice what was owed by receipt; the difference stands on an account of its own."""
    about = payable_id, invoice_id
    return [
        Entry(Account.RECEIVED_NOT_INVOICED, value_minor, *about),
        Entry(Account.PAYABLE, -amount_minor, *about),
        Entry(Account.PRICE_DIFFERENCE, amount_minor - value_minor, *about),
    ]


def disputed(amount_minor: int, invoice_id: UUID) -> list[Entry]:
    """Keep in sight what is asked for and not agreed to; a negative amount takes it away again."""
    return [
        Entry(Account.IN_QUESTION, amount_minor, None, invoice_id),
        Entry(Account.DISPUTED, -amount_minor, None, invoice_id),
    ]


def conceded(amount_minor: int, payable_id: UUID, invoice_id: UUID) -> list[Entry]:
    """Owe a price above the order's after all."""
    about = payable_id, invoice_id
    return [
        Entry(Account.PRICE_DIFFERENCE, amount_minor, *about),
        Entry(Account.PAYABLE, -amount_minor, *about),
        *disputed(-amount_minor, invoice_id),
    ]


def credited(amount_minor: int, payable_id: UUID, invoice_id: UUID) -> list[Entry]:
    """Owe less, as the supplier gave some back."""
    about = payable_id, invoice_id
    return [
        Entry(Account.PAYABLE, amount_minor, *about),
        Entry(Account.PRICE_DIFFERENCE, -amount_minor, *about),
    ]


def released(value_minor: int, payable_id: UUID, invoice_id: UUID) -> list[Entry]:
    """Wait for another invoice, as this one was given back in full."""
    about = payable_id, invoice_id
    return [
        Entry(Account.PRICE_DIFFERENCE, value_minor, *about),
        Entry(Account.RECEIVED_NOT_INVOICED, -value_minor, *about),
    ]


def paid(amount_minor: int, payable_id: UUID, invoice_id: UUID) -> list[Entry]:
    """Owe no more what was paid."""
    about = payable_id, invoice_id
    return [
        Entry(Account.PAYABLE, amount_minor, *about),
        Entry(Account.PAID, -amount_minor, *about),
    ]


def reversed_(entries: Iterable[Entry]) -> list[Entry]:
    """Undo entries by their opposites; they stay where they are."""
    return [entry._replace(amount_minor=-entry.amount_minor) for entry in entries]


def balanced(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries that move anything; together they must move nothing."""
    moving = [entry for entry in entries if entry.amount_minor]
    assert sum(entry.amount_minor for entry in moving) == 0, moving
    return moving
