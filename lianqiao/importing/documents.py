"""Receipts, invoices and payments on their way in, staged beside the orders that they are about."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

TABLES = """
CREATE TABLE receipts (
    turn INTEGER PRIMARY KEY, number TEXT NOT NULL UNIQUE, "order" TEXT NOT NULL,
    postings TEXT NOT NULL, delivered_on TEXT NOT NULL
);
CREATE INDEX receipts_of_order ON receipts ("order");
CREATE TABLE receipt_lines (receipt TEXT NOT NULL, reference TEXT NOT NULL PRIMARY KEY);
CREATE INDEX lines_of_receipt ON receipt_lines (receipt);
CREATE TABLE invoices (
    number TEXT PRIMARY KEY, "order" TEXT NOT NULL, invoiced_at TEXT NOT NULL,
    invoiced_on TEXT NOT NULL, amount_minor INTEGER NOT NULL
);
CREATE INDEX invoices_of_order ON invoices ("order");
CREATE TABLE payments (
    number TEXT PRIMARY KEY, invoice TEXT NOT NULL, paid_at TEXT NOT NULL, paid_on TEXT NOT NULL,
    amount_minor INTEGER NOT NULL
);
CREATE TABLE refused_documents (
    kind TEXT NOT NULL, number TEXT NOT NULL, "order" TEXT, reason TEXT NOT NULL
);
CREATE VIEW received AS SELECT supplier, lines.number, reference, amount_minor, delivered_on, due_on
    FROM receipt_lines JOIN receipts ON receipts.number = receipt JOIN lines USING (reference)
    JOIN orders ON orders.number = lines.number;
CREATE VIEW unfit AS
    SELECT 'receipts' AS kind, number, "order", 'its order is refused' AS reason FROM receipts
        WHERE "order" NOT IN (SELECT number FROM good)
    UNION ALL SELECT 'invoices', number, "order", 'its order is refused' FROM invoices
        WHERE "order" NOT IN (SELECT number FROM good)
    UNION ALL SELECT 'invoices', number, "order",
        'its amount is not that of its order: nothing says which lines it is for'
        FROM invoices AS i WHERE "order" IN (SELECT number FROM good) AND amount_minor <>
            (SELECT sum(amount_minor) FROM lines WHERE lines.number = i."order");
CREATE VIEW unfit_payments AS SELECT 'payments' AS kind, number, NULL AS "order",
    'its invoice is not taken in' AS reason FROM payments
    WHERE invoice NOT IN (SELECT number FROM invoices);
"""
POSITION_STEP = 10  # between the lines of an order
SHARES = f"""
SELECT {POSITION_STEP} * turn, quantity, amount_minor FROM (
    SELECT reference, quantity, amount_minor, row_number() OVER (ORDER BY rowid) AS turn
    FROM lines WHERE number = :order
) WHERE :receipt IS NULL
    OR reference IN (SELECT reference FROM receipt_lines WHERE receipt = :receipt) ORDER BY turn
