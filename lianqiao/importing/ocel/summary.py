"""What a log holds, for somebody who has to write a mapping of it."""

from dataclasses import asdict, dataclass
from typing import Any

from lianqiao.importing.mapping import OcelMapping, load, shipped
from lianqiao.importing.ocel.log import Log
from lianqiao.importing.ocel.orders import missing

NEEDED = (
    "the buyer's name",
    "the currency, unit and time zone",
    "the object type of an order, and where its number and supplier stand",
    "the object type of an order line, and the relation to its order",
    "where a line's item, quantity, price and due date stand",
    "the event type that places an order, if there is one",
)


@dataclass(frozen=True)
class Type:
    name: str
    count: int
    attributes: list[str]


@dataclass(frozen=True)
class Relation:
    source: str
    qualifier: str
    target: str
    count: int


@dataclass(frozen=True)
class Summary:
    """Types with their counts and attributes, relations, and the time that the log spans."""

    objects: list[Type]
    events: list[Type]
    relations: list[Relation]
    first_at: str | None
    last_at: str | None
    fitting: list[str]  # shipped mappings that name nothing that the log lacks

    def document(self) -> dict[str, Any]:
        return asdict(self) | {"a_mapping_must_name": NEEDED}


def summarize(log: Log) -> Summary:
    first, last = log.connection.execute("SELECT min(at), max(at) FROM events").fetchone()
    fitting = [name for name in shipped("ocel") if not missing(load(OcelMapping, name), log)]
    return Summary(
        objects=_types(log, "objects", log.object_types),
        events=_types(log, "events", log.event_types),
        relations=_relations(log),
        first_at=first,
        last_at=last,
        fitting=fitting,
    )


def _types(log: Log, table: str, attributes: dict[str, list[str]]) -> list[Type]:
    rows = log.connection.execute(f"SELECT type, count(*) FROM {table} GROUP BY type")  # noqa: S608  our own names
    counts = dict(rows.fetchall())
    names = sorted(attributes.keys() | counts.keys())
    return [Type(name, counts.get(name, 0), attributes.get(name, [])) for name in names]


def _relations(log: Log) -> list[Relation]:
    rows = log.connection.execute(
        "SELECT coalesce(s.type, '?'), qualifier, coalesce(t.type, '?'), count(*) "
        "FROM object_links LEFT JOIN objects AS s ON s.id = source "
        "LEFT JOIN objects AS t ON t.id = target "
        "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    return [Relation(*row) for row in rows]
