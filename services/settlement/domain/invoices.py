"""What a supplier claims, and when two claims are the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from unicodedata import normalize
from uuid import UUID

from contracts.values import plain


@dataclass(frozen=True, slots=True)
class LineAsked:
    """What one line claims: of one delivery, or of an order line; None: all that is there."""

    payable_id: UUID | None = None
    order_number: str | None = None
    position: int | None = None
    quantity: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class InvoiceAsked:
    """An invoice as somebody wrote it."""

    number: str
    buyer_id: UUID
    supplier_id: UUID
    invoiced_on: date
    lines: tuple[LineAsked, ...]
    tax: Decimal | None = None
    total: Decimal | None = None  # where it was given, the lines must add up to it
    statement_id: UUID | None = None
    occurred_at: datetime | None = None

    @property
    def key(self) -> tuple[UUID, UUID, str]:
        """Whose invoice this is, and its number."""
        return self.buyer_id, self.supplier_id, number_key(self.number)

    def digest(self) -> bytes:
        """Tell content apart: the same number and the same content are the same invoice."""
        said = [self.invoiced_on.isoformat(), _said(self.tax), _said(self.total)]
        for line in self.lines:
            said += [str(line.payable_id), str(line.order_number), str(line.position)]
            said += [_said(line.quantity), _said(line.amount)]
        return sha256(repr(said).encode()).digest()


def _said(number: Decimal | None) -> str:
    return "" if number is None else plain(number)


def number_key(number: str) -> str:
    """Return a number without what people write now so, now so: `inv 7` and `INV-7` are one."""
    kept = (one for one in normalize("NFKC", number).casefold() if one.isalnum())
    return "".join(kept) or number


def digest_of(parts: Sequence[object]) -> bytes:
    """Tell content apart."""
    return sha256(repr([str(part) for part in parts]).encode()).digest()
