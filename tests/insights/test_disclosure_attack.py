"""Nobody's figure can be inferred from all releases together: tried by everybody, 200 times."""

import os
from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import pytest

from services.insights.domain.disclosure import (
    CATALOG,
    Figures,
    Policy,
    Question,
    Release,
    audit,
    protect,
)
from services.insights.domain.disclosure.case import Case
from services.insights.domain.disclosure.protection import hide, released
from tests.insights.disclosure_attacker import Inference, Telltale, inferences, telltales
from tests.insights.disclosure_worlds import World, world

WORLDS = int(os.environ.get("LIANQIAO_DISCLOSURE_WORLDS", "200"))
SHARES = 10  # of them to a test, so that a failure is near


def question(world: World, months: Sequence[tuple[date, ...]], earlier: list[Figures]) -> Question:
    policy = Policy(Fraction(world.percent))
    return Question(world.regions, world.industries, months, policy, tuple(earlier))


def publish(world: World) -> list[Figures]:
    """Release month by month, each beside all that came before."""
    published: list[Figures] = []
    for months in world.periods:
        release = protect(world.rows, question(world, months, published))
        assert isinstance(release, Release), release
        published.append(release.figures)
    return published


def publish_without_complement(world: World) -> list[Figures]:
    """Release what each figure alone would allow."""
    published: list[Figures] = []
    for months in world.periods:
        cases = [Case(family, world.rows, question(world, months, published)) for family in CATALOG]
        hidden = [hide(case, complementary=False) for case in cases]
        published.append(released(cases, hidden).figures)
    return published


def attack(world: World, published: list[Figures]) -> list[Inference | Telltale]:
    parents = dict(world.regions.parents)
    return [
        *inferences(world.rows, published, world.percent, parents),
        *telltales(world.rows, published, world.percent, parents),
    ]


@pytest.mark.parametrize("share", range(SHARES))
def test_nobody_places_another_within_p_percent(share: int) -> None:
    shown = 0
    for seed in range(share, WORLDS, SHARES):
        small = world(seed)
        published = publish(small)
        shown += sum(len(nodes) for figures in published for nodes in figures.values())
        assert attack(small, published) == [], seed
    assert shown > WORLDS / SHARES  # to publish nothing would be safe as well


def test_without_complementary_suppression_the_attacker_finds_somebody() -> None:
    found = [
        bool(attack(small, publish_without_complement(small))) for small in map(world, range(9))
    ]
    assert sum(found) > len(found) / 2


def test_the_audit_refuses_what_the_attacker_would_find() -> None:
    caught = 0
    for small in map(world, range(1, 9)):
        (months, *_), published = small.periods, publish_without_complement(small)
        if attack(small, published[:1]):
            caught += 1
            assert audit(small.rows, published[0], question(small, months, [])), small.percent
    assert caught
