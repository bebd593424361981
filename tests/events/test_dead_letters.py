"""What could not be applied is applied later, in order, or given up by somebody."""

import asyncio
from functools import partial

import pytest
from sqlalchemy import select

from shared.database import transaction
from shared.dead_letters import discard
from shared.inbox import DiscardedLetter
from shared.problem import Conflict, Problem
from tests.events.ledger import OTHER, SUBJECT, Ledger, events, failing_at


async def test_a_replay_brings_back_what_waits_in_order(ledger: Ledger) -> None:
    ledger.obstacle = failing_at(1)
    await ledger.receive(*events(1, 2, 3))
    ledger.obstacle = failing_at()

    assert await ledger.replay() == 3
    await ledger.receive(*events(4))

    assert [number for _, number in await ledger.booked()] == [1, 2, 3, 4]
    assert await ledger.letters() == []


async def test_a_replay_stops_at_what_fails_again(ledger: Ledger) -> None:
    ledger.obstacle = failing_at(1)
    await ledger.receive(*events(1, 2, 3))
    ledger.obstacle = failing_at(2, error=Conflict("off by 2"))

    with pytest.raises(Problem, match="off by 2"):
        await ledger.replay()

    assert [number for _, number in await ledger.booked()] == [1]
    assert [x.reason for x in await ledger.letters()] == ["Conflict('off by 2')", None]


async def test_a_discarded_letter_frees_what_waits_and_is_kept(ledger: Ledger) -> None:
    ledger.obstacle = failing_at(1)
    first, *rest = events(1, 2)
    await ledger.receive(first, *rest)

    give_up = partial(
        discard,
        ledger.store.system,
        topic="probe",
        subject=str(SUBJECT),
        reason="sent in error",
        by="Li Wei",
    )
    assert await give_up()

    assert await ledger.replay() == 1
    assert not await give_up()
    await ledger.receive(first)  # read again, it stays given up
    assert [number for _, number in await ledger.booked()] == [2]
    async with transaction(ledger.store.system) as session:
        [kept] = (await session.scalars(select(DiscardedLetter))).all()
    assert (kept.body, kept.reason) == (first.body, "RuntimeError('a bug')")
    assert (kept.discarded_because, kept.discarded_by) == ("sent in error", "Li Wei")


async def test_a_replay_leaves_nothing_waiting_that_arrives_meanwhile(ledger: Ledger) -> None:
    ledger.obstacle = failing_at(1)
    await ledger.receive(*events(1))
    ledger.obstacle = failing_at()
    ledger.gate.clear()

    arrival = asyncio.create_task(ledger.receive(*events(1, subject=OTHER), *events(2)))
    await ledger.at_gate.wait()
    again = asyncio.create_task(ledger.replay())
    await asyncio.sleep(0.1)
    ledger.gate.set()
    await asyncio.gather(arrival, again)

    assert await ledger.letters() == []
    assert await ledger.booked() == [(OTHER, 1), (SUBJECT, 1), (SUBJECT, 2)]


async def test_what_arrives_during_many_replays_keeps_its_order(ledger: Ledger) -> None:
    ledger.obstacle = failing_at(1)
    await ledger.receive(*events(*range(1, 11)))
    ledger.obstacle = failing_at()

    async def arrive() -> None:
        for number in range(11, 41):
            await ledger.receive(*events(number))

    async def repeat() -> None:
        for _ in range(10):
            await ledger.replay()
            await asyncio.sleep(0.005)

    await asyncio.gather(arrive(), repeat(), repeat())
    await ledger.replay()
    assert [number for _, number in await ledger.booked()] == list(range(1, 41))
