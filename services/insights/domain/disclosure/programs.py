"""The linear programs: what else the cells could be, given all that is published.

Everything is reckoned as a move away from the true cells, in units of what is asked for, so that a
cell of 100 beside one of 10¹² is judged as exactly as it is alone. In a two-way table (one of its
ways may be a hierarchy) whole sums have whole extremes: the matrix is that of a network (Fischetti
and Salazar 1999), so an attacker gains nothing by knowing that counts are whole.
"""

from typing import NamedTuple

import numpy as np
from highspy import Highs, HighsLp, HighsModelStatus, MatrixFormat, kHighsInf
from numpy.typing import NDArray

from services.insights.domain.disclosure.layout import Layout

REACH = 8.0  # no cell needs to move further than this, in units of what is asked for
NEARLY = 1 - 1e-6
MOVED = 1e-7  # a smaller move is the solver's noise
FREE = 1e-3  # what it costs to move a cell that is withheld anyway, against 1 for publishing it
MOVES_MAX = 500  # that are remembered: what was possible once stays so, since hiding is for good

Array = NDArray[np.float64]


class Aim(NamedTuple):
    """A sum of cells that must be able to move by `need`: up (sign 1) or down (-1)."""

    cells: tuple[int, ...]
    sign: int
    need: int


class Room(NamedTuple):
    """How far each cell can move, as somebody knows who knows part of it."""

    fall: Array
    rise: Array  # 0 where that one knows all there can be


