"""A database goes back in time, and topics and consumers agree with it again."""

import asyncio

import pytest

from benchmarks.torture.restoring import Drill
from benchmarks.torture.standing import installed

pytestmark = pytest.mark.timeout(900)
LOAD_S = 8.0


def drilled(*, agreeing: bool) -> tuple[Drill, dict[str, list[str]]]:
    with installed(full=False, may_fill=False, archived=True) as standing:
        standing.start_parts()
        drill = Drill(standing, seed=3, load_s=LOAD_S, say=print)
        wrong = asyncio.run(drill.live(agreeing=agreeing))
        return drill, {name: found for name, found in wrong.items() if found}


def test_after_a_restore_all_agree_again() -> None:
    drill, wrong = drilled(agreeing=True)
    assert wrong == {}
    assert drill.figures["acknowledged_and_lost"]
    agreed = drill.figures["agreed"]
    assert sum(one["lost"] for one in agreed)
    assert sum(one["rewound"] for one in agreed)


def test_where_nothing_agrees_it_is_found() -> None:
    _, wrong = drilled(agreeing=False)
    assert "read models equal a rebuild" in wrong
