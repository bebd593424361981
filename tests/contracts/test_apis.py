"""What our HTTP APIs once offered to partners stays on offer."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from lianqiao.contracts import all_files, found_services, openapi
from tests.contracts.apis import broken, operations
from tests.contracts.history import ROOT, earlier

SERVICES = sorted(found_services())
DOCUMENT: dict[str, Any] = {
    "paths": {
        "/orders": {
            "get": {
                "parameters": [{"in": "query", "name": "side", "schema": {"type": "string"}}],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/O"}}}}
                },
                "security": [{"oauth2": ["orders:read"]}],
            },
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/I"}}},
                },
                "responses": {"201": {}},
            },
        }
    },
    "components": {
        "I": {
            "type": "object",
            "properties": {"number": {"type": "string", "maxLength": 80}},
            "required": ["number"],
            "additionalProperties": False,
        },
        "O": {
            "type": "object",
            "properties": {
                "number": {"type": "string"},
                "light": {"type": "string", "enum": ["late", "on_time"]},
            },
            "required": ["number"],
        },
    },
}
GET, POST = DOCUMENT["paths"]["/orders"]["get"], DOCUMENT["paths"]["/orders"]["post"]


def planted(change: str) -> dict[str, Any]:
    """Return the document with one change, written as Python would make it."""
    document = deepcopy(DOCUMENT)
    exec(change, {  # noqa: S102  the changes stand below
        "paths": document["paths"],
        "get": document["paths"]["/orders"]["get"],
        "post": document["paths"]["/orders"]["post"],
        "asked": document["components"]["I"],
        "answered": document["components"]["O"],
    })  # fmt: skip
    return document


@pytest.mark.parametrize(
    "change",
    [
        'del paths["/orders"]',
        'del paths["/orders"]["post"]',
        'get["parameters"].append({"in": "query", "name": "q", "required": True, "schema": {}})',
        'get["parameters"].clear()',
        'get["parameters"][0]["required"] = True',
        'get["parameters"][0]["schema"]["enum"] = ["buyer"]',
        'get["security"][0]["oauth2"].append("orders:place")',
        'get["responses"]["202"] = get["responses"].pop("200")',
        'answered["properties"].pop("light")',
        'answered["properties"]["light"]["enum"].append("lost")',
        'answered["required"] = []',
        'answered["properties"]["number"]["type"] = "integer"',
        'asked["required"].append("currency")',
        'asked["properties"].pop("number")',
        'asked["properties"]["number"]["maxLength"] = 40',
        'post["requestBody"]["content"] = {"text/csv": {}}',
    ],
)
def test_a_breaking_change_is_refused(change: str) -> None:
    assert broken(DOCUMENT, planted(change)) != []


@pytest.mark.parametrize(
    "change",
    [
        'paths["/items"] = paths["/orders"]',
        'get["parameters"].append({"in": "query", "name": "q", "schema": {}})',
        'get["security"].append({"oauth2": ["orders:place"]})',
        'answered["properties"]["note"] = {"type": "string"}',
        'answered["properties"]["light"]["enum"].remove("late")',
        'answered["required"].append("light")',
        'asked["properties"]["note"] = {"type": "string"}',
        'asked["properties"]["number"]["maxLength"] = 100',
    ],
)
def test_an_addition_is_taken(change: str) -> None:
    assert broken(DOCUMENT, planted(change)) == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_earlier_version_is_still_served(service: str) -> None:
    document = openapi(found_services()[service])
    assert broken(document, document) == []
    for version in earlier("contracts/openapi").get(f"contracts/openapi/{service}.json", ()):
        assert broken(json.loads(version), document) == []


def test_every_api_ever_offered_is_still_there() -> None:
    assert not [path for path in earlier("contracts/openapi") if not (ROOT / path).exists()]


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_is_explained(service: str) -> None:
    for key, operation in operations(openapi(found_services()[service])).items():
        assert operation.get("description"), f"{' '.join(key)} has no docstring"


def test_the_asyncapi_document_is_valid(protocols: Path) -> None:
    asyncapi = next(json.loads(t) for p, t in all_files().items() if p.name == "asyncapi.json")
    schema = protocols / "asyncapi-schemas" / "schemas" / f"{asyncapi['asyncapi']}.json"
    validator = Draft7Validator(json.loads(schema.read_text()))
    assert [error.message for error in validator.iter_errors(asyncapi)] == []
    del asyncapi["channels"]["orders"]["address"], asyncapi["info"]
    assert list(validator.iter_errors(asyncapi))
