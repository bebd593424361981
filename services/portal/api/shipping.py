"""Ship today: what is ready, a notice in one step, its packages, papers and story."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.orders import Side
from contracts.scopes import Scope
from services.portal.api.orders import Written
from services.portal.api.page import Form, Posted, Visitor, go, needs, page_router, show
from services.portal.api.trouble import trouble_of
from services.portal.commands import shipping as acts
from services.portal.commands.sessions import Visit
from services.portal.domain.packing import KINDS, PACKAGES_MAX, as_asked, spread
from services.portal.queries import shipping
from services.portal.queries.api import Refused
from services.portal.schemas.shipping import ReadyLine, Shipment, ShipmentState
from shared.problem import InvalidInput, NotFound
from shared.types import Search
from shared.web.formats import Formats

MENDABLE = {409, 422}
LINES_MAX = 200
STATES = "planned", "dispatched", "arrived", "received", "cancelled"
MOVES = "departure", "arrival", "cancellation"
PAPERS = "label", "delivery-note"
PDF = "application/pdf"
EXTRAS = "number", "carrier_name", "vehicle", "estimated_arrival_at", "packages", "kind"
_ = str  # marks what the catalog translates

router = page_router()

Cursor = Annotated[str | None, Query(max_length=1000)]


@router.get("/ship")
async def ready(
    request: Request, visitor: Visitor, written: Written, buyer_id: UUID | None = None
) -> Response:
    """Answer what leaves today: everything confirmed of which something is left."""
    needs(visitor, Scope.LOGISTICS_READ)
    return await _ready(request, visitor, written, buyer_id, None, None)


@router.post("/ship")
async def announce(request: Request, visitor: Visitor, form: Posted, written: Written) -> Response:
    """Make a notice of the picked lines; several orders may stand on one."""
    buyer_id = _id(form.text("buyer_id"))
    picked = [_id(text) for text in form.texts("line")[:LINES_MAX]]
    if not picked:
        refused = InvalidInput(_("Pick what leaves."))
        return await _ready(request, visitor, written, buyer_id, form, refused)
    try:
        notice = _notice(form, buyer_id, picked, written)
        shipment_id = await acts.announce(visitor.api, notice, key=form.key)
    except (InvalidInput, Refused) as refused:
        if refused.status not in MENDABLE:
            raise
        return await _ready(request, visitor, written, buyer_id, form, refused)
    return go(f"/shipments/{shipment_id}", said="announced")


@router.get("/shipments")
async def shipments(  # noqa: PLR0913, PLR0917
    request: Request,
    visitor: Visitor,
    side: Side | None = None,
    state: Annotated[str, Query(pattern=f"^({'|'.join(STATES)}|)$")] = "",
    q: Search = "",
    cursor: Cursor = None,
) -> Response:
    """List shipments, those under way first."""
    needs(visitor, Scope.LOGISTICS_READ)
    side = side or (Side.SUPPLIER if visitor.me.is_supplier else Side.BUYER)
    page, summary = await asyncio.gather(
        shipping.shipments(visitor.api, side, state=state, q=q, cursor=cursor, limit=50),
        shipping.summary(visitor.api, side),
    )
    more = f"/shipments?side={side.value}&state={state}&q={q}&cursor={page.cursor}"
    context = {
        "side": side,
        "state": state,
        "states": STATES,
        "q": q,
        "shipments": page.items,
        "summary": summary,
        "next": more if page.cursor else None,
    }
    here = "ship" if side is Side.SUPPLIER else "arrivals"
    return show(request, visitor, "shipments.html", context, here=here)


@router.get("/shipments/{shipment_id}")
async def shipment_page(request: Request, visitor: Visitor, shipment_id: UUID) -> Response:
    """Tell the story of one shipment to either side."""
    needs(visitor, Scope.LOGISTICS_READ)
    return await _shipment(request, visitor, shipment_id, {}, None)


@router.get("/shipments/{shipment_id}/packages")
async def packages(request: Request, visitor: Visitor, shipment_id: UUID) -> Response:
    """Offer to say what lies in which package."""
    needs(visitor, Scope.LOGISTICS_SHIP)
    shipment = await shipping.shipment(visitor.api, shipment_id)
    held = [package.holds for package in shipment.packages]
    wanted = request.query_params.get("packages", "")
    if wanted.isdigit() and 1 <= int(wanted) <= PACKAGES_MAX:
        held = spread([line.quantity for line in shipment.lines], int(wanted))
    return _packages(request, visitor, shipment, held, None)


@router.post("/shipments/{shipment_id}/packages")
async def pack(request: Request, visitor: Visitor, shipment_id: UUID, form: Posted) -> Response:
    """Keep what lies in which package; each is given its number."""
    shipment = await shipping.shipment(visitor.api, shipment_id)
    count = min(len({name.split("-")[1] for name in form.fields if name.startswith("in-")}), 200)
    held = [
        {
            line.sequence: _number(form.text(f"in-{n}-{line.sequence}"))
            for line in shipment.lines
            if _number(form.text(f"in-{n}-{line.sequence}")) > 0
        }
        for n in range(count)
    ]
    kind = form.text("kind") if form.text("kind") in KINDS else next(iter(KINDS))
    try:
        await acts.pack(visitor.api, shipment_id, as_asked([one for one in held if one], kind))
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return _packages(request, visitor, shipment, held, refused)
    return go(f"/shipments/{shipment_id}", said="packed")


@router.get("/shipments/{shipment_id}/{paper}")
async def paper(visitor: Visitor, shipment_id: UUID, paper: str) -> Response:
    """Return the labels or the delivery note, to be printed."""
    if paper not in PAPERS:
        raise NotFound("There is no such paper.")
    content = await shipping.document(visitor.api, shipment_id, paper)
    headers = {"content-disposition": f'inline; filename="{paper}.pdf"'}
    return Response(content, media_type=PDF, headers={**headers, "cache-control": "no-store"})


@router.post("/shipments/{shipment_id}/{move}")
async def moved(  # noqa: PLR0913, PLR0917
    request: Request,
    visitor: Visitor,
    shipment_id: UUID,
    move: str,
    form: Posted,
    written: Written,
) -> Response:
    """Tell that it left or arrived, when it is expected, or that it does not come."""
    if move not in MOVES:
        raise NotFound("That cannot be told of a shipment.")
    given = {name: form.text(name) for name in ("at", "estimated_at", "reason")}
    try:
        said = {
            name: _instant(text, written) if name != "reason" else text
            for name, text in given.items()
            if text
        }
        await acts.move(visitor.api, shipment_id, move, said, key=form.key)
    except (InvalidInput, Refused) as refused:
        if refused.status not in MENDABLE:
            raise
        return await _shipment(request, visitor, shipment_id, given, refused)
    only_estimated = bool(given["estimated_at"]) and form.text("act") == "estimate"
    return go(f"/shipments/{shipment_id}", said="estimated" if only_estimated else move)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("There is no such line.") from error


def _number(text: str) -> Decimal:
    try:
        found = Decimal(text.replace(",", "") or "0")
    except InvalidOperation:
        return Decimal(0)
    return found if found.is_finite() else Decimal(0)


def _instant(text: str, written: Formats) -> str:
    """Read what a date-and-time field holds, as the reader's zone means it."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(_("Write a date with a time.")) from error
    return local.replace(tzinfo=local.tzinfo or written.zone).isoformat()


