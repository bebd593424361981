"""Report progress from a phone or a spreadsheet, and take a report back."""

from typing import Any
from uuid import UUID

import segno
from fastapi import Request, Response

from contracts.orders import Side
from contracts.production import OperationProgress
from contracts.scopes import Scope
from services.portal.api.home import wants_of
from services.portal.api.orders import Written
from services.portal.api.page import Posted, Visitor, go, needs, page_router, pages, show, told
from services.portal.api.spreadsheets import Sheet as Workbook
from services.portal.commands import production as acts
from services.portal.commands.sessions import Visit
from services.portal.domain.pictures import axis_for, picture
from services.portal.queries import orders, production
from services.portal.queries.api import Refused
from services.portal.schemas.production import Operation, WorkOrder
from shared.problem import InvalidInput
from shared.settings import settings
from shared.types import Search
from shared.web.formats import Formats
from shared.web.languages import language_of

MENDABLE = {409, 422}
_ = str  # marks what the catalog translates

router = page_router()


@router.get("/reports")
async def open_work(
    request: Request,
    visitor: Visitor,
    written: Written,
    q: Search = "",
    cursor: str | None = None,
) -> Response:
    """List the work that can be reported on, most pressing first."""
    needs(visitor, Scope.PRODUCTION_READ)
    page = await production.work_orders(visitor.api, Side.SUPPLIER, q=q, cursor=cursor)
    drawn = [(work, _picture(work, written)) for work in page.items]
    drawn.sort(key=lambda pair: pair[0].promised_on)
    if q and len(drawn) == 1 and not cursor:
        return go(f"/reports/{drawn[0][0].id}")
    context = {
        "drawn": drawn,
        "axis": axis_for([picture for _work, picture in drawn], today=written.today),
        "q": q,
        "next": f"/reports?q={q}&cursor={page.cursor}" if page.cursor else None,
        "wants": await wants_of(visitor),
    }
    return show(request, visitor, "reports.html", context, here="reports")


@router.get("/reports/sheet")
async def sheet(visitor: Visitor, written: Written) -> Response:
    """Return the spreadsheet of one's open work, to be filled in."""
    content = await acts.template(visitor.api)
    return Workbook(content).answer(f"reports-{written.today}.xlsx")


@router.get("/reports/upload")
async def upload(request: Request, visitor: Visitor) -> Response:
    """Offer to send reports as a spreadsheet."""
    needs(visitor, Scope.PRODUCTION_WRITE)
    return show(request, visitor, "report_upload.html", {"sheet": None}, here="reports")


@router.post("/reports/upload")
async def send_sheet(request: Request, visitor: Visitor, form: Posted) -> Response:
    """Show what a spreadsheet would record, or record it."""
    content = await form.file("file")
    if not content:
        raise InvalidInput("Choose an Excel file.")
    dry_run = form.text("act") != "record"
    found = await acts.send_sheet(visitor.api, content, dry_run=dry_run)
    if not dry_run and not found.refused:
        return go("/reports", said="uploaded")
    language = language_of(request)
    words = {
        row.row: " ".join(told(language, Refused.of_mapping(row.problem.model_dump())))
        for row in found.rows
        if row.problem
    }
    context = {"sheet": found, "words": words}
    return show(request, visitor, "report_upload.html", context, here="reports")


@router.get("/reports/{work_order_id}")
async def report_form(
    request: Request, visitor: Visitor, work_order_id: UUID, written: Written
) -> Response:
    """Ask how many were made."""
    needs(visitor, Scope.PRODUCTION_READ)
    return await _form(request, visitor, work_order_id, written, {}, None)


@router.post("/reports/{work_order_id}")
async def report(
    request: Request, visitor: Visitor, work_order_id: UUID, form: Posted, written: Written
) -> Response:
    """Record what was made; the buyer sees it at once."""
    given = {name: form.text(name) for name in ("operation", "good", "scrapped", "scrap_reason")}
    body: dict[str, Any] = {
        "operation": int(given["operation"]) if given["operation"].isdigit() else 1,
        "good": given["good"].replace(",", "") or "0",
        "scrapped": given["scrapped"].replace(",", "") or "0",
    }
    if given["scrap_reason"]:
        body["scrap_reason"] = given["scrap_reason"]
    try:
        await acts.report(visitor.api, work_order_id, body, key=form.key)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _form(request, visitor, work_order_id, written, given, refused)
    return go(f"/reports/{work_order_id}", said="reported")


