"""Who is stopped is stopped everywhere within seconds, by what the broker carries."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from uuid_utils.compat import uuid7

from contracts.scopes import Scope
from services.identity import commands as identity
from services.identity.domain.clients import GrantType
from shared.app import create_app
from shared.database import transaction, utc_now
from shared.events import Message
from shared.kafka import create_topics
from shared.keys import Keys
from shared.local import Kafka
from shared.run import consuming, relaying, running
from shared.suspension import Suspensions
from tests.conftest import Stores, service_named

WITHIN_S = 5.0
SECRET = "s" * 43
SERVICES = "identity", "onboarding", "orders", "production"
Read = Callable[[], Awaitable[int]]


class Platform:
    """Services that hear each other over Kafka alone, and check tokens by identity's keys."""

    def __init__(self, stores: Stores, keys: Keys) -> None:
        self.stores, self.keys = stores, keys
        self.apps: dict[str, FastAPI] = {
            name: create_app(service_named(name), store=stores[name], verify=keys)
            for name in SERVICES
        }
        self.tokens: dict[UUID, str] = {}

    async def organization(self, name: str, *scopes: Scope, id_: UUID | None = None) -> UUID:
        """Register an organization with a program, and let that have a token."""
        async with transaction(self.stores["identity"].system) as session:
            at = utc_now()
            organization_id = id_ or await identity.ensure_organization(session, name=name, at=at)
            client = await identity.ensure_client(
                session,
                organization_id=organization_id,
                name="program",
                scopes=[str(scope) for scope in scopes],
                grant_types=[GrantType.CREDENTIALS],
                secret=SECRET,
                at=at,
            )
        answer = await self.send(
            "identity",
            "POST",
            "/oauth/token",
            auth=(client.client_id, SECRET),
            data={"grant_type": "client_credentials", "scope": " ".join(scopes)},
        )
        self.tokens[organization_id] = answer.json()["access_token"]
        return organization_id

    async def send(self, service: str, method: str, path: str, **sent: Any) -> Any:  # noqa: ANN401
        transport = ASGITransport(self.apps[service])
        async with AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, **sent)

    async def act(
        self,
        who: UUID,
        service: str,
        method: str,
        path: str,
        json: Any = None,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        url = f"/api/{service}/v1/{path}"
        return await self.send(service, method, url, headers=headers, json=json)

    def reading(self, who: UUID, path: str = "orders") -> Read:
        async def read() -> int:
            answer = await self.act(who, "orders", "GET", path)
            return int(answer.status_code)

        return read


async def seconds_until(read: Read, wanted: int, within_s: float = 30.0) -> float:
    began = time.monotonic()
    while await read() != wanted:
        assert time.monotonic() - began < within_s, f"never {wanted}"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


@pytest.fixture
async def platform(stores: Stores, broker: Kafka) -> AsyncIterator[Platform]:
    create_topics(broker.servers, list(SERVICES))

    async def fetch() -> dict[str, Any]:
        async with transaction(stores["identity"].system) as session:
            return dict(await identity.jwks(session, at=utc_now()))

    keys = Keys(fetch)
    await keys.load()
    jobs = [keys.suspensions.following(servers=broker.servers)]
    for name in SERVICES:
        system, handlers = stores[name].system, service_named(name).handlers
        jobs.append(relaying(system, servers=broker.servers))
        if handlers.topics:
            group = f"{name}-{uuid7()}"
            jobs.append(consuming(handlers, system, servers=broker.servers, group=group))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(jobs))
        yield Platform(stores, keys)


async def test_a_stopped_organization_has_no_token_left_within_seconds(
    platform: Platform,
) -> None:
    reads = Scope.ORDERS_READ
    operator = await platform.organization(
        "Lianqiao", Scope.IDENTITY_OPERATE, id_=await _operator(platform)
    )
    stopped = await platform.organization("宏远精密", reads)
    other = await platform.organization("路人", reads)
    assert await platform.reading(stopped)() == 200
    await asyncio.sleep(2)  # the follower has read where the topic ends
    path = f"organizations/{stopped}"
    why = {"reason": "unpaid"}
    answer = await platform.act(operator, "identity", "POST", f"{path}/suspension", why)
    assert answer.status_code == 200, answer.text
    took_s = await seconds_until(platform.reading(stopped), 401)
    assert took_s < WITHIN_S
    assert await platform.reading(other)() == 200

    await platform.act(operator, "identity", "POST", f"{path}/resumption", why)
    await asyncio.sleep(1.1)  # tokens tell seconds
    await platform.organization("宏远精密", reads, id_=stopped)
    assert await seconds_until(platform.reading(stopped), 200) < WITHIN_S
    print(f"an organization was stopped within {took_s:.2f} s")  # noqa: T201


async def _operator(platform: Platform) -> UUID:
    async with transaction(platform.stores["identity"].system) as session:
        return await identity.ensure_operator(session, name="Lianqiao", at=utc_now())


