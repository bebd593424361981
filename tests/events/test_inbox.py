"""Whatever arrives has its effect once and in order, or is kept until somebody looks at it."""

import asyncio
import io
import json
import logging
from random import Random
from uuid import uuid4

import pytest
from psycopg import errors
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.orders import LineProgressed
from shared import inbox
from shared.database import transaction
from shared.events import Message
from shared.inbox import Handlers, InboxEvent
from shared.logs import JsonLines
from shared.problem import Conflict
from tests.events.ledger import BACK_OFF_S, OTHER, SUBJECT, Ledger, events, failing_at
from tests.network import deliver
from tests.probe import factories
from tests.probe.contracts import Noted


async def test_a_repeated_event_has_one_effect(ledger: Ledger) -> None:
    one, two = events(1, 2)
    await ledger.receive(one, one, two, one)
    await ledger.receive(two, one)
    assert await ledger.booked() == [(SUBJECT, 1), (SUBJECT, 2)]
    assert await ledger.letters() == []


@pytest.mark.parametrize("seed", range(3))
async def test_a_network_that_repeats_and_shuffles_changes_nothing(
    seed: int, ledger: Ledger
) -> None:
    subjects = [uuid4() for _ in range(5)]
    wire = [factories.message(subject, number) for number in (1, 2, 3) for subject in subjects]
    await deliver(wire, ledger.handlers, ledger.store, chance=Random(seed))
    booked = await ledger.booked()
    for subject in subjects:
        assert [number for found, number in booked if found == subject] == [1, 2, 3]


async def test_two_members_who_were_given_the_same_messages_have_one_effect(
    ledger: Ledger,
) -> None:
    messages = [message for subject in (uuid4(), uuid4()) for message in events(1, 2, 3)]
    await asyncio.gather(*(ledger.receive(*messages) for _ in range(4)))
    assert len(await ledger.booked()) == len(messages)


@pytest.mark.parametrize("said", [b'"type":"%s"', b'"type" : "%s"'])
async def test_what_is_for_others_is_not_read_further(said: bytes, ledger: Ledger) -> None:
    heard = b'{"specversion":"1.0",%s,"data":{}' % said  # which is no JSON
    others, own, nobodys = (
        Message("probe", str(SUBJECT), heard % name.encode())
        for name in (LineProgressed.type, Noted.type, "probe.unheard.v9")
    )
    assert ledger.handlers.read(others) is None
    for message in (own, nobodys):
        await ledger.receive(message)
    assert len(await ledger.letters()) == 2


async def test_an_effect_and_its_inbox_row_commit_together(ledger: Ledger) -> None:
    ledger.obstacle = failing_at(1, error=OperationalError("", {}, Exception("away")))
    with pytest.raises(OperationalError):
        await ledger.receive(*events(1))
    async with transaction(ledger.store.system) as session:
        assert await session.scalar(select(func.count()).select_from(InboxEvent)) == 0
    assert await ledger.booked() == []


async def test_an_effect_that_the_database_undid_is_not_taken_for_done(ledger: Ledger) -> None:
    async def swallow(session: AsyncSession, event: Noted) -> None:  # noqa: ARG001
        try:
            await session.execute(text("SELECT 1/0"))
        except Exception:  # noqa: BLE001
            return

    ledger.handlers = Handlers()
    ledger.handlers.on(Noted)(swallow)
    await ledger.receive(*events(1))
    [letter] = await ledger.letters()
    assert "failed" in (letter.reason or "")


async def test_a_refusal_is_a_dead_letter_at_once(ledger: Ledger) -> None:
    ledger.obstacle = failing_at(1, error=Conflict("off by 1"))
    await ledger.receive(*events(1))
    [letter] = await ledger.letters()
    assert (ledger.tries, letter.reason) == (1, "Conflict('off by 1')")
    assert await ledger.booked() == []


async def test_a_failure_is_tried_five_times_and_then_a_dead_letter(ledger: Ledger) -> None:
    ledger.obstacle = failing_at(1)
    await ledger.receive(*events(1), back_off_s=[0] * len(inbox.BACK_OFF_S))
    [letter] = await ledger.letters()
    assert (ledger.tries, letter.reason) == (5, "RuntimeError('a bug')")


async def test_a_failure_that_passes_leaves_no_trace(ledger: Ledger) -> None:
    ledger.obstacle = lambda _: RuntimeError("once") if ledger.tries == 1 else None
    await ledger.receive(*events(1))
    assert await ledger.booked() == [(SUBJECT, 1)]
    assert await ledger.letters() == []


