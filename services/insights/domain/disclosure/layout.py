"""The cells of one family of tables, and all sums of them that are published or could be."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import NamedTuple

from services.insights.domain.disclosure.catalog import (
    TOTAL,
    Family,
    Measure,
    Node,
    Part,
    Question,
    Row,
    Table,
)
from services.insights.domain.disclosure.pools import Entry, Pool

WEIGHT_OF_TOTAL = 6  # a total is worth as much as that many cells
NOTHING = Pool(())


class Cell(NamedTuple):
    month: date
    region: str
    industry: str


Parties = tuple[tuple[str, ...], str]  # buyers and supplier
Sums = Mapping[Cell, Mapping[Parties, int]]


class Holdings:
    """What each group contributes to each cell, for every part of a family."""

    def __init__(self, family: Family, rows: Iterable[Row]) -> None:
        sums: dict[Measure, dict[Cell, dict[Parties, int]]] = {
            measure: defaultdict(lambda: defaultdict(int)) for measure in _measures(family)
        }
        for row in rows:
            if row.measure in sums:
                if row.value < 0:
                    raise ValueError("A contribution is never negative.")
                cell = Cell(row.month, row.region, row.industry)
                sums[row.measure][cell][tuple(sorted(set(row.buyers))), row.supplier] += row.value
        self.family = family
        self.cells = sorted({cell for cells in sums.values() for cell in cells})
        self._pools = [
            {cell: _pool(part, cell, sums) for cell in self.cells} for part in family.parts
        ]
        self._totals = {
            measure: {cell: sum(parties.values()) for cell, parties in cells.items()}
            for measure, cells in sums.items()
        }

    def pool(self, part: int, cell: Cell) -> Pool:
        return self._pools[part].get(cell, NOTHING)

    def merged(self, part: int, cells: Iterable[Cell]) -> Pool:
        return Pool([entry for cell in cells for entry in self.pool(part, cell).entries])

    def shown(self, table: Table, cells: Sequence[Cell]) -> int | None:
        """Return what a table shows for the sum of these cells; None: a quotient by nothing."""
        of, by = (
            sum(self._totals[measure].get(cell, 0) for cell in cells) if measure else 1
            for measure in (table.of, table.by)
        )
        return table.show(of, by) if by else None


def _measures(family: Family) -> set[Measure]:
    return {measure for part in family.parts for measure in (part.of, part.less) if measure} | {
        measure for table in family.tables for measure in (table.of, table.by) if measure
    }


def _pool(part: Part, cell: Cell, sums: Mapping[Measure, Sums]) -> Pool:
    whole = sums[part.of].get(cell, {})
    less = sums[part.less].get(cell, {}) if part.less else {}
    entries = [
        Entry(*parties, whole.get(parties, 0) - less.get(parties, 0))
        for parties in sorted(whole.keys() | less.keys())
    ]
    if any(entry.value < 0 for entry in entries):
        raise ValueError(f"More {part.less} than {part.of}.")
    return Pool(entries)


@dataclass
class Statement:
    """A sum of cells. Nodes of the same cells say the same: they are withheld together."""

    nodes: list[Node]
    cells: tuple[int, ...]
    weight: float  # what is lost by withholding it
    pinned: bool = False  # an earlier release has published it
    hidden: bool = False


class Layout:
    """The cells with at least one row, in all months that published sums tie together."""

    def __init__(self, holdings: Holdings, question: Question) -> None:
        months, axes = question.months, (question.regions, question.industries)
        names = {table.name for table in holdings.family.tables}
        released = {
            node for figures in question.earlier for name in names for node in figures.get(name, ())
        }
        tied = _tied({month for period in months for month in period}, released)
        self.cells = [cell for cell in holdings.cells if cell.month in tied]
        self.paths = [
            (axes[0].path(cell.region), axes[1].path(cell.industry)) for cell in self.cells
        ]
        self.released = released
        pinned = {node for node in released if tied.issuperset(node.months)}
        self.periods = sorted({*months} | {node.months for node in pinned})
        self.totals = [{TOTAL, *axis.parents.values()} for axis in axes]
        members = self._members()
        self.catalog = [node for node in members if node.months in set(months)]
        self.statements: list[Statement] = []
        self.at: dict[Node, int] = {}
        by_cells: dict[tuple[int, ...], int] = {}
        for node, cells in members.items():
            if node in pinned or node.months in months:
                index = by_cells.setdefault(cells, len(self.statements))
                if index == len(self.statements):
                    self.statements.append(Statement([], cells, 0))
                self._state(index, node, pinned=node in pinned)

    def _members(self) -> dict[Node, tuple[int, ...]]:
        members: dict[Node, list[int]] = defaultdict(list)
        for index in range(len(self.cells)):
            for node in self._nodes_of(index):
                members[node].append(index)
        return {node: tuple(cells) for node, cells in sorted(members.items())}

    def _nodes_of(self, index: int) -> Iterator[Node]:
        month = self.cells[index].month
        for period in {*self.periods, (month,)}:
            if month in period:
                for region, industry in product(*self.paths[index]):
                    yield Node(period, region, industry)

    def _state(self, index: int, node: Node, *, pinned: bool) -> None:
        statement = self.statements[index]
        statement.nodes.append(node)
        statement.pinned |= pinned
        levels = (node.region in self.totals[0]) + (node.industry in self.totals[1])
        statement.weight += WEIGHT_OF_TOTAL**levels
        self.at[node] = index

    def cells_of(self, node: Node) -> list[Cell]:
        """Name the cells of any node of the catalog."""
        return [self.cells[index] for index in self.statements[self.at[node]].cells]

    def groups_of_cells(self, cells: Iterable[int]) -> Iterator[tuple[int, ...]]:
        """Sort some cells by every node that holds at least two of them; each set once."""
        found: dict[Node, list[int]] = defaultdict(list)
        for index in cells:
            for node in self._nodes_of(index):
                found[node].append(index)
        yield from sorted({tuple(group) for group in found.values() if len(group) > 1})


def _tied(months: set[date], released: Iterable[Node]) -> set[date]:
    spans = {node.months for node in released if len(node.months) > 1}
    while grown := {month for span in spans if months & set(span) for month in span} - months:
        months |= grown
    return months
