"""Do together what is asked for at the same time: one transaction for many small requests."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from fastapi import Depends, Request

from shared.auth import Caller
from shared.database import Store, is_away

TOGETHER_MAX = 200

K = TypeVar("K", bound=Hashable)
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Behalf(NamedTuple):
    """Whose requests may share a transaction: the row policies let one organization act in it."""

    organization_id: UUID
    name: str

    @classmethod
    def of(cls, caller: Caller) -> "Behalf":
        """Tell on whose behalf a caller acts, as it is written down."""
        return cls(caller.organization_id, caller.name)


class _Waiting(NamedTuple, Generic[Asked, Answer]):
    asked: Asked
    answer: asyncio.Future[Answer]


class Gathering(Generic[K, Asked, Answer]):
    """Asked for under the same key while a batch is under way is the next batch.

    So nobody waits for company, and the busier it is, the fewer transactions there are. `act` is
    given the key and what was asked for in turn, and returns an answer to each when all of it is
    committed. What fails together is tried one by one, so that nobody suffers for others.
    """

    def __init__(self, act: Callable[[K, Sequence[Asked]], Awaitable[Sequence[Answer]]]) -> None:
        self._act = act
        self._waiting: dict[K, list[_Waiting[Asked, Answer]]] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    async def ask(self, key: K, asked: Asked) -> Answer:
        """Return the answer once it is committed. Who leaves before may still have its effect."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if key in self._waiting:
            self._waiting[key].append(_Waiting(asked, answer))
        else:
            self._waiting[key] = [_Waiting(asked, answer)]
            task = asyncio.create_task(self._go_on(key))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return await answer

    async def _go_on(self, key: K) -> None:
        try:
            while waiting := self._waiting[key]:
                self._waiting[key] = waiting[TOGETHER_MAX:]
                still = [one for one in waiting[:TOGETHER_MAX] if not one.answer.done()]
                if still:
                    await self._settle(key, still)
        finally:
            for one in self._waiting.pop(key):
                one.answer.cancel()

    async def _settle(self, key: K, batch: Sequence[_Waiting[Asked, Answer]]) -> None:
        try:
            answers = await self._act(key, [one.asked for one in batch])
        except asyncio.CancelledError:
            for one in batch:
                one.answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001  whoever asked is told
            if len(batch) > 1 and not is_away(error):
                for one in batch:
                    await self._settle(key, [one])
                return
            for one in batch:
                if not one.answer.done():
                    one.answer.set_exception(error)
            return
        for one, answer in zip(batch, answers, strict=True):
            if not one.answer.done():
                one.answer.set_result(answer)


def gathered(act: Callable[[Store, Any, Sequence[Any]], Awaitable[Sequence[Any]]]) -> Any:  # noqa: ANN401  as FastAPI's Depends
    """Return the dependency by which an endpoint asks the one `Gathering` of its app."""
    kept_as = f"gathering {act.__module__}.{act.__qualname__}"

    async def gathering(request: Request) -> Any:  # noqa: ANN401  of whatever is asked for
        state = request.app.state
        if not hasattr(state, kept_as):
            setattr(state, kept_as, Gathering(partial(act, state.store)))
        return getattr(state, kept_as)

    return Depends(gathering)
