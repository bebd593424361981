"""What else a log tells of, beside the orders: counted, looked at for oddities, and staged."""

from collections.abc import Mapping

from lianqiao.importing.mapping import Document, OcelMapping
from lianqiao.importing.ocel.chain import stage_documents
from lianqiao.importing.ocel.log import Log
from lianqiao.importing.staging import Counted, Oddity, Staging
from lianqiao.importing.values import UnreadableError, minor, number

TABLES = """
CREATE TABLE documents (name TEXT, object TEXT, amount_minor INTEGER, PRIMARY KEY (name, object));
CREATE TABLE document_orders (name TEXT, object TEXT, "order" TEXT);
CREATE TABLE happened (name TEXT, event TEXT, type TEXT, at TEXT, object TEXT, "order" TEXT);
"""
# The order of a document: by its own relation to an order, or by the document that it is of.
BY_RELATION = """
INSERT INTO document_orders SELECT DISTINCT documents.name, documents.object, coalesce(
    through."order", objects.id)
FROM documents JOIN neighbours ON neighbours.object = documents.object AND qualifier = :relation
LEFT JOIN document_orders AS through ON through.name = :of AND through.object = other
LEFT JOIN objects ON objects.id = other AND objects.type = :order
WHERE documents.name = :name AND coalesce(through."order", objects.id) IS NOT NULL
"""
# An event's own links say more than its document's: a receipt's names the order it was for.
HAPPENED = """
INSERT INTO happened SELECT :name, events.id, events.type, events.at,
    (SELECT min(object) FROM event_links JOIN documents USING (object)
     WHERE event = events.id AND documents.name = :name),
    (SELECT min(object) FROM event_links JOIN objects ON objects.id = object
     WHERE event = events.id AND objects.type = :order)
FROM events WHERE type = :event
"""
BEFORE_THE_LAST = """
WITH last AS (
    SELECT "order", max(at) AS at FROM happened WHERE name = :after AND type = :last GROUP BY 1
), first AS (
    SELECT object, min(at) AS at FROM happened WHERE name = :name AND type = :first GROUP BY 1
)
SELECT count(DISTINCT first.object) FROM first
JOIN document_orders ON document_orders.name = :name AND document_orders.object = first.object
JOIN last USING ("order") WHERE first.at < last.at
"""
REPEATED = """
SELECT coalesce(sum(times - 1), 0), count(*), sum((times - 1) * amount_minor) FROM (
    SELECT object, count(*) AS times FROM happened WHERE name = :name AND type = :once
    GROUP BY object HAVING count(*) > 1
) JOIN documents USING (object) WHERE documents.name = :name
"""
NOT_CREATED = """
SELECT count(*) FROM documents WHERE name = :name AND object NOT IN (
    SELECT object FROM happened WHERE name = :name AND type = :event AND object IS NOT NULL
)
"""
WITHOUT = """
FROM objects AS o {lines} WHERE o.type = :order
AND o.id NOT IN (SELECT "order" FROM document_orders WHERE name = :name)
"""
DANGLING = """
SELECT qualifier, count(*) FROM object_links
LEFT JOIN objects AS s ON s.id = source LEFT JOIN objects AS t ON t.id = target
WHERE s.id IS NULL OR t.id IS NULL GROUP BY 1 ORDER BY 1
"""


def note_documents(log: Log, mapping: OcelMapping, into: Staging) -> None:
    """Count what is there beside orders, note what is odd about it, and stage what has a role."""
    log.connection.executescript(TABLES)
    for document in mapping.documents:
        _gather(log, mapping, document)
    log.connection.execute("CREATE INDEX happened_by_name ON happened (name, type, object)")
    by_name = {document.name: document for document in mapping.documents}
    for document in mapping.documents:
        (into.taken if document.role else into.untaken).append(_count(log, document))
        into.oddities.extend(_oddities(log, document, by_name))
        if document.every_order:
            into.oddities.extend(_orders_without(log, mapping, document, into))
    stage_documents(log, mapping, into)
    into.untaken.extend(_unnamed(log, mapping))
    for qualifier, count in log.connection.execute(DANGLING).fetchall():
        kind = "relation leads to an object not in the log"
        into.oddities.append(Oddity(kind, count, None, f"“{qualifier}”"))
    if log.empty_changes:
        into.oddities.append(Oddity("change of an attribute without a value", log.empty_changes))


