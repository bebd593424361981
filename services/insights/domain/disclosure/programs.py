"""The linear programs: what else the cells could be, given all that is published.

Everything is reckoned as a move away from the true cells, in units of what is asked for, so that a
cell of 100 beside one of 10¹² is judged as exactly as it is alone. In a two-way table (one of its
ways may be a hierarchy) whole sums have whole extremes: the matrix is that of a network (Fischetti
and Salazar 2000), so an attacker gains nothing by knowing that counts are whole.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from services.insights.domain.disclosure.layout import Layout

REACH = 8.0  # no cell needs to move further than this, in units of what is asked for
NEARLY = 1 - 1e-9
MOVED = 1e-7  # a smaller move is the solver's noise
FREE = 1e-3  # what it costs to move a cell that is withheld anyway, against 1 for publishing it

Array = NDArray[np.float64]


class Aim(NamedTuple):
    """A sum of cells that must be able to move by `need`: up (sign 1) or down (-1)."""

    cells: tuple[int, ...]
    sign: int
    need: int


class Programs:
    """The sums of one layout as a matrix; which of them are hidden is read when asked."""

    def __init__(self, layout: Layout) -> None:
        self.statements = layout.statements
        self.size = len(layout.cells)
        self.single = {s.cells[0]: i for i, s in enumerate(self.statements) if len(s.cells) == 1}
        self.several = [i for i, s in enumerate(self.statements) if len(s.cells) > 1]
        rows = [r for r, i in enumerate(self.several) for _ in self.statements[i].cells]
        columns = [cell for i in self.several for cell in self.statements[i].cells]
        self.matrix = sparse.csr_array(
            (np.ones(len(rows)), (rows, columns)), shape=(len(self.several), self.size)
        )

    def free(self) -> NDArray[np.bool_]:
        """Mark the cells that are not themselves published."""
        free = np.ones(self.size, dtype=bool)
        for cell, index in self.single.items():
            free[cell] = self.statements[index].hidden
        return free

    def reaches(self, aim: Aim, room: Array) -> bool:
        """Tell whether cells other than the true ones, equal in all that is published, reach it.

        `room` says how far each cell can fall.
        """
        return self.furthest(aim, room) >= NEARLY

    def furthest(self, aim: Aim, room: Array) -> float:
        """Say how far a sum can move, in units of its need; at most `REACH` per cell."""
        free = np.flatnonzero(self.free())
        cost = np.zeros(self.size)
        cost[list(aim.cells)] = -aim.sign
        if not cost[free].any():
            return 0.0
        published = [r for r, i in enumerate(self.several) if not self.statements[i].hidden]
        equal = self.matrix[published][:, free]
        low = -np.minimum(room[free] / aim.need, REACH)
        solved = _solve(cost[free], equal, np.zeros(len(published)), low, np.full(free.size, REACH))
        return 0.0 if solved is None else -float(cost[free] @ solved)

    def hide(self, aim: Aim, room: Array) -> list[int] | None:
        """Choose what to withhold so that an aim is reached; None: nothing helps.

        Least Σ weight · |move| over what is still published, the heuristic of Robertson (1993)
        with the weights' share of what a sum can carry. Changes nothing.
        """
        several, n = len(self.several), self.size
        target = np.zeros(n)
        target[list(aim.cells)] = aim.sign
        eye = sparse.eye_array(several)
        moves = sparse.hstack([self.matrix, -self.matrix, -eye, eye])
        goal = sparse.csr_array(np.concatenate([target, -target, np.zeros(2 * several)])[None])
        cost, high = self._costs(np.minimum(room / aim.need, REACH))
        value = np.concatenate([np.zeros(several), [1.0]])
        equal = sparse.vstack([moves, goal]).tocsr()
        solved = _solve(cost, equal, value, np.zeros(cost.size), high)
        if solved is None:
            return None
        moved = np.abs(solved[:n] - solved[n : 2 * n]) > MOVED
        summed = np.abs(solved[2 * n : 2 * n + several] - solved[2 * n + several :]) > MOVED
        chosen = [i for cell, i in self.single.items() if moved[cell]]
        chosen += [i for r, i in enumerate(self.several) if summed[r]]
        return sorted(i for i in chosen if not self.statements[i].hidden)

    def _costs(self, room: Array) -> tuple[Array, Array]:
        """Price a unit of move of each cell up, down, and of each sum up, down; and bound them."""
        cost, high = np.full(self.size, FREE), np.full(self.size, REACH)
        for cell, index in self.single.items():
            cost[cell], high[cell] = self._price(index)
        carried = np.clip(room, 1e-6, 1.0)
        sums = np.array([self._price(index) for index in self.several]).reshape(-1, 2)
        return (
            np.concatenate([cost, cost / carried, sums[:, 0], sums[:, 0]]),
            np.concatenate([high, np.minimum(high, room), sums[:, 1], sums[:, 1]]),
        )

    def _price(self, index: int) -> tuple[float, float]:
        statement = self.statements[index]
        if statement.pinned:
            return 0.0, 0.0
        price = FREE if statement.hidden else statement.weight
        return price, REACH if len(statement.cells) == 1 else np.inf


def _solve(
    cost: Array, equal: sparse.csr_array, value: Array, low: Array, high: Array
) -> Array | None:
    bounds = np.column_stack([low, high])
    answer = (
        linprog(cost, A_eq=equal, b_eq=value, bounds=bounds, method="highs")
        if equal.shape[0]
        else linprog(cost, bounds=bounds, method="highs")
    )
    return np.asarray(answer.x) if answer.status == 0 else None
