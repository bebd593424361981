"""The proof, by linear programming, that what is published keeps every figure out of reach."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from services.insights.domain.disclosure.case import Case
from services.insights.domain.disclosure.catalog import (
    CATALOG,
    Figures,
    Finding,
    Interval,
    Node,
    Question,
    Row,
)
from services.insights.domain.disclosure.programs import REACH, Aim, Room
from services.insights.domain.disclosure.spread import Target

WHY = {
    1: "its greatest possible value is too near",
    -1: "its least possible value is too near",
}


def audit(rows: Iterable[Row], figures: Figures, question: Question) -> tuple[Finding, ...]:
    """Name every group whose figure somebody could estimate if these figures were published."""
    rows = list(rows)
    found: list[Finding] = []
    for family in CATALOG:
        case = Case(family, rows, question)
        shown = {node for table in family.tables for node in figures.get(table.name, ())}
        for statement in case.layout.statements:
            statement.hidden = not statement.pinned and shown.isdisjoint(statement.nodes)
        found += findings(case)
    return tuple(found)


def findings(case: Case) -> tuple[Finding, ...]:
    """Audit a case as it stands: from the rows and what is hidden, whoever chose that."""
    case.programs.forget()
    inferred = (f for part, target in all_targets(case) for f in _found(case, part, target))
    return (*case.changed(), *inferred)


def all_targets(case: Case) -> list[tuple[int, Target]]:
    """List whom the tables must not give away, each with the part that would."""
    targets = [
        (part, target)
        for index, statement in enumerate(case.layout.statements)
        for part in range(len(case.guards))
        for target in (() if statement.pinned else case.differences(part, index))
    ]
    return targets + [(part, t) for part, guard in enumerate(case.guards) for t in guard.targets()]


def _found(case: Case, part: int, target: Target) -> Iterator[Finding]:
    """Where all outsiders together know too much, ask each: no two of them tell each other."""
    for demand, aim in case.unmet(part, target):
        if demand.attacker:
            yield _finding(case, part, target.group, demand.attacker, aim)
        else:
            for single in case.guards[part].singly(target):
                for _, missed in case.missed(single):
                    yield _finding(case, part, target.group, single.attacker, missed)


def _finding(case: Case, part: int, group: str, attacker: str | None, aim: Aim) -> Finding:
    nodes = tuple(
        Node((cell.month,), cell.region, cell.industry)
        for cell in (case.layout.cells[index] for index in aim.cells)
    )
    table = case.family.tables[0].name
    return Finding(table, case.family.parts[part], nodes, group, attacker, WHY[aim.sign])


def intervals(case: Case) -> Mapping[Node, Sequence[Interval]]:
    """Say between what bounds anybody can place each withheld sum."""
    found: dict[Node, list[Interval]] = {}
    for statement in case.layout.statements:
        if statement.hidden:
            bounds = [_interval(case, part, statement.cells) for part in range(len(case.guards))]
            found.update(dict.fromkeys(statement.nodes, bounds))
    return found


def _interval(case: Case, part: int, cells: tuple[int, ...]) -> Interval:
    sums = case.guards[part].sums
    total = int(sum(sums[cell] for cell in cells))
    unit = max(total, 1)
    room = Room(sums, np.full(sums.size, np.inf))
    falls = case.programs.furthest(Aim(cells, -1, unit), room) * unit
    rises = case.programs.furthest(Aim(cells, 1, unit), room)
    high = None if rises >= REACH * (1 - 1e-6) else total + round(rises * unit)
    return Interval(case.family.parts[part], max(total - round(falls), 0), high)
