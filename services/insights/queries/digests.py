"""The read tables as one number each: the same facts give the same number, whenever they came."""

from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.insights.models import READ_TABLES

FETCHED = 2_000  # rows at a time
SAYS_NOTHING = {  # a row of zeros is what is left when something moved to another month
    "line_months": "(first_promised, first_kept, promised, kept) = (0, 0, 0, 0)",
    "payable_months": "(legal_due_minor, legal_kept_minor, overdue_minor, paid_minor, payments,"
    " payment_days) = (0, 0, 0, 0, 0, 0)",
    "months": "(orders, confirmations, confirmation_s, receipts, acceptances, acceptance_days,"
    " deemed, first_promised, first_kept, promised, kept) = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
    "month_amounts": "(ordered_minor, paid_minor, payments, payment_days, legal_due_minor,"
    " legal_kept_minor, overdue_minor) = (0, 0, 0, 0, 0, 0, 0)",
}


class Digest(NamedTuple):
    """A table's rows, counted and hashed."""

    table: str
    rows: int
    sha256: str


async def digests(session: AsyncSession) -> list[Digest]:
    """Hash every read table's rows, sorted: one line each, as PostgreSQL writes a row."""
    return [await _digest(session, model.__tablename__) for model in READ_TABLES]


def together(found: list[Digest]) -> str:
    """Return one SHA-256 of all tables: of their names and SHA-256s, a line each."""
    lines = "".join(f"{digest.table} {digest.sha256}\n" for digest in found)
    return sha256(lines.encode()).hexdigest()


async def _digest(session: AsyncSession, table: str) -> Digest:
    columns = await session.scalars(
        text(
            "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attname) FROM pg_attribute"
            " WHERE attrelid = to_regclass(:table) AND attnum > 0 AND NOT attisdropped"
        ),
        {"table": table},
    )
    rows = f"SELECT ROW({columns.one()})::text AS line FROM {table}"  # noqa: S608  ours
    if table in SAYS_NOTHING:
        rows += f" WHERE NOT {SAYS_NOTHING[table]}"
    hashed, count = sha256(), 0
    found = await session.stream_scalars(
        text(f'SELECT line FROM ({rows}) AS row ORDER BY line COLLATE "C"'),  # noqa: S608
        execution_options={"yield_per": FETCHED},
    )
    async for line in found:
        hashed.update(line.encode() + b"\n")
        count += 1
    return Digest(table, count, hashed.hexdigest())
