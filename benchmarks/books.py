"""Books to post to: what was accepted and invoiced, told as other services tell it."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import orjson
from uuid_utils.compat import uuid7

from benchmarks.load import call, post
from benchmarks.seeding import made_id
from benchmarks.stage import Stage
from contracts.event import Envelope, Event
from contracts.logistics import AcceptedLine, GoodsAccepted, GoodsReceived, ReceivedLine
from contracts.onboarding import RelationshipChanged, RelationshipState, Signatory, Size
from contracts.orders import OrderPlaced, PlacedLine, PlacedScheduleLine
from contracts.scopes import Scope
from contracts.values import Money
from services.settlement.handlers import handlers
from shared.database import open_store
from shared.events import Message
from shared.inbox import receive

BUYER = made_id(90, 1)
AMOUNT = Decimal("90000.00")  # below what two persons approve, and more than a run can pay


def opened(stage: Stage, port: int, *, count: int) -> list[UUID]:
    """Open the books of one buyer with so many suppliers; return an invoice of each, payable."""
    suppliers = [made_id(91, number) for number in range(count)]
    asyncio.run(_hear(stage.url, suppliers))
    invoices = []
    for number, supplier_id in enumerate(suppliers):
        token = stage.token(supplier_id, Scope.SETTLEMENT_INVOICE)
        body = {"buyer_id": str(BUYER), "number": f"R-{number}"}
        request = post("/api/settlement/v1/invoices/from-receipts", body, token=token)
        status, answer = call(port, request)
        assert status == 201, answer  # noqa: PLR2004
        invoices.append(UUID(orjson.loads(answer)["id"]))
    return invoices


async def _hear(url: str, suppliers: Sequence[UUID]) -> None:
    store = open_store(url, service="settlement")
    try:
        for supplier_id in suppliers:
            told = [_message(event) for event in _story(supplier_id)]
            await receive(handlers, store.system, told, back_off_s=())
    finally:
        await store.close()


def _message(event: Event) -> Message:
    envelope = Envelope.seal(event, id=uuid4(), time=datetime.now(UTC))
    body = envelope.model_dump_json(exclude_none=True).encode()
    return Message(event.topic(), event.subject, body)


def _story(supplier_id: UUID) -> Iterator[Event]:
    now, today = datetime.now(UTC), datetime.now(UTC).date()
    parties: dict[str, Any] = {"buyer_id": BUYER, "supplier_id": supplier_id}
    order_id, part, receipt_line = uuid7(), uuid7(), uuid7()
    then = {"occurred_at": now, "recorded_at": now, "imported": False}
    yield RelationshipChanged(
        **parties,
        relationship_id=uuid7(),
        buyer_name="买方",
        supplier_name="供应商",
        state=RelationshipState.ACTIVE,
        signed_on=date(2026, 1, 5),
        buyer=Signatory(size=Size.LARGE),
        supplier=Signatory(size=Size.SMALL),
        changed_at=now,
    )
    yield _placed(parties, order_id, part, today, then)
    receipt: dict[str, Any] = {
        **parties,
        "receipt_id": uuid7(),
        "number": f"GR-{order_id.hex[-8:]}",
        "delivered_on": today,
        "inspection_ends_on": today,
        **then,
    }
    line = {"order_id": order_id, "schedule_line_id": part, "receipt_line_id": receipt_line}
    received = {"item_number": "H-0", "unit": "C62", "received": Decimal(10)}
    nothing = dict.fromkeys(("over", "missing", "damaged"), Decimal(0))
    yield GoodsReceived(**receipt, lines=[ReceivedLine(**line, **received, **nothing)])
    judged = AcceptedLine(**line, accepted=Decimal(10), rejected=Decimal(0))
    acceptance = {"acceptance_id": uuid7(), "deemed": False, "accepted_on": today}
    yield GoodsAccepted(**receipt, **acceptance, lines=[judged])


def _placed(
    parties: dict[str, Any], order_id: UUID, part: UUID, today: date, then: dict[str, Any]
) -> OrderPlaced:
    schedule = PlacedScheduleLine(schedule_line_id=part, quantity=Decimal(10), due_on=today)
    line = PlacedLine(
        line_id=uuid7(),
        position=10,
        item_number="H-0",
        item_name="Housing",
        unit="C62",
        amount=Money(amount=AMOUNT, currency="CNY"),
        schedule_lines=[schedule],
    )
    number = f"PO-{order_id.hex[-8:]}"
    return OrderPlaced(order_id=order_id, **parties, number=number, lines=[line], **then)
