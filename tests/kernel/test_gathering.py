"""Small requests that come together are done together, and each gets its own answer."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import exc

from shared.gathering import TOGETHER_MAX, Gathering


class Refused(Exception):  # noqa: N818
    """What one of many does not bear."""


class Recorder:
    """Double numbers, slowly, and remember which came together."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.batches: list[list[int]] = []
        self._trouble = trouble

    async def __call__(self, _: str, asked: Sequence[int]) -> Sequence[int]:
        self.batches.append(list(asked))
        await asyncio.sleep(0.01)
        if self._trouble and 7 in asked:
            raise self._trouble
        return [2 * number for number in asked]


async def ask_all(gathering: Gathering[str, int, int], numbers: Sequence[int]) -> list[object]:
    asked = (gathering.ask("one", number) for number in numbers)
    return list(await asyncio.gather(*asked, return_exceptions=True))


async def test_what_comes_meanwhile_is_the_next_batch() -> None:
    act = Recorder()
    gathering = Gathering(act)
    first = asyncio.create_task(gathering.ask("one", 1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await ask_all(gathering, [2, 3, 4]) == [4, 6, 8]
    assert await first == 2
    assert act.batches == [[1], [2, 3, 4]]
    assert await gathering.ask("one", 5) == 10


async def test_keys_do_not_wait_for_each_other() -> None:
    act = Recorder()
    gathering = Gathering(act)
    answers = await asyncio.gather(gathering.ask("one", 1), gathering.ask("other", 2))
    assert list(answers) == [2, 4]
    assert sorted(act.batches) == [[1], [2]]


async def test_one_that_fails_spoils_nobody_elses() -> None:
    gathering = Gathering(Recorder(Refused()))
    answers = await ask_all(gathering, range(10))
    assert [a for a in answers if not isinstance(a, Exception)] == [
        2 * n for n in range(10) if n != 7
    ]
    assert isinstance(answers[7], Refused)


async def test_nobody_is_tried_alone_while_the_database_is_away() -> None:
    act = Recorder(exc.TimeoutError())
    answers = await ask_all(Gathering(act), range(10))
    assert all(isinstance(answer, exc.TimeoutError) for answer in answers)
    assert len(act.batches) == 1


async def test_who_leaves_takes_nobody_along() -> None:
    act = Recorder()
    gathering = Gathering(act)
    leaving = asyncio.create_task(gathering.ask("one", 1))
    staying = asyncio.create_task(gathering.ask("one", 2))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await staying == 4


async def test_a_batch_is_bounded() -> None:
    act = Recorder()
    numbers = range(100, 100 + 2 * TOGETHER_MAX + 1)
    assert await ask_all(Gathering(act), numbers) == [2 * number for number in numbers]
    assert max(map(len, act.batches)) <= TOGETHER_MAX