async def test_what_fails_among_many_is_found_in_halves(ledger: Ledger) -> None:
    subjects = [uuid4() for _ in range(64)]
    ledger.obstacle = lambda e: Conflict("no") if e.subject_id == subjects[40] else None
    begun: list[object] = []
    count = begun.append
    engine = ledger.store.system.kw["bind"].sync_engine
    event.listen(engine, "begin", count)
    await ledger.receive(*(factories.message(subject) for subject in subjects))
    event.remove(engine, "begin", count)
    assert [subject for subject, _ in await ledger.booked()] == subjects[:40] + subjects[41:]
    assert len(begun) == 1 + 2 * 6 + 1  # all, two halves of each of six sizes, and the letter


@pytest.mark.parametrize("error", [RuntimeError("a bug"), Conflict("off by 1")])
async def test_only_the_subject_of_a_dead_letter_waits(error: Exception, ledger: Ledger) -> None:
    ledger.obstacle = failing_at(2, error=error)
    mixed = [*events(1, 2, 3), *events(1, 3, subject=OTHER), *events(4)]
    await ledger.receive(*mixed)
    await ledger.receive(*events(5), *events(4, subject=OTHER))

    assert await ledger.booked() == [(SUBJECT, 1), (OTHER, 1), (OTHER, 3), (OTHER, 4)]
    letters = await ledger.letters()
    assert {letter.subject for letter in letters} == {str(SUBJECT)}
    assert [bool(letter.reason) for letter in letters] == [True, False, False, False]


async def test_what_waits_is_kept_once_however_often_it_arrives(ledger: Ledger) -> None:
    ledger.obstacle = failing_at(1)
    messages = events(1, 2)
    for _ in range(3):
        await ledger.receive(*messages)
    assert len(await ledger.letters()) == 2


@pytest.mark.parametrize(
    "trouble",
    [errors.AdminShutdown, errors.CannotConnectNow, errors.TooManyConnections, errors.DiskFull],
)
async def test_an_outage_counts_against_no_event(
    trouble: type[errors.Error], ledger: Ledger
) -> None:
    outage = OperationalError("", {}, trouble("away"))
    ledger.obstacle = failing_at(1, error=outage)
    for messages in (events(1), [*events(1, subject=OTHER), *events(1)]):
        with pytest.raises(OperationalError):
            await ledger.receive(*messages)
    assert await ledger.letters() == []
    assert ledger.tries == 2  # none is tried again here: the caller connects anew


async def test_backends_that_are_terminated_cost_no_event(
    ledger: Ledger, superuser: Engine
) -> None:
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'probe_system'"

    def once(_: Noted) -> None:
        if ledger.tries == 2:
            with superuser.begin() as connection:
                connection.execute(text(end))

    ledger.obstacle = once
    messages = events(1, 2, 3)
    with pytest.raises(OperationalError):
        await ledger.receive(*messages)
    await ledger.receive(*messages)
    assert [number for _, number in await ledger.booked()] == [1, 2, 3]
    assert await ledger.letters() == []


async def test_a_lock_counts_against_no_event(ledger: Ledger) -> None:
    locked = OperationalError("", {}, errors.LockNotAvailable("a lock"))
    ledger.obstacle = failing_at(1, error=locked)
    with pytest.raises(OperationalError):
        await ledger.receive(*events(1))
    assert (ledger.tries, await ledger.letters()) == (1 + len(BACK_OFF_S), [])


async def test_a_statement_that_exceeds_what_postgresql_can_do_is_the_events_fault(
    ledger: Ledger,
) -> None:
    limit = OperationalError("", {}, errors.ProgramLimitExceeded("index row size"))
    ledger.obstacle = failing_at(1, error=limit)
    await ledger.receive(*events(1))
    assert len(await ledger.letters()) == 1


async def test_a_failed_event_is_logged_with_its_trace(ledger: Ledger) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    inbox.logger.addHandler(handler)
    ledger.obstacle = failing_at(1, error=Conflict("no"))
    trace = "ab" * 16
    message = factories.message(SUBJECT, traceparent=f"00-{trace}-{'cd' * 8}-01")
    try:
        await ledger.receive(message)
    finally:
        inbox.logger.removeHandler(handler)
    [line] = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (line["trace_id"], line["level"]) == (trace, "warning")
    assert "Conflict: no" in line["exception"]
