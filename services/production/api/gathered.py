"""Single reports that arrive at the same time share a transaction: see ADR 23."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from services.production import commands
from services.production.api.shown import circumstances
from services.production.domain.reports import Made, Outcome
from shared.auth import Caller
from shared.database import Store, transaction
from shared.gathering import Behalf, Gathering, gathered
from shared.trace import traceparent


class Asked(NamedTuple):
    """A report, who makes it, and the trace that it belongs to."""

    made: Made
    caller: Caller
    trace: str | None


async def report_with_others(reports: "Gathered", made: Made, *, by: Caller) -> Outcome:
    """Record a report in one transaction with what else the same reporter sends just now."""
    return await reports.ask(Behalf.of(by), Asked(made, by, traceparent()))


async def _record(store: Store, reporter: Behalf, asked: Sequence[Asked]) -> Sequence[Outcome]:
    reports, caller = [one.made for one in asked], asked[0].caller
    traces = {one.made.report_id: one.trace for one in asked if one.trace}
    under = circumstances(caller, max(made.occurred_at for made in reports))
    async with transaction(store.app, actor=reporter.organization_id) as session:
        return await commands.report_progress(
            session, reports, by=caller, under=under, traces=traces
        )


Gathered = Annotated[Gathering[Behalf, Asked, Outcome], gathered(_record)]
