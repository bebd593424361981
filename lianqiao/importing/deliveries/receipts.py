"""Find the receipts in a list of order lines: what was delivered when, in full."""

from collections.abc import Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from lianqiao.importing.mapping import Column, DeliveriesMapping
from lianqiao.importing.rows import Row
from lianqiao.importing.staging import Counted, Staging
from lianqiao.importing.values import Cell, UnreadableError, day, is_unknown

Cells = Mapping[str, Cell]

DELIVERED = """
CREATE TABLE delivered (
    reference TEXT PRIMARY KEY, delivery TEXT NOT NULL, delivered_on TEXT NOT NULL
);
"""
# One receipt for each note, order and day: a note may be about several orders.
FOUND = """
SELECT delivery, number, delivered_on, min(lines.rowid) AS turn
FROM delivered JOIN lines USING (reference) GROUP BY 1, 2, 3 ORDER BY delivered_on, turn
"""
OF_RECEIPT = """
INSERT INTO receipt_lines SELECT ?, reference FROM delivered JOIN lines USING (reference)
WHERE delivery = ? AND number = ? AND delivered_on = ?
"""
COUNTS = """
SELECT count(*), coalesce(sum(delivered_on <= due_on), 0)
FROM delivered JOIN lines USING (reference)
"""


class Deliveries:
    """Notes the delivery of each row, and stages the receipts when all rows are read."""

    def __init__(self, mapping: DeliveriesMapping, into: Staging) -> None:
        self.values, self.into = mapping.values, into
        self.on, self.delivery = mapping.columns.delivered_on, mapping.columns.delivery
        self.zone = ZoneInfo(mapping.values.zone)
        self.into.connection.execute(DELIVERED)

    def note(self, row: Row, cells: Cells) -> None:
        """Note when a row was delivered; a word that means unknown is counted."""
        if not self.on:
            return
        cell = _cell(self.on, cells)
        if is_unknown(cell, self.values.unknown):
            self.into.count_unknown(self.on.column or "delivered_on", pattern(cell))
            return
        number = str(row.number or "").strip()
        try:
            delivered_on = day(cell, self.on.dates or self.values.dates, self.zone)
        except (UnreadableError, OverflowError) as problem:
            reason = f"delivered_on: {problem}"
            self.into.documents.refuse("receipts", row.reference, reason, order=number)
            return
        note = None if self.delivery is None else _cell(self.delivery, cells)
        named = "" if is_unknown(note, self.values.unknown) else str(note).strip()
        self.into.connection.execute(
            "INSERT OR IGNORE INTO delivered VALUES (?, ?, ?)",
            [row.reference, named or str(delivered_on), str(delivered_on)],
        )

    def stage(self) -> None:
        """Stage a receipt for each note, order and day, with all of what its rows ordered."""
        if not self.on:
            return
        for delivery, order, on, _ in self.into.connection.execute(FOUND).fetchall():
            number = f"{delivery} {order}"
            at = datetime.combine(date.fromisoformat(on), time.min, self.zone)
            if self.into.number("SELECT count(*) FROM receipts WHERE number = ?", number):
                number = f"{number} {on}"
            self.into.documents.add_receipt(number, order, [at], at.date())
            self.into.connection.execute(OF_RECEIPT, [number, delivery, order, on])
        self.into.documents.settle()
        dates, on_time = self.into.connection.execute(COUNTS).fetchone()
        counts = {
            "dates": dates,
            "on or before the due date": on_time,
            "after the due date": dates - on_time,
        }
        self.into.taken.append(Counted("logistics", "deliveries", counts))


def _cell(column: Column, cells: Cells) -> Cell:
    return column.value if column.column is None else cells.get(column.column, "")


def pattern(cell: Cell) -> str:
    """Write a word without its digits, so that “See ASN-93” is one kind and not thousands."""
    text = "".join("…" if char.isdigit() else char for char in str(cell or "").strip())
    while "……" in text:
        text = text.replace("……", "…")
    return text or "empty"
