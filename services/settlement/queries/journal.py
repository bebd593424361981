"""The journal and what it adds up to."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.values import Money
from services.settlement.domain import journal
from services.settlement.models import Account, Entry, Posting
from services.settlement.queries.partners import named, party, with_partner
from services.settlement.schemas.journal import BalanceOut, EntryOut
from shared.auth import Caller
from shared.paging import Paging, Rows, keyset


def entry_rows() -> Select[*tuple[Any, ...]]:
    """Select entries with their postings and names."""
    posting = (
        *(Posting.kind, Posting.source_id, Posting.by, Posting.occurred_on, Posting.recorded_at),
        *(Posting.imported, Posting.reverses),
    )
    rows = select(*Entry.__table__.columns, *posting)
    return named(rows.join(Posting, Posting.id == Entry.posting_id), Entry)


def shown(row: Row[Any]) -> EntryOut:
    """Show an entry."""
    amount = Money.of(row.amount_minor, row.currency)
    values = {name: getattr(row, name) for name in EntryOut.model_fields if name != "amount"}
    return EntryOut(**values, amount=amount)


async def entries(  # noqa: PLR0913  what one may filter by
    session: AsyncSession,
    *,
    caller: Caller,
    counterparty_id: UUID | None,
    account: journal.Account | None,
    source_id: UUID | None,
    paging: Paging,
) -> Rows[EntryOut]:
    """Return a page of entries, the latest first."""
    rows = entry_rows().where(party(Entry, caller), *with_partner(Entry, None, counterparty_id))
    if account:
        rows = rows.where(Entry.account == account)
    if source_id:
        rows = rows.where(Posting.source_id == source_id)
    page = await keyset(session, rows, order=(Entry.id,), paging=paging, descending=True)
    return Rows([shown(row) for row in page.items], page.next)


async def balances(
    session: AsyncSession, *, caller: Caller, counterparty_id: UUID | None, paging: Paging
) -> Rows[BalanceOut]:
    """Return a page of accounts with what their entries add up to."""
    rows = named(select(*Account.__table__.columns), Account).where(
        party(Account, caller), *with_partner(Account, None, counterparty_id)
    )
    order = Account.buyer_id, Account.supplier_id, Account.currency, Account.name
    page = await keyset(session, rows, order=order, paging=paging)
    found = [
        BalanceOut(
            buyer_id=row.buyer_id,
            buyer_name=row.buyer_name,
            supplier_id=row.supplier_id,
            supplier_name=row.supplier_name,
            account=row.name,
            balance=Money.of(row.balance_minor, row.currency),
        )
        for row in page.items
    ]
    return Rows(found, page.next)
