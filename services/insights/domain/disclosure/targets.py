"""What must stay out of reach: for each group and node, of whom, and by how much."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from math import floor
from typing import NamedTuple

import numpy as np

from services.insights.domain.disclosure.catalog import Policy
from services.insights.domain.disclosure.layout import Holdings, Layout
from services.insights.domain.disclosure.pools import (
    Danger,
    Pool,
    Side,
)
from services.insights.domain.disclosure.programs import Aim, Array, Room
from services.insights.domain.disclosure.spread import Spread, Target, wanted

MAJOR_SHARE = 0.1  # who knows as much of all there is of a part is asked for by itself


class Demand(NamedTuple):
    """What one attacker, or everybody who has no part in the cells, must find possible."""

    attacker: str | None
    aims: tuple[Aim, ...]
    room: Room


class Guard:
    """Finds the targets of one part, and tells how far cells can fall for each attacker."""

    def __init__(self, layout: Layout, holdings: Holdings, part: int, policy: Policy) -> None:
        self.layout, self.holdings, self.part, self.policy = (
            layout,
            holdings,
            part,
            policy,
        )
        self.pools = [holdings.pool(part, cell) for cell in layout.cells]
        self.sums: Array = np.array([pool.sum for pool in self.pools], dtype=float)
        known: Counter[str] = Counter()
        for pool in self.pools:
            known.update(pool.known)
        self.majors = {g for g, k in known.items() if k >= MAJOR_SHARE * self.sums.sum()}
        self._ranks = [
            sorted(
                ((k, g) for g, k in pool.known.items() if g not in self.majors),
                reverse=True,
            )
            for pool in self.pools
        ]
        self._first: Array = np.array([r[0][0] if r else 0 for r in self._ranks], dtype=float)
        self._known_to: dict[str, Array] = {}
        self._all_known_to: dict[str, list[int]] = defaultdict(list)
        for cell, pool in enumerate(self.pools):
            for group in pool.insiders:
                self._all_known_to[group].append(cell)
        self._cells_of_first: dict[str, list[int]] = {}
        for cell, ranks in enumerate(self._ranks):
            if ranks:
                self._cells_of_first.setdefault(ranks[0][1], []).append(cell)

    def room(self, attacker: str | None, blind: Collection[str]) -> Room:
        """How far each cell can move; None: for all attackers at once that are not major."""
        rise = np.full(self.sums.size, np.inf)
        if attacker is not None:
            rise[self._all_known_to.get(attacker, [])] = 0
            return Room(self.sums - self._known(attacker), rise)
        most = self._first.copy()
        for group in blind:
            for cell in self._cells_of_first.get(group, ()):
                most[cell] = next((k for k, g in self._ranks[cell] if g not in blind), 0)
        for group, cells in self._all_known_to.items():
            if group not in blind and group not in self.majors:
                rise[cells] = 0
        return Room(self.sums - most, rise)

    def _known(self, group: str) -> Array:
        if group not in self._known_to:
            known = [pool.known[group] for pool in self.pools]
            self._known_to[group] = np.array(known, dtype=float)
        return self._known_to[group]

    def targets(self) -> list[Target]:
        """Find all targets within one month, the most demanding first."""
        dangers = [list(pool.dangers(self.policy.p, self.policy.waivers)) for pool in self.pools]
        found = [
            *self._in_cells(dangers),
            *self._across_cells(dangers),
            *self._absent(),
        ]
        return sorted(found, key=lambda t: (-t.weight, t.cells, t.side, t.group))

    def _in_cells(self, dangers: list[list[Danger]]) -> Iterator[Target]:
        for cell, (pool, here) in enumerate(zip(self.pools, dangers, strict=True)):
            yield from targets_of(pool, here, (cell,))

    def _across_cells(self, dangers: list[list[Danger]]) -> Iterator[Target]:
        """Find what a group has in several cells of a node, where each may be safe alone."""
        cells_of: dict[tuple[Side, str], list[int]] = defaultdict(list)
        for cell, pool in enumerate(self.pools):
            for side in Side:
                for group in pool.figures[side].keys() - self.policy.waivers:
                    cells_of[side, group].append(cell)
        endangered: dict[tuple[Side, str], set[int]] = defaultdict(set)
        for cell, here in enumerate(dangers):
            for danger in here:
                endangered[danger.side, danger.target].add(cell)
        for (side, group), cells in sorted(cells_of.items()):
            if len(cells) > 1:
                spread = Spread(self.pools, side, group, cells, endangered[side, group])
                for together in self.layout.groups_of_cells(cells):
                    months = len({self.layout.cells[cell].month for cell in together})
                    yield from spread.targets(together, self.policy.p, months=months)

    def _absent(self) -> Iterator[Target]:
        """Where nobody has anything, or nobody but the attacker, that must not be certain."""
        least = min((e.value for pool in self.pools for e in pool.entries), default=0)
        least = floor(self.policy.p * least) + 1
        for cell, pool in enumerate(self.pools):
            alone = [g for g, known in pool.known.items() if known == pool.sum]
            aims: dict[str | None, tuple[Aim, ...]] = {
                attacker: (Aim((cell,), 1, least),)
                for attacker in (alone if pool.sum else (None,))
                if attacker not in pool.insiders
            }
            if aims:
                yield Target("", Side.SUPPLIERS, (cell,), aims, pool.insiders)

    def demands(self, target: Target) -> Iterator[Demand]:
        """Say who asks for what of a target, and how far cells can fall in that one's eyes."""
        inside = {g for cell in target.cells for g in self.pools[cell].known} - target.blind
        asked = {a: aims for a, aims in target.aims.items() if a}
        if anybody := target.aims.get(None, ()):
            outside = self.majors - target.blind - inside
            asked |= dict.fromkeys(outside, anybody)
            yield Demand(None, anybody, self.room(None, target.blind | inside))
        for attacker, aims in sorted(asked.items()):
            yield Demand(attacker, aims, self.room(attacker, target.blind))

    def singly(self, target: Target) -> Iterator[Demand]:
        """Take apart those who have no part in the cells, where they are too much together."""
        inside = {g for cell in target.cells for g in self.pools[cell].known}
        outside = {g for pool in self.pools for g in pool.known}
        for attacker in ("", *sorted(outside - inside - self.majors - target.blind)):
            yield Demand(attacker or None, target.aims[None], self.room(attacker, target.blind))


def targets_of(pool: Pool, dangers: Iterable[Danger], cells: tuple[int, ...]) -> Iterator[Target]:
    """Gather what endangers each group in one sum."""
    found: dict[tuple[Side, str], dict[str | None, tuple[Aim, ...]]] = defaultdict(dict)
    for danger in dangers:
        aims = wanted(Aim(cells, 1, danger.rise), Aim(cells, -1, danger.fall))
        found[danger.side, danger.target][danger.attacker] = aims
    for (side, group), aims_of in found.items():
        figure = pool.figures[side][group]
        blind = {g for g, known in pool.shared(side, group).items() if known == figure}
        yield Target(group, side, cells, aims_of, frozenset(blind))


def merge(aims: Iterable[Aim]) -> list[Aim]:
    """Keep the greatest need of each sum and sign."""
    needs: dict[tuple[tuple[int, ...], int], int] = {}
    for cells, sign, need in aims:
        needs[cells, sign] = max(need, needs.get((cells, sign), 0))
    return [Aim(cells, sign, need) for (cells, sign), need in needs.items()]
