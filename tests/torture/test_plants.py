"""Every check finds the bug that is planted for it, and finds nothing where there is none."""

from dataclasses import replace

import pytest

from benchmarks.torture.checks import CHECKS, LETTERS_CHECK, Check, Scene, looked
from benchmarks.torture.flow import Flow
from benchmarks.torture.journal import Journal
from benchmarks.torture.parts import Part
from benchmarks.torture.plants import PLANTS, Plant, copied, planted
from benchmarks.torture.run import defects
from tests.torture.conftest import Rested

pytestmark = pytest.mark.timeout(600)
BY_NAME = {check.name: check for check in (*CHECKS, LETTERS_CHECK)}
UNSENT = """
    UPDATE orders.outbox SET published_at = {} WHERE position = (SELECT max(position) FROM
    orders.outbox)
"""


def a_copy(rested: Rested, name: str = "planted") -> Scene:
    copied(rested.scene.standing, name)
    return replace(rested.scene, database=name)


def test_where_nothing_is_planted_nothing_is_found(rested: Rested) -> None:
    assert rested.letters == []
    assert {name: wrong for name, wrong in looked(CHECKS, rested.scene).items() if wrong} == {}
    assert len(rested.scene.poisons) >= 3
    assert rested.scene.journal.deals["finished"] >= 3


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_planted_bug_is_found(plant: Plant, rested: Rested) -> None:
    scene = a_copy(rested)
    planted(plant, scene)
    assert BY_NAME[plant.caught_by].look(scene)


def test_every_check_has_a_bug_that_it_finds() -> None:
    elsewhere = {"nothing was refused, no answer is a defect"}  # below
    assert {plant.caught_by for plant in PLANTS} | elsewhere == BY_NAME.keys()


def test_a_refusal_is_found(rested: Rested) -> None:
    check: Check = BY_NAME["nothing was refused, no answer is a defect"]
    assert check.look(replace(rested.scene, journal=Journal(refused=["/api: 500"]))) == [
        "/api: 500"
    ]


async def test_what_does_not_come_to_rest_is_found(rested: Rested) -> None:
    standing = rested.scene.standing
    with standing.database() as connection:
        connection.execute(UNSENT.format("NULL").encode())
        try:
            assert await Flow(standing).arrived(within_s=1) is None
            assert not await Flow(standing).quiet(within_s=1)
        finally:
            connection.execute(UNSENT.format("now()").encode())
    assert await Flow(standing).quiet(within_s=30)


def test_a_process_that_ends_by_a_defect_is_found(rested: Rested) -> None:
    standing = rested.scene.standing
    spoilt = standing.environment | {"LIANQIAO_CONNECTIONS_MAX": "none"}
    logs = standing.folder / "logs"
    part = Part("spoilt", ["lianqiao", "relay", "orders"], environment=spoilt, logs=logs)
    part.start()
    part.wait()
    assert defects([part])
    assert defects(list(standing.parts.values())) == []
