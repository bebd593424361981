"""Every operation says who may call it; every event that is published is one that is described."""

import ast
import re
from pathlib import Path

import pytest

from contracts.__main__ import catalogue
from contracts.scopes import Scope
from lianqiao.contracts import found_services, openapi
from tests.architecture.sources import ROOT, called, modules, named, parsed
from tests.contracts.apis import operations, scopes

SERVICES = found_services()
PUBLIC = {"/health/live", "/health/ready"}
SIGNED_IN = {"/me", "/organization"}  # whoever has a token may ask whose it is
SEALED = re.compile(r"['\"]([a-z]+\.[a-z_]+\.v[0-9]+)['\"]")

EVENTS = {event.__name__: name for name, event in catalogue().items()}


def published_by(folder: Path) -> set[str]:
    """Return the event types that a service's code and statements publish."""
    found = set()
    for path in (*folder.rglob("*.sql"), *folder.rglob("*.py")):
        found |= set(SEALED.findall(path.read_text()))
    for path in folder.rglob("*.py"):
        for node in ast.walk(parsed(path)):
            made = called(node.func) if isinstance(node, ast.Call) else ""
            found.add(EVENTS.get(made, ""))
            if isinstance(node, ast.Attribute) and node.attr == "type":
                found.add(EVENTS.get(called(node.value), ""))
    return found - {""}


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_declares_a_scope(service: str) -> None:
    prefix = SERVICES[service].prefix
    for (method, path), operation in operations(openapi(SERVICES[service])).items():
        if not path.startswith(prefix):
            continue  # pages and OAuth's own routes: who comes there has no token yet
        asked = scopes(operation)
        name = f"{method} {path}"
        rest = path.removeprefix(prefix)
        if rest in PUBLIC:
            assert not asked, f"{name} is public"
        elif rest in SIGNED_IN:
            assert asked, f"{name} is open to anyone"
        else:
            assert asked, f"{name} is open to anyone"
            assert all(asked), f"{name} is open to any token"
            assert all(choice <= set(Scope) for choice in asked), f"{name} asks for {asked}"


@pytest.mark.parametrize("scope", Scope)
def test_every_scope_opens_something(scope: Scope) -> None:
    needed = {
        name
        for service in SERVICES.values()
        for operation in operations(openapi(service)).values()
        for choice in scopes(operation)
        for name in choice
    }
    assert scope in needed, "a scope that nothing asks for promises what is not there"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_publishes_what_it_describes_and_nothing_else(service: str) -> None:
    described = {name for name, event in catalogue().items() if event.topic() == service}
    assert published_by(ROOT / "services" / service) == described


def test_the_program_publishes_nothing_by_itself() -> None:
    assert not published_by(ROOT / "lianqiao")
    assert not published_by(ROOT / "shared")


def test_a_consumer_names_only_events_of_others() -> None:
    for path in modules("services"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and called(node.func) == "on" and node.args:
                heard = EVENTS.get(called(node.args[0]), "")
                assert heard, f"{named(path)}:{node.lineno} hears what nobody publishes"
                assert path.parts[-2] != heard.partition(".")[0], f"{named(path)} hears itself"
