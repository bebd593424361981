"""Orders on their way in: a temporary file, so that a source of any size fits into memory.

Both readers write here; what is sent, counted and compared is read from here. An order goes in
whole or not at all: when one of its rows is refused, the others wait with it.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from lianqiao.importing import documents
from lianqiao.importing.documents import Documents

TABLES = """
CREATE TABLE orders (
    number TEXT PRIMARY KEY, supplier TEXT NOT NULL, placed_at TEXT, incoterm TEXT
);
CREATE TABLE lines (
    reference TEXT NOT NULL PRIMARY KEY, number TEXT NOT NULL, item_number TEXT NOT NULL,
    item_name TEXT NOT NULL, unit TEXT NOT NULL, quantity TEXT NOT NULL, price TEXT NOT NULL,
    amount_minor INTEGER NOT NULL, product_minor INTEGER NOT NULL, due_on TEXT NOT NULL, plant TEXT
);
CREATE INDEX by_order ON lines (number);
CREATE TABLE refused (reference TEXT NOT NULL, number TEXT, reason TEXT NOT NULL);
CREATE INDEX refused_orders ON refused (number);
CREATE VIEW good AS SELECT rowid AS turn, * FROM orders
WHERE number NOT IN (SELECT number FROM refused WHERE number IS NOT NULL);
"""


class Line(NamedTuple):
    """One row of the source, as a line of an order."""

    reference: str  # what the source calls it
    number: str
    item_number: str
    item_name: str
    unit: str
    quantity: Decimal
    price: Decimal
    amount_minor: int  # as given, or quantity × price where none is
    product_minor: int
    due_on: date
    plant: str | None


class Head(NamedTuple):
    """What the lines of an order have in common."""

    number: str
    supplier: str
    placed_at: datetime | None
    incoterm: str | None


class Order(NamedTuple):
    head: Head
    lines: list[Line]


class Sum(NamedTuple):
    """What a supplier was ordered."""

    supplier: str
    orders: int
    lines: int
    amount_minor: int


class Oddity(NamedTuple):
    """Something strange that was taken in all the same."""

    kind: str
    times: int
    amount_minor: int | None = None
    note: str = ""


class Counted(NamedTuple):
    """What the source tells of beside orders, counted."""

    service: str | None
    name: str
    counts: dict[str, int]
    amount_minor: int | None = None


@dataclass
class Staging:
    """The staged orders, and what was noticed on the way."""

    connection: sqlite3.Connection
    rows: int = 0
    unknown: dict[str, Counter[str]] = field(default_factory=dict)
    oddities: list[Oddity] = field(default_factory=list)
    taken: list[Counted] = field(default_factory=list)  # as documents
    untaken: list[Counted] = field(default_factory=list)  # no service takes it in

    @property
    def documents(self) -> Documents:
        """The receipts, invoices and payments of these orders."""
        return Documents(self.connection)

    def create(self, tables: str) -> None:
        """Make further tables; SQLite does so outside of the transaction that runs."""
        self.connection.commit()
        self.connection.executescript(tables)
        self.connection.execute("BEGIN")

    def add(self, head: Head, line: Line) -> None:
        """Stage a row; one that contradicts another row is refused."""
        known = self.connection.execute(
            "SELECT supplier, placed_at, incoterm FROM orders WHERE number = ?", [head.number]
        ).fetchone()
        placed_at = head.placed_at and head.placed_at.isoformat()
        if known is None:
            self.connection.execute(
                "INSERT INTO orders VALUES (?, ?, ?, ?)",
                [head.number, head.supplier, placed_at, head.incoterm],
            )
        elif known != (head.supplier, placed_at, head.incoterm):
            self.refuse(
                line.reference,
                f"another row of order {head.number} has another supplier, date or Incoterm",
                number=head.number,
            )
            return
        try:
            self.connection.execute(
                f"INSERT INTO lines VALUES ({', '.join('?' * len(line))})",  # noqa: S608  marks alone
                [str(part) if isinstance(part, Decimal | date) else part for part in line],
            )
        except sqlite3.IntegrityError:
            self.refuse(line.reference, "a row before it has the same id", number=head.number)

    def refuse(self, reference: str, reason: str, *, number: str | None = None) -> None:
        self.connection.execute("INSERT INTO refused VALUES (?, ?, ?)", [reference, number, reason])

    def refuse_order(self, number: str, reason: str) -> None:
        """Refuse every row of an order, each with the reason."""
        self.connection.execute(
            "INSERT INTO refused SELECT reference, number, ? FROM lines WHERE number = ?",
            [reason, number],
        )

    def settle(self) -> None:
        """Give the other rows of an order with a refused row their reason."""
        self.connection.execute(
            "INSERT INTO refused SELECT reference, number, 'another row of its order is refused' "
            "FROM lines WHERE number IN (SELECT number FROM refused) "
            "AND reference NOT IN (SELECT reference FROM refused)"
        )

    def count_unknown(self, column: str, word: str) -> None:
        self.unknown.setdefault(column, Counter())[word] += 1

    def refused(self) -> Iterator[tuple[str, str | None, str]]:
        """Yield what is refused: lines of orders first, then documents."""
        yield from self.connection.execute(
            "SELECT reference, number, reason FROM refused ORDER BY rowid"
        )
        yield from self.documents.refused()

    def refused_count(self) -> int:
        """Count the lines of orders and the documents that are refused."""
        return self.number("SELECT count(DISTINCT reference) FROM refused") + self.number(
            "SELECT count(DISTINCT kind || number) FROM refused_documents"
        )

    def suppliers(self) -> list[str]:
        """Name the suppliers of the orders that are good."""
        found = self.connection.execute("SELECT DISTINCT supplier FROM good ORDER BY 1")
        return [supplier for (supplier,) in found]

    def orders(self) -> Iterator[Order]:
        """Yield the good orders in turn, each with its lines in the order of the source."""
        heads = self.connection.execute(
            "SELECT number, supplier, placed_at, incoterm FROM good ORDER BY turn"
        )
        for number, supplier, placed_at, incoterm in heads:
            lines = self.connection.execute(
                "SELECT * FROM lines WHERE number = ? ORDER BY rowid", [number]
            )
            at = datetime.fromisoformat(placed_at) if placed_at else None
            yield Order(Head(number, supplier, at, incoterm), [_line(row) for row in lines])

    def sums(self) -> list[Sum]:
        """Return what each supplier was given, in the good orders."""
        rows = self.connection.execute(
            "SELECT supplier, count(DISTINCT number), count(*), sum(amount_minor) "
            "FROM good JOIN lines USING (number) GROUP BY supplier ORDER BY supplier"
        )
        return [Sum(*row) for row in rows]

    def number(self, sql: str, *values: object) -> int:
        """Return the one number that a query asks for; none is 0."""
        found = self.connection.execute(sql, values).fetchone()
        return int(found[0] or 0) if found else 0

    def note_amounts(self) -> None:
        """Note lines whose given value is strange; they are kept as they are given."""
        differing = "FROM lines WHERE amount_minor <> product_minor"
        if count := self.number(f"SELECT count(*) {differing}"):
            off = self.number(f"SELECT sum(amount_minor - product_minor) {differing}")
            self.oddities.append(
                Oddity("line value differs from quantity × price", count, off, "both are kept")
            )
        if count := self.number("SELECT count(*) FROM lines WHERE amount_minor = 0"):
            self.oddities.append(Oddity("line value is zero", count))

    def note_due_dates(self, days: Iterator[tuple[str, str]]) -> None:
        """Note lines that were due before the day on which their order was placed."""
        count = 0
        for number, placed_on in days:
            count += self.number(
                "SELECT count(*) FROM lines WHERE number = ? AND due_on < ?", number, placed_on
            )
        if count:
            self.oddities.append(Oddity("line is due before its order was placed", count))

    def placed(self) -> Iterator[tuple[str, datetime]]:
        """Yield each order whose date is known, with it."""
        rows = self.connection.execute(
            "SELECT number, placed_at FROM orders WHERE placed_at IS NOT NULL"
        )
        for number, placed_at in rows:
            yield number, datetime.fromisoformat(placed_at)


@contextmanager
def staging() -> Iterator[Staging]:
    """Open an empty staging file; it goes when it is closed."""
    with TemporaryDirectory(prefix="lianqiao-") as folder:
        connection = sqlite3.connect(Path(folder) / "staging.sqlite", isolation_level=None)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.executescript(TABLES + documents.TABLES)
        connection.execute("BEGIN")
        try:
            yield Staging(connection)
        finally:
            connection.close()


def _line(row: tuple[str, ...]) -> Line:
    """Read a line back: SQLite holds decimals and dates as text."""
    given = Line(*row)  # type: ignore[arg-type]
    return given._replace(
        quantity=Decimal(given.quantity),
        price=Decimal(given.price),
        due_on=date.fromisoformat(str(given.due_on)),
    )
