"""Effects that are set-based come many at once, and are what they would be one at a time."""

from collections.abc import Sequence
from random import Random
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import Store, transaction
from shared.dead_letters import replay
from shared.inbox import DeadLetter, Handlers, receive
from shared.problem import Conflict
from tests.network import deliver
from tests.probe import factories
from tests.probe.contracts import Noted
from tests.probe.models import Effect


class Books:
    """A reader that books what comes at once by one call, and counts the calls."""

    def __init__(self, store: Store, *, in_turn: bool) -> None:
        self.store, self.handlers, self.in_turn = store, Handlers(), in_turn
        self.sizes: list[int] = []
        self.poison: set[UUID] = set()
        self.handlers.together(Noted, in_turn=in_turn)(self._book)

    async def _book(self, session: AsyncSession, events: Sequence[Noted]) -> None:
        self.sizes.append(len(events))
        assert self.in_turn or len({event.subject_id for event in events}) == len(events)
        if self.poison & {event.subject_id for event in events}:
            raise Conflict("poison")
        session.add_all(Effect(subject_id=one.subject_id, number=one.number) for one in events)
        await session.flush()

    async def numbers(self, subject: UUID) -> list[int]:
        mine = select(Effect.number).where(Effect.subject_id == subject).order_by(Effect.position)
        async with transaction(self.store.system) as session:
            return list(await session.scalars(mine))


@pytest.fixture(params=[False, True], ids=["one of each subject", "several in turn"])
def books(probe: Store, request: pytest.FixtureRequest) -> Books:
    return Books(probe, in_turn=request.param)


async def test_of_each_subject_events_come_in_order(books: Books) -> None:
    subjects = [uuid4() for _ in range(5)]
    wire = [factories.message(subject, number) for subject in subjects for number in (1, 2, 3)]
    await receive(books.handlers, books.store.system, wire)
    assert books.sizes == ([15] if books.in_turn else [5, 5, 5])
    for subject in subjects:
        assert await books.numbers(subject) == [1, 2, 3]


@pytest.mark.parametrize("seed", range(3))
async def test_repetition_and_disorder_change_nothing(seed: int, books: Books) -> None:
    subjects = [uuid4() for _ in range(6)]
    wire = [factories.message(subject, number) for number in (1, 2, 3) for subject in subjects]
    await deliver(wire, books.handlers, books.store, chance=Random(seed))
    for subject in subjects:
        assert await books.numbers(subject) == [1, 2, 3]


async def test_one_that_fails_fails_alone(books: Books) -> None:
    subjects = [uuid4() for _ in range(8)]
    books.poison = {subjects[3]}
    wire = [factories.message(subject, number) for subject in subjects for number in (1, 2)]
    await receive(books.handlers, books.store.system, wire, back_off_s=())
    for subject in subjects:
        assert await books.numbers(subject) == ([] if subject in books.poison else [1, 2])
    async with transaction(books.store.system) as session:
        letters = (await session.scalars(select(DeadLetter.subject))).all()
    assert letters == [str(subjects[3])] * 2
    books.poison.clear()
    again = str(subjects[3])
    assert await replay(books.handlers, books.store.system, topic="probe", subject=again) == 2
    assert await books.numbers(subjects[3]) == [1, 2]
