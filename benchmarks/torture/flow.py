"""Whether everything that was said has been sent and heard, as the tables tell."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from benchmarks.torture.standing import SERVICES, Installation
from lianqiao.installation import service, topics

LOOKED_EVERY_S = 0.2
UNSENT = "SELECT count(*) FROM {}.outbox WHERE published_at IS NULL AND position <= %s"
UNHEARD = """
    SELECT count(*) FROM {}.outbox WHERE position > %s AND position <= %s
        AND message::json ->> 'type' = ANY(%s) AND NOT EXISTS (
            SELECT FROM {}.inbox WHERE event_id = (message::json ->> 'id')::uuid)
"""
LAST = "SELECT coalesce(max(position), 0) FROM {}.outbox"


def listening(publisher: str) -> list[tuple[str, list[str]]]:
    """Return who hears a publisher, and which types of event."""
    found = []
    for name in SERVICES:
        handlers = service(name).handlers
        if publisher in handlers.topics:
            found.append((name, handlers.types))
    return found


class Flow:
    """Watches what is on its way; what was found to have arrived is not looked at again."""

    def __init__(self, standing: Installation) -> None:
        self._standing = standing
        self._arrived = dict.fromkeys(publishers(), 0)

    async def arrived(self, *, within_s: float) -> float | None:
        """Wait until all that is said by now has arrived; return the seconds it took."""
        began = time.monotonic()
        marks: dict[str, int] = {}
        while time.monotonic() - began < within_s:
            try:
                marks = marks or await asyncio.to_thread(self._marks)
                if not await asyncio.to_thread(self._on_the_way, marks):
                    self._arrived = marks
                    return time.monotonic() - began
            except psycopg.Error:
                pass
            await asyncio.sleep(LOOKED_EVERY_S)
        return None

    async def quiet(self, *, within_s: float) -> bool:
        """Wait until nothing follows from what has arrived."""
        deadline = time.monotonic() + within_s
        before: dict[str, int] = {}
        while time.monotonic() < deadline:
            if await self.arrived(within_s=deadline - time.monotonic()) is None:
                return False
            now = await asyncio.to_thread(self._marks)
            if now == before:
                return True
            before = now
            await asyncio.sleep(1.0)
        return False

    def _marks(self) -> dict[str, int]:
        with self._standing.database() as connection:
            return {name: counted(connection, LAST, [name]) for name in publishers()}

    def _on_the_way(self, marks: dict[str, int]) -> int:
        """Count what is not sent, or not heard by somebody who listens, up to some positions."""
        total = 0
        with self._standing.database() as connection:
            for name, mark in marks.items():
                total += counted(connection, UNSENT, [name], mark)
                for hearer, types in listening(name):
                    since = self._arrived[name]
                    total += counted(connection, UNHEARD, [name, hearer], since, mark, types)
        return total


def publishers() -> list[str]:
    return [name for name in topics() if name in SERVICES]


def counted(
    connection: psycopg.Connection[Any], statement: str, names: Sequence[str], *values: object
) -> int:
    """Ask for a number about some schemas."""
    asked = sql.SQL(statement).format(*map(sql.Identifier, names))
    row = connection.execute(asked, values).fetchone()
    return int(row[0]) if row else 0
