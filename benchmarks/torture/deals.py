"""The load: deals from the order to the payment, through the public APIs, whatever happens."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

import httpx2
from pydantic import BaseModel, ConfigDict

from benchmarks.torture.journal import Journal
from contracts.scopes import Scope
from contracts.values import plain
from lianqiao.client import Api, Json, Platform, PlatformError, RefusedError
from lianqiao.parties import Party, Relation, register, relate, wait_for_relationships

BUYERS, SUPPLIERS = 2, 3
NOT_YET = ("-not-found", "-yet", "-unknown", "/not-confirmed")  # a service has not heard of it
BUSY = 503
SERVER_ERROR = 500
AGAIN_AFTER_S = 0.25
HEARD_WITHIN_S = 300.0  # faults follow each other, and each takes its time
LIMIT = {"amount": "10000000.00", "currency": "CNY"}
BUYING = frozenset(
    {
        *(Scope.ORDERS_PLACE, Scope.ORDERS_READ, Scope.LOGISTICS_READ, Scope.LOGISTICS_RECEIVE),
        *(Scope.SETTLEMENT_READ, Scope.SETTLEMENT_PAY, Scope.SETTLEMENT_APPROVE),
    }
)
SUPPLYING = frozenset(
    {
        *(Scope.ORDERS_CONFIRM, Scope.ORDERS_READ, Scope.PRODUCTION_READ, Scope.PRODUCTION_WRITE),
        *(Scope.LOGISTICS_READ, Scope.LOGISTICS_SHIP),
        *(Scope.SETTLEMENT_READ, Scope.SETTLEMENT_INVOICE),
    }
)


class RefusedDealError(Exception):
    """The platform refused what it should have taken; it is in the journal."""


class Row(BaseModel):
    """A row of any list."""

    model_config = ConfigDict(extra="allow")

    id: str


@dataclass
class Chain:
    """The companies that deal with each other, and the book of what they did."""

    journal: Journal
    chance: Random
    buyers: Sequence[tuple[UUID, Api]]
    suppliers: Sequence[tuple[UUID, Api]]
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    told: int = 0

    async def trade(self) -> None:
        """Make one deal after the other until told to end; a deal under way is finished."""
        while not self.ending.is_set():
            self.told += 1
            number = f"T-{self.told:05d}"
            deal = Deal(self, number, self.chance.choice(self.buyers), self._supplier())
            try:
                await deal.live()
            except (RefusedDealError, TimeoutError) as error:
                self.journal.deals["unfinished"] += 1
                self.journal.refused.append(f"{number}: {error or 'not heard in time'}")
            else:
                self.journal.deals["finished"] += 1

    def _supplier(self) -> tuple[UUID, Api]:
        return self.chance.choice(self.suppliers)


async def gather(platform: Platform, journal: Journal, chance: Random) -> Chain:
    """Bring companies onto the platform that may deal with each other."""
    buyers = [Party(_drawn(chance), f"车企 {n}", BUYING, "erp") for n in range(BUYERS)]
    suppliers = [Party(_drawn(chance), f"厂 {n}", SUPPLYING, "mes") for n in range(SUPPLIERS)]
    found = await register(platform, [*buyers, *suppliers], told=lambda *_: None)
    since = datetime.now(UTC).date() - timedelta(days=30)
    relations = [
        Relation(buyer_id=b.id, supplier_id=s.id, since=since) for b in buyers for s in suppliers
    ]
    await relate(platform, relations, told=lambda *_: None)
    for buyer in buyers:
        api = found.apis[buyer.id]
        await wait_for_relationships(api, [one.id for one in suppliers])
        await api.put("/api/settlement/v1/settings", {"approval_limit": LIMIT})
    pairs = [[(one.id, found.apis[one.id]) for one in side] for side in (buyers, suppliers)]
    return Chain(journal, chance, pairs[0], pairs[1])


def _drawn(chance: Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)


@dataclass
class Line:
    """One schedule line of a deal, and what has become of it."""

    id: str
    quantity: int


class Deal:
    """One order, from its placing to its payment."""

    def __init__(
        self, chain: Chain, number: str, buyer: tuple[UUID, Api], supplier: tuple[UUID, Api]
    ) -> None:
        self._chain, self._journal, self._number = chain, chain.journal, number
        self._chance = Random(chain.chance.random())  # noqa: S311  no secret
        (self._buyer_id, self._buyer), (self._supplier_id, self._supplier) = buyer, supplier

    async def live(self) -> None:
        """Go from the order to the payment."""
        order = await self._order()
        lines = [
            Line(part["id"], int(Decimal(part["quantity"])))
            for line in order["lines"]
            for part in line["schedule_lines"]
        ]
        for line in lines:
            path = f"/api/orders/v1/schedule-lines/{line.id}/confirmation"
            await self._say(self._supplier, path, {}, "confirmation", f"{line.id}|{line.quantity}")
        for line in lines:
            await self._make(order["id"], line)
        receipt = await self._deliver(lines)
        await self._settle(order["id"], receipt)

    async def _order(self) -> Json:
        due_on = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
        lines, minor = [], 0
        for turn in range(self._chance.randint(1, 2)):
            quantity, cents = self._chance.randint(5, 60), self._chance.randint(50, 9_999)
            minor += quantity * cents
            lines.append(
                {
                    "position": 10 * (turn + 1),
                    "item_number": f"A-{turn}",
                    "item_name": "支架",
                    "unit": "C62",
                    "price": plain(Decimal(cents) / 100),
                    "schedule_lines": [{"quantity": str(quantity), "due_on": due_on}],
                }
            )
        body = {
            "number": self._number,
            "supplier_id": str(self._supplier_id),
            "currency": "CNY",
            "lines": lines,
        }
        path = "/api/orders/v1/orders"
        return await self._say(self._buyer, path, body, "order", f"{self._number}|{minor}")

    async def _make(self, order_id: str, line: Line) -> None:
        """Report all of a line in parts."""
        path = "/api/production/v1/work-orders"
        work = await self._heard(self._supplier, path, {"schedule_line_id": line.id}, order_id)
        self._journal.work_orders.append(work.id)
        left, turn = line.quantity, 0
        while left:
            turn += 1
            good = left if turn == 4 else self._chance.randint(1, left)  # noqa: PLR2004
            left -= good
            reference = f"{self._number}/{line.id[-6:]}/{turn}"
            body = {"operation": 1, "good": str(good), "reference": reference}
            reports = f"{path}/{work.id}/reports"
            told = await self._say(self._supplier, reports, body, "report", f"{reference}|{good}")
            self._journal.in_order[work.id].append(told["report_id"])

    async def _deliver(self, lines: Sequence[Line]) -> Json:
        """Ship all lines, receive them, perhaps short, and accept what came."""
        number = f"S{self._number}"
        notice = {
            "number": number,
            "buyer_id": str(self._buyer_id),
            "lines": [{"schedule_line_id": one.id, "quantity": str(one.quantity)} for one in lines],
        }
        path = "/api/logistics/v1/shipments"
        shipped = sum(one.quantity for one in lines)
        sent = await self._say(self._supplier, path, notice, "shipment", f"{number}|{shipped}")
        departure = f"{path}/{sent['id']}/departure"
        await self._say(self._supplier, departure, {}, "departure", number)
        short = self._chance.choice([0, 0, 0, 1])
        counted = [
            {"notice_line_id": line["id"], "received": str(int(Decimal(line["quantity"])) - short)}
            for line in sent["lines"]
        ]
        came = sum(int(one["received"]) for one in counted)
        body = {"number": f"R{self._number}", "shipment_id": sent["id"], "lines": counted}
        path = "/api/logistics/v1/receipts"
        receipt = await self._say(self._buyer, path, body, "receipt", f"R{self._number}|{came}")
        verdict = f"{path}/{receipt['id']}/acceptance"
        await self._say(self._buyer, verdict, {}, "acceptance", f"{receipt['id']}|{came}")
        return receipt

    async def _settle(self, order_id: str, receipt: Json) -> None:
        """Invoice what was accepted and pay it."""
        waited = {"receipt_id": receipt["id"]}
        await self._heard(self._supplier, "/api/settlement/v1/payables", waited, order_id)
        body = {
            "number": f"I{self._number}",
            "buyer_id": str(self._buyer_id),
            "receipt_ids": [receipt["id"]],
        }
        path = "/api/settlement/v1/invoices/from-receipts"
        invoice = await self._say(self._supplier, path, body, "invoice", f"I{self._number}")
        paid = {
            "invoice_id": invoice["id"],
            "paid_on": datetime.now(UTC).date().isoformat(),
            "reference": f"P{self._number}",
        }
        path = "/api/settlement/v1/payments"
        await self._say(self._buyer, path, paid, "payment", f"P{self._number}")

    async def _say(self, api: Api, path: str, body: Json, kind: str, effect: str) -> Json:
        """Send until there is an answer, always under the same key; write down what was said."""
        key, deadline = f"{kind}/{effect}", time.monotonic() + HEARD_WITHIN_S
        self._journal.tried[kind].add(effect)
        while time.monotonic() < deadline:
            try:
                answer = await api.post(path, body, key=key)
            except RefusedError as refused:
                self._take(refused, path)
            except (PlatformError, httpx2.HTTPError, ValueError):
                pass
            else:
                self._journal.acknowledged[kind].add(effect)
                return answer
            self._journal.retried[kind] += 1
            await asyncio.sleep(AGAIN_AFTER_S)
        raise TimeoutError(f"no answer to {path}")

    def _take(self, refused: RefusedError, path: str) -> None:
        problem = refused.problem
        if problem.status == BUSY or problem.type.endswith(NOT_YET):
            return
        said = f"{path}: {problem.status} {problem.title} {problem.detail}"
        if problem.status < SERVER_ERROR:
            raise RefusedDealError(said)
        self._journal.refused.append(said)

    async def _heard(self, api: Api, path: str, wanted: dict[str, str], order_id: str) -> Row:
        """Wait until a service has heard of something."""
        deadline = time.monotonic() + HEARD_WITHIN_S
        while time.monotonic() < deadline:
            try:
                async for row in api.items(path, Row, order_id=order_id, side="supplier"):
                    if wanted.items() <= row.model_dump().items():
                        return row
            except RefusedError as refused:
                self._take(refused, path)
            except (PlatformError, httpx2.HTTPError, ValueError):
                pass
            await asyncio.sleep(AGAIN_AFTER_S)
        raise TimeoutError(f"{path} never had {wanted}")
