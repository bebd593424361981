"""Read back what the platform has of the documents in a file: receipts, lines, and the ledger."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from pydantic import BaseModel

from contracts.values import Money
from lianqiao.client import Api
from lianqiao.entering import Patience
from lianqiao.importing import sums
from lianqiao.importing.staging import Staging
from lianqiao.importing.sums import Total, Totals
from lianqiao.parties import Told

# What is there of the orders in the file alone: the buyer may do more on the platform.
TABLES = """
DROP VIEW IF EXISTS stored_postings;
DROP VIEW IF EXISTS stored_goods;
DROP TABLE IF EXISTS stored_receipts;
DROP TABLE IF EXISTS stored_lines;
DROP TABLE IF EXISTS stored_due;
DROP TABLE IF EXISTS stored_entries;
CREATE TABLE stored_receipts (id TEXT PRIMARY KEY, supplier TEXT, number TEXT);
CREATE TABLE stored_due (schedule_line TEXT PRIMARY KEY, due_on TEXT);
CREATE TABLE stored_lines (
    payable TEXT PRIMARY KEY, supplier TEXT, number TEXT, position INTEGER, schedule_line TEXT,
    delivered_on TEXT
);
CREATE TABLE stored_entries (
    id TEXT PRIMARY KEY, account TEXT, kind TEXT, payable TEXT, invoice TEXT, source TEXT,
    amount_minor INTEGER
);
CREATE VIEW stored_goods AS SELECT stored_lines.* FROM stored_lines JOIN good USING (number);
CREATE VIEW stored_postings AS SELECT supplier, number, account, kind, invoice, source, amount_minor
    FROM stored_entries JOIN stored_goods USING (payable);
"""
STORED = {
    sums.RECEIPTS: """
SELECT stored_receipts.supplier, count(*), 0 FROM stored_receipts
JOIN receipts USING (number) GROUP BY 1
""",
    sums.DELIVERED: """
SELECT supplier, count(DISTINCT number || ' ' || position), (
    SELECT -sum(amount_minor) FROM stored_postings AS its
    WHERE its.supplier = stored_goods.supplier
        AND account = 'received_not_invoiced' AND kind = 'accepted'
) FROM stored_goods GROUP BY 1
""",
    sums.ON_TIME: """
SELECT supplier, count(*), 0 FROM stored_goods JOIN stored_due USING (schedule_line)
WHERE delivered_on <= due_on GROUP BY 1
""",
    sums.INVOICED: """
SELECT supplier, count(DISTINCT invoice), -sum(amount_minor) FROM stored_postings
WHERE account = 'payable' AND kind NOT IN ('paid', 'reversed') GROUP BY 1
""",
    sums.PAID: """
SELECT supplier, count(DISTINCT source), -sum(amount_minor) FROM stored_postings
WHERE account = 'paid' GROUP BY 1
""",
    sums.UNINVOICED: """
SELECT supplier, count(*), sum(worth) FROM (
    SELECT supplier, number, -sum(amount_minor) AS worth FROM stored_postings
    WHERE account = 'received_not_invoiced' GROUP BY 1, 2
) WHERE worth <> 0 GROUP BY 1
""",
}
ACCOUNTS = "received_not_invoiced", "payable", "paid"


class _Stored(BaseModel):
    """What is read of one row of a list."""


class _Receipt(_Stored):
    id: UUID
    supplier_id: UUID
    number: str


class _Line(_Stored):
    id: UUID
    supplier_id: UUID
    order_number: str
    position: int
    schedule_line_id: UUID
    delivered_on: date


class _Due(_Stored):
    id: UUID
    due_on: date


class _Entry(_Stored):
    id: UUID
    account: str
    kind: str
    payable_id: UUID | None
    invoice_id: UUID | None
    source_id: UUID
    amount: Money


async def read_back(
    staged: Staging, buyer: Api, *, supplier_ids: Mapping[str, UUID], given: Totals, told: Told
) -> Totals:
    """Return what the platform has of the documents in the file, as the buyer's client reads it.

    Settlement hears of things a little later: it is read again while it still grows.
    """
    names = {str(id_): name for name, id_ in supplier_ids.items()}
    patience, before = Patience(), Totals()
    while True:
        stored = await _read(staged, buyer, names, told)
        if stored == given:
            return stored
        if stored != before:
            patience.moved()
        before = stored
        if not await patience.rest():
            return stored


async def _read(staged: Staging, buyer: Api, names: Mapping[str, str], told: Told) -> Totals:
    staged.create(TABLES)
    reads: list[tuple[str, type[_Stored], dict[str, object]]] = [
        ("/api/logistics/v1/receipts", _Receipt, {"side": "buyer"}),
        ("/api/orders/v1/schedule-lines", _Due, {"side": "buyer"}),
        ("/api/settlement/v1/payables", _Line, {"side": "buyer"}),
    ]
    reads += [("/api/settlement/v1/journal", _Entry, {"account": one}) for one in ACCOUNTS]
    for turn, (path, kind, asked) in enumerate(reads, start=1):
        async for one in buyer.items(path, kind, **asked):
            _keep(staged, one, names)
        told("lists read back", turn, len(reads))
    return _totals(staged)


def _keep(staged: Staging, one: _Stored, names: Mapping[str, str]) -> None:
    row: list[object] = []
    match one:
        case _Receipt():
            table, row = "stored_receipts", [one.id, names.get(str(one.supplier_id)), one.number]
        case _Due():
            table, row = "stored_due", [one.id, one.due_on]
        case _Line():
            table, supplier = "stored_lines", names.get(str(one.supplier_id))
            row = [one.id, supplier, one.order_number, one.position, one.schedule_line_id]
            row.append(one.delivered_on)
        case _Entry():
            table, row = "stored_entries", [one.id, one.account, one.kind, one.payable_id]
            row += [one.invoice_id, one.source_id, one.amount.amount_minor]
    told = [str(part) if isinstance(part, UUID | date) else part for part in row]
    marks = ", ".join("?" * len(told))
    staged.connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", told)  # noqa: S608


def _totals(staged: Staging) -> Totals:
    return {
        kind: {
            supplier: Total(number, int(amount or 0))
            for supplier, number, amount in staged.connection.execute(sql)
        }
        for kind, sql in STORED.items()
    }
