"""Tell whether what one JSON Schema describes is readable by who was told another.

Sound and no more: where it cannot prove that a document is accepted, it says why. Readers ignore
fields they do not know, and nobody sends a field that their own schema does not name. `jsoncompat`
does not fit: it lets another `format` or `pattern` pass.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

SILENT = frozenset(
    (
        *("$schema", "$id", "id", "$comment", "$defs", "definitions", "title", "description"),
        *("default", "examples", "example", "deprecated", "readOnly", "writeOnly"),
        *("discriminator", "xml", "externalDocs"),
    )
)
KINDS = frozenset(("null", "boolean", "integer", "number", "string", "array", "object"))
LOWER = "minimum", "exclusiveMinimum"
UPPER = "maximum", "exclusiveMaximum"
AT_LEAST = "minLength", "minItems", "minProperties"
AT_MOST = "maxLength", "maxItems", "maxProperties"


class Uncomparable(Exception):  # noqa: N818  it says what it is
    """A schema says things together that this checker cannot weigh."""


class Reading:
    """A reader who was told `wide` reads documents that `narrow` describes."""

    def __init__(self, wide: Schema, narrow: Schema, *, keeps_fields: bool) -> None:
        self._wide, self._narrow, self._keeps_fields = wide, narrow, keeps_fields
        self._open: set[tuple[str, str]] = set()

    def obstacles(self, wide: Any, narrow: Any, at: str = "") -> Iterator[str]:  # noqa: ANN401
        """Say why a document of `narrow` may be refused; nothing said means that none is."""
        pair = json.dumps(wide, sort_keys=True), json.dumps(narrow, sort_keys=True)
        if pair in self._open:  # a schema that holds itself
            return
        self._open.add(pair)
        try:
            w, n = plain(wide, self._wide), plain(narrow, self._narrow)
            if w is False and n is not False:
                yield f"{at}: nothing is allowed any more"
            elif w is not True and n is not False:
                yield from self._by_alternative(w, {} if n is True else n, at)
        except Uncomparable as reason:
            yield f"{at}: {reason}"
        finally:
            self._open.discard(pair)

    def _by_alternative(self, w: dict[str, Any], n: dict[str, Any], at: str) -> Iterator[str]:
        if "oneOf" in w:  # which of them fits is not weighed: each must read its own
            ours = n.get("oneOf", [])
            if len(ours) != len(w["oneOf"]):
                yield f"{at}: has {len(w['oneOf'])} alternatives and not {len(ours)}"
            for alternative, own in zip(w["oneOf"], ours, strict=False):
                yield from self.obstacles(alternative, own, at)
            w, n = without(w, "oneOf"), without(n, "oneOf")
        for choice in "anyOf", "oneOf":
            for alternative in n.get(choice, ()):
                rest = without(n, choice)
                yield from self.obstacles(w, {"allOf": [rest, alternative]}, at)
            if choice in n:
                return
        if "anyOf" in w:
            found = [list(self.obstacles(a, n, at)) for a in w["anyOf"]]
            if all(found):
                yield f"{at}: none of {len(found)} fits ({min(found, key=len)[0]})"
            w = without(w, "anyOf")
        elif self._keeps_fields:
            yield from self._gone(w, n, at)
        yield from self._together(w, n, at)

    def _gone(self, w: dict[str, Any], n: dict[str, Any], at: str) -> Iterator[str]:
        if w.get("additionalProperties", True) is not False:  # or it is refused by that
            for name in sorted(set(n.get("properties", ())) - set(w.get("properties", ()))):
                yield f"{at}/{name}: was removed"

    def _together(self, w: dict[str, Any], n: dict[str, Any], at: str) -> Iterator[str]:
        for keyword, said in w.items():
            if keyword in SILENT:
                continue
            judge = JUDGES.get(keyword)
            if judge:
                yield from judge(self, w, n, at)
            elif n.get(keyword) != said:
                yield f"{at}: {keyword} is {said!r} and was {n.get(keyword)!r}"

    def types(self, w: dict[str, Any], n: dict[str, Any], at: str) -> Iterator[str]:
        if lost := kinds(n) - kinds(w):
            yield f"{at}: {', '.join(sorted(lost))} is not of type {w['type']}"

    def values(self, w: dict[str, Any], n: dict[str, Any], at: str) -> Iterator[str]:
        allowed, sent = finite(w), finite(n)
        if sent is None:
            yield f"{at}: is limited to {allowed}"
        elif lost := [value for value in sent if value not in (allowed or [])]:
            yield f"{at}: {lost} is not among {allowed}"

    def bounds(self, w: dict[str, Any], n: dict[str, Any], at: str) -> Iterator[str]:
        for names, sign in ((LOWER, 1), (UPPER, -1)):
            theirs, ours = bound(w, names, sign), bound(n, names, sign)
            if theirs and (ours is None or ours < theirs):
                yield f"{at}: {names[0]} is {theirs[0] * sign}"

    def sizes(self, w: dict[str, Any], n: dict[str, Any], at: str) -> Iterator[str]:
        for name in AT_LEAST:
            if w.get(name, 0) > n.get(name, 0):
                yield f"{at}: {name} is {w[name]}"
        for name in AT_MOST:
            if name in w and (name not in n or n[name] > w[name]):
                yield f"{at}: {name} is {w[name]}"

    def multiples(self, w: dict[str, Any], n: dict[str, Any], at: str) -> Iterator[str]:
        if "multipleOf" not in n or n["multipleOf"] % w["multipleOf"]:
            yield f"{at}: must be a multiple of {w['multipleOf']}"

    def required(self, w: dict[str, Any], n: dict[str, Any], at: str) -> Iterator[str]:
        for name in sorted(set(w["required"]) - set(n.get("required", ()))):
            yield f"{at}/{name}: is required"

    def fields(self, w: dict[str, Any], n: dict[str, Any], at: str) -> Iterator[str]:
        rest = n.get("additionalProperties", True)
        for name, schema in w["properties"].items():
            if name in n.get("properties", {}):
                yield from self.obstacles(schema, n["properties"][name], f"{at}/{name}")
            elif rest not in (True, False, {}):
                yield from self.obstacles(schema, rest, f"{at}/{name}")

    def other_fields(self, w: dict[str, Any], n: dict[str, Any], at: str) -> Iterator[str]:
        rest = w["additionalProperties"]
        yield from self.obstacles(rest, n.get("additionalProperties", True), f"{at}/*")
        for name in sorted(set(n.get("properties", ())) - set(w.get("properties", ()))):
            yield from self.obstacles(rest, n["properties"][name], f"{at}/{name}")

    def items(self, w: dict[str, Any], n: dict[str, Any], at: str) -> Iterator[str]:
        theirs, ours = w["items"], n.get("items", True)
        if not isinstance(theirs, list) and not isinstance(ours, list):
            yield from self.obstacles(theirs, ours, f"{at}[]")
        elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
            for place, (one, other) in enumerate(zip(theirs, ours, strict=True)):
                yield from self.obstacles(one, other, f"{at}[{place}]")
        else:
            yield f"{at}: the items are counted differently"

    def more_items(self, w: dict[str, Any], n: dict[str, Any], at: str) -> Iterator[str]:
        ours = n.get("additionalItems", True)
        yield from self.obstacles(w["additionalItems"], ours, f"{at}[…]")


Judge = Callable[[Reading, dict[str, Any], dict[str, Any], str], Iterator[str]]
JUDGES: Mapping[str, Judge] = {
    "type": Reading.types,
    "enum": Reading.values,
    "const": Reading.values,
    **dict.fromkeys((*LOWER, *UPPER), Reading.bounds),
    **dict.fromkeys((*AT_LEAST, *AT_MOST), Reading.sizes),
    "multipleOf": Reading.multiples,
    "required": Reading.required,
    "properties": Reading.fields,
    "additionalProperties": Reading.other_fields,
    "items": Reading.items,
    "additionalItems": Reading.more_items,
}


def plain(schema: Any, root: Schema) -> Any:  # noqa: ANN401
    """Return a schema without references and conjunctions, one level deep."""
    seen = set()
    while isinstance(schema, dict) and ("$ref" in schema or "allOf" in schema):
        if "$ref" in schema:
            if schema["$ref"] in seen:
                raise Uncomparable(f"{schema['$ref']} leads nowhere")
            seen.add(schema["$ref"])
            target = referred(schema["$ref"], root)
            parts = [{k: v for k, v in schema.items() if k != "$ref"}, target]
        else:
            parts = [{k: v for k, v in schema.items() if k != "allOf"}, *schema["allOf"]]
        schema = conjunction([part for part in parts if part is not True])
    return schema


def referred(reference: str, root: Schema) -> Any:  # noqa: ANN401
    """Return what a reference within a document stands for."""
    here, *steps = reference.split("/")
    target: Any = root if here == "#" else None
    for step in steps:
        name = step.replace("~1", "/").replace("~0", "~")
        target = target.get(name) if isinstance(target, dict) else None
    if target is None:
        raise Uncomparable(f"{reference} leads nowhere")
    return target


def conjunction(parts: list[Any]) -> Any:  # noqa: ANN401
    """Return one schema that says what several say."""
    merged: dict[str, Any] = {}
    for part in parts:
        if part is False:
            return False
        for keyword, value in part.items():
            if keyword in SILENT or merged.get(keyword, value) == value:
                merged[keyword] = value
            elif keyword == "required":
                merged[keyword] = sorted({*merged[keyword], *value})
            elif keyword == "allOf":
                merged[keyword] = [*merged[keyword], *value]
            else:
                raise Uncomparable(f"{keyword} is said twice")
    return merged


def without(schema: dict[str, Any], keyword: str) -> dict[str, Any]:
    """Return a schema that does not say one thing."""
    return {key: value for key, value in schema.items() if key != keyword}


def kinds(schema: dict[str, Any]) -> frozenset[str]:
    """Return the types that a schema allows; every integer is a number too."""
    said = schema.get("type", list(KINDS))
    found = {said} if isinstance(said, str) else set(said)
    return frozenset(found | {"integer"} if "number" in found else found)


def finite(schema: dict[str, Any]) -> list[Any] | None:
    """Return the values to which a schema is limited, if it is."""
    return [schema["const"]] if "const" in schema else schema.get("enum")


def bound(schema: dict[str, Any], names: tuple[str, str], sign: int) -> tuple[float, bool] | None:
    """Return the tightest bound, so that of two the greater one is the tighter."""
    inclusive, exclusive = (schema.get(name) for name in names)
    if isinstance(exclusive, bool):  # as drafts up to 4 had it
        return None if inclusive is None else (inclusive * sign, exclusive)
    found = [
        (value * sign, strict)
        for value, strict in ((inclusive, False), (exclusive, True))
        if value is not None
    ]
    return max(found, default=None)


def readable(by: Schema, *, of: Schema, keeps_fields: bool = False) -> list[str]:
    """Say why who was told `by` may not read what `of` describes."""
    return list(Reading(by, of, keeps_fields=keeps_fields).obstacles(by, of))


def broken(old: Schema, new: Schema) -> list[str]:
    """Say which promises of an event's schema a new version breaks.

    Topics are kept for ever: new readers read old events, and readers of yesterday new ones.
    """
    again = [f"old events: {why}" for why in readable(new, of=old, keeps_fields=True)]
    return again + [f"old readers: {why}" for why in readable(old, of=new)]