class Programs:
    """The sums of one layout as a matrix; which of them are hidden is read when asked."""

    def __init__(self, layout: Layout) -> None:
        self.statements = layout.statements
        self.size = len(layout.cells)
        self.single = {s.cells[0]: i for i, s in enumerate(self.statements) if len(s.cells) == 1}
        self.several = [i for i, s in enumerate(self.statements) if len(s.cells) > 1]
        cells = [self.statements[index].cells for index in self.several]
        self._possible = _model(self.size, cells)
        # to choose what to hide, moves up and down are priced apart, those of sums as well
        n, sums = self.size, len(cells)
        self._choice = _model(
            2 * (n + sums),
            [
                (*row, *(n + cell for cell in row), 2 * n + r, 2 * n + sums + r)
                for r, row in enumerate(cells)
            ]
            + [()],
            [(1.0,) * len(row) + (-1.0,) * len(row) + (-1.0, 1.0) for row in cells] + [()],
        )
        self._moves = np.zeros((0, n))
        self._hidden = [False] * sums  # as the solver has it

    def forget(self) -> None:
        """Have everything proven anew."""
        self._moves = np.zeros((0, self.size))

    def reaches(self, aim: Aim, room: Room) -> bool:
        """Tell whether cells other than the true ones, equal in all that is published, reach it."""
        if self._remembers(aim, room):
            return True
        move = self._furthest(aim, room, 1.0 if len(aim.cells) == 1 else REACH)
        if aim.sign * move[list(aim.cells)].sum() < NEARLY:
            return False
        self._moves = np.vstack([self._moves[-MOVES_MAX:], move * aim.need])
        return True

    def _remembers(self, aim: Aim, room: Room) -> bool:
        """Look for a move found before that is enough, or would be when shortened."""
        gains = aim.sign * self._moves[:, aim.cells].sum(axis=1)
        enough = gains >= aim.need * NEARLY
        moves = self._moves[enough] * (aim.need / gains[enough])[:, None]
        slack = 1e-9 * aim.need
        return bool(((moves >= -room.fall - slack) & (moves <= room.rise + slack)).all(1).any())

    def furthest(self, aim: Aim, room: Room) -> float:
        """Say how far a sum can move, in units of its need; at most `REACH` per cell."""
        return float(aim.sign * self._furthest(aim, room, REACH)[list(aim.cells)].sum())

    def _furthest(self, aim: Aim, room: Room, most: float) -> Array:
        self._publish()
        cost = np.zeros(self.size)
        cost[list(aim.cells)] = -aim.sign
        low, high = -np.minimum(room.fall / aim.need, REACH), np.minimum(room.rise, REACH)
        for cell in aim.cells:
            low[cell], high[cell] = max(low[cell], -most), min(high[cell], most)
        for cell, index in self.single.items():
            if not self.statements[index].hidden:
                low[cell] = high[cell] = 0
        solved = _solve(self._possible, cost, low, high)
        return np.zeros(self.size) if solved is None else solved

    def _publish(self) -> None:
        """Bind the sums that are published, and no others."""
        for row, index in enumerate(self.several):
            if self.statements[index].hidden != self._hidden[row]:
                self._hidden[row] = self.statements[index].hidden
                high = kHighsInf if self._hidden[row] else 0.0
                self._possible.changeRowBounds(row, -high, high)

    def hide(self, aim: Aim, room: Room) -> list[int]:
        """Choose what to withhold so that an aim is reached; changes nothing. Empty: no way.

        Least Σ weight · |move| over what is still published: the heuristic of Robertson (1993),
        the price of a cell divided by what share of the need it can carry.
        """
        n, several = self.size, len(self.several)
        for cell in aim.cells:
            self._choice.changeCoeff(several, cell, aim.sign)
            self._choice.changeCoeff(several, n + cell, -aim.sign)
        self._choice.changeRowBounds(several, 1.0, 1.0)
        fall = np.minimum(room.fall / aim.need, REACH)
        cost, high = self._costs(fall, np.minimum(room.rise, REACH))
        solved = _solve(self._choice, cost, np.zeros(cost.size), high)
        for cell in aim.cells:
            self._choice.changeCoeff(several, cell, 0.0)
            self._choice.changeCoeff(several, n + cell, 0.0)
        if solved is None:
            return []
        moved = np.abs(solved[:n] - solved[n : 2 * n]) > MOVED
        summed = np.abs(solved[2 * n : 2 * n + several] - solved[2 * n + several :]) > MOVED
        chosen = [i for cell, i in self.single.items() if moved[cell]]
        chosen += [i for r, i in enumerate(self.several) if summed[r]]
        return sorted(i for i in chosen if not self.statements[i].hidden)

    def _costs(self, fall: Array, rise: Array) -> tuple[Array, Array]:
        """Price a unit of move of each cell up, down, and of each sum up, down; and bound them."""
        cost = np.full(self.size, FREE)
        for cell, index in self.single.items():
            cost[cell] = self._price(index)
            if self.statements[index].pinned:
                fall[cell] = rise[cell] = 0
        prices = np.array([self._price(index) for index in self.several])
        bounds = np.array([0 if self.statements[i].pinned else kHighsInf for i in self.several])
        carried = np.clip(fall, 1e-3, 1.0)
        return (
            np.concatenate([cost, cost / carried, prices, prices]),
            np.concatenate([rise, fall, bounds, bounds]),
        )

    def _price(self, index: int) -> float:
        return FREE if self.statements[index].hidden else self.statements[index].weight


def _model(
    columns: int,
    rows: list[tuple[int, ...]],
    values: list[tuple[float, ...]] | None = None,
) -> Highs:
    """Load a program whose rows all add up to nothing."""
    program = HighsLp()
    program.num_col_, program.num_row_ = columns, len(rows)
    program.col_cost_ = program.col_lower_ = program.col_upper_ = np.zeros(columns)
    program.row_lower_ = program.row_upper_ = np.zeros(len(rows))
    program.a_matrix_.format_ = MatrixFormat.kRowwise
    program.a_matrix_.start_ = np.cumsum([0, *map(len, rows)], dtype=np.int32)
    program.a_matrix_.index_ = np.array([c for row in rows for c in row], dtype=np.int32)
    flat = [v for row in values for v in row] if values else [1.0] * sum(map(len, rows))
    program.a_matrix_.value_ = np.array(flat)
    solver = Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.passModel(program)
    return solver


def _solve(solver: Highs, cost: Array, low: Array, high: Array) -> Array | None:
    columns = np.arange(cost.size, dtype=np.int32)
    solver.changeColsCost(cost.size, columns, cost)
    solver.changeColsBounds(cost.size, columns, low, high)
    solver.run()
    if solver.getModelStatus() != HighsModelStatus.kOptimal:
        return None
    return np.array(solver.getSolution().col_value)
