"""The whole platform on one real database: its services, who may act, and events that arrive."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response
from sqlalchemy import text

from contracts.scopes import Scope
from lianqiao.contracts import found_services
from shared.app import Service, create_app
from shared.auth import Caller
from shared.database import transaction
from tests.conftest import Stores
from tests.network import deliver, relayed

ALL = tuple(Scope)
ROUNDS_MAX = 20
LETTERS = text("SELECT topic, subject, reason FROM dead_letters")
FLOW = text(
    "SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL), (SELECT count(*) FROM inbox)"
)


class Heard(NamedTuple):
    """How many events wait to leave, and how many were applied."""

    waiting: int
    applied: int


@dataclass(frozen=True)
class Party:
    """An organization and a person who acts for it."""

    id: UUID
    name: str
    user_id: UUID = field(default_factory=uuid4)


class World:
    """Every service that there is, each behind its own API, and the events between them."""

    def __init__(self, stores: Stores) -> None:
        self.services: Mapping[str, Service] = found_services()
        self.stores = stores
        self._callers: dict[str, Caller] = {}
        self.apps: Mapping[str, FastAPI] = {
            name: create_app(service, store=stores[name], verify=self._callers.get)
            for name, service in self.services.items()
        }
        self._clients = {
            name: AsyncClient(
                transport=ASGITransport(app, raise_app_exceptions=False),
                base_url="http://localhost",
            )
            for name, app in self.apps.items()
        }

    async def close(self) -> None:
        """Let go of the clients."""
        for client in self._clients.values():
            await client.aclose()

    def token(self, party: Party, *scopes: Scope) -> str:
        """Return a token of a party; without scopes named, with all of them."""
        caller = Caller(
            organization_id=party.id,
            scopes=frozenset(scopes or ALL),
            client_id=str(UUID(int=party.id.int ^ 1)),
            user_id=party.user_id,
            name=f"{party.name}'s clerk",
        )
        text = f"{party.id}.{'.'.join(sorted(caller.scopes))}"
        self._callers[text] = caller
        return text

    async def send(
        self,
        service: str,
        method: str,
        path: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        **sent: Any,  # noqa: ANN401
    ) -> Response:
        """Send a request to a service, by the address's path."""
        authorization = {"Authorization": f"Bearer {token}"} if token else {}
        return await self._clients[service].request(
            method, path, headers={**authorization, **(headers or {})}, **sent
        )

    async def act(
        self,
        party: Party,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Do something that must succeed: `act(buyer, "POST", "orders/orders/bulk", {…})`."""
        service, _, rest = path.partition("/")
        address = f"{self.services[service].prefix}/{rest}"
        token = self.token(party)
        key = {"Idempotency-Key": str(uuid4())}  # only a POST heeds it
        answer = await self.send(service, method, address, token=token, headers=key, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        found = answer.json() if answer.content else None
        if isinstance(found, dict):
            refused = [r for r in found.get("results", ()) if r.get("problem")]
            assert not refused, f"{method} {path}: {refused}"
        return found

    async def settle(self, chance: Random | None = None) -> None:
        """Let every event arrive, one to three times and in any order that Kafka allows."""
        chance = chance or Random(1)
        for _ in range(ROUNDS_MAX):
            wire = [m for store in self.stores.values() for m in await relayed(store)]
            if not wire:
                break
            for name, service in self.services.items():
                heard = [m for m in wire if m.topic in service.handlers.topics]
                await deliver(heard, service.handlers, self.stores[name], chance=chance)
        else:
            raise AssertionError("events never come to rest")
        assert await self.letters() == []

    async def tell_again(self, chance: Random) -> None:
        """Send every event there ever was once more, as when offsets are lost."""
        for store in self.stores.values():
            async with transaction(store.system) as session:
                await session.execute(text("UPDATE outbox SET published_at = NULL"))
        await self.settle(chance)

    async def heard(self) -> Heard:
        """Count what waits to leave, and what was applied, in all services."""
        waiting = applied = 0
        for store in self.stores.values():
            async with transaction(store.system) as session:
                left, done = (await session.execute(FLOW)).one()
            waiting, applied = waiting + left, applied + done
        return Heard(waiting, applied)

    async def letters(self) -> list[Any]:
        """Return the dead letters of all services."""
        found: list[Any] = []
        for store in self.stores.values():
            async with transaction(store.system) as session:
                found += (await session.execute(LETTERS)).all()
        return found

    async def violations(self) -> dict[str, list[Any]]:
        """Run every invariant that services name, and return what breaks one."""
        found = {}
        for name, service in self.services.items():
            for check, query in service.checks.items():
                async with transaction(self.stores[name].system) as session:
                    if rows := (await session.execute(text(query))).all():
                        found[f"{name}: {check}"] = list(rows)
        return found
