"""A rolling restart under load: two processes answer for orders, each is replaced in turn."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import httpx2

from benchmarks.torture import deals
from benchmarks.torture.deals import Chain
from benchmarks.torture.door import Door
from benchmarks.torture.journal import Journal
from benchmarks.torture.parts import Part
from benchmarks.torture.standing import Installation, api_words, is_ready
from shared.ports import free_ports

SERVICE = "orders"
LOOKED_EVERY_S = 0.25  # as a proxy's health checks look
PATIENCE_S = 10.0  # for a connection that nobody takes: `lb_try_duration`
ORDERS = "/api/orders/v1/orders"
WRITES = 5  # one of so many requests places an order
READ_S_MAX = 30.0

Say = Callable[[str], None]


class Rolled:
    """What came of it."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.failed: list[str] = []
        self.placed: set[str] = set()
        self.slowest_s = 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "requests": sum(self.answers.values()),
            "answers": dict(self.answers),
            "failed": len(self.failed),
            "orders_placed": len(self.placed),
            "slowest_s": round(self.slowest_s, 2),
        }


async def roll(
    standing: Installation, *, per_second: float, rounds: int, say: Say, graceful: bool = True
) -> tuple[Rolled, list[str]]:
    """Restart both processes of a service in turn; return what came of it and what is wrong."""
    ports, rolled = free_ports(2), Rolled()
    parts = [
        Part(
            f"{SERVICE}-api-{turn}",
            api_words(SERVICE, port),
            environment=standing.environment,
            logs=standing.folder / "logs",
        )
        for turn, port in enumerate(ports)
    ]
    door = Door(standing.ports | {SERVICE: ports}, patience_s=PATIENCE_S)
    try:
        for part in parts:
            part.start()
        await standing.ready()
        async with standing.platform(door) as platform:
            await _all_ready(ports)
            chain = await deals.gather(platform, Journal(), Random(7))  # noqa: S311  no secret
            watching = asyncio.create_task(_watched(door, ports))
            ending = asyncio.Event()
            load = asyncio.create_task(_loaded(platform.http, chain, rolled, per_second, ending))
            for turn in range(rounds):
                for part, port in zip(parts, ports, strict=True):
                    say(f"restart {turn + 1} of {part.name}")
                    await asyncio.to_thread(part.end if graceful else part.kill)
                    part.start()
                    await _all_ready([port])
                    await asyncio.sleep(4 * LOOKED_EVERY_S)
            ending.set()
            await load
            watching.cancel()
    finally:
        for part in parts:
            part.end()
    return rolled, rolled.failed + _lost(standing, rolled)


async def _all_ready(ports: list[int]) -> None:
    async with httpx2.AsyncClient(timeout=READ_S_MAX) as http:
        for port in ports:
            while not await is_ready(http, SERVICE, port):  # noqa: ASYNC110  it cannot tell us
                await asyncio.sleep(0.1)


async def _watched(door: Door, ports: list[int]) -> None:
    """Leave out whoever is not ready, as a proxy does that checks for it."""
    async with httpx2.AsyncClient(timeout=READ_S_MAX) as http:
        while True:
            for port in ports:
                ready = await is_ready(http, SERVICE, port)
                (door.left_out.discard if ready else door.left_out.add)(port)
            await asyncio.sleep(LOOKED_EVERY_S)


async def _loaded(
    http: httpx2.AsyncClient, chain: Chain, rolled: Rolled, per_second: float, ending: asyncio.Event
) -> None:
    """Send requests at a rate, whatever becomes of those before; none is sent twice."""
    began, turn = time.monotonic(), 0
    async with asyncio.TaskGroup() as group:
        while not ending.is_set():
            group.create_task(_ask(http, chain, rolled, turn))
            turn += 1
            await asyncio.sleep(max(0.0, began + turn / per_second - time.monotonic()))


async def _ask(http: httpx2.AsyncClient, chain: Chain, rolled: Rolled, turn: int) -> None:
    _, api = chain.buyers[turn % len(chain.buyers)]
    headers = {"Authorization": f"Bearer {await api._bearer()}"}  # noqa: SLF001  sent as it is, once
    number, began = f"RR-{turn}", time.monotonic()
    try:
        if turn % WRITES:
            answer = await http.get(ORDERS, params={"limit": 20, "side": "buyer"}, headers=headers)
        else:
            supplier_id, _ = chain.suppliers[turn % len(chain.suppliers)]
            body = an_order(number, str(supplier_id))
            answer = await http.post(ORDERS, json=body, headers=headers)
    except httpx2.HTTPError as error:
        rolled.answers[type(error).__name__] += 1
        rolled.failed.append(f"{number}: {error!r}")
        return
    rolled.slowest_s = max(rolled.slowest_s, time.monotonic() - began)
    rolled.answers[str(answer.status_code)] += 1
    if answer.is_error:
        rolled.failed.append(f"{number}: {answer.status_code} {answer.text[:200]}")
    elif answer.status_code == httpx2.codes.CREATED:
        rolled.placed.add(number)


def an_order(number: str, supplier_id: str) -> dict[str, Any]:
    """Return an order of one line."""
    line = {
        "position": 10,
        "item_number": "A-1",
        "item_name": "支架",
        "unit": "C62",
        "price": "2.50",
        "schedule_lines": [{"quantity": "10", "due_on": "2199-06-01"}],
    }
    return {"number": number, "supplier_id": supplier_id, "currency": "CNY", "lines": [line]}


def _lost(standing: Installation, rolled: Rolled) -> list[str]:
    """Find orders that were acknowledged and are not there, or are there more than once."""
    with standing.database() as connection:
        there = Counter(row[0] for row in connection.execute("SELECT number FROM orders.orders"))
    wrong = [
        f"order {number} was acknowledged and is lost" for number in rolled.placed - there.keys()
    ]
    return wrong + [f"order {number} is there {n} times" for number, n in there.items() if n > 1]
