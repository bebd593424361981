"""What was made from events can be made from them again, and a drift shows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select, text

from services.insights.commands.rebuilding import Rebuilt, rebuild
from services.insights.handlers import handlers
from shared.database import transaction
from shared.events import Message
from shared.inbox import DeadLetter, InboxEvent
from shared.kafka import create_topics, outgoing, whole
from shared.local import Kafka
from shared.run import consuming, running
from tests.conftest import Stores
from tests.insights.factories import Pair, sealed

WITHIN_S_MAX, TRIES_MAX = 60, 20
DRIFT = text(
    "UPDATE insights.months SET kept = kept + 1"
    " WHERE ctid = (SELECT min(ctid) FROM insights.months)"
)
TOPICS = sorted(handlers.topics)


@asynccontextmanager
async def listening(stores: Stores, broker: Kafka) -> AsyncIterator[None]:
    """Let insights hear all that the broker holds, as in production."""
    await asyncio.to_thread(create_topics, broker.servers, TOPICS)
    group = f"insights-{uuid4()}"
    live = stores["insights"].system
    async with running([consuming(handlers, live, servers=broker.servers, group=group)]):
        yield


async def say(broker: Kafka, *pairs: Pair) -> list[Message]:
    wire = [message for pair in pairs for message in sealed(*pair.year())]
    await send(broker, [*wire, *wire[:20]])  # delivery is at least once
    return wire


async def send(broker: Kafka, wire: list[Message]) -> None:
    """Send as a relay does: again, and all of it, where the broker does not answer in time."""
    for _ in range(TRIES_MAX):
        try:
            async with outgoing(broker.servers) as sent:
                await sent(wire)
        except ConnectionError:
            await asyncio.sleep(1)
        else:
            return
    pytest.fail("the broker takes nothing")


async def heard(stores: Stores, wire: list[Message]) -> None:
    ids = [arrival.event_id for message in wire if (arrival := handlers.read(message))]
    known = select(func.count()).where(InboxEvent.event_id.in_(ids))
    for _ in range(WITHIN_S_MAX * 10):
        async with transaction(stores["insights"].system) as session:
            if await session.scalar(known) == len(ids):
                return
        await asyncio.sleep(0.1)
    pytest.fail("the events were not heard")


async def made_anew(stores: Stores, broker: Kafka, *, replace: bool = False) -> Rebuilt:
    seen: list[tuple[int, int]] = []
    live = stores["insights"].system
    async with whole(broker.servers, topics=TOPICS) as log:
        found = await rebuild(live, log, handlers, say=lambda *of: seen.append(of), replace=replace)
    assert seen[-1][0] == seen[-1][1] > 0
    assert found.lacking == found.failed == 0
    return found


async def test_a_rebuild_gives_the_live_tables_and_a_drift_shows(
    stores: Stores, broker: Kafka, superuser: Engine
) -> None:
    async with listening(stores, broker):
        await heard(stores, await say(broker, *(Pair() for _ in range(3))))
        speaking = asyncio.create_task(say(broker, Pair()))
        found = await made_anew(stores, broker)
        await speaking
        assert found.live == found.anew
        assert found.unheard == 0
        with superuser.begin() as connection:
            assert connection.execute(DRIFT).rowcount == 1
        found = await made_anew(stores, broker)
        differing = [a.table for a, b in zip(found.live, found.anew, strict=True) if a != b]
        assert differing == ["months"]
        found = await made_anew(stores, broker, replace=True)
        assert found.live == found.anew
        await heard(stores, await say(broker, Pair()))
        found = await made_anew(stores, broker)
        assert found.live == found.anew


async def test_a_rebuild_that_is_cut_off_has_changed_nothing(stores: Stores, broker: Kafka) -> None:
    async with listening(stores, broker):
        await heard(stores, await say(broker, Pair()))
        before = (await made_anew(stores, broker)).live

        def cut_off(done: int, _: int) -> None:
            if done:
                raise KeyboardInterrupt

        live = stores["insights"].system
        async with whole(broker.servers, topics=TOPICS) as log:
            with pytest.raises(KeyboardInterrupt):
                await rebuild(live, log, handlers, say=cut_off)
        found = await made_anew(stores, broker)
        assert found.live == found.anew == before


async def test_what_was_given_up_stays_out(stores: Stores, broker: Kafka) -> None:
    pair = Pair()
    order = pair.placed(pair.related().changed_at.date())
    [message] = sealed(order)
    spoiled = message._replace(body=message.body.replace(b'"CNY"', b'"cny"'))
    async with listening(stores, broker):
        await send(broker, [spoiled])
        await heard(stores, [spoiled, *await say(broker, pair)])
        async with transaction(stores["insights"].system) as session:
            assert await session.scalar(select(func.count()).select_from(DeadLetter))
        found = await made_anew(stores, broker)
        assert found.live == found.anew
