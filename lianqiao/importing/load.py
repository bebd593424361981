"""Send what is staged through the public APIs, and read back what is stored."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel, ValidationError

from contracts.scopes import Scope
from contracts.values import Money, plain
from lianqiao.client import Api, Platform
from lianqiao.importing import sums
from lianqiao.importing.chain import Chain
from lianqiao.importing.documents import POSITION_STEP
from lianqiao.importing.ledger import read_back
from lianqiao.importing.mapping import Values
from lianqiao.importing.staging import Order, Staging
from lianqiao.importing.sums import Totals
from lianqiao.parties import Party, Relation, Told, register, relate, wait_for_relationships
from services.orders.schemas.orders import ImportedOrderIn

IMPORTS = uuid5(NAMESPACE_URL, "https://lianqiao.example/imports")
ORDERS_PER_CALL, LINES_PER_CALL = 250, 2_000
READERS = 4  # suppliers that read at once
BUYER = frozenset(
    {
        *(Scope.ORDERS_READ, Scope.ORDERS_PLACE, Scope.ORDERS_IMPORT),
        *(Scope.LOGISTICS_READ, Scope.LOGISTICS_IMPORT),
        *(Scope.SETTLEMENT_READ, Scope.SETTLEMENT_IMPORT),
    }
)
SUPPLIER = frozenset({Scope.ORDERS_READ})
CLIENT = "Import"  # the name of its clients, as both sides read it


@dataclass
class Loaded:
    """What became of the orders: counts of orders and lines by status, and what is stored."""

    organizations: int = 0  # newly registered
    orders: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)
    stored: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Orders, lines and amount in minor units by supplier, as its own client read them."""
    documents: dict[str, Counter[str]] = field(default_factory=dict)  # by kind and status
    totals: Totals = field(default_factory=dict)
    """What the documents in the file come to on the platform, as the buyer's client read it."""


def buyer_id(name: str) -> UUID:
    """Return the id of a buyer, the same in every import of its orders."""
    return uuid5(IMPORTS, f"buyer {name}")


def supplier_id(buyer: UUID, name: str) -> UUID:
    """Return the id of a supplier, as one buyer's books name it."""
    return uuid5(buyer, f"supplier {name}")


async def load(  # noqa: PLR0913  what is sent where, and how it is told
    staged: Staging,
    platform: Platform,
    *,
    buyer: str,
    values: Values,
    given: Totals,
    told: Told,
) -> Loaded:
    """Register the parties, import the good orders with their documents, and read all back.

    What the platform refuses becomes a refusal of the staged rows. A second run finds everything
    as it is.
    """
    me = Party(buyer_id(buyer), buyer, BUYER, CLIENT)
    suppliers = {
        name: Party(supplier_id(me.id, name), name, SUPPLIER, CLIENT) for name in staged.suppliers()
    }
    registered = await register(platform, [me, *suppliers.values()], told=told)
    loaded = Loaded(registered.new)
    relations = [
        Relation(buyer_id=me.id, supplier_id=party.id, since=_since(staged, name))
        for name, party in suppliers.items()
    ]
    await relate(platform, relations, told=told)
    mine = registered.apis[me.id]
    await wait_for_relationships(mine, [party.id for party in suppliers.values()])
    ids = {name: party.id for name, party in suppliers.items()}
    under_way = _Import(staged, ids, values, loaded, told)
    await under_way.through(mine)
    apis = {name: registered.apis[party.id] for name, party in suppliers.items()}
    await under_way.read_back(apis, buyer=me.id)
    if any(given.values()):
        chain = Chain(staged, mine, me.id, ids, values.currency, told)
        await _documents(chain, staged, loaded)
        there = sums.given(staged)
        loaded.totals = await read_back(staged, mine, supplier_ids=ids, given=there, told=told)
    return loaded


async def _documents(chain: Chain, staged: Staging, loaded: Loaded) -> None:
    """Send receipts, invoices and payments; nobody waits for those that were refused."""
    staged.documents.settle()  # those of orders that the platform refused
    await chain.through()
    loaded.documents = chain.became
    staged.documents.settle()


def _since(staged: Staging, supplier: str) -> date:
    """Return when a supplier was first heard of: an order's date or, where none is known, a due."""
    [first] = staged.connection.execute(
        "SELECT min(coalesce(substr(placed_at, 1, 10), due_on)) "
        "FROM good JOIN lines USING (number) WHERE supplier = ?",
        [supplier],
    ).fetchone()
    return date.fromisoformat(first)


