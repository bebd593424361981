"""Deciding what of a month's tables is published, and what is withheld."""

from collections.abc import Iterable, Mapping, Sequence

from services.insights.domain.disclosure.audit import all_targets, findings, intervals
from services.insights.domain.disclosure.case import Case
from services.insights.domain.disclosure.catalog import (
    CATALOG,
    Interval,
    Node,
    Question,
    Reason,
    Refused,
    Release,
    Row,
)
from services.insights.domain.disclosure.layout import Statement
from services.insights.domain.disclosure.programs import Aim
from services.insights.domain.disclosure.targets import Demand


def protect(rows: Iterable[Row], question: Question) -> Release | Refused:
    """Decide what may be published of these months.

    `rows` are those of the months asked for and of all that earlier releases show. What an earlier
    release of the same months shows stays published. Refused when the audit finds that somebody
    could infer another's figure, or when the rows of a released month have changed.

    The same input gives the same answer. ValueError: negative values, or a numerator above its
    denominator; KeyError: a code that the axes lack.
    """
    rows = list(rows)
    cases = [Case(family, rows, question) for family in CATALOG]
    withheld = [hide(case) for case in cases]
    if found := tuple(finding for case in cases for finding in findings(case)):
        return Refused(found)
    return released(cases, withheld)


def hide(case: Case, *, complementary: bool = True) -> dict[Node, Reason]:
    """Hide what must not be published, then what would give it away; say why of each node."""
    reasons: dict[Node, Reason] = {}
    for index, statement in enumerate(case.layout.statements):
        if reason := None if statement.pinned else primary(case, index):
            _hide(statement, reason, reasons)
    for part, target in all_targets(case) if complementary else ():
        for demand, aim in case.unmet(part, target):
            _complement(case, demand, aim, reasons)
            if demand.attacker is None and not case.programs.reaches(aim, demand.room):
                for single in case.guards[part].singly(target):
                    for _, missed in case.missed(single):
                        _complement(case, single, missed, reasons)
    return reasons


def _complement(case: Case, demand: Demand, aim: Aim, reasons: dict[Node, Reason]) -> None:
    for index in case.programs.hide(aim, demand.room):
        _hide(case.layout.statements[index], Reason.COMPLEMENTARY, reasons)


def _hide(statement: Statement, reason: Reason, reasons: dict[Node, Reason]) -> None:
    statement.hidden = True
    reasons.update(dict.fromkeys(statement.nodes, reason))


def primary(case: Case, index: int) -> Reason | None:
    """Judge a sum by itself, and beside the same sum of other months."""
    policy, parts = case.policy, range(len(case.guards))
    pools = [case.pool(part, index) for part in parts]
    if any(pool.is_few(policy.groups_min, policy.waivers) for pool in pools):
        return Reason.FEW
    if any(True for pool in pools for _ in pool.dangers(policy.p, policy.waivers)):
        return Reason.DOMINATED
    if any(True for part in parts for _ in case.differences(part, index)):
        return Reason.DIFFERENCE
    return None


def released(cases: Sequence[Case], withheld: Sequence[Mapping[Node, Reason]]) -> Release:
    """Put together what the regulator sees, and beside it what only the operator may."""
    figures: dict[str, dict[Node, int]] = {}
    reasons: dict[str, Mapping[Node, Reason]] = {}
    bounds: dict[str, Mapping[Node, Sequence[Interval]]] = {}
    for case, why in zip(cases, withheld, strict=True):
        possible = intervals(case)
        for table in case.family.tables:
            shown = {
                node: case.holdings.shown(table, case.layout.cells_of(node))
                for node in case.layout.catalog
                if node not in why
            }
            figures[table.name] = {
                node: value for node, value in shown.items() if value is not None
            }
            reasons[table.name], bounds[table.name] = why, possible
    return Release(figures, reasons, bounds)
