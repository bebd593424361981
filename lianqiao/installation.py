"""What of Lianqiao is installed and running here: its folder, its secrets, its services."""

import json
import os
import secrets
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, NamedTuple

import contracts
import services
from contracts.event import Event

if TYPE_CHECKING:  # read by commands that need no service, and so no time to import one
    from shared.app import Service

ROOT = Path(__file__).parent.parent
DATABASE_URL, KAFKA_SERVERS = "LIANQIAO_DATABASE_URL", "LIANQIAO_KAFKA_SERVERS"
ISSUER, PORTAL_SECRET = "LIANQIAO_ISSUER", "LIANQIAO_PORTAL_CLIENT_SECRET"


class CannotError(Exception):
    """What was asked for cannot be done here; the message says why and what to do."""


class Operator(NamedTuple):
    """How the platform's operator reaches the APIs: OAuth client credentials at an address."""

    issuer: str
    client_id: str
    secret: str
    certificate: str | None  # to be trusted in place of the system's, where it is one of our own


def folder() -> Path:
    """Return where this installation keeps what it makes."""
    return Path(os.environ.get("LIANQIAO_FOLDER") or ROOT / ".lianqiao").resolve()


@cache
def service_names() -> tuple[str, ...]:
    """Name every service in this tree: each folder of `services/` is one."""
    return tuple(sorted(module.name for module in iter_modules(services.__path__) if module.ispkg))


@cache
def service(name: str) -> "Service":
    """Return what a service's `main.py` exports."""
    if name not in service_names():
        raise CannotError(f"There is no service {name}; there are {', '.join(service_names())}.")
    found: Service = import_module(f"services.{name}.main").service
    return found


def every_service() -> "dict[str, Service]":
    """Return all services by name."""
    return {name: service(name) for name in service_names()}


def topics() -> list[str]:
    """Name every topic that a service publishes on, by the event contracts."""
    for module in iter_modules(contracts.__path__):
        if not module.name.startswith("_"):
            import_module(f"contracts.{module.name}")
    return sorted({contract.topic() for contract in Event.catalogue.values()})


def kept(name: str) -> dict[str, Any]:
    """Read one of the installation's own files; empty where it has none."""
    path = folder() / f"{name}.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def keep(name: str, content: Mapping[str, object]) -> None:
    """Write one of the installation's own files, at once and for this account's eyes alone."""
    path = folder() / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file, indent=2, ensure_ascii=False)
    new.replace(path)


def forget(name: str) -> None:
    """Remove one of the installation's own files."""
    (folder() / f"{name}.json").unlink(missing_ok=True)


def secret(name: str) -> str:
    """Return a secret that is drawn when it is first asked for."""
    known = kept("secrets")
    if name not in known:
        known[name] = secrets.token_urlsafe(32)
        keep("secrets", known)
    return str(known[name])


def attach() -> None:
    """Let this process reach what runs here, where the environment names nothing else.

    Must come before anything reads `settings()`.
    """
    running = _running()
    for name in DATABASE_URL, KAFKA_SERVERS, ISSUER:
        if name in running:
            os.environ.setdefault(name, running[name])
    if not os.environ.get(DATABASE_URL):
        raise CannotError(
            "Lianqiao is not running here: start it with `make run`, or name a database in "
            f"{DATABASE_URL}."
        )
    if running:
        os.environ.setdefault(PORTAL_SECRET, secret("portal"))


def _running() -> dict[str, Any]:
    """Return what runs here said of itself; empty where it does not run any more."""
    said = kept("running")
    if said:
        try:
            os.kill(said["process"], 0)
        except ProcessLookupError:
            return {}
        except PermissionError:  # it is there, and another account's
            return said
    return said


def operator() -> Operator:
    """Return the operator's access to the APIs of what runs here."""
    attach()
    known, running = kept("operator"), _running()
    client_id = os.environ.get("LIANQIAO_OPERATOR_CLIENT_ID") or known.get("client_id")
    given = os.environ.get("LIANQIAO_OPERATOR_CLIENT_SECRET") or known.get("secret")
    if not client_id or not given:
        raise CannotError(
            "The operator's OAuth client is not known here: name it in LIANQIAO_OPERATOR_CLIENT_ID "
            "and LIANQIAO_OPERATOR_CLIENT_SECRET; `lianqiao migrate` prints one when it makes it."
        )
    issuer = os.environ.get(ISSUER) or "http://localhost:8000"
    return Operator(issuer, client_id, given, running.get("certificate"))
