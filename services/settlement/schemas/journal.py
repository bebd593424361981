"""The books: what the API returns."""

from datetime import date, datetime
from uuid import UUID

from contracts.values import Money
from services.settlement.domain.journal import Account, Kind
from shared.types import View


class EntryOut(View):
    """So much on one account: a debit is positive, a credit negative."""

    id: UUID
    posting_id: UUID
    kind: Kind
    source_id: UUID
    buyer_id: UUID
    buyer_name: str | None
    supplier_id: UUID
    supplier_name: str | None
    account: Account
    amount: Money
    payable_id: UUID | None
    invoice_id: UUID | None
    by: str
    occurred_on: date
    recorded_at: datetime
    imported: bool
    reverses: UUID | None


class BalanceOut(View):
    """What the entries on one account add up to."""

    buyer_id: UUID
    buyer_name: str | None
    supplier_id: UUID
    supplier_name: str | None
    account: Account
    balance: Money
