"""One family of tables with its rows, the sums to publish, and what must stay out of reach."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from services.insights.domain.disclosure.catalog import (
    Axis,
    Family,
    Finding,
    Node,
    Question,
    Row,
)
from services.insights.domain.disclosure.layout import Cell, Holdings, Layout
from services.insights.domain.disclosure.pools import Pool, changes
from services.insights.domain.disclosure.programs import Aim, Programs, Room
from services.insights.domain.disclosure.spread import Target, wanted
from services.insights.domain.disclosure.targets import (
    Demand,
    Guard,
    merge,
    targets_of,
)

COMPARED_MAX = 12  # of how many earlier months a figure is compared with


class Case:
    """What is decided and audited by itself: no sum ties one family to another."""

    def __init__(self, family: Family, rows: Sequence[Row], question: Question) -> None:
        self.family, self.policy, self.earlier = (
            family,
            question.policy,
            question.earlier,
        )
        self.holdings = Holdings(family, rows)
        self.layout = Layout(self.holdings, question)
        self.programs = Programs(self.layout)
        self.guards = [
            Guard(self.layout, self.holdings, part, self.policy)
            for part in range(len(family.parts))
        ]
        self.released = self._released((question.regions, question.industries))
        self._by_place: dict[tuple[str, str], list[Node]] = defaultdict(list)
        for node in sorted(self.released, reverse=True):
            if len(node.months) == 1:
                self._by_place[node.region, node.industry].append(node)

    def _released(self, axes: tuple[Axis, Axis]) -> dict[Node, list[Cell]]:
        """Find the cells of every node that an earlier release shows."""
        cells: dict[Node, list[Cell]] = {node: [] for node in self.layout.released}
        periods = {node.months for node in cells}
        for cell in self.holdings.cells:
            paths = axes[0].path(cell.region), axes[1].path(cell.industry)
            for months in periods:
                if cell.month in months:
                    for region, industry in product(*paths):
                        node = Node(months, region, industry)
                        if node in cells:
                            cells[node].append(cell)
        return cells

    def changed(self) -> Iterator[Finding]:
        """Find what was released and would no longer be shown so: the change would be told."""
        for figures in self.earlier:
            for table in self.family.tables:
                for node, shown in figures.get(table.name, {}).items():
                    if self.holdings.shown(table, self.released[node]) != shown:
                        why = "its rows have changed since it was released"
                        yield Finding(table.name, None, (node,), "", None, why)

    def pool(self, part: int, index: int) -> Pool:
        return self.holdings.merged(part, self._cells(index))

    def _cells(self, index: int) -> list[Cell]:
        return [self.layout.cells[cell] for cell in self.layout.statements[index].cells]

    def differences(self, part: int, index: int) -> Iterator[Target]:
        """Find who is endangered by the difference of a sum to another month's, already shown.

        An onlooker may take as unchanged whatever did not change; what did is a sum of its own.
        What is withheld is compared with months before alone: what came later was judged then.
        """
        statement = self.layout.statements[index]
        now = self.pool(part, index)
        for node in statement.nodes:
            if len(node.months) > 1 or not self.family.parts[part].months_compare:
                continue
            for other in self._by_place.get(node[1:], ())[:COMPARED_MAX]:
                if other.months == node.months or (statement.hidden and other > node):
                    continue
                before = self.holdings.merged(part, self.released[other])
                changed = Pool(changes(now.entries, before.entries))
                dangers = changed.dangers(self.policy.p, self.policy.waivers)
                for target in targets_of(changed, dangers, statement.cells):
                    yield _both_ways(target, now)

    def unmet(self, part: int, target: Target) -> Iterator[tuple[Demand, Aim]]:
        """Find what a target asks for and the published sums do not allow, as they are now."""
        demands = list(self.guards[part].demands(target))
        if len(demands) > 1:  # mostly one answer suits all
            least = Room(*np.min([demand.room for demand in demands], axis=0))
            merged = merge(aim for demand in demands for aim in demand.aims)
            if all(self.programs.reaches(aim, least) for aim in merged):
                return
        for demand in demands:
            yield from self.missed(demand)

    def missed(self, demand: Demand) -> Iterator[tuple[Demand, Aim]]:
        for aim in demand.aims:
            if not self.programs.reaches(aim, demand.room):
                yield demand, aim


def _both_ways(target: Target, now: Pool) -> Target:
    """Ask that the sum may be greater and less by what an estimate of the change must miss."""
    aims: dict[str | None, tuple[Aim, ...]] = {}
    for attacker, asked in target.aims.items():
        need = max(aim.need for aim in asked)
        less = min(need, (now.sum - now.known[attacker or ""]) // 2)
        aims[attacker] = wanted(Aim(target.cells, 1, need), Aim(target.cells, -1, less))
    return target._replace(aims=aims)