def _gather(log: Log, mapping: OcelMapping, document: Document) -> None:
    objects = log.connection.execute(
        "SELECT id, (SELECT value FROM known WHERE known.object = id AND name = ?) "
        "FROM objects WHERE type = ?",
        [document.amount, document.object],
    )
    currency = mapping.values.currency
    rows = [(document.name, id_, _minor(amount, currency)) for id_, amount in objects]
    log.insert("documents", rows, 3)
    named = {"name": document.name, "order": mapping.order.object}
    if document.relation:
        relation = {"relation": document.relation, "of": document.of}
        log.connection.execute(BY_RELATION, named | relation)
    for event in document.events:
        log.connection.execute(HAPPENED, named | {"event": event})


def _minor(amount: str | None, currency: str) -> int | None:
    try:
        return minor(number(amount), currency) if amount else None
    except UnreadableError:
        return None


def _count(log: Log, document: Document) -> Counted:
    counts = {}
    if document.object:
        counts[f"“{document.object}” objects"] = log.number(
            "SELECT count(*) FROM documents WHERE name = ?", [document.name]
        )
    for event in document.events:
        counts[f"“{event}” events"] = log.number(
            "SELECT count(*) FROM happened WHERE name = ? AND type = ?", [document.name, event]
        )
    total = None
    if document.amount:
        total = log.number(
            "SELECT sum(amount_minor) FROM documents WHERE name = ?", [document.name]
        )
    return Counted(document.service, document.plural, counts, total)


def _oddities(log: Log, document: Document, by_name: Mapping[str, Document]) -> list[Oddity]:
    found = []
    if document.once:
        repeats, on, amount = log.connection.execute(
            REPEATED, {"name": document.name, "once": document.once}
        ).fetchone()
        note = f"on {on} {document.plural}; never posted again"
        found.append(Oddity(f"repeated {document.name}", repeats, amount, note))
    if document.after:
        after = by_name[document.after]
        named = {"name": document.name, "first": document.events[0]}
        count = log.number(BEFORE_THE_LAST, named | {"after": after.name, "last": after.events[0]})
        found.append(Oddity(f"{document.name} before its order's last {after.name}", count))
    if document.created_by:
        count = log.number(NOT_CREATED, {"name": document.name, "event": document.created_by})
        found.append(Oddity(f"{document.name} that no event creates", count))
    return [oddity for oddity in found if oddity.times]


def _orders_without(
    log: Log, mapping: OcelMapping, document: Document, into: Staging
) -> list[Oddity]:
    named = {"name": document.name, "order": mapping.order.object}
    count = log.number(f"SELECT count(*) {WITHOUT.format(lines='')}", named)
    lines = WITHOUT.format(lines='JOIN of_order ON of_order."order" = o.id')
    amount = sum(
        into.number("SELECT amount_minor FROM lines WHERE reference = ?", line)
        for (line,) in log.connection.execute(f"SELECT line {lines}", named)
    )
    return [Oddity(f"order without {document.name}", count, amount)] if count else []


def _unnamed(log: Log, mapping: OcelMapping) -> list[Counted]:
    named = {mapping.order.placed, *(name for one in mapping.documents for name in one.events)}
    rows = log.connection.execute("SELECT type, count(*) FROM events GROUP BY 1 ORDER BY 1")
    counts = {f"“{type_}” events": count for type_, count in rows if type_ not in named}
    return [Counted(None, "not named by the mapping", counts)] if counts else []
