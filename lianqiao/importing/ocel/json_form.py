"""The JSON form of OCEL 2.0, read as a stream: no more than one object or event is held."""

from collections.abc import Collection, Iterator
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import ijson

from lianqiao.importing.ocel.log import Log, Told
from lianqiao.importing.values import UnusableError, instant, moment

BATCH = 2_000
PASSES = 4  # one for each array

Thing = dict[str, Any]


def read(path: Path, log: Log, *, wanted: Collection[str], told: Told) -> None:
    """Fill the working form from the four arrays of the document, in whatever order they stand."""
    try:
        with path.open("rb") as file:
            for key, into in (("objectTypes", log.object_types), ("eventTypes", log.event_types)):
                for type_ in chain.from_iterable(_batches(file, key, told)):
                    into[type_["name"]] = [one["name"] for one in type_.get("attributes", ())]
            _check(path, log)
            log.connection.execute("BEGIN")
            for batch in _batches(file, "objects", told):
                _add_objects(log, batch, wanted)
            for batch in _batches(file, "events", told):
                _add_events(log, batch)
            log.connection.execute("COMMIT")
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise UnusableError(f"{path} is damaged JSON: {error}.") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise UnusableError(
            f"{path} is JSON but no OCEL 2.0 log: an entry lacks {error} or is of another shape."
        ) from error


def _check(path: Path, log: Log) -> None:
    if not log.object_types or not log.event_types:
        raise UnusableError(
            f"{path} is JSON but no OCEL 2.0 log: it declares no objectTypes or no eventTypes."
        )


def _batches(file: BinaryIO, key: str, told: Told) -> Iterator[list[Thing]]:
    """Go through the whole file for one of its arrays."""
    file.seek(0)
    things, before = ijson.items(file, f"{key}.item"), 0
    while batch := list(islice(things, BATCH)):
        yield batch
        told((file.tell() - before) // PASSES)
        before = file.tell()


def _add_objects(log: Log, batch: list[Thing], wanted: Collection[str]) -> None:
    log.insert("objects", ((one["id"], one["type"]) for one in batch), 2)
    for one in batch:
        log.object_types.setdefault(one["type"], [])
    values = (value for one in batch if one["type"] in wanted for value in _values(log, one))
    log.insert("object_values", values, 4)
    log.insert("object_links", _links(batch), 3)


def _links(batch: list[Thing]) -> Iterator[tuple[object, ...]]:
    for one in batch:
        for link in one.get("relationships", ()):
            yield one["id"], link["objectId"], link.get("qualifier", "")


def _values(log: Log, one: Thing) -> Iterator[tuple[object, ...]]:
    declared = log.object_types[one["type"]]
    seen: set[str] = set()
    for given in one.get("attributes", ()):
        if given["name"] not in declared:
            declared.append(given["name"])
        if given["value"] not in (None, ""):
            yield one["id"], given["name"], _at(given.get("time")), _text(given["value"])
        elif given["name"] in seen:
            log.empty_changes += 1
        seen.add(given["name"])


def _add_events(log: Log, batch: list[Thing]) -> None:
    rows = ((one["id"], one["type"], _at(one.get("time"))) for one in batch)
    log.insert("events", rows, 3)
    for one in batch:
        log.event_types.setdefault(one["type"], [])
    log.insert("event_links", _links(batch), 3)


def _at(time: str | None) -> str | None:
    try:
        return instant(moment(time, (), ZoneInfo("UTC"))) if time else None
    except (ValueError, OverflowError):
        return None


def _text(value: object) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)
