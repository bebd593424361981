"""What is announced of an order leaves in the order of the commits, whoever announces it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, select, text

from contracts.orders import LineProgressed, MessagePosted, Side
from services.orders.models import Order, ScheduleLine
from shared.database import transaction, utc_now
from shared.events import publish
from tests.conftest import SignIn, Stores
from tests.orders.factories import Pair, WorkOrder, a_pair, announced, told

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"

Act = Callable[[Stores, Pair, dict[str, Any]], Awaitable[object]]


async def progress(stores: Stores, _: Pair, line: dict[str, Any]) -> None:
    await told(stores, WorkOrder(line).reported(5))


async def message(_: Stores, pair: Pair, line: dict[str, Any]) -> None:
    path = f"orders/{line['order_id']}/messages"
    assert (await pair.buyer.post(path, json={"text": "?"})).status_code == 201


def said_before(line: dict[str, Any]) -> MessagePosted:
    parties = {name: line[name] for name in ("order_id", "buyer_id", "supplier_id")}
    now = utc_now()
    return MessagePosted(
        **parties,
        schedule_line_id=None,
        message_id=uuid4(),
        posted_by=Side.BUYER,
        reminder=False,
        occurred_at=now,
        recorded_at=now,
    )


@pytest.mark.parametrize(("act", "kind"), [(progress, LineProgressed), (message, MessagePosted)])
async def test_who_announces_waits_for_whoever_holds_the_order(
    act: Act, kind: type, stores: Stores, sign_in: SignIn, superuser: Engine
) -> None:
    pair = await a_pair(stores, sign_in)
    line = await pair.confirmed("100")
    await announced(stores)
    of_order = select(Order.id).where(Order.id == UUID(line["order_id"]))
    of_line = select(ScheduleLine.id).where(ScheduleLine.id == UUID(line["id"]))
    before = said_before(line)
    async with transaction(stores["orders"].system) as session:
        await session.execute(of_order.with_for_update(key_share=True))
        acting = asyncio.ensure_future(act(stores, pair, line))
        async with asyncio.timeout(3):
            while not acting.done() and not await asyncio.to_thread(count, superuser):  # noqa: ASYNC110  PostgreSQL tells by being asked
                await asyncio.sleep(0.01)
        assert not acting.done()
        # Who waits for an order must not have its lines yet, or the two would wait for each other.
        await session.execute(of_line.with_for_update(key_share=True, nowait=True))
        publish(session, before)
    await acting
    first, second = await announced(stores)
    assert first == before
    assert isinstance(second, kind)


def count(superuser: Engine) -> int:
    with superuser.connect() as connection:
        return int(connection.scalar(text(WAITING)) or 0)
