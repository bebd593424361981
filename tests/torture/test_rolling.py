"""Processes are replaced one after the other, and no request fails."""

import asyncio
from collections.abc import Iterator

import pytest

from benchmarks.torture.rolling import roll
from benchmarks.torture.standing import Installation, installed

SLOW_MS = 20  # so that something is always under way
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module", name="standing")
def started() -> Iterator[Installation]:
    with installed(full=False, may_fill=False) as standing:
        standing.start_parts()
        yield standing


def test_a_rolling_restart_fails_no_request(standing: Installation) -> None:
    rolled, wrong = asyncio.run(roll(standing, per_second=25, rounds=1, say=print))
    assert wrong == []
    assert rolled.placed
    assert set(rolled.answers) == {"200", "201"}


def test_processes_that_are_killed_fail_some(standing: Installation) -> None:
    standing.slow_down(SLOW_MS)
    _, wrong = asyncio.run(roll(standing, per_second=25, rounds=1, say=print, graceful=False))
    assert wrong