"""  # noqa: S608  a number of our own


class Share(NamedTuple):
    """A line of an order, as a document names it; all of it came, or is invoiced."""

    position: int
    quantity: Decimal
    amount_minor: int


class Receipt(NamedTuple):
    """A receipt of the goods of one order; one without lines tells only when it was posted."""

    number: str
    order: str
    supplier: str
    postings: list[str]
    delivered_on: str
    lines: list[Share]


class Invoice(NamedTuple):
    """An invoice for all of an order."""

    number: str
    order: str
    supplier: str
    invoiced_at: str
    invoiced_on: str
    amount_minor: int
    lines: list[Share]


class Payment(NamedTuple):
    """A payment of an invoice."""

    number: str
    order: str
    supplier: str
    invoice: str
    paid_at: str
    paid_on: str
    amount_minor: int


class Documents:
    """The staged documents."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def add_receipt(
        self, number: str, order: str, postings: Sequence[datetime], delivered_on: date
    ) -> None:
        """Stage a receipt; one that repeats a number is refused."""
        told = json.dumps([at.isoformat() for at in sorted(postings)])
        row = [number, order, told, str(delivered_on)]
        sql = 'INSERT INTO receipts (number, "order", postings, delivered_on) VALUES (?, ?, ?, ?)'
        self._add("receipts", sql, row, order)

    def add_invoice(self, number: str, order: str, at: datetime, on: date, minor: int) -> None:
        """Stage an invoice."""
        row = [number, order, at.isoformat(), str(on), minor]
        self._add("invoices", "INSERT INTO invoices VALUES (?, ?, ?, ?, ?)", row, order)

    def add_payment(self, number: str, invoice: str, at: datetime, on: date, minor: int) -> None:
        """Stage a payment."""
        row = [number, invoice, at.isoformat(), str(on), minor]
        self._add("payments", "INSERT INTO payments VALUES (?, ?, ?, ?, ?)", row, None)

    def _add(self, kind: str, sql: str, row: Sequence[object], order: str | None) -> None:
        try:
            self.connection.execute(sql, row)
        except sqlite3.IntegrityError:
            self.refuse(kind, str(row[0]), "a document before it has the same number", order=order)

    def refuse(self, kind: str, number: str, reason: str, *, order: str | None = None) -> None:
        row = [kind, number, order, reason]
        self.connection.execute("INSERT INTO refused_documents VALUES (?, ?, ?, ?)", row)

    def refused(self) -> Iterator[tuple[str, str | None, str]]:
        yield from self.connection.execute(
            'SELECT number, "order", reason FROM refused_documents ORDER BY rowid'
        )

    def receive_with_the_last(self) -> None:
        """Let the last receipt of each order carry all of its lines."""
        self.connection.execute(
            "INSERT INTO receipt_lines SELECT last.number, lines.reference FROM ("
            '    SELECT number, "order", row_number() OVER ('
            '        PARTITION BY "order" ORDER BY turn DESC) AS back FROM receipts'
            ') AS last JOIN lines ON lines.number = last."order" WHERE back = 1'
        )

    def settle(self) -> None:
        """Refuse what is about orders that are not taken in, and invoices of another amount."""
        for found in "unfit", "unfit_payments":  # payments when invoices are settled
            for kind, number, order, reason in self.connection.execute(
                f"SELECT * FROM {found}"  # noqa: S608  our own names
            ).fetchall():
                self.refuse(kind, number, reason, order=order)
                self.connection.execute(f"DELETE FROM {kind} WHERE number = ?", [number])  # noqa: S608
        for kind in "receipts", "invoices", "payments":
            self.connection.execute(
                f"DELETE FROM {kind} WHERE number IN "  # noqa: S608  our own names
                "(SELECT number FROM refused_documents WHERE kind = ?)",
                [kind],
            )

    def receipts(self) -> Iterator[Receipt]:
        """Yield the receipts of good orders, in the order in which they happened."""
        rows = self.connection.execute(
            'SELECT receipts.number, "order", supplier, postings, delivered_on FROM receipts '
            'JOIN orders ON orders.number = "order" ORDER BY receipts.turn'
        ).fetchall()
        for number, order, supplier, postings, delivered_on in rows:
            lines = self._shares(order, receipt=number)
            yield Receipt(number, order, supplier, json.loads(postings), delivered_on, lines)

    def invoices(self) -> Iterator[Invoice]:
        """Yield the invoices of good orders, each with all lines of its order."""
        rows = self.connection.execute(
            'SELECT invoices.number, "order", supplier, invoiced_at, invoiced_on, amount_minor '
            'FROM invoices JOIN orders ON orders.number = "order" ORDER BY invoiced_at, 1'
        ).fetchall()
        for number, order, supplier, at, on, minor in rows:
            yield Invoice(number, order, supplier, at, on, minor, self._shares(order))

    def payments(self) -> Iterator[Payment]:
        """Yield the payments of invoices that are staged."""
        rows = self.connection.execute(
            'SELECT payments.number, "order", supplier, invoice, paid_at, paid_on, '
            "payments.amount_minor FROM payments JOIN invoices ON invoices.number = invoice "
            'JOIN orders ON orders.number = "order" ORDER BY paid_at, 1'
        ).fetchall()
        for row in rows:
            yield Payment(*row)

    def _shares(self, order: str, *, receipt: str | None = None) -> list[Share]:
        rows = self.connection.execute(SHARES, {"order": order, "receipt": receipt})
        return [Share(position, Decimal(quantity), minor) for position, quantity, minor in rows]
