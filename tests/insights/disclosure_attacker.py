"""An attacker on published tables: it shares no code with what protects them.

It is stronger than a real one: it knows every published sum to the unit (also the numerators and
denominators of quotients, of which only the rounded quotient is shown), and who does business with
whom in which cell. All it lacks are the amounts of others, of which it knows that they are not
negative. It may be an enterprise group, which then knows all rows that it is a party to.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from highspy import Highs, HighsLp, HighsModelStatus, MatrixFormat, kHighsInf

from services.insights.domain.disclosure import Figures, Measure, Node, Row

TABLES = {  # the sums that a reader of a table may find out, at worst
    "active_suppliers": ({Measure.ACTIVE: 1},),
    "ordered_amount": ({Measure.ORDERED: 1},),
    "on_time_in_full": ({Measure.ON_TIME: 1}, {Measure.DUE: 1, Measure.ON_TIME: -1}),
    "payment_days": ({Measure.PAYMENT_DAYS: 1}, {Measure.PAID: 1}),
    "within_legal_term": (
        {Measure.WITHIN_TERM: 1},
        {Measure.SETTLED: 1, Measure.WITHIN_TERM: -1},
    ),
    "overdue_amount": ({Measure.OVERDUE: 1},),
}


TINY = 1e-3  # figures are whole: a bound nearer than this is at the limit


class Piece(NamedTuple):
    """What one supplier's group and its buyers' groups share in one cell: an unknown."""

    month: date
    region: str
    industry: str
    supplier: str
    buyers: tuple[str, ...]


class Inference(NamedTuple):
    attacker: str | None
    target: str
    table: str
    place: tuple[Piece, ...]
    truth: int
    least: float
    most: float


def inferences(
    rows: Sequence[Row], published: Sequence[Figures], percent: int, parents: dict[str, str]
) -> Iterator[Inference]:
    """Find every figure of a group that somebody else can place within p %."""
    for table, quantities in TABLES.items():
        nodes = sorted({node for figures in published for node in figures.get(table, ())})
        for signs in quantities:
            pieces = _pieces(rows, signs)
            if pieces:
                seen = _Table(pieces, nodes, percent, parents)
                for attacker in (None, *sorted(_groups(pieces))):
                    yield from (found._replace(table=table) for found in seen.look(attacker))


def _pieces(rows: Iterable[Row], signs: dict[Measure, int]) -> dict[Piece, int]:
    pieces: dict[Piece, int] = {}
    for row in rows:
        if row.measure in signs:
            piece = Piece(row.month, row.region, row.industry, row.supplier, row.buyers)
            pieces[piece] = pieces.get(piece, 0) + signs[row.measure] * row.value
    return pieces


def _groups(pieces: Iterable[Piece]) -> set[str]:
    return {group for piece in pieces for group in (piece.supplier, *piece.buyers)}


def _inside(code: str, place: str, parents: dict[str, str]) -> bool:
    return place in {"*", code} or parents.get(code) == place


class _Table:
    """The published sums, as equations of what every business relation has in every cell."""

    def __init__(
        self,
        pieces: dict[Piece, int],
        nodes: Sequence[Node],
        percent: int,
        parents: dict[str, str],
    ) -> None:
        self.pieces = sorted(pieces)
        self.truth = np.array([pieces[piece] for piece in self.pieces], dtype=float)
        self.scale = max(1.0, float(self.truth.max()))
        self.p = percent / 100
        cells = sorted({piece[:3] for piece in pieces})
        self.cell = np.array([[piece[:3] == cell for cell in cells] for piece in self.pieces])
        self.figures = _figures(self.pieces, {node.months for node in nodes}, parents)
        self.mine = np.zeros((len(self.figures), len(self.pieces)))
        for figure, (_, indices) in enumerate(self.figures):
            self.mine[figure, list(indices)] = 1
        covered = [[_covers(node, piece, parents) for piece in self.pieces] for node in nodes]
        sums = np.array(covered, dtype=float).reshape(len(nodes), len(pieces))
        self.program = _program(sums, sums @ self.truth / self.scale)

    def look(self, attacker: str | None) -> Iterator[Inference]:
        """Bound what each group has, seen by somebody who knows its own business."""
        blind = np.array(
            [attacker not in {p.supplier, *p.buyers} for p in self.pieces], dtype=float
        )
        low = np.where(blind, 0, self.truth / self.scale)
        high = np.where(blind, kHighsInf, low)
        columns = np.arange(low.size, dtype=np.int32)
        self.program.changeColsBounds(low.size, columns, low, high)
        figure, unknown = self.mine @ self.truth, self.mine @ (self.truth * blind)
        known = figure - unknown
        # who knew as much before is judged by what it did not know, and so are sums of months
        months = np.array([len({self.pieces[i].month for i in at}) for _, at in self.figures])
        base = np.where((known >= (1 - self.p) * figure) | (months > 1), unknown, figure)
        known = np.where(base == figure, known, 0)
        too_high, too_low = (1 + self.p) * base - known, (1 - self.p) * base - known
        shifted, alone = self._shifted(blind)
        worlds: list[np.ndarray] = []
        for index, (target, indices) in enumerate(self.figures):
            open_ = [i for i in indices if blind[i]]
            if target == attacker or not open_ or (figure[index] and not unknown[index]):
                continue  # it dealt with the target itself
            most, least = shifted[index], alone[index]
            if most <= too_high[index] + TINY:
                most = self._bound(open_, -1, too_high[index] + TINY, worlds)
            if figure[index] and least >= too_low[index] - TINY:
                least = self._bound(open_, 1, too_low[index] - TINY, worlds)
            certain = figure[index] and least >= too_low[index] - TINY
            if certain or most <= too_high[index] + TINY:
                place = tuple(self.pieces[i] for i in indices)
                yield Inference(attacker, target, "", place, int(figure[index]), least, most)

    def _shifted(self, blind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Find worlds without a solver: within a cell, the unknown may be anybody's who is there.

        So the target's may be all of it, and its own only where nobody else is.
        """
        in_cell, count = self.cell.T @ (self.truth * blind), self.cell.T @ blind
        mine = (self.mine * blind) @ self.cell
        return (mine > 0) @ in_cell, ((mine > 0) & (mine == count)) @ in_cell

    def _bound(self, index: list[int], sign: int, enough: float, worlds: list[np.ndarray]) -> float:
        """Return the most (sign -1) or least (1) of a sum of unknowns; or one that is enough."""
        for seen in worlds:
            possible = float(seen[index].sum())
            if sign * possible < sign * enough:
                return possible
        columns = np.arange(len(self.pieces), dtype=np.int32)
        cost = np.zeros(len(self.pieces))
        cost[index] = sign
        self.program.changeColsCost(columns.size, columns, cost)
        self.program.run()
        status = self.program.getModelStatus()
        if status != HighsModelStatus.kOptimal:
            assert status == HighsModelStatus.kUnbounded, status
            self.program.clearSolver()
            return np.inf
        worlds.append(np.array(self.program.getSolution().col_value) * self.scale)
        return float(worlds[-1][index].sum())


