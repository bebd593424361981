"""The parts of a whole torture, each on an installation of its own."""

import asyncio
from collections.abc import Callable, Mapping

from benchmarks.torture.restoring import Drill
from benchmarks.torture.rolling import roll
from benchmarks.torture.run import Outcome, Say, torture
from benchmarks.torture.standing import installed

PER_SECOND, ROUNDS = 100.0, 3
LOAD_S = 15.0


def rolling(outcome: Outcome, say: Say) -> None:
    """Replace processes in turn under load."""
    say("A rolling restart: making an installation …")
    with installed(full=False, may_fill=False) as standing:
        standing.start_parts()
        rolled, wrong = asyncio.run(roll(standing, per_second=PER_SECOND, rounds=ROUNDS, say=say))
    outcome.wrong["a rolling restart fails no request"] = wrong
    outcome.figures["rolling_restart"] = rolled.as_json()


def restore(outcome: Outcome, say: Say) -> None:
    """Lose a database, and restore it to a moment in the past."""
    say("A restore: making an installation …")
    with installed(full=False, may_fill=False, archived=True) as standing:
        standing.start_parts()
        drill = Drill(standing, seed=outcome.seed, load_s=LOAD_S, say=say)
        wrong = asyncio.run(drill.live())
    outcome.wrong |= {f"after a restore: {name}": found for name, found in wrong.items()}
    outcome.figures["restore"] = drill.figures


PARTS: Mapping[str, Callable[[Outcome, Say], None]] = {
    "torture": torture,
    "rolling": rolling,
    "restore": restore,
}
