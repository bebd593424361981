"""What was once promised to readers of our events stays promised."""

import json
from copy import deepcopy
from typing import Any

import pytest

from contracts.__main__ import HERE, catalogue, schemas
from lianqiao.contracts import all_files
from tests.contracts.compatibility import broken
from tests.contracts.history import ROOT, earlier

PLANTED: dict[str, tuple[str, Any]] = {
    "a removed field": ("properties/number", None),
    "a removed optional field": ("properties/imported", None),
    "a field that is required now": ("required/-", "imported"),
    "a required field that may be missing now": ("required/0", None),
    "another format": ("properties/order_id/format", "uri"),
    "no format": ("properties/recorded_at/format", None),
    "another type": ("properties/number/type", "integer"),
    "one more type": ("properties/number/type", ["string", "null"]),
    "a length that was not limited": ("properties/number/maxLength", 40),
    "a narrower pattern": ("$defs/PlacedLine/properties/unit/pattern", "^[A-Z]{3}$"),
    "a tighter bound": ("$defs/PlacedLine/properties/position/exclusiveMinimum", 1),
    "a looser bound": ("$defs/PlacedLine/properties/position/exclusiveMinimum", -1),
    "fewer digits": (
        "$defs/PlacedScheduleLine/properties/quantity/pattern",
        r"^[0-9]{1,9}(\.[0-9]{1,3})?$",
    ),
    "nothing beside what is known": ("additionalProperties", False),
    "a nested field that is removed": ("$defs/PlacedLine/properties/amount", None),
    "a list that must not be empty": ("properties/lines/minItems", 1),
    "null where there was none": (
        "properties/buyer_id",
        {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]},
    ),
    "no null where there was": (
        "properties/occurred_at",
        {"type": "string", "format": "date-time"},
    ),
}
HARMLESS: dict[str, tuple[str, Any]] = {
    "an optional field": ("properties/note", {"type": "string", "default": ""}),
    "an optional nested field": ("$defs/PlacedLine/properties/plant", {"type": "string"}),
    "other words": ("description", "Somebody ordered something."),
}


def changed(schema: dict[str, Any], path: str, value: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a schema with one change; None takes away what is there."""
    copy = deepcopy(schema)
    *steps, last = path.split("/")
    target: Any = copy
    for step in steps:
        target = target[step]
    if isinstance(target, list):
        target.append(value) if last == "-" else target.pop(int(last))
    elif value is None:
        del target[last]
    else:
        target[last] = value
    return copy


@pytest.mark.parametrize("path", sorted(all_files()), ids=lambda path: str(path.name))
def test_what_is_committed_is_current(path: Any) -> None:  # noqa: ANN401
    wanted = all_files()[path]
    assert path.exists() and path.read_text() == wanted, "run `make contracts`"  # noqa: PT018


def test_nothing_is_committed_that_nobody_publishes() -> None:
    found = {*HERE.glob("schemas/*.json"), *HERE.glob("openapi/*.json"), HERE / "asyncapi.json"}
    assert found == {path for path in all_files() if HERE in path.parents}, "run `make contracts`"


def test_every_event_ever_published_is_still_described() -> None:
    gone = [path for path in earlier("contracts/schemas") if not (ROOT / path).exists()]
    assert not gone, "a type that was published stays, or is published beside its next version"


@pytest.mark.parametrize("name", catalogue())
def test_every_earlier_version_is_still_readable(name: str) -> None:
    for version in earlier("contracts/schemas").get(f"contracts/schemas/{name}.json", ()):
        assert broken(json.loads(version), schemas()[name]) == []


@pytest.mark.parametrize("name", catalogue())
def test_an_event_says_what_it_means(name: str) -> None:
    event = catalogue()[name]
    service, fact, version = name.split(".")
    assert service == event.__module__.removeprefix("contracts."), "a service names its own events"
    assert version.removeprefix("v").isdigit()
    assert fact.replace("_", "") in event.__name__.lower()
    assert (event.__doc__ or "").strip().endswith(".")


@pytest.mark.parametrize("change", PLANTED)
def test_a_breaking_change_is_refused(change: str) -> None:
    schema = schemas()["orders.order_placed.v1"]
    assert broken(schema, changed(schema, *PLANTED[change])) != []


@pytest.mark.parametrize("change", HARMLESS)
def test_an_addition_is_taken(change: str) -> None:
    schema = schemas()["orders.order_placed.v1"]
    assert broken(schema, changed(schema, *HARMLESS[change])) == []


@pytest.mark.parametrize("name", catalogue())
def test_a_schema_is_compatible_with_itself(name: str) -> None:
    assert broken(schemas()[name], schemas()[name]) == []
    renamed = json.loads(json.dumps(schemas()[name]).replace("$defs", "definitions"))
    assert broken(schemas()[name], renamed) == []
