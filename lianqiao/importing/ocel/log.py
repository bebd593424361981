"""An event log in one working form, whichever of its two forms it was written in.

The working form is a temporary SQLite file with indexes: a log of any size fits into memory.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

TABLES = """
CREATE TABLE objects (id TEXT PRIMARY KEY, type TEXT NOT NULL);
CREATE TABLE object_values (object TEXT, name TEXT, at TEXT, value TEXT);
CREATE TABLE events (id TEXT PRIMARY KEY, type TEXT NOT NULL, at TEXT);
CREATE TABLE event_links (event TEXT, object TEXT, qualifier TEXT);
CREATE TABLE object_links (source TEXT, target TEXT, qualifier TEXT);
"""
INDEXES = """
CREATE INDEX objects_by_type ON objects (type);
CREATE INDEX events_by_type ON events (type);
CREATE INDEX links_of_event ON event_links (event);
CREATE INDEX links_to_object ON event_links (object);
CREATE TABLE neighbours AS
    SELECT source AS object, target AS other, qualifier FROM object_links
    UNION SELECT target, source, qualifier FROM object_links;
CREATE INDEX neighbours_of_object ON neighbours (object, qualifier);
"""

Told = Callable[[int], None]  # called with how many bytes or rows were read since the last call


@dataclass
class Log:
    """A log that has been read; `attributes` are those each type declares."""

    connection: sqlite3.Connection
    object_types: dict[str, list[str]] = field(default_factory=dict)
    event_types: dict[str, list[str]] = field(default_factory=dict)
    empty_changes: int = 0  # changes of an attribute that say no new value

    def number(self, sql: str, values: Sequence[object] | Mapping[str, object] = ()) -> int:
        """Return the one number that a query asks for; none is 0."""
        [count] = self.connection.execute(sql, values).fetchone()
        return int(count or 0)

    def insert(self, table: str, rows: Iterable[tuple[object, ...]], width: int) -> None:
        """Store rows; one that repeats an id is left out."""
        marks = ", ".join("?" * width)
        self.connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows)  # noqa: S608  our own names
