"""One process per part of each service, as docker-compose.yml has them: the chain still runs."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import httpx2
import psycopg
import pytest
from joserfc.jwk import OKPKey
from pydantic import BaseModel, ConfigDict

from contracts.scopes import Scope
from lianqiao.client import Api, Credentials, Platform
from lianqiao.parties import Party, Relation, register, relate, wait_for_relationships
from shared import local
from shared.local import Kafka
from shared.ports import free_port
from tests.program.conftest import Program, with_patience
from tests.program.deployment import FrontDoor, program_commands

BUYER = Party(uuid4(), "比麟汽车", frozenset({Scope.ORDERS_PLACE, Scope.ORDERS_READ}), "erp")
SUPPLIER = Party(
    uuid4(),
    "宏远精密",
    frozenset(
        {
            Scope.ORDERS_CONFIRM,
            Scope.ORDERS_READ,
            Scope.PRODUCTION_READ,
            Scope.PRODUCTION_WRITE,
        }
    ),
    "mes",
)
HEARD_WITHIN_S = 30
SECRET = "of-this-test-alone" * 2


class Row(BaseModel):
    """A row of any list."""

    model_config = ConfigDict(extra="allow")

    id: str


@dataclass
class Installation:
    """Processes that run, and the address at which they are one platform."""

    programs: dict[str, Program]
    ports: dict[str, int]
    issuer: str
    client_id: str
    environment: dict[str, str]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="lianqiao-", ignore_cleanup_errors=True) as found:
        yield Path(found)


@pytest.fixture(scope="module")
def broker(folder: Path) -> Iterator[Kafka]:
    with local.kafka(folder / "kafka") as running:
        yield running


@pytest.fixture(scope="module")
def installation(folder: Path, broker: Kafka) -> Iterator[Installation]:
    """Migrate, then start every process that docker-compose.yml names, each on its own."""
    with local.postgres(folder / "postgres", durable=False) as url:
        issuer = f"http://127.0.0.1:{free_port()}"
        ports = {f"{c[1]}-api": free_port() for c in program_commands() if c[0] == "api"}
        environment = {
            "LIANQIAO_FOLDER": str(folder / "here"),
            "LIANQIAO_DATABASE_URL": url,
            "LIANQIAO_KAFKA_SERVERS": broker.servers,
            "LIANQIAO_ISSUER": issuer,
            "LIANQIAO_SERVICE_URLS": json.dumps(
                {name.removesuffix("-api"): f"http://127.0.0.1:{p}" for name, p in ports.items()}
            ),
            "LIANQIAO_OPERATOR_CLIENT_SECRET": SECRET,
            "LIANQIAO_PORTAL_CLIENT_SECRET": "x" * 40,
            "LIANQIAO_CONNECTIONS_MAX": "4",
        }
        with Program(["migrate", "--json"], environment) as migrate:
            assert migrate.ended() == 0, migrate.said
        client_id = json.loads((folder / "here" / "operator.json").read_text())["client_id"]
        programs = {}
        for command in program_commands():
            name = f"{command[1]}-{command[0]}"
            at = ["--port", str(ports[name])] if command[0] == "api" else []
            programs[name] = Program([*command[:2], *at], environment)
        yield Installation(programs, ports, issuer, client_id, environment)
        for program in programs.values():
            program.process.terminate()
        for program in programs.values():
            with program:
                assert program.ended() in (0, -15), program.said


@pytest.fixture
async def platform(installation: Installation) -> AsyncIterator[Platform]:
    door = FrontDoor(installation.ports)
    operator = Credentials(
        installation.client_id, installation.environment["LIANQIAO_OPERATOR_CLIENT_SECRET"]
    )
    key = OKPKey.generate_key("Ed25519", auto_kid=True)
    async with httpx2.AsyncClient(base_url=installation.issuer, transport=door, timeout=30) as http:
        for name in installation.ports:
            await _ready(http, name.removesuffix("-api"))
        yield Platform(http, operator, installation.issuer, key)


async def _ready(http: httpx2.AsyncClient, service: str) -> None:
    async with asyncio.timeout(with_patience(60)):
        while True:
            try:
                path = f"/api/{service}/v1/health/ready"
                if (await http.get(path)).status_code == 200 or service == "portal":
                    return
            except httpx2.HTTPError:
                pass
            await asyncio.sleep(0.2)


async def heard(api: Api, path: str, **values: object) -> Row:
    """Wait for a row that says so."""
    async with asyncio.timeout(with_patience(HEARD_WITHIN_S)):
        while True:
            async for row in api.items(path, Row):
                if values.items() <= row.model_dump().items():
                    return row
            await asyncio.sleep(0.1)


def an_order(number: str) -> dict[str, object]:
    due_on = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    line = {
        "position": 10,
        "item_number": "A-1",
        "item_name": "支架",
        "unit": "C62",
        "price": "2.50",
        "schedule_lines": [{"quantity": "100", "due_on": due_on}],
    }
    return {
        "number": number,
        "supplier_id": str(SUPPLIER.id),
        "currency": "CNY",
        "lines": [line],
    }


async def reported(platform: Platform, number: str) -> None:
    """Place an order, let it be confirmed and report on it, until the order book shows that."""
    apis = (await register(platform, [BUYER, SUPPLIER], told=lambda *_: None)).apis
    buyer, supplier = apis[BUYER.id], apis[SUPPLIER.id]
    since = datetime.now(UTC).date()
    relation = Relation(buyer_id=BUYER.id, supplier_id=SUPPLIER.id, since=since)
    await relate(platform, [relation], told=lambda *_: None)
    await wait_for_relationships(buyer, [SUPPLIER.id])

    order = await buyer.post("/api/orders/v1/orders", an_order(number))
    line = order["lines"][0]["schedule_lines"][0]["id"]
    await supplier.post(f"/api/orders/v1/schedule-lines/{line}/confirmation", {})
    work_order = await heard(supplier, "/api/production/v1/work-orders", schedule_line_id=line)
    report = {"operation": 1, "good": "40"}
    await supplier.post(f"/api/production/v1/work-orders/{work_order.id}/reports", report)
    progress = "/api/orders/v1/schedule-lines?side=buyer"
    assert await heard(buyer, progress, id=line, good="40")


async def test_an_order_flows_to_production_and_its_progress_back(
    platform: Platform, installation: Installation
) -> None:
    await reported(platform, "PO-1")
    for name, program in installation.programs.items():
        assert program.process.poll() is None, f"{name}: {program.said}"


async def test_while_the_broker_is_away_writes_go_on_and_all_arrives_afterwards(
    platform: Platform, broker: Kafka
) -> None:
    buyer = (await register(platform, [BUYER, SUPPLIER], told=lambda *_: None)).apis[BUYER.id]
    supplier = (await register(platform, [SUPPLIER], told=lambda *_: None)).apis[SUPPLIER.id]
    broker.kill()
    order = await buyer.post("/api/orders/v1/orders", an_order("PO-2"))
    line = order["lines"][0]["schedule_lines"][0]["id"]
    await supplier.post(f"/api/orders/v1/schedule-lines/{line}/confirmation", {})
    broker.start()
    assert await heard(supplier, "/api/production/v1/work-orders", schedule_line_id=line)


def test_the_operator_sees_that_all_is_in_order(installation: Installation) -> None:
    for command in (["check"], ["events", "lag", "--json"]):
        with Program(command, installation.environment) as program:
            assert program.ended() == 0, program.said


TAMPERED = """
UPDATE orders.schedule_lines SET good = good + 1 WHERE id =
    (SELECT id FROM orders.schedule_lines WHERE work_order_id IS NOT NULL LIMIT 1);
