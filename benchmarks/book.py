"""Order books of buyers of different sizes, in one table, written by set-based SQL."""

from importlib.resources import files
from uuid import UUID

import psycopg

from benchmarks.seeding import ORDER, ORGANIZATION, SUPPLIERS_FROM, made_id

SUPPLIERS = 200
LARGE = {  # tables that have a row for each line, by schema
    "orders": ["orders", "order_lines", "schedule_lines"],
    "production": ["work_orders"],
    "insights": ["lines", "line_months", "payables"],
}
LINES_MAX = 1_000_000_000  # of one buyer: ids of the next begin there
INDEXES = """
    SELECT format('%%I.%%I', schemaname, indexname), indexdef FROM pg_indexes
    WHERE schemaname = %s AND tablename = ANY(%s) AND indexname LIKE 'ix_%%'
"""


class Buyer:
    """A buyer whose order book has so many lines."""

    def __init__(self, number: int, lines: int) -> None:
        self.number, self.lines, self.first = number, lines, number * LINES_MAX
        self.id: UUID = made_id(ORGANIZATION, number)

    def order_id(self, number: int) -> UUID:
        """Return the id of its n-th order, which has ten lines."""
        return made_id(ORDER, self.first + number)

    @staticmethod
    def supplier_id(number: int) -> UUID:
        """Return the id of one of its suppliers, which all buyers share."""
        return made_id(ORGANIZATION, SUPPLIERS_FROM + number)


def seed_books(connection: psycopg.Connection, sizes: list[int]) -> list[Buyer]:
    """Write a buyer for each size; indexes are made afterwards, which takes a third of the time."""
    buyers = [Buyer(number, lines) for number, lines in enumerate(sizes)]
    connection.execute("SET session_replication_role = replica")
    connection.execute(_text("seed.sql"))
    connection.execute("SET search_path = orders, benchmarks")
    connection.execute("SET maintenance_work_mem = '512MB'")
    indexes = [
        row for schema in LARGE.items() for row in connection.execute(INDEXES, schema).fetchall()
    ]
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    for buyer in buyers:
        rows = {
            "buyer": buyer.number,
            "lines": buyer.lines,
            "first": buyer.first,
            "suppliers": SUPPLIERS,
        }
        for text in _text("seed_book.sql").split(";\n"):
            if text.strip():
                connection.execute(text, rows)
    for _, definition in indexes:
        connection.execute(definition)
    for setting in ("search_path", "session_replication_role", "maintenance_work_mem"):
        connection.execute(f"RESET {setting}")
    connection.execute("VACUUM (ANALYZE)")
    connection.execute("CHECKPOINT")
    return buyers


def _text(name: str) -> str:
    return files("benchmarks").joinpath(name).read_text()
