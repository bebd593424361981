"""Place orders: one is a batch of one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, Text, Uuid, any_, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.onboarding import RelationshipState
from services.orders.commands.partners import ITEM_COLUMNS
from services.orders.domain.orders import (
    ONCE_ORDERABLE,
    ORDERABLE,
    AsBefore,
    IdTaken,
    Known,
    LineAsked,
    OrderAsked,
    Placed,
    PricedLine,
    as_before,
    judge,
)
from services.orders.models import Item, Order, Relationship
from services.orders.queries.orders import placed_lines
from services.orders.schemas.orders import PlacedLineOut
from shared.auth import Caller
from shared.database import statement
from shared.events import published
from shared.problem import Problem
from shared.trace import traceparent

PLACE_ORDERS = statement("services.orders.commands", "place_orders.sql")


class Placement(NamedTuple):
    """An order that is there now, whether it was there before, and its lines."""

    order_id: UUID
    new: bool
    lines: list[PlacedLineOut]


async def place(
    session: AsyncSession,
    *,
    caller: Caller,
    orders: Sequence[OrderAsked],
    at: datetime,
    history: Sequence[datetime | None] | None = None,
) -> list[Placement | Problem]:
    """Place orders in turn and announce each; return what became of each.

    One that is there with the same content is left alone; another under its number, or without
    an active relationship, is refused. `history` tells when each was placed (None: unknown) and
    marks them as imported: then the relationship may have ended since.
    """
    judged: list[Placed | AsBefore | Problem] = list(
        judge(
            orders,
            known=await _known(session, caller, orders),
            relationships=await _states(session, caller, orders),
            orderable=ORDERABLE if history is None else ONCE_ORDERABLE,
        )
    )
    happened = [at] * len(orders) if history is None else history
    new = [
        (outcome, when)
        for outcome, when in zip(judged, happened, strict=True)
        if isinstance(outcome, Placed)
    ]
    lines = await _write(session, caller, new, at, imported=history is not None) if new else {}
    rivals = [placed.order for placed, _ in new if placed.order.id not in lines]
    there = await _known(session, caller, rivals) if rivals else {}
    known = [_settled(outcome, lines, there) for outcome in judged]
    before = [outcome.order_id for outcome in known if isinstance(outcome, AsBefore)]
    lines |= await placed_lines(session, [id_ for id_ in before if id_ not in lines])
    return [
        outcome
        if isinstance(outcome, Problem)
        else Placement(outcome.order_id, isinstance(outcome, _New), lines[outcome.order_id])
        for outcome in known
    ]


class _New(NamedTuple):
    order_id: UUID


def _settled(
    outcome: Placed | AsBefore | Problem,
    stored: Mapping[UUID, Any],
    there: Mapping[str, Known],
) -> _New | AsBefore | Problem:
    """Say what became of an order, also where somebody else placed it at the same moment."""
    if not isinstance(outcome, Placed):
        return outcome
    if outcome.order.id in stored:
        return _New(outcome.order.id)
    rival = there.get(outcome.order.number)
    if rival is None:
        return IdTaken("Draw a new id, or leave it out.")
    try:
        return as_before(outcome.order, outcome.digest, rival)
    except Problem as refusal:
        return refusal


async def _write(
    session: AsyncSession,
    caller: Caller,
    new: Sequence[tuple[Placed, datetime | None]],
    at: datetime,
    *,
    imported: bool,
) -> dict[UUID, list[PlacedLineOut]]:
    """Store orders and announce them; return the lines of those that nobody else had placed."""
    await _know_items(session, caller, [placed for placed, _ in new], at)
    documents = _documents(new)
    given = {name: orjson.dumps(rows).decode() for name, rows in documents.items()} | {
        "buyer_id": caller.organization_id,
        "by": caller.name,
        "user_id": caller.user_id,
        "client_id": caller.client_id,
        "at": at,
        "imported": imported,
        "trace": traceparent(),
    }
    stored = set(await session.scalars(PLACE_ORDERS, given))
    published(session)
    return {id_: lines for id_, lines in _ids(documents).items() if id_ in stored}


async def _known(
    session: AsyncSession, caller: Caller, orders: Sequence[OrderAsked]
) -> dict[str, Known]:
    numbers = literal([order.number for order in orders], ARRAY(Text))
    mine = Order.buyer_id == caller.organization_id
    known = select(Order.number, Order.id, Order.digest).where(mine, Order.number == any_(numbers))
    return {number: Known(id_, digest) for number, id_, digest in await session.execute(known)}


async def _states(
    session: AsyncSession, caller: Caller, orders: Sequence[OrderAsked]
) -> dict[UUID, RelationshipState]:
    suppliers = literal(list({order.supplier_id for order in orders}), ARRAY(Uuid))
    states = select(Relationship.supplier_id, Relationship.state).where(
        Relationship.buyer_id == caller.organization_id, Relationship.supplier_id == any_(suppliers)
    )
    return {id_: RelationshipState(state) for id_, state in await session.execute(states)}


async def _know_items(
    session: AsyncSession, caller: Caller, orders: Sequence[Placed], at: datetime
) -> None:
    """Create the items that are ordered for the first time, in one order for all batches."""
    asked: dict[str, tuple[str, str]] = {}
    for placed in orders:
        for line in placed.order.lines:
            asked.setdefault(line.item_number, (line.item_name, line.unit))
    numbers = sorted(asked)
    names, units = (list(column) for column in zip(*(asked[n] for n in numbers), strict=True))
    arrays = (literal(column, ARRAY(Text)) for column in (numbers, names, units))
    found = func.unnest(*arrays).table_valued("number", "name", "unit").render_derived()
    rows = select(literal(caller.organization_id), *found.c, literal(at)).order_by(found.c.number)
    creating = insert(Item).from_select(ITEM_COLUMNS, rows, include_defaults=False)
    await session.execute(creating.on_conflict_do_nothing())


def _documents(new: Sequence[tuple[Placed, datetime | None]]) -> dict[str, list[dict[str, Any]]]:
    """Write orders, lines and their parts as three lists, each line and part under its own id."""
    orders, lines, parts = [], [], []
    for placed, when in new:
        order = placed.order
        orders.append(
            {
                "id": order.id,
                "supplier_id": order.supplier_id,
                "number": order.number,
                "currency": order.currency,
                "incoterm": order.incoterm,
                "incoterm_place": order.incoterm_place,
                "amount_minor": placed.amount_minor,
                "line_count": len(order.lines),
                "digest": f"\\x{placed.digest.hex()}",
                "occurred_at": when,
            }
        )
        for line, priced in zip(order.lines, placed.lines, strict=True):
            line_id = uuid7()
            lines.append(_line(line_id, order.id, line, priced))
            parts += [
                {
                    "id": uuid7(),
                    "line_id": line_id,
                    "sequence": sequence,
                    "quantity": str(wanted.quantity),
                    "amount_minor": minor,
                    "due_on": wanted.due_on,
                }
                for sequence, (wanted, minor) in enumerate(
                    zip(line.wanted, priced.parts_minor, strict=True), start=1
                )
            ]
    return {"orders": orders, "lines": lines, "parts": parts}


def _line(line_id: UUID, order_id: UUID, line: LineAsked, priced: PricedLine) -> dict[str, Any]:
    return {
        "id": line_id,
        "order_id": order_id,
        "position": line.position,
        "item_number": line.item_number,
        "item_name": line.item_name,
        "unit": line.unit,
        "plant": line.plant,
        "quantity": str(line.quantity),
        "price": str(line.price),
        "price_unit": line.price_unit,
        "amount_minor": priced.amount_minor,
        "computed_minor": priced.computed_minor,
    }


def _ids(documents: Mapping[str, list[dict[str, Any]]]) -> dict[UUID, list[PlacedLineOut]]:
    """Return under which ids new lines are kept, by order."""
    parts: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for part in documents["parts"]:
        parts[part["line_id"]].append(part["id"])
    ids: defaultdict[UUID, list[PlacedLineOut]] = defaultdict(list)
    for line in sorted(documents["lines"], key=itemgetter("position")):
        kept = PlacedLineOut.model_construct(
            position=line["position"],
            line_id=line["id"],
            schedule_line_ids=parts[line["id"]],
        )
        ids[line["order_id"]].append(kept)
    return ids
