"""Open an event log, whichever of the two forms it has."""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from lianqiao.importing.ocel import json_form, sqlite_form
from lianqiao.importing.ocel.log import INDEXES, TABLES, Log, Told
from lianqiao.importing.values import UnreadableError, UnusableError, instant, moment

WORKING_MEMORY_KIB = 64 * 1024
UTC = ZoneInfo("UTC")


@contextmanager
def open_log(
    path: Path,
    *,
    wanted: Collection[str],
    zone: ZoneInfo = UTC,
    told: Told = lambda _: None,
) -> Iterator[Log]:
    """Read a log; attribute values are kept for the wanted object types alone.

    Refused is what is no OCEL 2.0 log, with a sentence that says what it seems to be.
    """
    form = _form(path)
    with TemporaryDirectory(prefix="lianqiao-") as folder:
        connection = sqlite3.connect(
            f"file:{Path(folder) / 'log.sqlite'}", isolation_level=None, uri=True
        )
        log = Log(connection)
        try:
            connection.executescript(
                "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA trusted_schema = OFF;"
                f"PRAGMA cache_size = -{WORKING_MEMORY_KIB};{TABLES}"
            )
            connection.create_function("instant", 1, lambda text: _instant(text, zone))
            read = sqlite_form.read if form == "sqlite" else json_form.read
            read(path, log, wanted=wanted, told=told)
            connection.executescript(INDEXES)
            yield log
        finally:
            connection.close()


def _form(path: Path) -> str:
    """Look at the first bytes of a file."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise UnusableError(f"{path} cannot be read: {error.strerror}.") from error
    if head.startswith(b"SQLite format 3\0"):
        return "sqlite"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{"):
        return "json"
    seems = "XML, which is not read" if start.startswith(b"<") else "neither SQLite nor JSON"
    raise UnusableError(
        f"{path} is no OCEL 2.0 log that can be read: it is {seems}. "
        "Export the log as OCEL 2.0 SQLite or JSON."
    )


def _instant(text: object, zone: ZoneInfo) -> str | None:
    """Write a log's time as UTC text that sorts; an unreadable one is unknown."""
    try:
        return instant(moment(str(text), (), zone)) if text else None
    except (UnreadableError, OverflowError):
        return None