def _notice(form: Form, buyer_id: UUID, picked: Sequence[UUID], written: Formats) -> dict[str, Any]:
    """Write a notice as the API takes it."""
    quantities = [_number(form.text(f"quantity-{line}")) for line in picked]
    lines = [
        {"schedule_line_id": str(line), "quantity": format(quantity, "f")}
        | ({"lot": lot} if (lot := form.text(f"lot-{line}")) else {})
        for line, quantity in zip(picked, quantities, strict=True)
    ]
    notice: dict[str, Any] = {"buyer_id": str(buyer_id), "lines": lines}
    notice |= {name: form.text(name) for name in ("number", "carrier_name", "vehicle")}
    if arrival := form.text("estimated_arrival_at"):
        notice["estimated_arrival_at"] = _instant(arrival, written)
    count = int(_number(form.text("packages")))
    kind = form.text("kind") if form.text("kind") in KINDS else next(iter(KINDS))
    if 1 <= count <= PACKAGES_MAX and all(quantities):
        notice["packages"] = as_asked(spread(quantities, count), kind)
    return {name: value for name, value in notice.items() if value}


async def _ready(  # noqa: PLR0913, PLR0917
    request: Request,
    visitor: Visit,
    written: Formats,
    buyer_id: UUID | None,
    form: Form | None,
    refused: InvalidInput | Refused | None,
) -> Response:
    page, summary = await asyncio.gather(
        shipping.ready_lines(visitor.api, Side.SUPPLIER, limit=LINES_MAX),
        shipping.summary(visitor.api, Side.SUPPLIER),
    )
    buyers: dict[UUID, tuple[str, int]] = {}
    for line in page.items:
        name, count = buyers.get(line.buyer_id, (line.buyer_name, 0))
        buyers[line.buyer_id] = name, count + 1
    chosen = buyer_id if buyer_id in buyers else next(iter(buyers), None)
    lines = [line for line in page.items if line.buyer_id == chosen]
    context = {
        "lines": lines,
        "buyers": buyers,
        "buyer_id": chosen,
        "summary": summary,
        "late": [line for line in page.items if line.until < written.today],
        "due": [line for line in page.items if line.until == written.today],
        "given": _given(form, lines, written),
        "wrong": _wrong(form, lines, refused),
        "kinds": KINDS,
        "is_cut": page.next is not None,
        "trouble_words": trouble_of(request, refused),
    }
    status = 422 if refused else 200
    return show(request, visitor, "ship.html", context, here="ship", status=status)


