"""Fifty threads on one receipt, one shipment or one line: every piece counts exactly once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.logistics import GoodsAccepted
from contracts.scopes import Scope
from services.logistics.commands import acceptances, holding, notices, receipts
from services.logistics.domain.acceptances import Verdict
from services.logistics.domain.receipts import LineCounted, ReceiptAsked
from services.logistics.domain.shipments import LineAsked, ShipmentAsked
from shared.auth import Caller
from shared.database import open_store, transaction, utc_now
from shared.problem import Problem
from tests.conftest import SignIn, Stores
from tests.logistics.factories import (
    NOW,
    Trade,
    a_trade,
    announced,
    counted,
    done,
    line_of,
    shipped,
    sides,
    violations,
)

THREADS = 50
Work = Callable[[AsyncSession], Awaitable[Any]]


def at_once(database_url: str, caller: Caller, works: Sequence[Work]) -> list[Any]:
    """Do each piece of work in a thread with a connection of its own, all of them at one moment."""
    start = Barrier(len(works))

    async def one(work: Work) -> Any:  # noqa: ANN401
        store = open_store(database_url, service="logistics")
        try:
            async with transaction(store.app, actor=caller.organization_id):
                start.wait(60)
            async with transaction(store.app, actor=caller.organization_id) as session:
                return await work(session)
        except Problem as refusal:
            return refusal
        finally:
            await store.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(lambda work: asyncio.run(one(work)), works))


def someone(organization_id: UUID) -> Caller:
    return Caller(organization_id, frozenset(Scope), name="Wang Fang")


async def a_receipt(stores: Stores, sign_in: SignIn, trade: Trade, *came: int) -> Any:  # noqa: ANN401
    both = sides(sign_in, trade)
    shipment = await shipped(both, trade, *came)
    receipt = await done(both.buyer.post("receipts", json=counted(shipment, *came)))
    await announced(stores["logistics"])
    return receipt


async def judge_all(
    stores: Stores, sign_in: SignIn, database_url: str
) -> tuple[Counter[str], Any, dict[str, list[Any]]]:
    """Let fifty threads accept one piece each of a receipt of forty."""
    store = stores["logistics"]
    trade = await a_trade(store, 40)
    receipt = await a_receipt(stores, sign_in, trade, 40)
    buyer = someone(trade.buyer_id)
    verdict = Verdict(UUID(receipt["lines"][0]["id"]), Decimal(1))
    given: dict[str, Any] = {"caller": buyer, "receipt_id": UUID(receipt["id"]), "at": utc_now()}
    works = [partial(acceptances.accept, **given, verdicts=[verdict]) for _ in range(THREADS)]
    outcomes = await asyncio.to_thread(at_once, database_url, buyer, works)
    kinds = Counter(type(outcome).__name__ for outcome in outcomes)
    return kinds, await line_of(store, trade.lines[0]), await violations(store)


async def test_fifty_threads_accept_forty_pieces_of_a_receipt_exactly_once(
    stores: Stores, sign_in: SignIn, database_url: str
) -> None:
    kinds, line, broken = await judge_all(stores, sign_in, database_url)
    assert (line.accepted, line.waiting) == (40, 0)
    assert kinds == {"NoneType": 40, "NothingWaits": 10}
    assert broken == {}
    told = await announced(stores["logistics"], GoodsAccepted)
    assert [sum(part.accepted for part in event.lines) for event in told] == [1] * 40


async def test_without_the_lock_it_goes_red(
    stores: Stores, sign_in: SignIn, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever takes the lock out of what is held finds it in this very test."""
    monkeypatch.setattr(holding, "held", lambda rows: rows)
    kinds, line, broken = await judge_all(stores, sign_in, database_url)
    assert line.accepted != kinds["NoneType"]
    assert broken


async def test_fifty_threads_receive_a_shipment_once(
    stores: Stores, sign_in: SignIn, database_url: str
) -> None:
    store = stores["logistics"]
    trade = await a_trade(store, 30, 5)
    both = sides(sign_in, trade)
    shipment = await shipped(both, trade, 30, 5)
    buyer = someone(trade.buyer_id)
    line_ids = [UUID(line["id"]) for line in shipment["lines"]]

    def receiving(complete: bool) -> Work:
        told = [LineCounted(Decimal(1), notice_line_id=id_) for id_ in line_ids]
        asked = ReceiptAsked(
            uuid7(), "", tuple(told), utc_now(), UUID(shipment["id"]), complete=complete
        )
        return partial(receipts.receive_goods, caller=buyer, asked=[asked], at=utc_now())

    works = [receiving(turn == THREADS - 1) for turn in range(THREADS)]
    outcomes = await asyncio.to_thread(at_once, database_url, buyer, works)

    counts = sum(not isinstance(outcome[0], Problem) for outcome in outcomes)
    first, second = [await line_of(store, id_) for id_ in trade.lines]
    assert first.received == second.received == counts
    assert first.shipped + first.over == first.received + first.missing
    assert second.over == max(counts - 5, 0)
    numbers = {outcome[0].number for outcome in outcomes if not isinstance(outcome[0], Problem)}
    assert len(numbers) == counts  # of one sequence, none drawn twice
    assert await violations(store) == {}


async def test_fifty_threads_announce_no_more_than_is_left(
    stores: Stores, database_url: str
) -> None:
    store = stores["logistics"]
    trade = await a_trade(store, 20, 50, quantity_tolerance_percent=5)
    supplier = someone(trade.supplier_id)

    def announcing(turn: int) -> Work:
        order = trade.lines if turn % 2 else trade.lines[::-1]
        lines = tuple(LineAsked(id_, Decimal(1)) for id_ in order)
        asked = ShipmentAsked(uuid7(), "", trade.buyer_id, lines)
        return partial(notices.announce, caller=supplier, asked=[asked], at=NOW)

    works = [announcing(turn) for turn in range(THREADS)]
    outcomes = await asyncio.to_thread(at_once, database_url, supplier, works)

    kinds = Counter(type(outcome[0]).__name__ for outcome in outcomes)
    assert kinds == {"Placement": 21, "MoreThanLeft": 29}
    assert [(await line_of(store, id_)).planned for id_ in trade.lines] == [21, 21]
    assert await violations(store) == {}
