"""What comes in today, and counting it: by camera, by keyboard scanner, by hand."""

from base64 import b64encode
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse
from uuid_utils.compat import uuid7

from contracts.scopes import Scope
from services.portal.api.orders import Written
from services.portal.api.page import Form, Posted, Visitor, go, needs, page_router, pages, show
from services.portal.api.parts import MENDABLE, day_of, if_there, in_words
from services.portal.commands.sessions import Visit
from services.portal.queries import receiving as asked
from services.portal.queries.api import Refused
from services.portal.schemas.receiving import Arrival, Counted, Expected, Scan
from shared.problem import InvalidInput, NotFound
from shared.types import Search
from shared.web.formats import Formats
from shared.web.languages import language_of

PHOTO_TYPES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PN": "image/png"}
LINES_MAX = 500
WRONG_MAX = 20
DAY_BEGINS, DAY_ENDS = 6, 21
_ = str  # marks what the catalog translates

router = page_router()


@router.get("/arrivals")
async def arrivals(
    request: Request,
    visitor: Visitor,
    written: Written,
    on: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """Answer what comes in on a day, by dock and hour, what is late in red."""
    needs(visitor, Scope.LOGISTICS_READ)
    day = day_of(on, written.today)
    found = (await asked.arrivals(visitor.api, on=day)).items
    late = [one for one in found if one.late]
    docks = _docks(found, day, written)
    context = {
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "arrivals": found,
        "late": late,
        "there": [one for one in found if one.state == "arrived"],
        "docks": docks,
        "has_plants": any(one.plants for one in found),
        "hours": _hours(docks),
    }
    return show(request, visitor, "arrivals.html", context, here="arrivals")


def _docks(
    found: list[Arrival], day: date, written: Formats
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Put each shipment into the row of its place, in its hour; without an hour it comes first."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        local = (one.arrived_at or one.expected_at).astimezone(written.zone)
        has_hour = (one.arrived_at or one.at_an_hour) and local.date() == day
        hour = local.hour if has_hour else None
        rows.setdefault(one.place, []).append({"one": one, "at": local, "hour": hour})
    return sorted(rows.items())


def _hours(docks: list[tuple[str, list[dict[str, Any]]]]) -> range:
    """Return the hours to draw: the working day, and more where something comes then."""
    known = [cell["hour"] for _place, cells in docks for cell in cells if cell["hour"] is not None]
    return range(min([DAY_BEGINS, *known]), max([DAY_ENDS, *known]) + 1)


@router.get("/receiving")
async def scan(
    request: Request,
    visitor: Visitor,
    written: Written,
    code: Search = "",
    which: Annotated[int, Query(ge=0, le=50)] = 0,
) -> Response:
    """Offer one field to scan into; with a code, go to what it stands for."""
    needs(visitor, Scope.LOGISTICS_READ)
    if not code:
        return await _scan(request, visitor, written, {})
    try:
        found = await asked.scanned(visitor.api, code)
    except Refused as refused:
        if refused.status not in {404, *MENDABLE}:
            raise
        found = Scan(code=code, matches=[])
    if not found.matches:
        words = _("Nothing is announced under this code. Check it, or type the order number.")
        told_of = {"code": code, "trouble_words": pages.words(written.language, words)}
        return await _scan(request, visitor, written, told_of)
    if len(found.matches) > 1 and not which:
        context = {"code": code, "matches": found.matches}
        return show(request, visitor, "receiving_which.html", context, here="receiving")
    return await _count(request, visitor, Counted.scanned(found, which - 1), {}, None)


async def _scan(
    request: Request, visitor: Visit, written: Formats, told_of: dict[str, str]
) -> Response:
    waiting = await if_there(asked.arrivals(visitor.api, on=written.today), None)
    known = waiting.items if waiting else []
    known.sort(key=lambda one: (one.state != "arrived", one.expected_at))
    context = {
        "code": "",
        "trouble_words": None,
        **told_of,
        "waiting": [one for one in known if one.state in {"arrived", "dispatched"}][:12],
    }
    status = 404 if told_of.get("trouble_words") else 200
    return show(request, visitor, "receiving.html", context, here="receiving", status=status)


@router.get("/receiving/shipments/{shipment_id}")
async def count(request: Request, visitor: Visitor, shipment_id: UUID) -> Response:
    """Show what was announced, to be counted line by line."""
    needs(visitor, Scope.LOGISTICS_RECEIVE)
    found = await asked.shipment(visitor.api, shipment_id)
    return await _count(request, visitor, Counted.announced(found), {}, None)


@router.post("/receiving")
async def receive(request: Request, visitor: Visitor, form: Posted) -> Response:
    """Record what was counted; the supplier sees it at once."""
    given = {name: form.text(name) for name in form.fields if name != "csrf"}
    found = await _expected(visitor, form)
    body, trouble = _body(request, form, found)
    if not trouble:
        try:
            made = await visitor.api.send("POST", "logistics", "/receipts", body, key=form.key)
        except Refused as refused:
            if refused.status not in MENDABLE:
                raise
            trouble = in_words(request, refused)
        else:
            return go(f"/receipts/{made['id']}", said="received")
    return await _count(request, visitor, found, given, trouble)


@router.post("/receiving/arrival/{shipment_id}")
async def arrived(shipment_id: UUID, visitor: Visitor, form: Posted) -> Response:
    """Say that a shipment is at the gate, now."""
    path = f"/shipments/{shipment_id}/arrival"
    await visitor.api.send("POST", "logistics", path, {}, key=form.key)
    back = form.text("back")
    return go(back if back.startswith("/arrivals") else "/arrivals", said="arrived")


@router.post("/receiving/photos")
async def add_photo(visitor: Visitor, form: Posted) -> Response:
    """Keep a photo of what is damaged and return its number; the page sends it by itself."""
    content = await form.file("photo")
    if not content or not content.startswith(tuple(PHOTO_TYPES)):
        raise InvalidInput("Choose a photo (JPEG or PNG).")
    body = {"content": b64encode(content).decode()}
    kept = await visitor.api.send("POST", "logistics", "/photos", body, key=str(uuid7()))
    return JSONResponse({"id": kept["id"]})


@router.get("/photos/{photo_id}")
async def photo(visitor: Visitor, photo_id: UUID) -> Response:
    """Show a photo to whoever is party to its receipt."""
    answer = await visitor.api.call("GET", "logistics", f"/photos/{photo_id}")
    kind = answer.headers.get("content-type", "")
    if kind not in PHOTO_TYPES.values():
        raise NotFound("There is no such photo.")
    headers = {
        "cache-control": "private, max-age=86400",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
    }
    return Response(answer.content, media_type=kind, headers=headers)


async def _count(
    request: Request,
    visitor: Visit,
    found: Counted,
    given: dict[str, str],
    trouble: str | None,
) -> Response:
    context = {
        "found": found,
        "given": given,
        "trouble_words": trouble,
        "scanned": request.query_params.get("scanned", ""),
        "may_receive": visitor.me.may(Scope.LOGISTICS_RECEIVE),
    }
    status = 422 if trouble else 200
    return show(request, visitor, "receiving_count.html", context, here="receiving", status=status)


async def _expected(visitor: Visit, form: Form) -> Counted:
    """Ask again what is expected: a form only says what was counted."""
    try:
        if form.text("code"):
            found = await asked.scanned(visitor.api, form.text("code"))
            if found.matches:
                return Counted.scanned(found, int(form.text("which") or "1") - 1)
        shipment_id = UUID(form.text("shipment_id"))
    except ValueError as error:
        raise NotFound("There is no such shipment.") from error
    return Counted.announced(await asked.shipment(visitor.api, shipment_id))


def _body(request: Request, form: Form, found: Counted) -> tuple[dict[str, Any], str | None]:
    """Return the receipt as the API takes it, or what is wrong."""
    lines = []
    for n, line in enumerate(found.lines[:LINES_MAX]):
        received, damaged = (_number(form.text(f"{name}-{n}")) for name in ("received", "damaged"))
        if received is None or damaged is None or damaged > received:
            words = _("Check the quantities: damaged pieces are part of what was counted.")
            return {}, pages.words(language_of(request), words)
        lines.append(
            {
                **_named(line),
                "received": str(received),
                "damaged": str(damaged),
                **_noted(form, n),
            }
        )
    lines += _wrong(form)
    body: dict[str, Any] = {"lines": lines, "complete": form.text("complete") != "no"}
    if found.shipment_id:
        body["shipment_id"] = str(found.shipment_id)
    elif found.supplier_id:
        body["supplier_id"] = str(found.supplier_id)
    return body, None


def _named(line: Expected) -> dict[str, str]:
    if line.notice_line_id:
        return {"notice_line_id": str(line.notice_line_id)}
    return {"schedule_line_id": str(line.schedule_line_id)}


def _noted(form: Form, n: int) -> dict[str, str]:
    said = {"note": form.text(f"note-{n}"), "photo_id": form.text(f"photo-{n}")}
    return {name: value for name, value in said.items() if value}


def _wrong(form: Form) -> list[dict[str, str]]:
    """Return what came and was not ordered, each a line of its own."""
    items, counted = form.texts("wrong_item")[:WRONG_MAX], form.texts("wrong_received")
    return [
        {"item_number": item, "received": str(quantity), "damaged": "0"}
        for item, typed in zip(items, counted, strict=False)
        if item and (quantity := _number(typed))
    ]


def _number(typed: str) -> Decimal | None:
    try:
        value = Decimal(typed.replace(",", "") or "0")
    except InvalidOperation:
        return None
    return value if value.is_finite() and value >= 0 else None
