"""Place an order: by a form, or many from a spreadsheet with a preview."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from io import BytesIO
from typing import Any

from fastapi import Request, Response
from pydantic import TypeAdapter
from python_calamine import CalamineError, CalamineWorkbook
from uuid_utils.compat import uuid7

from contracts.onboarding import RelationshipState
from contracts.scopes import Scope
from services.portal.api.orders import Written
from services.portal.api.page import (
    Form,
    Posted,
    Visitor,
    go,
    needs,
    page_router,
    pages,
    show,
    told,
)
from services.portal.api.spreadsheets import spreadsheet, workbook
from services.portal.commands import orders as acts
from services.portal.commands.sessions import Visit
from services.portal.domain.order_sheets import COLUMNS, Reading, read_orders
from services.portal.queries import orders
from services.portal.queries.api import Refused
from services.portal.schemas.orders import Relationship
from shared.problem import InvalidInput
from shared.web.formats import Formats
from shared.web.languages import language_of
from shared.web.units import CURRENCIES, UNITS

ORDERS = TypeAdapter(list[dict[str, Any]])  # as the preview sends them; the service judges them
CURRENCY = "CNY"
LINES_SHOWN = 3
LINE_FIELDS = (
    "position",
    "item_number",
    "item_name",
    "quantity",
    "unit",
    "price",
    "price_unit",
    "due_on",
    "plant",
)
_ = str  # marks what the catalog translates

router = page_router()


@router.get("/orders/new")
async def new_order(request: Request, visitor: Visitor, written: Written) -> Response:
    """Offer an empty order."""
    needs(visitor, Scope.ORDERS_PLACE)
    due = (written.today + timedelta(days=28)).isoformat()
    lines = [{"position": 10 * (n + 1), "due_on": due} for n in range(LINES_SHOWN)]
    supplier = request.query_params.get("supplier_id", "")
    given = {"currency": CURRENCY, "lines": lines, "supplier_id": supplier}
    return await _form(request, visitor, given, {})


@router.post("/orders/new")
async def place(request: Request, visitor: Visitor, form: Posted) -> Response:
    """Place the order, or show beside each field what is wrong with it."""
    given = _given(form)
    try:
        order_id = await acts.place(visitor.api, _order(given), key=form.key)
    except Refused as refused:
        if refused.status in {401, 403, 503} or refused.status >= 500:  # noqa: PLR2004
            raise
        return await _form(request, visitor, given, _errors(request, given, refused))
    return go(f"/orders/{order_id}", said="placed")


@router.get("/orders/upload")
async def upload(request: Request, visitor: Visitor) -> Response:
    """Offer to place many orders from a spreadsheet."""
    needs(visitor, Scope.ORDERS_PLACE)
    return show(request, visitor, "order_upload.html", {"reading": None}, here="buyer")


@router.get("/orders/template.xlsx")
async def template(visitor: Visitor, written: Written) -> Response:
    """Return an empty spreadsheet with the columns that are read."""
    needs(visitor, Scope.ORDERS_PLACE)
    heads = [words[written.language.value != "zh"] for words in COLUMNS.values()]
    return (await spreadsheet(workbook, heads, [])).answer("orders-template.xlsx")


@router.post("/orders/upload")
async def preview(request: Request, visitor: Visitor, form: Posted, written: Written) -> Response:
    """Show what a spreadsheet would place; nothing is placed yet."""
    content = await form.file("file")
    if not content:
        raise InvalidInput("Choose an Excel file.")
    suppliers = _by_name(await _suppliers(visitor))
    reading = read_orders(await _table(content), suppliers, currency=CURRENCY)
    context = {
        "reading": reading,
        "obstacles": _told(reading, written),
        "bodies": json.dumps([draft.body() for draft in reading.drafts], ensure_ascii=False),
    }
    return show(request, visitor, "order_upload.html", context, here="buyer")


@router.post("/orders/bulk")
async def place_many(
    request: Request, visitor: Visitor, form: Posted, written: Written
) -> Response:
    """Place what the preview showed, and tell what became of each order."""
    try:
        bodies = ORDERS.validate_json(form.text("orders"))
    except ValueError as error:
        raise InvalidInput("Upload the file again.") from error
    results = await acts.place_many(visitor.api, bodies, key=str(uuid7()))
    if all(result["status"] != "refused" for result in results):
        return go("/orders?side=buyer&view=unconfirmed&sort=due", said="bulk")
    outcome = [
        {**result, "words": _problem_words(result.get("problem"), written)} for result in results
    ]
    return show(request, visitor, "order_upload_result.html", {"results": outcome}, here="buyer")


async def _form(
    request: Request, visitor: Visit, given: Mapping[str, Any], errors: Mapping[str, str]
) -> Response:
    context = {
        "given": given,
        "errors": errors,
        "suppliers": await _suppliers(visitor),
        "known_items": await orders.items(visitor.api),
        "currencies": sorted({*CURRENCIES, given["currency"]}),
        "units": list(UNITS),
    }
    status = 422 if errors else 200
    return show(request, visitor, "order_new.html", context, here="buyer", status=status)


async def _suppliers(visitor: Visit) -> list[Relationship]:
    own = visitor.me.organization.id
    return sorted(
        (
            known
            for known in await orders.relationships(visitor.api)
            if known.buyer_id == own and known.state is RelationshipState.ACTIVE
        ),
        key=lambda known: known.supplier_name,
    )


def _by_name(suppliers: Sequence[Relationship]) -> dict[str, tuple[str, str]]:
    known: dict[str, tuple[str, str]] = {}
    for supplier in suppliers:
        for word in (supplier.supplier_name, supplier.vendor_number, str(supplier.supplier_id)):
            if word:
                known[word.strip().lower()] = (str(supplier.supplier_id), supplier.supplier_name)
    return known


def _given(form: Form) -> dict[str, Any]:
    columns = {name: form.texts(f"line_{name}") for name in LINE_FIELDS}
    count = max((len(values) for values in columns.values()), default=0)
    lines = [
        {name: values[n] if n < len(values) else "" for name, values in columns.items()}
        for n in range(count)
    ]
    told_of = [line for line in lines if line["item_number"] or line["item_name"]]
    head = "number", "supplier_id", "currency", "incoterm", "incoterm_place"
    return {name: form.text(name) for name in head} | {"lines": told_of or lines[:1]}


def _order(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the order as the orders service takes it; it judges every field."""
    head = {name: given[name] for name in given if name != "lines" and given[name]}
    lines = []
    for line in given["lines"]:
        body = {
            name: line[name] for name in ("item_number", "item_name", "unit", "plant") if line[name]
        }
        body["price"] = line["price"].replace(",", "")
        body["position"] = _whole(line["position"])
        body["price_unit"] = _whole(line["price_unit"] or "1")
        quantity = line["quantity"].replace(",", "")
        body["schedule_lines"] = [{"quantity": quantity, "due_on": line["due_on"]}]
        lines.append(body)
    return {**head, "incoterm": head.get("incoterm", "").upper() or None, "lines": lines}


