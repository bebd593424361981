"""Our idea of compatibility against verdicts that others wrote down (Apicurio Registry)."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.compatibility import readable

CASES = (
    "schema-compat-apicurio/schema-util/json/src/test/resources/io/apicurio/registry/rules/"
    "compatibility/jsonschema/compatibility-test-data.json"
)
VERDICTS = {"backward": (True, False), "both": (True, True), "none": (False, False)}

# They count an added optional field as unreadable to old readers; ours ignore what they do not
# know, and nobody sends under a name that somebody else's schema gives a meaning.
OURS = {"Object: properties 1", "Issue 4965-O2"}
# What no model of ours can say is refused where it changed at all, and not weighed.
UNWEIGHED = {
    "prefix items": ("items added", "items removed", "4965-A"),
    "if, then, else": ("Conditional",),
    "not": ("Complex: not",),
    "which of oneOf": ("Complex: oneOf",),
    "conditions on names": ("propertyNames", "patternProperties", "ependencies"),
    "contains": ("contains",),
    "anchors": ("References: $id",),
}


def as_object(schema: Any) -> dict[str, Any]:  # noqa: ANN401
    return schema if isinstance(schema, dict) else {"allOf": [schema]}


def test_what_others_found_incompatible_is_refused(protocols: Path) -> None:
    cases = json.loads((protocols / CASES).read_text())["tests"]
    assert len(cases) > 140
    for case in cases:
        old, new = as_object(case["original"]), as_object(case["updated"])
        found = not readable(new, of=old), not readable(old, of=new)
        wanted = VERDICTS[case["compatibility"]]
        if case["id"] in OURS:
            wanted = (True, True)
        unweighed = any(part in case["id"] for parts in UNWEIGHED.values() for part in parts)
        if unweighed:
            assert all(theirs or not ours for ours, theirs in zip(found, wanted, strict=True))
        else:
            assert found == wanted, case["id"]


@pytest.mark.parametrize("reference", ["#/$defs/Tree", "#/$defs/Missing", "elsewhere.json"])
def test_a_schema_may_hold_itself_and_must_be_whole(reference: str) -> None:
    tree = {"type": "object", "properties": {"branch": {"$ref": "#/$defs/Tree"}}}
    schema = {"$ref": reference, "$defs": {"Tree": tree}}
    assert bool(readable(schema, of=schema)) is (reference != "#/$defs/Tree")