async def test_a_process_that_starts_later_knows_who_was_stopped_before(
    platform: Platform, broker: Kafka
) -> None:
    operator = await platform.organization(
        "Lianqiao", Scope.IDENTITY_OPERATE, id_=await _operator(platform)
    )
    stopped = await platform.organization("宏远精密", Scope.ORDERS_READ)
    issued_at = time.time()
    path = f"organizations/{stopped}/suspension"
    await platform.act(operator, "identity", "POST", path, {"reason": "unpaid"})
    await seconds_until(platform.reading(stopped), 401)
    late = Suspensions()
    async with running([late.following(servers=broker.servers)]):
        for _ in range(500):
            if late.refuses(stopped, issued_at):
                break
            await asyncio.sleep(0.02)
        assert late.refuses(stopped, issued_at)


async def test_a_suspended_supplier_sees_nothing_of_that_relationship_alone(
    platform: Platform,
) -> None:
    buying = Scope.ONBOARDING_READ, Scope.ONBOARDING_WRITE, Scope.ORDERS_PLACE, Scope.ORDERS_READ
    supplying = *buying[:2], Scope.ORDERS_READ, Scope.ORDERS_CONFIRM, Scope.PRODUCTION_READ
    buyer = await platform.organization("比邻汽车", *buying)
    other = await platform.organization("江淮客车", *buying)
    supplier = await platform.organization("宏远精密", *supplying)
    orders = {who: await _ordered(platform, who, supplier) for who in (buyer, other)}
    for who, (order_id, _) in orders.items():
        await seconds_until(platform.reading(supplier, f"orders/{order_id}"), 200)
        assert who

    path = f"relationships/{orders[buyer][1]}"
    why = {"reason": "audit"}
    answer = await platform.act(buyer, "onboarding", "POST", f"{path}/suspension", why)
    assert answer.status_code == 200, answer.text
    took_s = await seconds_until(platform.reading(supplier, f"orders/{orders[buyer][0]}"), 404)
    assert took_s < WITHIN_S
    assert await platform.reading(supplier, f"orders/{orders[other][0]}")() == 200
    assert await platform.reading(buyer, f"orders/{orders[buyer][0]}")() == 200
    listed = (await platform.act(supplier, "orders", "GET", "orders?side=supplier")).json()["items"]
    assert [order["id"] for order in listed] == [orders[other][0]]
    book = (await platform.act(supplier, "orders", "GET", "schedule-lines?side=supplier")).json()
    assert {line["buyer_id"] for line in book["items"]} == {str(other)}

    await platform.act(buyer, "onboarding", "POST", f"{path}/resumption", {})
    await seconds_until(platform.reading(supplier, f"orders/{orders[buyer][0]}"), 200)
    await platform.act(buyer, "onboarding", "POST", f"{path}/suspension", {})
    await seconds_until(platform.reading(supplier, f"orders/{orders[buyer][0]}"), 404)
    await platform.act(buyer, "onboarding", "POST", f"{path}/end", {})
    back_s = await seconds_until(platform.reading(supplier, f"orders/{orders[buyer][0]}"), 200)
    assert back_s < WITHIN_S, "history stays readable for both"
    print(f"a supplier was barred within {took_s:.2f} s")  # noqa: T201


async def _ordered(platform: Platform, buyer: UUID, supplier: UUID) -> tuple[str, str]:
    """Let two come together, and one order; return the order's id and the relationship's."""

    async def proposed() -> int:
        body = {"supplier_id": str(supplier)}
        answer = await platform.act(buyer, "onboarding", "POST", "relationships", body)
        found.update(answer.json())
        return int(answer.status_code)

    found: dict[str, Any] = {}
    await seconds_until(proposed, 201)
    relationship_id = str(found["id"])
    path = f"relationships/{relationship_id}/acceptance"
    await platform.act(supplier, "onboarding", "POST", path, {})
    order = {
        "number": f"PO-{buyer}",
        "supplier_id": str(supplier),
        "currency": "CNY",
        "lines": [
            {
                "position": 10,
                "item_number": "A",
                "item_name": "A",
                "unit": "C62",
                "price": "1",
                "schedule_lines": [{"quantity": "1", "due_on": "2199-01-01"}],
            }
        ],
    }

    async def placed() -> int:
        answer = await platform.act(buyer, "orders", "POST", "orders", order)
        found.update(answer.json())
        return int(answer.status_code)

    await seconds_until(placed, 201)
    return str(found["id"]), relationship_id


def test_a_message_that_is_no_event_is_passed_over() -> None:
    heard = Suspensions()
    nonsense = [Message("identity", "x", body) for body in (b"nonsense", b"{}")]
    asyncio.run(heard.hear(nonsense))
    assert not heard.refuses(uuid7(), time.time())
