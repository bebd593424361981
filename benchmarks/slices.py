"""Measure sides in turn, A B A B, so that what disturbs the machine disturbs them alike."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from benchmarks.result import middle

Found = TypeVar("Found")


def in_turn(
    sides: Mapping[str, Callable[[], Found]], *, rounds: int
) -> Mapping[str, Sequence[Found]]:
    """Measure each side in each round, every other round in the opposite order."""
    found: dict[str, list[Found]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in list(sides) if number % 2 == 0 else reversed(list(sides)):
            found[name].append(sides[name]())
    return found


def ratio(of: Sequence[float], to: Sequence[float]) -> float:
    """Return the median over rounds of one side's value by the other's in the same round."""
    return middle([one / other for one, other in zip(of, to, strict=True)])
