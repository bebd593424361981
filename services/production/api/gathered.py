"""Single reports that arrive at the same time share a transaction: see ADR 23."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import Depends, Request

from services.production import commands
from services.production.api.shown import circumstances
from services.production.domain.reports import Made, Outcome
from shared.auth import Caller
from shared.database import Store, transaction
from shared.gathering import Gathering
from shared.trace import traceparent


class Reporter(NamedTuple):
    """Whose reports may share a transaction: the row policies let one organization act in it."""

    organization_id: UUID
    name: str


class Asked(NamedTuple):
    """A report, who makes it, and the trace that it belongs to."""

    made: Made
    caller: Caller
    trace: str | None


Reports = Gathering[Reporter, Asked, Outcome]


async def _gathering(request: Request) -> Reports:
    state = request.app.state
    if not hasattr(state, "gathered_reports"):
        state.gathered_reports = Gathering(partial(_record, state.store))
    found: Reports = state.gathered_reports
    return found


Gathered = Annotated[Reports, Depends(_gathering)]


async def report_with_others(gathered: Reports, made: Made, *, by: Caller) -> Outcome:
    """Record a report in one transaction with what else the same reporter sends just now."""
    reporter = Reporter(by.organization_id, by.name)
    return await gathered.ask(reporter, Asked(made, by, traceparent()))


async def _record(store: Store, reporter: Reporter, asked: Sequence[Asked]) -> Sequence[Outcome]:
    reports, caller = [one.made for one in asked], asked[0].caller
    traces = {one.made.report_id: one.trace for one in asked if one.trace}
    under = circumstances(caller, max(made.occurred_at for made in reports))
    async with transaction(store.app, actor=reporter.organization_id) as session:
        return await commands.report_progress(
            session, reports, by=caller, under=under, traces=traces
        )