def _whole(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text  # noqa: PLR2004


def _errors(request: Request, given: Mapping[str, Any], refused: Refused) -> dict[str, str]:
    """Put each problem beside its field; what belongs to none stands above all."""
    language = language_of(request)
    found: dict[str, str] = {}
    for error in refused.errors:
        path = error.field.replace("schedule_lines.0.", "").split(".")
        words = pages.words(language, _FIELD_WORDS.get(path[-1], _("Please check this.")))
        if path[0] == "lines" and len(path) > 2:  # noqa: PLR2004
            found[f"line_{path[-1]}_{path[1]}"] = words
        else:
            found[path[-1]] = words
    known = {f"line_{name}_{n}" for n in range(len(given["lines"])) for name in LINE_FIELDS}
    if not found or not set(found) & (known | set(given)):
        title, remedy = told(language, refused)
        found[""] = f"{title}{pages.words(language, _(': '))}{remedy}"
    return found


_FIELD_WORDS = {
    "number": _("Write your order number; each may be used once."),
    "supplier_id": _("Choose a supplier with whom you have an active relationship."),
    "currency": _("Write the currency in three letters, such as CNY."),
    "incoterm": _("Write three letters, such as DAP, or leave it empty."),
    "item_number": _("Write the item number."),
    "item_name": _("Write what it is."),
    "quantity": _("Write a quantity above 0."),
    "price": _("Write the price, 0 or more."),
    "price_unit": _("Write 1, 100 or 1000."),
    "due_on": _("Choose the day on which you want it."),
    "position": _("Write a whole number; each may be used once."),
    "unit": _("Choose a unit."),
}


async def _table(content: bytes) -> list[list[Any]]:
    def read() -> list[list[Any]]:
        try:
            book = CalamineWorkbook.from_filelike(BytesIO(content))
            return book.get_sheet_by_index(0).to_python(skip_empty_area=False)
        except (CalamineError, ValueError, OSError, IndexError) as error:
            raise InvalidInput("The file is not an Excel file (.xlsx).") from error

    return await asyncio.to_thread(read)


def _told(reading: Reading, written: Formats) -> list[dict[str, Any]]:
    index = written.language.value != "zh"
    return [
        {
            "row": obstacle.row,
            "column": COLUMNS[obstacle.column][index] if obstacle.column else "",
            "words": pages.words(written.language, obstacle.words).replace(
                "{value}", obstacle.value
            ),
        }
        for obstacle in reading.obstacles
    ]


def _problem_words(problem: Mapping[str, Any] | None, written: Formats) -> str:
    if not problem:
        return ""
    details = Refused.of_mapping(problem)
    title, remedy = told(written.language, details)
    return f"{title}{pages.words(written.language, _(': '))}{remedy}"
