"""Every operation of every service, found in its OpenAPI document, and requests that it takes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any
from uuid import uuid4

from contracts.scopes import Scope
from lianqiao.contracts import found_services, openapi
from tests.contracts.apis import operations as described
from tests.contracts.apis import scopes
from tests.contracts.compatibility import plain

JSON = "application/json"
ORGANIZATIONS = {"supplier_id", "buyer_id", "counterparty_id", "organization_id"}

Ids = Callable[[str], str]  # the id to be sent under a name

# What a field of such a name holds where its schema alone does not tell.
VALUES: Mapping[str, Any] = {
    "currency": "CNY",
    "unit": "C62",
    "incoterm": "FCA",
    "promised_on": "2199-06-20",
    "due_on": "2199-06-20",
    "topic": "planted",
    "subject": "planted",
    "keys": [{
        "kty": "EC", "crv": "P-256", "kid": "walked",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }],
}  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """One method on one path, as its service describes it."""

    service: str
    method: str
    path: str
    described: Mapping[str, Any]
    document: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def scopes(self) -> list[frozenset[str]]:
        """The alternatives of scopes that open it; none: it is public."""
        return scopes(self.described)

    @property
    def lacking(self) -> list[Scope]:
        """Every scope but those that open it."""
        asked = {name for choice in self.scopes for name in choice}
        return [scope for scope in Scope if scope.value not in asked]

    @property
    def is_the_operators(self) -> bool:
        """Whether it is for those who run the platform, and sees all organizations."""
        asked = {name for choice in self.scopes for name in choice}
        return any(name.startswith("platform:") or name.endswith(":operate") for name in asked)

    def parameters(self, place: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the parameters in the path, the query or the headers, by name."""
        found = self.described.get("parameters", ())
        return {p["name"]: p for p in found if p["in"] == place}

    @property
    def path_ids(self) -> list[str]:
        """The names of the ids in its path."""
        return list(self.parameters("path"))

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """What kinds of body it takes."""
        found: Mapping[str, Any] = self.described.get("requestBody", {}).get("content", {})
        return found

    @property
    def body_schema(self) -> Any:  # noqa: ANN401
        """What a JSON body must be like, if it takes one."""
        return self.content.get(JSON, {}).get("schema")

    def url(self, ids: Ids) -> str:
        """Return its address for some ids."""
        return self.path.format(**{name: ids(name) for name in self.path_ids})

    def query(self, ids: Ids) -> dict[str, Any]:
        """Return the parameters that must be in the query."""
        needed = self.parameters("query")
        return {
            name: self._sample(parameter["schema"], name, ids, full=False)
            for name, parameter in needed.items()
            if parameter.get("required")
        }

    def body(self, ids: Ids, *, full: bool = False) -> Any:  # noqa: ANN401
        """Return a body that fits the schema: with what is required alone, or with all fields."""
        return self._sample(self.body_schema, "", ids, full=full)

    def body_ids(self) -> set[str]:
        """Return the names of the ids in its body and query."""
        named: set[str] = set()

        def note(name: str) -> str:
            named.add(name)
            return str(uuid4())

        if self.body_schema is not None:
            self.body(note, full=True)
        for name, parameter in self.parameters("query").items():
            self._sample(parameter["schema"], name, note, full=True)
        return named

    def fields(self) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
        """Yield the way to every field of a body, with its schema."""
        if self.body_schema is not None:
            yield from self._fields(self.body_schema, ())

    def _fields(
        self,
        schema: Any,  # noqa: ANN401
        way: tuple[str | int, ...],
    ) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
        flat = self._flat(schema)
        yield way, flat
        for name, inner in flat.get("properties", {}).items():
            yield from self._fields(inner, (*way, name))
        if "items" in flat:
            yield from self._fields(flat["items"], (*way, 0))
        if isinstance(flat.get("additionalProperties"), dict) and not flat.get("properties"):
            yield from self._fields(flat["additionalProperties"], (*way, "other"))

    def _flat(self, schema: Any) -> dict[str, Any]:  # noqa: ANN401
        """Return a schema without references, and of alternatives the first that is not null."""
        found = plain(schema, self.document)
        found = found if isinstance(found, dict) else {}
        for choice in "anyOf", "oneOf":
            if choice in found:
                flat = [self._flat(alternative) for alternative in found[choice]]
                real = [one for one in flat if one.get("type") != "null"]
                texts = [one for one in real if one.get("type") == "string"]
                exact = {"format": "decimal"} if {"number"} & {o.get("type") for o in real} else {}
                rest = {k: v for k, v in found.items() if k != choice}
                return rest | (texts or real)[0] | (exact if texts else {})
        return found

    def _sample(self, schema: Any, name: str, ids: Ids, *, full: bool) -> Any:  # noqa: ANN401
        flat = self._flat(schema)
        if flat.get("type") == "object" or "properties" in flat:
            return {
                key: VALUES[key] if key in VALUES else self._sample(inner, key, ids, full=full)
                for key, inner in flat.get("properties", {}).items()
                if full or key in flat.get("required", ())
            }
        if flat.get("type") == "array":
            return [self._sample(flat.get("items", {}), name, ids, full=full)]
        return scalar(flat, name, ids)


def scalar(schema: Mapping[str, Any], name: str, ids: Ids) -> Any:  # noqa: ANN401
    """Return a value that fits the schema of a field of this name."""
    if schema.get("format") == "uuid":
        return ids(name)
    if name in VALUES:
        return VALUES[name]
    if "enum" in schema or "examples" in schema:
        return schema.get("examples", schema.get("enum"))[0]
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return int(schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1))
    return text(schema, name) if kind == "string" else schema.get("const", True)


def text(schema: Mapping[str, Any], name: str) -> str:
    """Return a text that fits the schema of a field of this name."""
    drawn = uuid4().hex[:8]
    by_format = {
        "date": f"{datetime.now(UTC).date() + timedelta(days=30)}",
        "date-time": (datetime.now(UTC) - timedelta(days=30)).isoformat(),
        "decimal": "1",
    }
    if found := by_format.get(schema.get("format", "")):
        return found
    if "@" in schema.get("pattern", ""):
        return f"{drawn}@example.com"
    return "https://partner.example/back" if "uri" in name else f"walked {drawn}"


@cache
def every_operation() -> tuple[Operation, ...]:
    """Return all operations of all services that there are."""
    documents = {name: openapi(service) for name, service in found_services().items()}
    return tuple(
        Operation(name, method, path, operation, document)
        for name, document in documents.items()
        for (method, path), operation in described(document).items()
    )
