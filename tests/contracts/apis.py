"""Tell which promises of an OpenAPI document a new version breaks."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.contracts.compatibility import Reading, plain

METHODS = "get", "put", "post", "delete", "patch", "head", "options"
Document = Mapping[str, Any]


def operations(document: Document) -> dict[tuple[str, str], dict[str, Any]]:
    """Return every operation of a document by its method and path."""
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


def scopes(operation: Mapping[str, Any]) -> list[frozenset[str]]:
    """Return the alternatives of scopes that an operation asks for."""
    return [
        frozenset(scope for names in choice.values() for scope in names)
        for choice in operation.get("security", ())
    ]


def broken(old: Document, new: Document) -> list[str]:
    """Say what a client of the old document can no longer do or read."""
    after = operations(new)
    found = []
    for key, operation in operations(old).items():
        if key not in after:
            found.append(f"{' '.join(key)}: was removed")
        else:
            change = _Change(old, new)
            found += [f"{' '.join(key)}: {why}" for why in change.of(operation, after[key])]
    return found


class _Change:
    def __init__(self, old: Document, new: Document) -> None:
        self._sent = Reading(new, old, keeps_fields=True)  # the new server reads old requests
        self._answered = Reading(old, new, keeps_fields=False)  # old clients read new answers
        self._old, self._new = old, new

    def of(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
        yield from self._parameters(old, new)
        yield from self._body(old.get("requestBody"), new.get("requestBody"))
        yield from self._answers(old["responses"], new["responses"])
        before, now = scopes(old), scopes(new)
        for asked in before or [frozenset()]:
            if now and not any(needed <= asked for needed in now):
                yield f"needs {sorted(now[0] - asked)} more"

    def _parameters(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
        before, now = (
            {(p["in"], p["name"]): p for p in map(dict, side.get("parameters", ()))}
            for side in (old, new)
        )
        for key, parameter in now.items():
            was = before.get(key)
            if parameter.get("required") and not (was and was.get("required")):
                yield f"{key[1]}: the {key[0]} parameter is required now"
        for key, parameter in before.items():
            if key not in now:
                yield f"{key[1]}: the {key[0]} parameter was removed"
            else:
                yield from self._sent.obstacles(now[key]["schema"], parameter["schema"], key[1])

    def _body(self, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[str]:
        if new and new.get("required") and not (old and old.get("required")):
            yield "a body is required now"
        for kind, content in (old or {}).get("content", {}).items():
            now = (new or {}).get("content", {}).get(kind)
            if now is None:
                yield f"a body of {kind} is no longer taken"
            else:
                yield from self._sent.obstacles(now.get("schema", {}), content.get("schema", {}))

    def _answers(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
        for status in (code for code in old if code.startswith("2")):
            if status not in new:
                yield f"{status} is no longer answered"
                continue
            for kind, content in old[status].get("content", {}).items():
                now = new[status].get("content", {}).get(kind)
                if now is None:
                    yield f"{status} is no longer {kind}"
                    continue
                then, now = content.get("schema", {}), now.get("schema", {})
                yield from self._answered.obstacles(then, now, f"{status} answer")
                yield from self._lost(then, now, f"{status} answer", set())

    def _lost(self, old: Any, new: Any, at: str, seen: set[str]) -> Iterator[str]:  # noqa: ANN401
        """Name the fields that an old answer had and a new one has not."""
        key = f"{old}{new}"
        old, new = plain(old, self._old), plain(new, self._new)
        if key in seen or not isinstance(old, dict) or not isinstance(new, dict):
            return
        seen.add(key)
        for choice in "anyOf", "oneOf":
            for one, other in zip(old.get(choice, ()), new.get(choice, ()), strict=False):
                yield from self._lost(one, other, at, seen)
        if "items" in old and "items" in new:
            yield from self._lost(old["items"], new["items"], f"{at}[]", seen)
        for name, schema in old.get("properties", {}).items():
            if name in new.get("properties", {}):
                yield from self._lost(schema, new["properties"][name], f"{at}/{name}", seen)
            else:
                yield f"{at}/{name}: was removed"
