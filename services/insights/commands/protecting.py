"""Run disclosure control in a process of its own: it computes for long, and nothing else waits."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from decimal import Decimal
from fractions import Fraction
from multiprocessing import get_context
from typing import Any, NamedTuple

from services.insights.domain.content import Place, TableSpec
from services.insights.domain.contributions import Sum

FINDINGS_MAX = 20


class Task(NamedTuple):
    """What is to be published beside what; `percent` is the installation's secret."""

    month: date
    sums: Sequence[Sum]  # of this month and of all that was released
    earlier: Sequence[tuple[date, dict[str, dict[Place, int]]]]
    percent: Decimal
    waivers: frozenset[str]

    def __repr__(self) -> str:
        return f"Task({self.month})"


class Verdict(NamedTuple):
    """What may be published of the month, and what is withheld and why; or why nothing may be."""

    catalog: tuple[TableSpec, ...]
    shown: dict[str, dict[Place, int]]
    withheld: dict[str, dict[Place, str]]
    findings: tuple[str, ...] = ()


async def protected(task: Task, *, stop: asyncio.Event) -> Verdict | None:
    """Decide what may be published; None when told to stop before that is known."""
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    try:
        work = asyncio.get_running_loop().run_in_executor(pool, decide, task)
        stopping = asyncio.ensure_future(stop.wait())
        both: list[asyncio.Future[Any]] = [work, stopping]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        return await work if work.done() else None
    finally:
        for process in (pool._processes or {}).values():  # noqa: SLF001  nothing public ends one
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)


def decide(task: Task) -> Verdict:
    """Decide what may be published of a month; runs where it holds nobody up."""
    from services.insights.domain import disclosure as control  # noqa: PLC0415  slow to import

    rows = [
        control.Row(groups, supplier, month, region, industry, control.Measure(measure), value)
        for groups, supplier, month, region, industry, measure, value in task.sums
    ]
    question = control.Question(
        regions=control.Axis.flat({row.region for row in rows} | _codes(task, 0)),
        industries=control.Axis.flat({row.industry for row in rows} | _codes(task, 1)),
        months=[(task.month,)],
        policy=control.Policy(percent=Fraction(task.percent), waivers=task.waivers),
        earlier=[_figures(month, tables) for month, tables in task.earlier],
    )
    found = control.protect(rows, question)
    catalog = tuple(
        TableSpec(table.name, table.shape, table.of, table.by, table.step)
        for family in control.CATALOG
        for table in family.tables
    )
    if isinstance(found, control.Refused):
        return Verdict(catalog, {}, {}, _said(found.findings))
    return Verdict(
        catalog,
        {name: _placed(task.month, nodes) for name, nodes in found.figures.items()},
        {name: _placed(task.month, nodes) for name, nodes in found.withheld.items()},
    )


def _codes(task: Task, position: int) -> set[str]:
    """Return the codes that earlier releases name, of regions or of industries."""
    places = {place for _, tables in task.earlier for cells in tables.values() for place in cells}
    return {place[position] for place in places} - {"*"}


def _figures(month: date, tables: dict[str, dict[Place, int]]) -> Any:  # noqa: ANN401
    from services.insights.domain.disclosure import Node  # noqa: PLC0415  slow to import

    return {
        name: {Node((month,), *place): shown for place, shown in cells.items()}
        for name, cells in tables.items()
    }


def _placed(month: date, nodes: Any) -> dict[Place, Any]:  # noqa: ANN401
    return {
        (node.region, node.industry): value
        for node, value in nodes.items()
        if node.months == (month,)
    }


def _said(findings: Sequence[Any]) -> tuple[str, ...]:
    """Say for the operator what could be inferred, without anybody's name or figure."""
    said = dict.fromkeys(f"{found.table}: {found.why}" for found in findings)
    return tuple(said)[:FINDINGS_MAX]
