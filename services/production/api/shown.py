"""How rows and rules are shown over HTTP."""

from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.values import plain
from services.production.domain.prediction import Prediction, predict
from services.production.domain.reports import Circumstances, Held, Outcome, Recorded
from services.production.models import Report
from services.production.schemas import (
    OperationOut,
    OwnReportOut,
    ReportedOut,
    ReportOut,
    ResultOut,
    WorkOrderOut,
)
from shared.auth import Caller
from shared.problem import Problem
from shared.settings import settings

EMPTY: dict[str, Any] = dict.fromkeys(ResultOut.model_fields)


def circumstances(caller: Caller, at: datetime, *, imported: bool = False) -> Circumstances:
    """Say under which circumstances a caller reports."""
    return Circumstances(caller.organization_id, at, settings().calendar, imported)


def shown_work_order(row: Any) -> WorkOrderOut:  # noqa: ANN401  a work order and two names
    """Show a work order; what its reports predict is worked out from them now."""
    order, buyer_name, supplier_name = row
    held = order.held
    prediction = predict(held.progress, held.pace, zone=settings().calendar)
    columns = {
        name: getattr(order, name) for name in WorkOrderOut.model_fields if hasattr(order, name)
    }
    names = {"buyer_name": buyer_name, "supplier_name": supplier_name}
    return WorkOrderOut(**columns | names | _progress(held, prediction))


def shown_report(row: Any, *, caller: Caller) -> ReportOut:  # noqa: ANN401  a report and two more
    """Show a report; a reason of scrap is there for the supplier and for nobody else."""
    report: Report
    report, reversed_by, scrap_reason = row
    columns = {name: getattr(report, name, None) for name in ReportOut.model_fields}
    shown = columns | {"reversed_by": reversed_by}
    if report.supplier_id != caller.organization_id:
        return ReportOut(**shown)
    return OwnReportOut(**shown, scrap_reason=scrap_reason)


def shown_outcome(outcome: Outcome) -> ReportedOut:
    """Show what one report brought about; raise why it was refused."""
    if isinstance(outcome, Problem):
        raise outcome
    recorded = isinstance(outcome, Recorded)
    prediction = predict(outcome.after.progress, outcome.after.pace, zone=settings().calendar)
    return ReportedOut(
        report_id=outcome.report.report_id,
        work_order_id=outcome.report.work_order_id,
        outcome="recorded" if recorded else "unchanged",
        **_progress(outcome.after, prediction),
    )


def shown_result(index: int, work_order_id: UUID, outcome: Outcome) -> dict[str, Any]:
    """Show what became of one report of many, with the fields of `ResultOut`."""
    result = EMPTY | {"index": index, "work_order_id": work_order_id}
    if isinstance(outcome, Problem):
        result["status"] = "refused"
        result["problem"] = outcome.details().model_dump(exclude_none=True)
        return result
    progress = outcome.after.progress
    result["report_id"] = outcome.report.report_id
    result["status"] = "recorded" if isinstance(outcome, Recorded) else "unchanged"
    result["completed"] = plain(progress.completed)
    result["ordered"] = plain(progress.ordered)
    return result


def _progress(held: Held, prediction: Prediction | None) -> dict[str, Any]:
    progress, pace = held.progress, held.pace
    operations = [
        OperationOut(
            sequence=sequence,
            name=name,
            good=good,
            scrapped=scrapped,
            open=progress.open_at(sequence),
        )
        for sequence, (name, good, scrapped) in enumerate(progress.operations, start=1)
    ]
    return {
        "status": progress.status,
        "agreed": progress.agreed,
        "ordered": progress.ordered,
        "excess": progress.excess,
        "completed": progress.completed,
        "remaining": progress.remaining,
        "operations": operations,
        **pace._asdict(),
        "prediction": prediction and prediction._asdict(),
    }