@dataclass
class _Import:
    """Orders on their way to the platform, and what becomes of them."""

    staged: Staging
    supplier_ids: dict[str, UUID]
    values: Values
    loaded: Loaded
    told: Told
    refused: list[tuple[str, str]] = field(default_factory=list)

    async def through(self, buyer: Api) -> None:
        """Send every good order; what is refused is so for all of its rows."""
        done, total = 0, self.staged.number("SELECT count(*) FROM good")
        for orders in _chunks(self.staged.orders()):
            await self._send(buyer, orders)
            done += len(orders)
            self.told("orders", done, total)
        for number, reason in self.refused:
            self.staged.refuse_order(number, reason)

    async def read_back(self, suppliers: Mapping[str, Api], *, buyer: UUID) -> None:
        """Let every supplier's own client read what is stored of the orders in the file."""
        limit, stored = asyncio.Semaphore(READERS), self.loaded.stored

        async def read(name: str, api: Api) -> None:
            async with limit:
                stored[name] = await _read_back(api, self.staged, buyer)
            self.told("read back", len(stored), len(suppliers))

        async with asyncio.TaskGroup() as group:
            for name, api in suppliers.items():
                group.create_task(read(name, api))

    async def _send(self, buyer: Api, orders: list[Order]) -> None:
        sent: list[tuple[Order, ImportedOrderIn]] = []
        for order in orders:
            body = body_of(order, self.supplier_ids, self.values)
            if isinstance(body, str):
                self._count(order, "refused", body)
            else:
                sent.append((order, body))
        if not sent:
            return
        bodies = [body for _, body in sent]
        results = await buyer.batch("/api/orders/v1/orders/import", "orders", bodies)
        for (order, _), result in zip(sent, results, strict=True):
            if problem := result.problem:
                self._count(order, "refused", f"{problem.title}: {problem.detail}")
            else:
                self._count(order, "unchanged" if result.status == "unchanged" else "accepted")

    def _count(self, order: Order, status: str, reason: str = "") -> None:
        self.loaded.orders[status] += 1
        self.loaded.lines[status] += len(order.lines)
        if reason:
            self.refused.append((order.head.number, reason))


def _chunks(orders: Iterator[Order]) -> Iterator[list[Order]]:
    chunk: list[Order] = []
    lines = 0
    for order in orders:
        if chunk and (len(chunk) >= ORDERS_PER_CALL or lines + len(order.lines) > LINES_PER_CALL):
            yield chunk
            chunk, lines = [], 0
        chunk.append(order)
        lines += len(order.lines)
    if chunk:
        yield chunk


def body_of(order: Order, ids: dict[str, UUID], values: Values) -> ImportedOrderIn | str:
    """Write an order as the API takes it, or say what it would not take of it."""
    head = order.head
    lines = [
        {
            "position": POSITION_STEP * turn,
            "item_number": line.item_number,
            "item_name": line.item_name,
            "unit": line.unit,
            "price": plain(line.price),
            "amount": str(Money.of(line.amount_minor, values.currency).amount),
            "plant": line.plant,
            "schedule_lines": [{"quantity": plain(line.quantity), "due_on": str(line.due_on)}],
        }
        for turn, line in enumerate(order.lines, start=1)
    ]
    try:
        return ImportedOrderIn.model_validate(
            {
                "number": head.number,
                "supplier_id": ids[head.supplier],
                "currency": values.currency,
                "incoterm": head.incoterm,
                "occurred_at": head.placed_at and head.placed_at.isoformat(),
                "lines": lines,
            }
        )
    except ValidationError as error:
        return "; ".join(
            f"{'.'.join(map(str, one['loc']))} {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()[:3]
        )


class _StoredOrder(BaseModel):
    number: str
    line_count: int
    amount: Money


async def _read_back(supplier: Api, staged: Staging, buyer: UUID) -> tuple[int, int, int]:
    """Sum what a supplier's own client sees of the orders that are in the file."""
    orders = lines = amount_minor = 0
    stored = supplier.items(
        "/api/orders/v1/orders", _StoredOrder, side="supplier", counterparty_id=buyer
    )
    async for order in stored:
        if staged.number("SELECT count(*) FROM good WHERE number = ?", order.number):
            orders, lines = orders + 1, lines + order.line_count
            amount_minor += order.amount.amount_minor
    return orders, lines, amount_minor
