"""Orders and work orders by the million, written straight into the tables by set-based SQL.

Ids count: whoever knows a row's number knows its id. Rows are as the services write them, and are
party to as many pairs of buyer and supplier as asked. Nothing of it is announced.
"""

from importlib.resources import files
from typing import NamedTuple
from uuid import UUID

import psycopg

CHUNK = 200_000
ORGANIZATION, RELATIONSHIP, ORDER, LINE, SCHEDULE_LINE, WORK_ORDER = range(1, 7)
SUPPLIERS_FROM = 65_536


class Size(NamedTuple):
    """How many rows there are. Lines go to the pairs of buyer and supplier in turn."""

    lines: int = 1_000  # orders of one line each, which is confirmed and has a work order
    buyers: int = 2
    suppliers: int = 4
    quantity: int = 1_000_000_000  # of each line: large enough for any number of reports
    orders: bool = True  # also in the orders service, where the order book is; slower


def made_id(kind: int, number: int) -> UUID:
    """Return the id of the n-th row of a kind."""
    return UUID(f"01930000-{kind:04x}-7000-8000-{number:012x}")


class Seeded(NamedTuple):
    """Which rows there are."""

    size: Size

    def buyer_id(self, number: int) -> UUID:
        """Return the id of the n-th buyer, from 0."""
        return made_id(ORGANIZATION, number % self.size.buyers)

    def supplier_id(self, number: int) -> UUID:
        """Return the id of the n-th supplier, from 0."""
        return made_id(ORGANIZATION, SUPPLIERS_FROM + number % self.size.suppliers)

    def parties(self, line: int) -> tuple[UUID, UUID]:
        """Return whose the n-th line is: buyer and supplier."""
        return self.buyer_id(line), self.supplier_id(line // self.size.buyers)

    def lines_of(self, *, supplier: int) -> list[int]:
        """Return the numbers of a supplier's lines."""
        buyers, suppliers = self.size.buyers, self.size.suppliers
        return [n for n in range(self.size.lines) if n // buyers % suppliers == supplier]

    def order_id(self, line: int) -> UUID:
        """Return the id of the n-th line's order."""
        return made_id(ORDER, line)

    def schedule_line_id(self, line: int) -> UUID:
        """Return the id of the n-th line's one schedule line."""
        return made_id(SCHEDULE_LINE, line)

    def work_order_id(self, line: int) -> UUID:
        """Return the id of the n-th line's work order."""
        return made_id(WORK_ORDER, line)


def seed(connection: psycopg.Connection, size: Size) -> Seeded:
    """Write everything as the owner of all tables, and let PostgreSQL look at it."""
    given = size._asdict()
    connection.execute("SET session_replication_role = replica")  # triggers fire for no row of it
    connection.execute(_text("seed.sql"))
    schemas = ["production", *(["orders"] if size.orders else [])]
    for schema in schemas:
        connection.execute(f"SET search_path = {schema}, benchmarks")
        connection.execute(_text(f"seed_{schema}_pairs.sql"), given)
        for first in range(0, size.lines, CHUNK):
            rows = {"first": first, "last": min(first + CHUNK, size.lines) - 1}
            for text in _text(f"seed_{schema}.sql").split(";\n"):
                if text.strip():
                    connection.execute(text, given | rows)
    connection.execute("RESET search_path")
    connection.execute("RESET session_replication_role")
    connection.execute("VACUUM (ANALYZE)")
    connection.execute("CHECKPOINT")
    return Seeded(size)


def _text(name: str) -> str:
    return files("benchmarks").joinpath(name).read_text()
