"""The SQLite form of OCEL 2.0: a table per type, named by the two map tables."""

import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path
from urllib.parse import quote

from lianqiao.importing.ocel.log import Log, Told
from lianqiao.importing.values import UnusableError

NEEDED = {
    "event", "object", "event_object", "object_object", "event_map_type", "object_map_type",
}  # fmt: skip
BATCH = 10_000


def read(path: Path, log: Log, *, wanted: Collection[str], told: Told) -> None:
    """Fill the working form from the tables of the log, which is opened for reading alone."""
    attached = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    try:
        log.connection.execute("ATTACH ? AS log", [attached])
        _fill(path, log, wanted=wanted)
        told(path.stat().st_size)
    except sqlite3.DatabaseError as error:
        raise UnusableError(f"{path} is a damaged or no OCEL 2.0 log: {error}.") from error
    log.connection.execute("DETACH log")


def _fill(path: Path, log: Log, *, wanted: Collection[str]) -> None:
    run = log.connection.execute
    tables = {name for (name,) in run("SELECT name FROM log.sqlite_master WHERE type = 'table'")}
    if missing := sorted(NEEDED - tables):
        raise UnusableError(
            f"{path} is a SQLite file but no OCEL 2.0 log: it lacks the table(s) "
            f"{', '.join(missing)}."
        )
    run("INSERT OR IGNORE INTO objects SELECT ocel_id, ocel_type FROM log.object")
    run(
        "INSERT INTO event_links "
        "SELECT ocel_event_id, ocel_object_id, ocel_qualifier FROM log.event_object"
    )
    run(
        "INSERT INTO object_links "
        "SELECT ocel_source_id, ocel_target_id, ocel_qualifier FROM log.object_object"
    )
    for type_, table, columns in _typed(log, "object", tables):
        log.object_types[type_] = columns
        if type_ in wanted:
            _read_values(log, table, columns)
    for type_, table, columns in _typed(log, "event", tables):
        log.event_types[type_] = columns
        run(
            "INSERT OR IGNORE INTO events "  # noqa: S608  a quoted table
            f"SELECT ocel_id, ?, instant(ocel_time) FROM log.{table}",
            [type_],
        )
    run(  # an event that its type's table forgot has no time
        "INSERT OR IGNORE INTO events SELECT ocel_id, ocel_type, NULL FROM log.event"
    )


def _typed(log: Log, kind: str, tables: Collection[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each type with its table, quoted, and the attributes that are its columns."""
    mapped = log.connection.execute(
        f"SELECT ocel_type, ocel_type_map FROM log.{kind}_map_type"  # noqa: S608  our own names
    ).fetchall()
    for type_, suffix in mapped:
        table = f"{kind}_{suffix}"
        if table not in tables:
            raise UnusableError(f"The log maps the type {type_} to {table}, a table it lacks.")
        quoted = '"' + table.replace('"', '""') + '"'
        told = log.connection.execute(f"PRAGMA log.table_info({quoted})")
        columns = [name for _, name, *_ in told if not name.startswith("ocel_")]
        yield type_, quoted, columns


def _read_values(log: Log, table: str, columns: list[str]) -> None:
    """Spread rows into values: a row without a changed field holds them all, another one."""
    rows = log.connection.execute(f"SELECT *, instant(ocel_time) AS at FROM log.{table}")  # noqa: S608  a quoted table
    names = [name for name, *_ in rows.description]
    while batch := rows.fetchmany(BATCH):
        values = []
        for given in batch:
            row = dict(zip(names, given, strict=True))
            changed = row.get("ocel_changed_field")
            for column in [changed] if changed in columns else columns:
                if row[column] not in (None, "", "null"):
                    values.append((row["ocel_id"], column, row["at"], str(row[column])))
                elif changed:
                    log.empty_changes += 1
        log.insert("object_values", values, 4)
