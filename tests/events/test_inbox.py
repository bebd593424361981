"""Whatever arrives has its effect once and in order, or is kept until somebody looks at it."""

import asyncio
import io
import json
import logging
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from uuid import UUID, uuid4

import pytest
from psycopg import errors
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.event import Envelope
from shared import inbox
from shared.database import Store, transaction
from shared.events import Message
from shared.inbox import DeadLetter, DiscardedLetter, Handlers, InboxEvent, discard, receive, replay
from shared.logs import JsonLines
from shared.problem import Conflict, Problem
from tests.network import deliver
from tests.probe import factories
from tests.probe.contracts import Noted
from tests.probe.models import Effect

SUBJECT, OTHER = uuid4(), uuid4()
BACK_OFF_S = 0, 0

Obstacle = Callable[[Noted], Exception | None]


class Ledger:
    """A reader that books each event, and whose handler can be made to fail."""

    def __init__(self, store: Store) -> None:
        self.store, self.handlers, self.tries = store, Handlers(), 0
        self.obstacle: Obstacle = lambda _: None
        self.gate, self.at_gate = asyncio.Event(), asyncio.Event()
        self.gate.set()
        self.handlers.on(Noted)(self._book)

    async def _book(self, session: AsyncSession, event: Noted) -> None:
        self.tries += 1
        if event.subject_id == OTHER:
            self.at_gate.set()
            await self.gate.wait()
        session.add(Effect(subject_id=event.subject_id, number=event.number))
        await session.flush()
        if obstacle := self.obstacle(event):
            raise obstacle

    async def receive(self, *messages: Message, back_off_s: Sequence[float] = BACK_OFF_S) -> None:
        await receive(self.handlers, self.store.system, messages, back_off_s=back_off_s)

    async def replay(self) -> int:
        return await replay(self.handlers, self.store.system, topic="probe", subject=str(SUBJECT))

    async def booked(self) -> list[tuple[UUID, int]]:
        """Return the subject and number of each event, in the order of their effects."""
        effects = select(Effect.subject_id, Effect.number).order_by(Effect.position)
        async with transaction(self.store.system) as session:
            return [(subject, number) for subject, number in await session.execute(effects)]

    async def letters(self) -> Sequence[DeadLetter]:
        async with transaction(self.store.system) as session:
            return (await session.scalars(select(DeadLetter).order_by(DeadLetter.position))).all()


@pytest.fixture
def ledger(probe: Store) -> Ledger:
    return Ledger(probe)


def failing_at(*numbers: int, error: Exception | None = None) -> Obstacle:
    return lambda event: (error or RuntimeError("a bug")) if event.number in numbers else None


def events(*numbers: int, subject: UUID = SUBJECT) -> list[Message]:
    return [factories.message(subject, number) for number in numbers]


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


def sealed(data: str) -> bytes:
    """Return an event with whatever JSON as its data."""
    envelope = factories.message(SUBJECT).body.decode().partition('"data":')[0]
    return f'{envelope}"data":{data}}}'.encode()


UNREADABLE = {
    "nothing": b"",
    "bytes": b"\xff\xfe\0\x80",
    "an empty object": b"{}",
    "half an envelope": b'{"specversion": "1.0"}',
    "no JSON": sealed("{'number': 1}"),
    "another form": sealed('{"number": "many"}'),
    "not UTF-8": sealed('{"text": "?"}').replace(b"?", b"\xe9"),
    "half a character": sealed('{"text": "\\ud800"}'),
    "deep": sealed("[" * 100_000 + "]" * 100_000),
    "deep objects": sealed('{"data":' * 50_000 + "1" + "}" * 50_000),
    "a number of 5,000 digits": sealed(f'{{"number": {"9" * 5_000}}}'),
    "infinite": sealed('{"number": 1e400}'),
    "no number": sealed('{"number": NaN}'),
    "huge": sealed(f'{{"text": ["{"x" * 900_000}"]}}'),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_unreadable_bytes_are_a_dead_letter(body: bytes, ledger: Ledger) -> None:
    for _ in range(2):
        await ledger.receive(Message("probe", str(SUBJECT), body), *events(1))
    bad, waiting, again = await ledger.letters()
    assert (bad.body, waiting.reason, again.reason) == (body, None, None)
    assert "Unreadable" in (bad.reason or "")
    with pytest.raises(inbox.Unreadable):
        await ledger.replay()
    assert inbox.type_of(body) in {None, Noted.type}


async def test_the_same_unreadable_bytes_on_two_subjects_are_two_letters(ledger: Ledger) -> None:
    await ledger.receive(*(Message("probe", str(subject), b"") for subject in (SUBJECT, OTHER)))
    assert [letter.subject for letter in await ledger.letters()] == [str(SUBJECT), str(OTHER)]


async def test_a_contract_that_fails_at_what_came_stops_nobody(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(_: object) -> None:
        raise ArithmeticError("in a validator")

    monkeypatch.setattr(Envelope, "open", defect)
    await ledger.receive(*events(1))
    [letter] = await ledger.letters()
    assert "in a validator" in (letter.reason or "")


async def test_a_text_that_the_database_cannot_hold_is_a_dead_letter(ledger: Ledger) -> None:
    async def store_it(session: AsyncSession, event: Noted) -> None:
        session.add(DeadLetter(topic="x", subject=event.text, body=b""))
        await session.flush()

    ledger.handlers = Handlers()
    ledger.handlers.on(Noted)(store_it)
    body = sealed(f'{{"subject_id": "{SUBJECT}", "number": 1, "text": "a\\u0000b"}}')
    await ledger.receive(Message("probe", str(SUBJECT), body))
    [letter] = await ledger.letters()
    assert "NUL" in (letter.reason or "")


async def test_an_event_nobody_listens_to_is_left_alone(ledger: Ledger) -> None:
    body = events(1)[0].body.replace(b"probe.noted", b"probe.forgotten")
    await ledger.receive(Message("probe", str(SUBJECT), body))
    assert await ledger.letters() == []


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
