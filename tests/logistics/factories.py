"""Build what logistics hears of, the way it hears it; a test states only what it is about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from httpx2 import AsyncClient
from sqlalchemy import select, text
from uuid_utils.compat import uuid7

from contracts.event import Envelope, Event
from contracts.onboarding import RelationshipChanged, RelationshipState, Terms
from contracts.orders import LineConfirmed, OrderPlaced, PlacedLine, PlacedScheduleLine
from contracts.scopes import Scope
from contracts.values import Money
from services.logistics.commands import lines
from services.logistics.models import ScheduleLine
from services.logistics.queries.checks import CHECKS
from shared.database import Store, transaction
from tests.conftest import SignIn
from tests.network import relayed

NOW = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)  # a Friday morning in Shanghai
DUE = date(2026, 12, 22)


@dataclass
class Trade:
    """A buyer and a supplier with an order, whose lines are confirmed."""

    buyer_id: UUID = field(default_factory=uuid7)
    supplier_id: UUID = field(default_factory=uuid7)
    order_id: UUID = field(default_factory=uuid7)
    number: str = "4500001234"
    lines: list[UUID] = field(default_factory=list)  # schedule lines
    placed: OrderPlaced | None = None


def related(trade: Trade, **given: Any) -> RelationshipChanged:  # noqa: ANN401
    """Return a relationship that is active, with terms as given."""
    terms = {name: given.pop(name) for name in list(given) if name in Terms.model_fields}
    defaults: dict[str, Any] = {
        "relationship_id": uuid7(),
        "buyer_id": trade.buyer_id,
        "buyer_name": "阿尔法汽车 Alpha Cars",
        "supplier_id": trade.supplier_id,
        "supplier_name": "贝塔五金 Beta Metal",
        "state": RelationshipState.ACTIVE,
        "terms": Terms(**terms),
        "changed_at": NOW,
    }
    return RelationshipChanged(**defaults | given)


def placed(trade: Trade, quantities: Sequence[Decimal]) -> OrderPlaced:
    """Return an order with a line of one schedule line for each quantity."""
    return OrderPlaced(
        order_id=trade.order_id,
        buyer_id=trade.buyer_id,
        supplier_id=trade.supplier_id,
        number=trade.number,
        lines=[
            PlacedLine(
                line_id=uuid7(),
                position=10 * place,
                item_number=f"H-{place}",
                item_name=f"外壳 Housing {place}",
                unit="C62",
                amount=Money(amount=Decimal(100), currency="CNY"),
                schedule_lines=[
                    PlacedScheduleLine(schedule_line_id=id_, quantity=quantity, due_on=DUE)
                ],
            )
            for place, (id_, quantity) in enumerate(zip(trade.lines, quantities, strict=True), 1)
        ],
        occurred_at=NOW,
        recorded_at=NOW,
    )


def confirmed(trade: Trade, place: int, **given: Any) -> LineConfirmed:  # noqa: ANN401
    """Return the promise of a line as it was ordered, or as given."""
    assert trade.placed
    line = trade.placed.lines[place]
    [part] = line.schedule_lines
    defaults: dict[str, Any] = {
        "order_id": trade.order_id,
        "schedule_line_id": part.schedule_line_id,
        "buyer_id": trade.buyer_id,
        "supplier_id": trade.supplier_id,
        "order_number": trade.number,
        "position": line.position,
        "sequence": 1,
        "item_number": line.item_number,
        "item_name": line.item_name,
        "quantity": part.quantity,
        "unit": line.unit,
        "due_on": part.due_on,
        "promised_on": DUE,
        "occurred_at": NOW,
        "recorded_at": NOW,
    }
    return LineConfirmed(**defaults | given)


async def a_trade(
    store: Store,
    *quantities: int,
    confirm: bool = True,
    trade: Trade | None = None,
    **terms: Any,  # noqa: ANN401
) -> Trade:
    """Let a buyer and a supplier meet, order and (unless told otherwise) confirm."""
    trade = trade or Trade()
    trade.lines = [uuid7() for _ in quantities]
    trade.placed = placed(trade, [Decimal(quantity) for quantity in quantities])
    async with transaction(store.system) as session:
        await lines.keep_relationship(session, related(trade, **terms))
        await lines.keep_order(session, trade.placed, at=NOW)
    if confirm:
        async with transaction(store.system) as session:
            for place in range(len(quantities)):
                await lines.confirm(session, confirmed(trade, place), at=NOW)
    return trade


@dataclass
class Sides:
    """Both sides of a trade, behind the API."""

    buyer: AsyncClient
    supplier: AsyncClient


def sides(sign_in: SignIn, trade: Trade) -> Sides:
    """Sign both sides of a trade in."""
    read = Scope.LOGISTICS_READ
    return Sides(
        sign_in("logistics", trade.buyer_id, read, Scope.LOGISTICS_RECEIVE, name="Wang Fang"),
        sign_in("logistics", trade.supplier_id, read, Scope.LOGISTICS_SHIP, name="Li Wei"),
    )


def notice(trade: Trade, *quantities: int, **given: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a notice of so much of each line of a trade, in turn."""
    named = [
        {"schedule_line_id": str(id_), "quantity": str(quantity)}
        for id_, quantity in zip(trade.lines, quantities, strict=False)
    ]
    return {"buyer_id": str(trade.buyer_id), "lines": named, **given}


async def done(answer: Any) -> Any:  # noqa: ANN401  a request under way
    """Return what was answered to a request that must succeed."""
    response = await answer
    assert response.is_success, response.text
    return response.json()


async def shipped(both: Sides, trade: Trade, *quantities: int, **given: Any) -> Any:  # noqa: ANN401
    """Let a supplier announce a shipment and send it on its way."""
    planned = await done(both.supplier.post("shipments", json=notice(trade, *quantities, **given)))
    return await done(both.supplier.post(f"shipments/{planned['id']}/departure", json={}))


def counted(shipment: Any, *received: int, **given: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a receipt of so much of each line of a shipment, in turn."""
    named = [
        {"notice_line_id": line["id"], "received": str(quantity)}
        for line, quantity in zip(shipment["lines"], received, strict=False)
    ]
    return {"shipment_id": shipment["id"], "lines": named, **given}


async def violations(store: Store) -> dict[str, list[Any]]:
    """Return what breaks an invariant of quantities; tests have a time of their own."""
    about = {name: sql for name, sql in CHECKS.items() if "current_date" not in sql}
    async with transaction(store.system) as session:
        found = {name: (await session.execute(text(sql))).all() for name, sql in about.items()}
    return {name: list(rows) for name, rows in found.items() if rows}


async def announced(store: Store, *types: type[Event]) -> list[Any]:
    """Take what was announced off the outbox; each must be as its contract says."""
    events = [Envelope.model_validate_json(sent.body).open() for sent in await relayed(store)]
    assert None not in events
    return [event for event in events if not types or isinstance(event, types)]


async def line_of(store: Store, schedule_line_id: UUID) -> ScheduleLine:
    """Return a schedule line as it stands."""
    async with transaction(store.system) as session:
        asked = select(ScheduleLine).where(ScheduleLine.id == schedule_line_id)
        return (await session.scalars(asked)).one()


def whole(row: Any, *names: str) -> tuple[Any, ...]:  # noqa: ANN401  a row
    """Return what stands in a row, quantities as whole numbers."""
    values = (getattr(row, name) for name in names)
    return tuple(int(value) if isinstance(value, Decimal) else value for value in values)