@router.post("/reports/{work_order_id}/reversal")
async def reverse(
    request: Request, visitor: Visitor, work_order_id: UUID, form: Posted, written: Written
) -> Response:
    """Take a report back; it stays in the history, marked."""
    reason = form.text("reason") or pages.words(written.language, _("Reported by mistake"))
    try:
        report_id = UUID(form.text("report_id"))
    except ValueError as error:
        raise InvalidInput("Choose the report.") from error
    try:
        await acts.reverse(visitor.api, report_id, reason, key=form.key)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _form(request, visitor, work_order_id, written, {}, refused)
    return go(f"/reports/{work_order_id}", said="reversed")


@router.post("/reports/{work_order_id}/operations")
async def operations(
    request: Request, visitor: Visitor, work_order_id: UUID, form: Posted, written: Written
) -> Response:
    """Say in which steps the work is done, before the first report."""
    names = [line.strip() for line in form.text("names").splitlines() if line.strip()]
    try:
        await acts.set_operations(visitor.api, work_order_id, names)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _form(request, visitor, work_order_id, written, {}, refused)
    return go(f"/reports/{work_order_id}", said="operations")


@router.get("/reports/{work_order_id}/card")
async def traveler(request: Request, visitor: Visitor, work_order_id: UUID) -> Response:
    """Show the card that goes with the work: who scans it reports on it."""
    work = await production.work_order(visitor.api, work_order_id)
    address = f"{settings().issuer.rstrip('/')}/reports/{work.id}"
    code = segno.make(address, error="m")
    drawing = code.svg_inline(omitsize=True, border=2, dark="#000", light="#fff")
    context = {"work": work, "drawing": drawing, "address": address}
    return show(request, visitor, "report_card.html", context, here="reports")


def _picture(work: WorkOrder, written: Formats) -> Any:  # noqa: ANN401
    steps = [
        OperationProgress(sequence=op.sequence, name=op.name, good=op.good, scrapped=op.scrapped)
        for op in work.operations
    ]
    return picture(
        quantity=work.ordered,
        operations=steps,
        due_on=work.due_on,
        promised_on=work.promised_on,
        started_on=work.started_at.astimezone(written.zone).date() if work.started_at else None,
        completed_on=None,
        predicted=work.prediction,
        today=written.today,
    )


def _operation(work: WorkOrder, wanted: str) -> Operation:
    """Return the operation to report on: the wanted one while it is open, else the first open."""
    still_open = [op for op in work.operations if op.open > 0] or work.operations[-1:]
    return next((op for op in still_open if str(op.sequence) == wanted), still_open[0])


async def _form(  # noqa: PLR0913, PLR0917
    request: Request,
    visitor: Visit,
    work_order_id: UUID,
    written: Formats,
    given: dict[str, str],
    refused: Refused | None,
) -> Response:
    work = await production.work_order(visitor.api, work_order_id)
    row = await orders.row(visitor.api, work.schedule_line_id)
    reports = await production.reports(visitor.api, work_order_id)
    drawn = _picture(work, written)
    chosen = given.get("operation") or request.query_params.get("operation", "")
    last = next((r for r in reports if not r.reverses and not r.reversed_by), None)
    operation = _operation(work, chosen or (str(last.operation) if last else ""))
    trouble = told(language_of(request), refused) if refused else None
    side = Side.SUPPLIER if visitor.me.organization.id == work.supplier_id else Side.BUYER
    context = {
        "work": work,
        "row": row,
        "side": side,
        "picture": drawn,
        "axis": axis_for([drawn], today=written.today),
        "operation": operation,
        "reports": reports,
        "last": last,
        "given": given,
        "trouble_words": f"{trouble[0]}: {trouble[1]}" if trouble else None,
        "may_report": side is Side.SUPPLIER and visitor.me.may(Scope.PRODUCTION_WRITE),
    }
    status = 422 if refused else 200
    return show(request, visitor, "report.html", context, here="reports", status=status)
