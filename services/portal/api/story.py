"""One order: whose turn it is, how its lines stand, what happened, and what can be done."""

import asyncio
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from markupsafe import Markup
from pydantic import ValidationError

from contracts.orders import Light, Side
from contracts.scopes import Scope
from contracts.values import Money
from services.portal.api.books import picture_of
from services.portal.api.orders import Written
from services.portal.api.page import Posted, Visitor, go, needs, page_router, show
from services.portal.commands import orders as acts
from services.portal.commands.sessions import Visit
from services.portal.domain.pictures import axis_for
from services.portal.domain.turns import turns
from services.portal.queries import orders
from services.portal.schemas.orders import Entry, Order
from shared.web.formats import Formats

PLATFORM_KINDS = {"slippage_predicted", "turned_late", "recovered", "completed"}
STORY_SHOWN = 20  # what came before is folded away

router = page_router()


@router.get("/orders/{order_id}")
async def order_page(
    request: Request, visitor: Visitor, order_id: UUID, written: Written
) -> Response:
    """Tell the story of one order to either side."""
    needs(visitor, Scope.ORDERS_READ)
    order, story = await asyncio.gather(
        orders.order(visitor.api, order_id), orders.story(visitor.api, order_id)
    )
    context = _context(visitor, order, story, written)
    here = context["side"].value
    return show(request, visitor, "order.html", context, here=here)


@router.post("/orders/{order_id}/confirmation")
async def confirm_all(order_id: UUID, visitor: Visitor, form: Posted) -> Response:
    """Promise every unconfirmed line as the buyer asked."""
    order = await orders.order(visitor.api, order_id)
    lines = [row.id for row in order.schedule_lines if row.light is Light.UNCONFIRMED]
    results = await acts.confirm_as_asked(visitor.api, lines, key=form.key) if lines else []
    refused = any(result["status"] == "refused" for result in results)
    return go(f"/orders/{order_id}", said="confirmed-partly" if refused else "confirmed")


@router.post("/orders/{order_id}/messages")
async def write(order_id: UUID, visitor: Visitor, form: Posted) -> Response:
    """Write to the other side, or remind it."""
    reminder = form.text("reminder") == "yes"
    text = form.text("text")
    await acts.write(visitor.api, order_id, text, reminder=reminder, key=form.key)
    return go(f"/orders/{order_id}", said="reminded" if reminder else "posted")


@router.post("/orders/{order_id}/changes/{change_id}/decision")
async def decide(order_id: UUID, change_id: UUID, visitor: Visitor, form: Posted) -> Response:
    """Agree to what the other side proposed, or decline it."""
    agree = form.text("agree") == "yes"
    reason = form.optional("reason")
    await acts.decide(visitor.api, change_id, agree=agree, reason=reason, key=form.key)
    back = "/answers" if form.text("back") == "answers" else f"/orders/{order_id}"
    return go(back, said="agreed" if agree else "declined")


@router.post("/orders/{order_id}/changes/{change_id}/withdrawal")
async def withdraw(order_id: UUID, change_id: UUID, visitor: Visitor, form: Posted) -> Response:
    """Take one's own proposal back."""
    await acts.withdraw(visitor.api, change_id, key=form.key)
    return go(f"/orders/{order_id}", said="withdrawn")


def may_act_for(visitor: Visit, side: Side) -> bool:
    """Tell whether somebody may speak for their side of an order."""
    return visitor.me.may(Scope.ORDERS_PLACE if side is Side.BUYER else Scope.ORDERS_CONFIRM)


