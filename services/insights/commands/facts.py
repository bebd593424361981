"""Write facts and what they add to the months, one writer at a time."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, TextClause, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.values import plain
from shared.database import statement

PACKAGE = "services.insights.commands"
IDS = ARRAY(Uuid)
COUNT_LINES = statement(PACKAGE, "count_lines.sql").bindparams(bindparam("lines", type_=IDS))
COUNT_PAYABLES = statement(PACKAGE, "count_payables.sql").bindparams(
    bindparam("payables", type_=IDS)
)
WAIT_S_MAX = 60  # for other writers: a batch of theirs is a matter of a second

# The lock is named after the table, so that who makes the tables anew beside them waits for nobody.
ALONE = text("SELECT pg_advisory_xact_lock(to_regclass('months')::oid::bigint)")
PATIENTLY = text(f"SELECT set_config('lock_timeout', '{WAIT_S_MAX}s', true)")


async def write(
    session: AsyncSession, what: TextClause, **rows: Iterable[Mapping[str, Any]]
) -> None:
    """Write facts by one statement, which reads each collection of rows as JSON.

    Events of different subjects add to the same months. They do so one transaction after another,
    since in any order that they come in two of them would wait for each other for ever.
    """
    await alone(session)
    given = {name: orjson.dumps(list(some), default=_said).decode() for name, some in rows.items()}
    await session.execute(what, given)


async def alone(session: AsyncSession) -> None:
    """Let no other transaction write facts until this one ends."""
    if not session.info.get("alone"):
        await session.execute(PATIENTLY)
        await session.execute(ALONE)
        session.info["alone"] = True


async def count_lines(session: AsyncSession, lines: Collection[UUID]) -> None:
    """Bring the months up to date with what is known of schedule lines."""
    await session.execute(COUNT_LINES, {"lines": list(lines)})


async def count_payables(session: AsyncSession, payables: Collection[UUID]) -> None:
    """Bring the months up to date with what is known of debts."""
    await session.execute(COUNT_PAYABLES, {"payables": list(payables)})


def _said(value: Any) -> str:  # noqa: ANN401  what JSON has no word for
    return plain(value)
