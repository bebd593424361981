"""An installation that has lived through a small load, and rests."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import pytest

from benchmarks.torture import deals
from benchmarks.torture.checks import LETTERS_CHECK, Scene
from benchmarks.torture.flow import Flow
from benchmarks.torture.journal import Journal
from benchmarks.torture.letters import decided
from benchmarks.torture.mischief import Mischief, logged
from benchmarks.torture.standing import SERVICES, Installation, installed

DEALS, WITHIN_S = 4, 200.0


@dataclass
class Rested:
    """What is left after a load: the scene to look at, and what was wrong before decisions."""

    scene: Scene
    letters: list[str]


@pytest.fixture(scope="session")
def rested() -> Iterator[Rested]:
    with installed(full=False, may_fill=False) as standing:
        standing.start_parts()
        lived = asyncio.run(_live(standing))
        standing.end_parts()  # a database that is copied has no other visitors
        yield lived


async def _live(standing: Installation) -> Rested:
    await standing.ready()
    journal, flow = Journal(), Flow(standing)
    mischief = Mischief(standing, Random(5), journal, hearers=SERVICES)
    async with standing.platform() as platform:
        chain = await deals.gather(platform, journal, Random(5))
        traders = [asyncio.create_task(chain.trade()) for _ in range(2)]
        while journal.deals["finished"] < DEALS - 2:  # noqa: ASYNC110  a count, no event
            await asyncio.sleep(0.1)
        await mischief.poison()
        chain.ending.set()
        await asyncio.gather(*traders)
        await mischief.repeat()
        assert await flow.quiet(within_s=WITHIN_S)
        log = await logged(standing.kafka.servers, mischief.publishers)
        scene = Scene(standing, journal, poisons=mischief.poisons, log=log)
        letters = LETTERS_CHECK.look(scene)
        await decided(platform, scene)
        assert await flow.quiet(within_s=WITHIN_S)
    return Rested(scene, letters)
