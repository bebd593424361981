"""Who contributes what to a sum, who knows what of it, and whom the sum would give away."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

SURPLUS = 400_000  # asks for that part of a need more, since a solver is right to 10⁻⁶ of it


class Side(IntEnum):
    SUPPLIERS = 0
    BUYERS = 1


class Entry(NamedTuple):
    """What one supplier's group contributes by its business with these buyers' groups."""

    buyers: tuple[str, ...]
    supplier: str
    value: int

    def groups(self, side: Side) -> tuple[str, ...]:
        """Name the groups of a side whose figure this is part of."""
        return (self.supplier,) if side is Side.SUPPLIERS else self.buyers

    def known_to(self) -> frozenset[str]:
        return frozenset((self.supplier, *self.buyers))


class Danger(NamedTuple):
    """A sum from which `attacker` (None: anybody) can estimate a group's figure within p %."""

    side: Side
    target: str
    attacker: str | None
    rise: int  # by how much the sum would have to be able to be greater; 0: not at all
    fall: int  # … less
    solo: bool  # what the attacker does not know of the sum is the target's alone


class Pool:
    """The entries of a sum: of a cell, of a total, of what changed between months."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = [entry for entry in entries if entry.value]
        self.sum = sum(entry.value for entry in self.entries)
        self.parties = [entry.known_to() for entry in entries]  # also of entries of nothing

    @cached_property
    def known(self) -> Counter[str]:
        """What each group knows of the sum."""
        known: Counter[str] = Counter()
        for entry in self.entries:
            for group in entry.known_to():
                known[group] += entry.value
        return known

    @cached_property
    def insiders(self) -> frozenset[str]:
        """Who is party to every entry, also those of nothing: who knows the sum anyway."""
        return frozenset.intersection(*self.parties) if self.parties else frozenset()

    @cached_property
    def top(self) -> list[tuple[str, int]]:
        return self.known.most_common(2)

    @cached_property
    def figures(self) -> tuple[Counter[str], Counter[str]]:
        """What each group's own figure is, as a supplier and as a buyer."""
        figures: tuple[Counter[str], Counter[str]] = Counter(), Counter()
        for entry in self.entries:
            figures[Side.SUPPLIERS][entry.supplier] += entry.value
            for buyer in set(entry.buyers):
                figures[Side.BUYERS][buyer] += entry.value
        return figures

    @cached_property
    def _entries_of(self) -> tuple[dict[str, list[Entry]], dict[str, list[Entry]]]:
        found: tuple[dict[str, list[Entry]], dict[str, list[Entry]]] = {}, {}
        for entry in self.entries:
            for side in Side:
                for group in set(entry.groups(side)):
                    found[side].setdefault(group, []).append(entry)
        return found

    def shared(self, side: Side, target: str) -> Counter[str]:
        """Add up what each group knows of a target's figure."""
        shared: Counter[str] = Counter()
        for entry in self._entries_of[side].get(target, ()):
            for group in entry.known_to():
                shared[group] += entry.value
        return shared

    def unknown_beside(self, side: Side, target: str) -> int:
        """Say how much is left of the sum, at least, to whoever knows most, beside the target."""
        most = max((k for g, k in self.top if g != target), default=0)
        return max(self.sum - self.figures[side][target] - most, 0)

    def is_few(self, groups_min: int, waivers: frozenset[str]) -> bool:
        """Tell whether fewer groups than asked contribute on a side that has not waived."""
        return not self.entries or any(
            len(figures) < groups_min and not waivers.issuperset(figures)
            for figures in self.figures
        )

    def dangers(self, p: Fraction, waivers: frozenset[str]) -> Iterator[Danger]:
        """Find who could estimate whose figure, were the sum known: the p % rule with insiders."""
        for side in Side:
            for target, figure in self.figures[side].items():
                if target not in waivers and self.unknown_beside(side, target) <= p * figure:
                    yield from self._dangers_to(p, side, target)

    def views(self, side: Side, target: str) -> Iterator[tuple[str | None, int, int, int]]:
        """Say what each attacker sees: of a figure, how much is unknown, and of the sum."""
        figure, shared = self.figures[side][target], self.shared(side, target)
        yield None, figure, figure, self.sum
        for attacker, known in sorted(self.known.items()):
            if unknown := figure - shared[attacker]:
                yield attacker, figure, unknown, self.sum - known

    def _dangers_to(self, p: Fraction, side: Side, target: str) -> Iterator[Danger]:
        for attacker, figure, unknown, rest in self.views(side, target):
            rise, fall = margins(p, figure, unknown, rest)
            if rise:
                solo = rest == unknown
                yield Danger(side, target, attacker, rise, fall if solo else 0, solo=solo)


def margins(p: Fraction, figure: int, unknown: int, rest: int) -> tuple[int, int]:
    """Say how far a sum must be able to rise, and to fall, for a figure to be out of reach.

    The attacker knows all of the sum but `rest`, and all of the figure but `unknown`; it knows that
    nothing is negative. So it places the figure between what it knows of it and that plus `rest`.
    Out of reach is a figure that may be more than p % above the truth, and more than p % below.
    Whoever knows all but p % before anything is published learns nothing new of the figure;
    then the unknown part is taken for the figure.
    """
    n, d = p.numerator, p.denominator
    known = figure - unknown
    if known * d >= (d - n) * figure:
        figure, known = unknown, 0
    rise = unknown + n * figure // d + 1 - rest
    below = ((d - n) * figure - 1) // d - known  # the greatest that is more than p % too little
    rise, fall = max(rise, 0), max(rest - below, 0)
    return rise + rise // SURPLUS, min(fall + fall // SURPLUS, rest)


def changes(now: Iterable[Entry], before: Iterable[Entry]) -> list[Entry]:
    """Reduce two months to what an onlooker sees who takes what did not change as known."""
    difference: Counter[tuple[tuple[str, ...], str]] = Counter()
    for entry in now:
        difference[entry[:2]] += entry.value
    for entry in before:
        difference[entry[:2]] -= entry.value
    return [Entry(*parties, abs(value)) for parties, value in sorted(difference.items())]
