"""Hold the books of two sides, and post to them. Nothing else writes to the journal."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from services.settlement.domain import journal
from services.settlement.domain.journal import Entry, Kind
from services.settlement.models import Account
from shared.database import statement

POST = statement("services.settlement.commands", "post.sql")
SAME = Account.buyer_id, Account.supplier_id, Account.currency


class Books(NamedTuple):
    """Whose books, in which currency."""

    buyer_id: UUID
    supplier_id: UUID
    currency: str


class Said(NamedTuple):
    """A posting to be made: what happened, to which row it is tied, and its entries."""

    books: Books
    kind: Kind
    source_id: UUID
    entries: Sequence[Entry]
    occurred_on: date
    by: str
    imported: bool = False
    reverses: UUID | None = None


def locked(rows: Select[Any]) -> Select[Any]:
    """Let nobody else post to these accounts until the transaction ends."""
    return rows.with_for_update()


async def hold(session: AsyncSession, books: Iterable[Books]) -> None:
    """Lock all accounts of some books in one order, so that two batches cannot deadlock.

    Who changes what is owed or paid between two sides holds their books first, and reads after.
    """
    asked = sorted(set(books))
    if not asked:
        return
    chosen = select(Account.name).where(tuple_(*SAME).in_(asked)).order_by(*SAME, Account.name)
    if len((await session.execute(locked(chosen))).all()) < len(asked) * len(journal.Account):
        await _open(session, asked)
        await session.execute(locked(chosen))


async def hold_if_free(session: AsyncSession, books: Iterable[Books]) -> Collection[Books]:
    """Lock those of some books that nobody else holds, and return which; wait for none."""
    asked = sorted(set(books))
    if not asked:
        return ()
    rows = select(*SAME).where(tuple_(*SAME).in_(asked))
    counted = rows.add_columns(func.count()).group_by(*SAME)
    there = {Books(*of) for *of, n in await session.execute(counted) if n == len(journal.Account)}
    if missing := [one for one in asked if one not in there]:
        await _open(session, missing)
    free = rows.order_by(*SAME, Account.name).with_for_update(skip_locked=True)
    held = [Books(*row) for row in await session.execute(free)]
    return {one for one in asked if held.count(one) == len(journal.Account)}


async def _open(session: AsyncSession, books: Sequence[Books]) -> None:
    rows = [{**one._asdict(), "name": name} for one in books for name in sorted(journal.Account)]
    await session.execute(insert(Account).on_conflict_do_nothing(), rows)


async def post(session: AsyncSession, postings: Iterable[Said], *, at: datetime) -> None:
    """Write postings to books that the caller holds; what moves nothing leaves no trace.

    The entries of each add up to nothing, here and again by a trigger, which also brings the
    balances up. A posting is never changed: what was wrong is reversed by another.
    """
    rows, entries = [], []
    for said in postings:
        if moving := journal.balanced(said.entries):
            id_ = uuid7()
            row = said._asdict() | said.books._asdict() | {"id": id_}
            rows.append({k: v for k, v in row.items() if k not in ("books", "entries")})
            entries += [
                entry._asdict() | {"posting_id": id_, "turn": turn}
                for turn, entry in enumerate(moving)
            ]
    if rows:
        given = {"postings": orjson.dumps(rows).decode(), "entries": orjson.dumps(entries).decode()}
        await session.execute(POST, given | {"at": at})
