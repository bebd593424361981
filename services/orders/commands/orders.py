"""Place orders: one is a batch of one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

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
    OrderAsked,
    Placed,
    as_before,
    judge,
)
from services.orders.models import Item, Order, Relationship
from shared.auth import Caller
from shared.database import statement
from shared.events import published
from shared.problem import Problem
from shared.trace import traceparent

PLACE_ORDERS = statement("services.orders.commands", "place_orders.sql")


class Placement(NamedTuple):
    """An order that is there now, and whether it was there before."""

    order_id: UUID
    new: bool


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
    judged = judge(
        orders,
        known=await _known(session, caller, orders),
        relationships=await _states(session, caller, orders),
        orderable=ORDERABLE if history is None else ONCE_ORDERABLE,
    )
    happened = [at] * len(orders) if history is None else history
    new = [
        (outcome, when)
        for outcome, when in zip(judged, happened, strict=True)
        if isinstance(outcome, Placed)
    ]
    if not new:
        return [_said(outcome, frozenset(), {}) for outcome in judged]
    await _know_items(session, caller, [placed for placed, _ in new], at)
    given = _arrays(new) | {
        "buyer_id": caller.organization_id,
        "by": caller.name,
        "user_id": caller.user_id,
        "client_id": caller.client_id,
        "at": at,
        "imported": history is not None,
        "trace": traceparent(),
    }
    stored = frozenset(await session.scalars(PLACE_ORDERS, given))
    published(session)
    rivals = [placed.order for placed, _ in new if placed.order.id not in stored]
    there = await _known(session, caller, rivals) if rivals else {}
    return [_said(outcome, stored, there) for outcome in judged]


def _said(
    outcome: Placed | AsBefore | Problem, stored: frozenset[UUID], there: Mapping[str, Known]
) -> Placement | Problem:
    """Say what became of an order, also of one that somebody else placed at the same moment."""
    if isinstance(outcome, Problem):
        return outcome
    if isinstance(outcome, AsBefore):
        return Placement(outcome.order_id, new=False)
    if outcome.order.id in stored:
        return Placement(outcome.order.id, new=True)
    rival = there.get(outcome.order.number)
    if rival is None:
        return IdTaken("Draw a new id, or leave it out.")
    try:
        return Placement(as_before(outcome.order, outcome.digest, rival).order_id, new=False)
    except Problem as refusal:
        return refusal


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


def _arrays(new: Sequence[tuple[Placed, datetime | None]]) -> dict[str, list[Any]]:
    """Turn orders, lines and their parts into columns, each part under an id of its own."""
    orders, lines, parts = [], [], []
    for placed, when in new:
        order = placed.order
        orders.append(_order(placed, when))
        for line, priced in zip(order.lines, placed.lines, strict=True):
            line_id = uuid7()
            unit_price = line.price, line.price_unit, priced.amount_minor, priced.computed_minor
            item = line.item_number, line.item_name, line.unit, line.plant
            lines.append((line_id, order.id, line.position, *item, line.quantity, *unit_price))
            shared = zip(line.wanted, priced.parts_minor, strict=True)
            parts += [
                (uuid7(), line_id, sequence, wanted.quantity, minor, wanted.due_on)
                for sequence, (wanted, minor) in enumerate(shared, start=1)
            ]
    return _columns("order", orders) | _columns("line", lines) | _columns("part", parts)


def _order(placed: Placed, when: datetime | None) -> tuple[Any, ...]:
    order = placed.order
    terms = order.currency, order.incoterm, order.incoterm_place
    counted = placed.amount_minor, len(order.lines), placed.digest
    return order.id, order.supplier_id, order.number, *terms, *counted, when


def _columns(name: str, rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {f"{name}_{n}": list(column) for n, column in enumerate(zip(*rows, strict=True))}
