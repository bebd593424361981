"""Over a real broker every event has its effect once and in order, whatever is killed."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from uuid import UUID, uuid4

import pytest
from kafka import KafkaProducer
from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import Store, transaction
from shared.dead_letters import discard, replay
from shared.events import Message, OutboxEvent
from shared.inbox import ConsumerPosition, DeadLetter, Handlers
from shared.kafka import incoming, outgoing
from shared.local import Kafka
from shared.run import Job, consuming, relaying, running
from shared.types import Line
from tests.network import relay
from tests.probe import factories
from tests.probe.contracts import Noted
from tests.probe.models import Effect

WITHIN_S_MAX = 60
OFFLINE_S = 3


class Chain:
    """Somebody who notes things on one side, a list of what was heard on the other."""

    def __init__(self, store: Store, broker: Kafka) -> None:
        self.store, self.servers, self.group = store, broker.servers, f"probe-{uuid4()}"
        self.ids, self.poison, self.handlers = list[UUID](), set[UUID](), Handlers()
        self.said: dict[UUID, int] = defaultdict(int)
        self.handlers.on(Noted)(self._hear)

    async def _hear(self, session: AsyncSession, event: Noted) -> None:
        if event.subject_id in self.poison:
            raise RuntimeError("a bug")
        session.add(Effect(subject_id=event.subject_id, number=event.number))

    def subjects(self, count: int) -> list[UUID]:
        self.ids = [uuid4() for _ in range(count)]
        return self.ids

    def relay(self) -> Job:
        return relaying(self.store.system, servers=self.servers)

    def consumer(self) -> Job:
        return consuming(self.handlers, self.store.system, servers=self.servers, group=self.group)

    async def say(self, *, times: int = 1) -> None:
        """Publish the next event of each subject."""
        for _ in range(times):
            for id_ in self.ids:
                self.said[id_] += 1
            said = [factories.noted(id_, self.said[id_]) for id_ in self.ids]
            await factories.said(self.store, *said)

    async def unpublished(self) -> int:
        return await self._count(OutboxEvent, OutboxEvent.published_at.is_(None))

    async def heard(self) -> int:
        return await self._count(Effect, Effect.subject_id.in_(self.ids))

    async def letters(self) -> int:
        return await self._count(DeadLetter, DeadLetter.subject.in_([str(x) for x in self.ids]))

    async def _count(
        self, model: type[Effect | DeadLetter | OutboxEvent], which: ColumnElement[bool]
    ) -> int:
        async with transaction(self.store.system) as session:
            return await session.scalar(select(func.count()).select_from(model).where(which)) or 0

    async def until(self, *, heard: int = 0, letters: int = 0) -> None:
        for _ in range(WITHIN_S_MAX * 50):
            if await self.heard() >= heard and await self.letters() >= letters:
                return
            await asyncio.sleep(0.02)
        pytest.fail(f"{await self.heard()} of {heard} within {WITHIN_S_MAX} s")

    async def numbers(self) -> dict[UUID, list[int]]:
        """Return the numbers heard on each subject, in the order of their effects."""
        found = defaultdict(list)
        mine = select(Effect.subject_id, Effect.number).where(Effect.subject_id.in_(self.ids))
        async with transaction(self.store.system) as session:
            for id_, number in await session.execute(mine.order_by(Effect.position)):
                found[id_].append(number)
        return found

    async def assert_all_was_heard(self) -> None:
        assert await self.numbers() == {id_: [*range(1, self.said[id_] + 1)] for id_ in self.ids}


@pytest.fixture
def chain(probe: Store, probe_broker: Kafka) -> Chain:
    return Chain(probe, probe_broker)


async def test_what_is_committed_here_has_its_effect_there(chain: Chain) -> None:
    chain.subjects(20)
    async with running([chain.relay(), chain.consumer()]):
        await chain.say(times=5)
        await chain.until(heard=100)
    await chain.assert_all_was_heard()


async def test_a_relay_killed_before_it_marks_sends_twice_to_one_effect(chain: Chain) -> None:
    chain.subjects(3)
    await chain.say()

    async def send_and_die(batch: Sequence[Message]) -> None:
        await send(batch)
        raise SystemError

    async with outgoing(chain.servers) as send:
        with pytest.raises(SystemError):
            await relay(chain.store.system, send_and_die)
        assert await relay(chain.store.system, send) == 3
    await chain.say()
    async with running([chain.relay(), chain.consumer()]):
        await chain.until(heard=6)
    await chain.assert_all_was_heard()


async def test_a_poison_event_stops_its_subject_only(chain: Chain) -> None:
    ids = chain.subjects(4)
    chain.poison = {ids[0]}
    async with running([chain.relay(), chain.consumer()]):
        await chain.say(times=3)
        await chain.until(letters=3, heard=9)
        chain.poison.clear()
        again = partial(replay, chain.handlers, chain.store.system, topic="probe")
        assert await again(subject=str(ids[0])) == 3
        await chain.say()
        await chain.until(heard=16)
    await chain.assert_all_was_heard()


async def test_a_killed_broker_loses_nothing_and_keeps_the_order(
    chain: Chain, probe_broker: Kafka
) -> None:
    chain.subjects(20)
    async with (
        incoming(chain.servers, group="bystander", topics=["probe"]) as bystander,
        running([chain.relay(), chain.relay(), chain.consumer(), chain.consumer()]),
    ):
        await chain.say(times=5)
        while not await bystander.poll():
            pass
        talking = asyncio.create_task(chain.say(times=50))
        await asyncio.sleep(0.05)
        probe_broker.kill()
        await talking  # and no write fails
        await bystander.acknowledge()  # in vain, which is no reason to stop
        assert await bystander.positions() == []
        await chain.say(times=5)
        assert await chain.unpublished() >= 20 * 5
        await asyncio.to_thread(probe_broker.start)
        await chain.say(times=5)
        await chain.until(heard=20 * 65)
    await chain.assert_all_was_heard()


async def test_a_stopped_broker_loses_nothing_and_keeps_the_order(
    chain: Chain, probe_broker: Kafka
) -> None:
    chain.subjects(20)
    async with running([chain.relay(), chain.consumer()]):
        await chain.say()
        await chain.until(heard=20)
        await asyncio.to_thread(probe_broker.stop)
        for _ in range(OFFLINE_S * 10):
            await chain.say()
            await asyncio.sleep(0.1)
        await asyncio.to_thread(probe_broker.start)
        await chain.until(heard=20 * (1 + OFFLINE_S * 10))
    await chain.assert_all_was_heard()


async def test_members_who_come_and_go_share_the_work(chain: Chain) -> None:
    chain.subjects(20)
    async with running([chain.relay(), chain.consumer()]):
        await chain.say(times=2)
        await chain.until(heard=20)
        async with running([chain.consumer()]):
            talking = asyncio.create_task(chain.say(times=8))
            await chain.until(heard=100)
        await talking
        await chain.say(times=2)
        await chain.until(heard=240)
    await chain.assert_all_was_heard()
    assert await chain.heard() == 240


async def test_a_consumer_writes_down_how_far_it_has_come(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.run.NOTE_S", 0.1)
    chain.subjects(20)
    async with running([chain.relay(), chain.consumer()]):
        await chain.say(times=5)
        await chain.until(heard=100)
        for _ in range(WITHIN_S_MAX * 10):
            async with transaction(chain.store.system) as session:
                noted = (await session.scalars(select(ConsumerPosition))).all()
            if len(noted) == 8 and all(row.position == row.log_end for row in noted):
                break
            await asyncio.sleep(0.1)
    assert {row.topic for row in noted} == {"probe"}
    assert sum(row.log_end for row in noted) >= 100
    assert sum(row.log_end - row.position for row in noted) == 0


STRANGE = {
    b"no key": b"",
    b"none": None,
    b"no text": b"\xff\0\xfe",
    b"a key that no index could hold": b"k" * 20_000,
    b"": b"tombstone",
    b"{" * 900_000: b"large",
}


async def test_what_a_stranger_sent_is_kept_and_stops_nobody(chain: Chain) -> None:
    chain.subjects(8)
    await asyncio.to_thread(send_raw, chain.servers, STRANGE)
    every = select(DeadLetter.body, DeadLetter.subject)
    async with running([chain.relay(), chain.consumer()]):
        await chain.say()
        await chain.until(heard=8)
        for _ in range(WITHIN_S_MAX * 10):
            async with transaction(chain.store.system) as session:
                letters = {row.body: row.subject for row in await session.execute(every)}
            if len(letters) == len(STRANGE):
                break
            await asyncio.sleep(0.1)
    assert letters.keys() == STRANGE.keys()
    for subject in letters.values():
        assert TypeAdapter(Line).validate_python(subject) == subject  # it can be asked for
        assert await discard(chain.store.system, topic="probe", subject=subject, reason="strange")


def send_raw(servers: str, messages: Mapping[bytes, bytes | None]) -> None:
    producer = KafkaProducer(bootstrap_servers=servers)
    for body, key in messages.items():
        producer.send("probe", key=key, value=body or None).get(timeout=10)
    producer.close()