UPDATE orders.outbox SET published_at = published_at - interval '1 hour';
DELETE FROM production.inbox;
INSERT INTO orders.dead_letters (topic, subject, body, reason, arrived_at)
    VALUES ('production', 'planted', '{}', 'planted', now())
"""
FOUND = {
    "orders knows every work order, and what it has completed, as production has it",
    "every event it listens to has arrived",
    "no event waits for a decision",
}


async def test_what_is_lost_altered_or_stuck_is_found(
    platform: Platform, installation: Installation
) -> None:
    await reported(platform, "PO-3")
    url = installation.environment["LIANQIAO_DATABASE_URL"].replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        connection.execute(TAMPERED.encode())
    with Program(["check", "--json"], installation.environment) as check:
        assert check.ended() == 3, check.said
    findings = json.loads(check.said[check.said.index("[") :])
    assert {found["name"] for found in findings if found["violations"]} == FOUND


def test_secrets_are_drawn_once_for_every_role(tmp_path: Path) -> None:
    with Program(["secrets", str(tmp_path / "secrets")], {}) as program:
        assert program.ended() == 0, program.said
    drawn = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    with Program(["secrets", str(tmp_path / "secrets")], {}) as program:
        assert program.ended() == 0
    assert drawn == {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    every_role = json.loads(drawn["every-role"])
    for command in program_commands():
        own = json.loads(drawn[f"{command[1]}-roles"])
        assert own.keys() == {f"{command[1]}_app", f"{command[1]}_system"}
        assert own.items() <= every_role.items()
