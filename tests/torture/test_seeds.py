"""Seeds that once failed, and a few that never did, in a run of a few seconds."""

import pytest

from benchmarks.torture.run import Outcome, torture

SEEDS = 1, 314159
MINUTES = 0.25


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_leaves_nothing_wrong(seed: int) -> None:
    outcome = Outcome(seed, MINUTES, "compact")
    torture(outcome, lambda _: None)
    assert {name: wrong for name, wrong in outcome.wrong.items() if wrong} == {}
    assert outcome.suffered
    assert outcome.figures["deals"]["finished"]