def _figures(
    pieces: Sequence[Piece], periods: set[tuple[date, ...]], parents: dict[str, str]
) -> list[tuple[str, tuple[int, ...]]]:
    """List what each group has as a supplier, and as a buyer, in every cell and total."""
    found: dict[tuple[object, ...], list[int]] = {}
    for index, piece in enumerate(pieces):
        for side, groups in enumerate(((piece.supplier,), piece.buyers)):
            for months in {(piece.month,), *(m for m in periods if piece.month in m)}:
                for region in {piece.region, parents.get(piece.region, "*"), "*"}:
                    for industry in (piece.industry, "*"):
                        for group in groups:
                            key = group, side, months, region, industry
                            found.setdefault(key, []).append(index)
    return sorted({(str(key[0]), tuple(indices)) for key, indices in found.items()})


def _covers(node: Node, piece: Piece, parents: dict[str, str]) -> bool:
    return (
        piece.month in node.months
        and _inside(piece.region, node.region, parents)
        and node.industry in {"*", piece.industry}
    )


def _program(sums: np.ndarray, values: np.ndarray) -> Highs:
    """Load all worlds in which the published sums are what they are."""
    program = HighsLp()
    program.num_row_, program.num_col_ = sums.shape
    program.col_cost_ = program.col_lower_ = np.zeros(sums.shape[1])
    program.col_upper_ = np.full(sums.shape[1], kHighsInf)
    program.row_lower_ = program.row_upper_ = values
    rows, columns = np.nonzero(sums)
    program.a_matrix_.format_ = MatrixFormat.kRowwise
    program.a_matrix_.start_ = np.searchsorted(rows, np.arange(len(sums) + 1)).astype(np.int32)
    program.a_matrix_.index_ = columns.astype(np.int32)
    program.a_matrix_.value_ = np.ones(len(columns))
    solver = Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("presolve", "off")  # which would not tell unbounded from infeasible
    solver.passModel(program)
    return solver


class Telltale(NamedTuple):
    """A figure of a group that two months of the same place give away."""

    attacker: str | None
    target: str
    table: str
    nodes: tuple[Node, Node]


def telltales(
    rows: Sequence[Row], published: Sequence[Figures], percent: int, parents: dict[str, str]
) -> Iterator[Telltale]:
    """Find who came, went or changed so alone that the difference of two months is its own.

    The attacker takes all others for unchanged. It is right where what they changed by, all of
    them together, is at most p % of what the target changed by.
    """
    for table, quantities in TABLES.items():
        nodes = sorted({node for figures in published for node in figures.get(table, ())})
        pairs = [
            (a, b)
            for a in nodes
            for b in nodes
            if a[1:] == b[1:] and a.months < b.months and len(a.months) == len(b.months) == 1
        ]
        for signs in quantities if table != "active_suppliers" else ():
            pieces = _pieces(rows, signs)
            for pair in pairs:
                moved = _moved(pieces, pair, parents)
                for attacker, target in _betrayed(moved, Fraction(percent, 100)):
                    yield Telltale(attacker, target, table, pair)


def _moved(
    pieces: dict[Piece, int], pair: tuple[Node, Node], parents: dict[str, str]
) -> dict[Piece, int]:
    """Say by how much each business relation in a place changed between two months."""
    moved: dict[Piece, int] = {}
    for piece, value in pieces.items():
        for sign, node in zip((-1, 1), pair, strict=True):
            if _covers(node, piece, parents):
                who = piece._replace(month=date.min, region="", industry="")
                moved[who] = moved.get(who, 0) + sign * value
    return {piece: abs(value) for piece, value in moved.items() if value}


def _betrayed(moved: dict[Piece, int], p: Fraction) -> Iterator[tuple[str | None, str]]:
    for attacker in (None, *sorted(_groups(moved))):
        unknown = {q: v for q, v in moved.items() if attacker not in {q.supplier, *q.buyers}}
        for target in sorted(_groups(unknown)):
            for suppliers in (True, False):
                mine = sum(
                    value
                    for piece, value in unknown.items()
                    if (piece.supplier == target if suppliers else target in piece.buyers)
                )
                if mine and sum(unknown.values()) - mine <= p * mine:
                    yield attacker, target
