"""The figure of one group in one cell or several, and who must not be able to place it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

from services.insights.domain.disclosure.pools import Pool, Side, margins
from services.insights.domain.disclosure.programs import Aim


class Target(NamedTuple):
    """The figure of one group in some cells, and what each attacker must not be able to do."""

    group: str  # empty: that nobody has anything
    side: Side
    cells: tuple[int, ...]
    aims: dict[str | None, tuple[Aim, ...]]  # None: anybody who has no part in these cells
    blind: frozenset[str]  # who knows the figure anyway, and the group itself

    @property
    def weight(self) -> int:
        return max((aim.need for aims in self.aims.values() for aim in aims), default=0)


class Spread:
    """One group's cells. What it has in several of them is placed by them alone.

    An attacker who knows all that the group has in one of the cells looks for the rest in others.
    """

    def __init__(
        self,
        pools: Sequence[Pool],
        side: Side,
        group: str,
        cells: Sequence[int],
        endangered: set[int],
    ) -> None:
        self.pools, self.side, self.group, self.endangered = pools, side, group, endangered
        self.shared = {cell: pools[cell].shared(side, group) for cell in cells}
        self.beside = {cell: pools[cell].unknown_beside(side, group) for cell in cells}
        self.full = {
            cell: [g for g, known in shared.items() if known == shared[group] and g != group]
            for cell, shared in self.shared.items()
        }

    def targets(self, cells: tuple[int, ...], p: Fraction, *, months: int) -> Iterator[Target]:
        """Ask for nothing where no attacker knows enough of these cells.

        Over several months it is what an attacker does not know that it must not come near to:
        what it knows of one month is not held against what another month's release tells.
        """
        figure = sum(self.shared[cell][self.group] for cell in cells)
        if self._safe(cells, p * figure):
            return
        known, shared, lost = self._added(cells)
        total = sum(self.pools[cell].sum for cell in cells)
        solo_most = sum(self.shared[cell][self.group] for cell in self.endangered & {*cells})
        slack, most_known = floor(p * figure), ceil((1 - p) * figure)
        aims: dict[str | None, tuple[Aim, ...]] = {}
        for attacker in ("", *sorted(known.keys() - {self.group})):
            unknown, rest = figure - shared[attacker], total - known[attacker] - lost[attacker]
            near = rest - unknown <= slack or solo_most + shared[attacker] >= most_known
            if unknown and near:
                whole = figure if months == 1 else unknown
                rise, _ = margins(p, whole, unknown, rest)
                solo = tuple(cell for cell in cells if self._solo(cell, attacker))
                _, fall = margins(p, whole, unknown, sum(self._left(c, attacker) for c in solo))
                seen = tuple(cell for cell in cells if attacker not in self.full[cell])
                if asked := wanted(Aim(seen, 1, rise), Aim(solo, -1, fall)):
                    aims[attacker or None] = asked
        if aims:
            blind = {group for group, value in shared.items() if value == figure}
            yield Target(self.group, self.side, cells, aims, frozenset(blind))

    def _safe(self, cells: tuple[int, ...], enough: Fraction) -> bool:
        """Tell cheaply of most groups of cells that nobody knows enough of them."""
        if not self.endangered.isdisjoint(cells):
            return False
        lost: Counter[str] = Counter()
        for cell in cells:
            for group in self.full[cell]:
                lost[group] += self.beside[cell]
        beside = sum(self.beside[cell] for cell in cells)
        return beside - max(lost.values(), default=0) > enough

    def _added(self, cells: tuple[int, ...]) -> tuple[Counter[str], Counter[str], Counter[str]]:
        """Add up what each knows: of the cells, of the figure; and what is of no use to it."""
        known: Counter[str] = Counter()
        shared: Counter[str] = Counter()
        lost: Counter[str] = Counter()
        for cell in cells:
            known.update(self.pools[cell].known)
            shared.update(self.shared[cell])
            for group in self.full[cell]:
                lost[group] += self._left(cell, group)
        return known, shared, lost

    def _left(self, cell: int, attacker: str) -> int:
        """Say how much of a cell an attacker does not know."""
        return self.pools[cell].sum - self.pools[cell].known[attacker]

    def _solo(self, cell: int, attacker: str) -> bool:
        """Tell whether that is the group's alone."""
        if cell not in self.endangered:
            return False
        unknown = self.shared[cell][self.group] - self.shared[cell][attacker]
        return 0 < unknown == self._left(cell, attacker)


def wanted(*aims: Aim) -> tuple[Aim, ...]:
    return tuple(aim for aim in aims if aim.need)
