"""Stage the receipts, invoices and payments of a log, as its mapping gives them their roles."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from lianqiao.importing.mapping import Document, OcelMapping
from lianqiao.importing.ocel.log import Log
from lianqiao.importing.staging import Staging

NUMBERED = """
CREATE TABLE numbered (line TEXT PRIMARY KEY, number TEXT NOT NULL);
"""
NUMBERS = """
CREATE TABLE numbers AS SELECT DISTINCT of_order."order" AS object, number
    FROM of_order JOIN numbered USING (line);
CREATE INDEX numbers_of_objects ON numbers (object);
"""
# What happened to an order: by the event's own link or, where it has none, by its document's.
POSTED = """
SELECT coalesce(happened.object, event) AS document, number, json_group_array(at) AS postings
FROM happened LEFT JOIN document_orders ON happened."order" IS NULL
    AND document_orders.name = happened.name AND document_orders.object = happened.object
LEFT JOIN numbers ON numbers.object = coalesce(happened."order", document_orders."order")
WHERE happened.name = :name AND type = :event
GROUP BY 1, 2 ORDER BY max(at), length(document), document, number
"""
DATED = """
SELECT documents.object, amount_minor,
    (SELECT min(at) FROM happened
     WHERE happened.name = documents.name AND happened.object = documents.object AND type = :event),
    (SELECT group_concat(DISTINCT number) FROM document_orders
     LEFT JOIN numbers ON numbers.object = document_orders."order"
     WHERE document_orders.name = documents.name AND document_orders.object = documents.object),
    (SELECT count(DISTINCT "order") FROM document_orders
     WHERE document_orders.name = documents.name AND document_orders.object = documents.object),
    (SELECT group_concat(DISTINCT other) FROM neighbours
     JOIN documents AS d ON d.name = :of AND d.object = other
     WHERE neighbours.object = documents.object AND qualifier = :relation),
    (SELECT count(DISTINCT other) FROM neighbours
     JOIN documents AS d ON d.name = :of AND d.object = other
     WHERE neighbours.object = documents.object AND qualifier = :relation)
FROM documents WHERE documents.name = :name ORDER BY length(object), object
"""


def stage_documents(log: Log, mapping: OcelMapping, into: Staging) -> None:
    """Stage every document with a role; what cannot be one is refused with its reason.

    Receipts have no quantities: an order counts as received in full at its last one.
    """
    log.connection.executescript(NUMBERED)
    rows = into.connection.execute("SELECT reference, number FROM lines")
    log.insert("numbered", rows, 2)
    log.connection.executescript(NUMBERS)
    zone = ZoneInfo(mapping.values.zone)
    for document in mapping.documents:
        if document.role == "receipt":
            _stage_receipts(log, document, into, zone)
        elif document.role:
            _stage_dated(log, document, into, zone)
    into.documents.receive_with_the_last()
    into.documents.settle()


def _stage_receipts(log: Log, document: Document, into: Staging, zone: ZoneInfo) -> None:
    """Stage one receipt for each document and order: a document may be about several orders."""
    named = {"name": document.name, "event": document.events[0]}
    for id_, order, postings in log.connection.execute(POSTED, named):
        times = [datetime.fromisoformat(at) for at in json.loads(postings) if at]
        if order is None or not times:
            reason = (
                "it is about no order that is known" if order is None else "its time is unknown"
            )
            into.documents.refuse("receipts", id_, reason, order=order)
            continue
        on = max(times).astimezone(zone).date()
        into.documents.add_receipt(f"{id_} {order}", order, times, on)


def _stage_dated(log: Log, document: Document, into: Staging, zone: ZoneInfo) -> None:
    """Stage documents of one date and one amount: the first of their events counts."""
    for number, amount_minor, about, at, on in _dated(log, document, into, zone):
        if document.role == "invoice":
            into.documents.add_invoice(number, about, at, on, amount_minor)
        else:
            into.documents.add_payment(number, about, at, on, amount_minor)


def _dated(
    log: Log, document: Document, into: Staging, zone: ZoneInfo
) -> Iterator[tuple[str, int, str, datetime, date]]:
    kind = f"{document.role}s"
    named = {
        "name": document.name,
        "event": document.events[0],
        "of": document.of,
        "relation": document.relation,
    }
    rows = log.connection.execute(DATED, named)
    for id_, amount_minor, told_at, order, orders, of, ofs in rows:
        about, count, what = (of, ofs, document.of) if document.of else (order, orders, "order")
        reason = None
        if count != 1 or about is None:
            reason = f"it is about no {what} that is known" if not about else f"several {what}s"
        elif told_at is None:
            reason = "its time is unknown"
        elif amount_minor is None:
            reason = "its amount is unknown"
        if reason:
            into.documents.refuse(kind, id_, reason, order=order)
        else:
            at = datetime.fromisoformat(told_at)
            yield id_, amount_minor, about, at, at.astimezone(zone).date()