def _context(visitor: Visit, order: Order, story: list[Entry], written: Formats) -> dict[str, Any]:
    side = order.side_of(visitor.me.organization.id)
    rows = order.schedule_lines
    drawn = [(row, picture_of(row, today=written.today, zone=written.zone)) for row in rows]
    reminded_by = _reminded_by(story)
    changes = [
        {**row.open_change.model_dump(), "label": _label(row.position, row.sequence)}
        for row in rows
        if row.open_change
    ]
    waited = turns(
        [row.light for row in rows], [change["proposed_by"] for change in changes], reminded_by
    )
    return {
        "order": order,
        "side": side,
        "rows": rows,
        "drawn": drawn,
        "axis": axis_for([picture for _row, picture in drawn], today=written.today),
        "changes": changes,
        "turn": next((turn for turn in waited), None),
        "reminded": reminded_by is side,
        "may_act": may_act_for(visitor, side),
        "story": _folded(story, written),
        "story_shown": STORY_SHOWN,
        **_figures(order),
        **_readers(order, written),
    }


def _figures(order: Order) -> dict[str, Any]:
    """Return what the answer at the top is made of."""
    rows = order.schedule_lines
    live = [row for row in rows if row.light is not Light.CANCELLED]
    units = {row.unit for row in live}
    late = [row for row in rows if row.light in {Light.LATE, Light.AT_RISK}]
    late.sort(key=lambda row: -row.days_late)
    minor = sum(row.amount.amount_minor for row in late)
    reported = (row.last_reported_at for row in rows if row.last_reported_at)
    return {
        "unit": units.pop() if len(units) == 1 else None,
        "done": sum((row.good for row in live), Decimal(0)),
        "wanted": sum((row.quantity for row in live), Decimal(0)),
        "last_reported": max(reported, default=None),
        "late_rows": late,
        "late_value": Money.of(minor, order.currency) if late else None,
        "count": {
            "unconfirmed": sum(row.light is Light.UNCONFIRMED for row in rows),
            "completed": sum(row.light is Light.COMPLETED for row in rows),
            "open": sum(row.is_open for row in rows),
        },
    }


def _folded(story: list[Entry], written: Formats) -> list[tuple[Entry, list[Entry]]]:
    """Fold the reports on one line and day behind the newest of them."""
    found: list[tuple[Entry, list[Entry]]] = []
    for entry in story:
        last = found[-1] if found else None
        if last and _is_more_of(last[0], entry, written):
            last[1].append(entry)
        else:
            found.append((entry, []))
    return found


def _is_more_of(newer: Entry, older: Entry, written: Formats) -> bool:
    alike = (
        newer.kind == older.kind == "reported"
        and newer.schedule_line_id == older.schedule_line_id
        and not newer.values.get("reverses")
        and not older.values.get("reverses")
    )
    if not (alike and newer.occurred_at and older.occurred_at):
        return False
    days = {at.astimezone(written.zone).date() for at in (newer.occurred_at, older.occurred_at)}
    return len(days) == 1


def _label(position: int, sequence: int) -> str:
    return f"{position}·{sequence}" if sequence > 1 else str(position)


def _reminded_by(story: list[Entry]) -> Side | None:
    """Return whose reminder has not been answered: nothing came from the other side since."""
    for entry in story:
        if entry.kind in PLATFORM_KINDS:
            continue
        return entry.side if entry.kind == "reminder" else None
    return None


def _readers(order: Order, written: Formats) -> dict[str, Callable[..., Any]]:
    """Return how a template reads the values of a story's entry."""
    operations = {row.id: row.operations for row in order.schedule_lines}

    def day(value: str | None) -> Markup:
        return written.day(date.fromisoformat(value) if value else None)

    def number(value: str | None) -> Decimal:
        try:
            return Decimal(value or 0)
        except InvalidOperation:
            return Decimal(0)

    def money(value: Any) -> str:  # noqa: ANN401  as it is on the wire
        try:
            return written.full_money(Money.model_validate(value))
        except ValidationError:
            return ""

    def operation_name(entry: Entry) -> str:
        known = operations.get(entry.schedule_line_id) if entry.schedule_line_id else None
        named = [op.name for op in known or () if op.sequence == entry.values.get("operation")]
        return named[0] if named and len(known or ()) > 1 else ""

    return {"day": day, "number": number, "money": money, "operation_name": operation_name}