def _given(form: Form | None, lines: Sequence[ReadyLine], written: Formats) -> dict[str, Any]:
    """Fill the form in: as it was sent, or with what should leave today."""
    if form is None:
        due = [line for line in lines if line.until <= written.today and line.ready > 0]
        return {
            "picked": {str(line.schedule_line_id) for line in due},
            "quantities": {str(line.schedule_line_id): line.ready for line in lines},
            "lots": {},
            "packages": "1",
        }
    ids = [str(line.schedule_line_id) for line in lines]
    return {
        "picked": set(form.texts("line")),
        "quantities": {line: form.text(f"quantity-{line}") for line in ids},
        "lots": {line: form.text(f"lot-{line}") for line in ids},
        **{name: form.text(name) for name in EXTRAS},
    }


def _wrong(
    form: Form | None, lines: Sequence[ReadyLine], refused: InvalidInput | Refused | None
) -> Mapping[str, str]:
    """Say beside which line what is wrong: nothing to ship, or more than is left."""
    if form is None or refused is None:
        return {}
    picked, wrong = set(form.texts("line")), {}
    for line in lines:
        key = str(line.schedule_line_id)
        asked = _number(form.text(f"quantity-{key}"))
        if key in picked and asked <= 0:
            wrong[key] = "nothing"
        elif key in picked and asked > line.most_to_ship:
            wrong[key] = "too-many"
    return wrong


def _packages(
    request: Request,
    visitor: Visit,
    shipment: Shipment,
    held: Sequence[Mapping[int, Decimal]],
    refused: Refused | None,
) -> Response:
    context = {
        "shipment": shipment,
        "held": held or [{line.sequence: line.quantity for line in shipment.lines}],
        "kinds": KINDS,
        "kind": shipment.packages[0].kind if shipment.packages else next(iter(KINDS)),
        "trouble_words": trouble_of(request, refused),
    }
    status = 422 if refused else 200
    return show(request, visitor, "shipment_packages.html", context, here="ship", status=status)


async def _shipment(
    request: Request,
    visitor: Visit,
    shipment_id: UUID,
    given: Mapping[str, str],
    refused: InvalidInput | Refused | None,
) -> Response:
    shipment = await shipping.shipment(visitor.api, shipment_id)
    side = shipment.side_of(visitor.me.organization.id)
    scope = Scope.LOGISTICS_SHIP if side is Side.SUPPLIER else Scope.LOGISTICS_RECEIVE
    context = {
        "shipment": shipment,
        "side": side,
        "is_open": shipment.state in {ShipmentState.PLANNED, ShipmentState.DISPATCHED},
        "may_act": visitor.me.may(scope),
        "story": sorted(shipment.story, key=lambda entry: entry.recorded_at, reverse=True),
        "kinds": KINDS,
        "given": given,
        "trouble_words": trouble_of(request, refused),
    }
    here = "ship" if side is Side.SUPPLIER else "arrivals"
    status = 422 if refused else 200
    return show(request, visitor, "shipment.html", context, here=here, status=status)
