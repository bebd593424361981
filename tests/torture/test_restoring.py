"""A database goes back in time, and topics and consumers agree with it again."""

import asyncio
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from benchmarks.torture.checks import Scene, rebuilt
from benchmarks.torture.journal import Journal
from benchmarks.torture.restoring import Drill
from benchmarks.torture.standing import Installation, installed

pytestmark = pytest.mark.timeout(900)
LOAD_S = 8.0
OWNED_AGAIN = "DELETE FROM insights.discarded_letters WHERE discarded_by = 'lianqiao restored'"


class Drilled(NamedTuple):
    """What is left after a drill."""

    standing: Installation
    drill: Drill
    wrong: dict[str, list[str]]


@pytest.fixture(scope="module")
def drilled() -> Iterator[Drilled]:
    with installed(full=False, may_fill=False, archived=True) as standing:
        standing.start_parts()
        drill = Drill(standing, seed=3, load_s=LOAD_S, say=print)
        yield Drilled(standing, drill, asyncio.run(drill.live()))


def test_after_a_restore_all_agree_again(drilled: Drilled) -> None:
    assert {name: found for name, found in drilled.wrong.items() if found} == {}
    assert drilled.drill.figures["acknowledged_and_lost"]
    agreed = drilled.drill.figures["agreed"]
    assert sum(one["lost"] for one in agreed)
    assert sum(one["rewound"] for one in agreed)


def test_it_can_be_done_again(drilled: Drilled) -> None:
    again = drilled.standing.run("restored", "--to", drilled.drill.moment, "--dry-run", "--json")
    assert again.returncode == 0, again.stderr


def test_lost_events_that_nobody_disowned_are_found(drilled: Drilled) -> None:
    with drilled.standing.database() as connection:
        assert connection.execute(OWNED_AGAIN).rowcount
    assert rebuilt(Scene(drilled.standing, Journal()))
