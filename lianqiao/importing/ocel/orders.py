"""Find the orders in a log, as its mapping names them."""

from collections.abc import Iterator

from lianqiao.importing.mapping import OcelMapping, Place
from lianqiao.importing.ocel.log import Log
from lianqiao.importing.rows import Row, stage
from lianqiao.importing.staging import Staging
from lianqiao.importing.values import UnusableError

CURRENT = """
CREATE TABLE known AS SELECT object, name, value FROM (
    SELECT *, row_number() OVER (PARTITION BY object, name ORDER BY at {direction}) AS turn
    FROM object_values
) WHERE turn = 1;
CREATE UNIQUE INDEX known_by_name ON known (object, name);
CREATE TABLE of_order AS
    SELECT line.id AS line, other AS "order" FROM objects AS line
    JOIN neighbours ON object = line.id AND qualifier = :qualifier
    JOIN objects AS found ON found.id = other AND found.type = :order
    WHERE line.type = :line;
CREATE INDEX of_order_by_line ON of_order (line);
CREATE INDEX of_order_by_order ON of_order ("order");
"""
NATURAL = "length({0}), {0}"  # item:9 stands before item:10


def wanted(mapping: OcelMapping) -> set[str]:
    """Name the object types whose attributes a mapping may read."""
    named = {mapping.order.object, mapping.line.object}
    return named | {one.object for one in mapping.documents if one.object}


def missing(mapping: OcelMapping, log: Log) -> list[str]:
    """Return what a mapping names and a log does not have."""
    qualifiers = {
        name for (name,) in log.connection.execute("SELECT DISTINCT qualifier FROM object_links")
    }
    order, line = mapping.order, mapping.line
    places = [(order.object, order.number), (order.object, order.supplier)]
    lines = (line.item_number, line.item_name, line.quantity, line.price, line.amount)
    places += [(line.object, place) for place in (*lines, line.due_on, line.plant) if place]
    types = [order.object, line.object, *(one.object for one in mapping.documents)]
    events = [order.placed, *(name for one in mapping.documents for name in one.events)]
    events += [place.event for _, place in places]
    relations = [line.of_order, *(one.relation for one in mapping.documents)]
    relations += [place.relation for _, place in places]
    attributes = [
        (type_, place.attribute)
        for type_, place in places
        if place.attribute and not place.relation and type_ in log.object_types
    ]
    return [
        *(f"object type “{name}”" for name in types if name and name not in log.object_types),
        *(f"event type “{name}”" for name in events if name and name not in log.event_types),
        *(f"relation “{name}”" for name in relations if name and name not in qualifiers),
        *(
            f"attribute “{name}” of “{type_}”"
            for type_, name in attributes
            if name not in log.object_types[type_]
        ),
    ]


def check(mapping: OcelMapping, log: Log) -> None:
    if lacking := missing(mapping, log):
        raise UnusableError(
            f"The mapping names what the log does not have: {', '.join(lacking)}. "
            "Without --mapping the log is summarized."
        )


def stage_orders(log: Log, mapping: OcelMapping, into: Staging) -> None:
    """Stage every line with its order; what cannot be read is refused with its reason."""
    names = {
        "qualifier": mapping.line.of_order,
        "order": mapping.order.object,
        "line": mapping.line.object,
    }
    direction = "" if mapping.object_values == "first" else "DESC"
    for sql in CURRENT.format(direction=direction).split(";"):
        log.connection.execute(sql, {k: v for k, v in names.items() if f":{k}" in sql})
    for row in _rows(log, mapping):
        stage(row, mapping.values, into)


def _rows(log: Log, mapping: OcelMapping) -> Iterator[Row]:
    """Yield each line; one with no order, or several, has no number and is refused for it."""
    order, line = mapping.order, mapping.line
    columns = {
        "number": _sql(order.number, "o.id"),
        "supplier": _sql(order.supplier, "o.id"),
        "ordered_at": _sql(Place(event=order.placed), "o.id") if order.placed else ("NULL", []),
        "item_number": _sql(line.item_number, "l.id"),
        "item_name": _sql(line.item_name or line.item_number, "l.id"),
        "quantity": _sql(line.quantity, "l.id"),
        "price": _sql(line.price, "l.id"),
        "amount": _sql(line.amount, "l.id") if line.amount else ("NULL", []),
        "due_on": _sql(line.due_on, "l.id"),
        "plant": _sql(line.plant, "l.id") if line.plant else ("NULL", []),
    }
    chosen = ", ".join(f"{sql} AS {name}" for name, (sql, _) in columns.items())
    values = [value for _, named in columns.values() for value in named]
    found = log.connection.execute(
        f"SELECT l.id AS reference, {chosen} FROM objects AS l "  # noqa: S608  our own names
        'LEFT JOIN (SELECT line, min("order") AS "order" FROM of_order '
        "GROUP BY line HAVING count(*) = 1) AS belongs ON belongs.line = l.id "
        'LEFT JOIN objects AS o ON o.id = belongs."order" '
        f"WHERE l.type = ? ORDER BY {NATURAL.format('o.id')}, {NATURAL.format('l.id')}",
        [*values, line.object],
    )
    names = [name for name, *_ in found.description]
    for given in found:
        row = dict(zip(names, given, strict=True))
        if row["number"] is None:
            row["problem"] = "the line belongs to no order, or to several"
        yield Row(**row)


def _sql(place: Place, owner: str) -> tuple[str, list[str]]:
    """Return an expression for a value of an object, and its parameters."""
    if place.value is not None:
        return "?", [place.value]
    if place.event is not None:
        happened = "FROM event_links JOIN events ON events.id = event"
        return f"(SELECT min(at) {happened} WHERE object = {owner} AND type = ?)", [place.event]
    if place.relation is not None:
        return _related(place.relation, place.attribute, owner)
    if place.attribute is None:
        return owner, []
    value = f"SELECT value FROM known WHERE object = {owner} AND name = ?"  # noqa: S608  our own names
    return f"({value})", [place.attribute]


def _related(relation: str, attribute: str | None, owner: str) -> tuple[str, list[str]]:
    """Look at the related object with the smallest id: its id, or an attribute of it."""
    if attribute is None:
        found, values = "min(other) FROM neighbours", [relation]
    else:
        found = "min(value) FROM neighbours JOIN known ON known.object = other AND name = ?"
        values = [attribute, relation]
    return f"(SELECT {found} WHERE neighbours.object = {owner} AND qualifier = ?)", values
