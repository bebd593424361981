"""A reader that books what it hears, and can be made to fail."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import Store, transaction
from shared.dead_letters import replay
from shared.events import Message
from shared.inbox import DeadLetter, Handlers, receive
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


def failing_at(*numbers: int, error: Exception | None = None) -> Obstacle:
    return lambda event: (error or RuntimeError("a bug")) if event.number in numbers else None


def events(*numbers: int, subject: UUID = SUBJECT) -> list[Message]:
    return [factories.message(subject, number) for number in numbers]
