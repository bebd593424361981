"""Build what the other services tell, by contract; a test states only what it is about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from contracts.event import Envelope, Event
from contracts.logistics import AcceptedLine, GoodsAccepted, GoodsReceived, ReceivedLine
from contracts.onboarding import RelationshipChanged, RelationshipState, Signatory
from contracts.orders import (
    ChangeAgreed,
    LineCancelled,
    LineConfirmed,
    OrderPlaced,
    PlacedLine,
    PlacedScheduleLine,
)
from contracts.settlement import PaidPart, PaymentDue, PaymentMade
from contracts.values import Money
from services.insights.handlers import handlers
from shared.database import utc_now
from shared.events import Message
from shared.inbox import receive
from tests.conftest import Stores

_numbers = count(1)
ZERO = Decimal(0)


def sealed(*events: Event) -> list[Message]:
    """Return events as they travel; each call makes new ones."""
    return [
        Message(
            event.topic(),
            event.subject,
            Envelope.seal(event, id=uuid7(), time=utc_now()).model_dump_json().encode(),
        )
        for event in events
    ]


async def told(stores: Stores, *events: Event) -> None:
    """Let insights hear events, in order."""
    await receive(handlers, stores["insights"].system, sealed(*events), back_off_s=())


def noon(day: date) -> datetime:
    """Return an instant that lies on a day in Shanghai and in Greenwich."""
    return datetime.combine(day, time(4), UTC)


def yuan(amount: str | int) -> Money:
    return Money(amount=Decimal(amount), currency="CNY")


def minus(money: Money) -> Money:
    return Money(amount=-money.amount, currency=money.currency)


@dataclass
class Pair:
    """A buyer and a supplier, and what they tell of each other."""

    buyer_id: UUID = field(default_factory=uuid7)
    supplier_id: UUID = field(default_factory=uuid7)
    relationship_id: UUID = field(default_factory=uuid7)

    @property
    def both(self) -> dict[str, UUID]:
        return {"buyer_id": self.buyer_id, "supplier_id": self.supplier_id}

    def related(self, **given: Any) -> RelationshipChanged:  # noqa: ANN401
        values = {
            "relationship_id": self.relationship_id,
            "buyer_name": "比邻汽车",
            "supplier_name": "宏远精密",
            "state": RelationshipState.ACTIVE,
            "since": date(2026, 1, 5),
            "changed_at": noon(date(2026, 1, 5)),
            "supplier": Signatory(region="440306", industry="C3670", group="S"),
        }
        return RelationshipChanged(**values | self.both | given)

    def placed(
        self,
        on: date,
        amount: str = "100",
        quantities: Sequence[int] = (10,),
        **given: Any,  # noqa: ANN401
    ) -> OrderPlaced:
        parts = [
            PlacedScheduleLine(schedule_line_id=uuid7(), quantity=Decimal(number), due_on=on)
            for number in quantities
        ]
        number = f"PO-{next(_numbers)}"
        line = PlacedLine(
            line_id=uuid7(),
            position=10,
            item_number="A",
            item_name="Housing",
            unit="C62",
            amount=yuan(amount),
            schedule_lines=parts,
        )
        values = {
            "order_id": uuid7(),
            "number": number,
            "lines": [line],
            "occurred_at": noon(on),
            "recorded_at": noon(on),
        }
        return OrderPlaced(**values | self.both | given)

    def confirmed(
        self,
        order: OrderPlaced,
        promised_on: date,
        *,
        part: int = 0,
        **given: Any,  # noqa: ANN401
    ) -> LineConfirmed:
        schedule_line = order.lines[0].schedule_lines[part]
        assert order.occurred_at or given
        values = {
            "order_id": order.order_id,
            "schedule_line_id": schedule_line.schedule_line_id,
            "order_number": order.number,
            "position": 10,
            "sequence": part + 1,
            "item_number": "A",
            "item_name": "Housing",
            "quantity": schedule_line.quantity,
            "unit": "C62",
            "due_on": schedule_line.due_on,
            "promised_on": promised_on,
            "occurred_at": (order.occurred_at or order.recorded_at) + timedelta(hours=24),
            "recorded_at": order.recorded_at,
        }
        return LineConfirmed(**values | self.both | given)

    def changed(
        self,
        line: LineConfirmed,
        promised_on: date | None,
        **given: Any,  # noqa: ANN401
    ) -> ChangeAgreed:
        values = {
            "order_id": line.order_id,
            "schedule_line_id": line.schedule_line_id,
            "change_id": uuid7(),
            "kind": "reschedule" if promised_on else "cancel",
            "quantity": line.quantity,
            "promised_on": promised_on,
            "occurred_at": line.occurred_at,
            "recorded_at": line.recorded_at,
        }
        return ChangeAgreed(**values | self.both | given)

    def cancelled(self, order: OrderPlaced, *, part: int = 0) -> LineCancelled:
        return LineCancelled(
            order_id=order.order_id,
            schedule_line_id=order.lines[0].schedule_lines[part].schedule_line_id,
            reason="not needed",
            occurred_at=order.recorded_at,
            recorded_at=order.recorded_at,
            **self.both,
        )

    def received(self, line: LineConfirmed, on: date, quantity: int | Decimal) -> GoodsReceived:
        return GoodsReceived(
            receipt_id=uuid7(),
            number=f"GR-{next(_numbers)}",
            lines=[
                ReceivedLine(
                    receipt_line_id=uuid7(),
                    order_id=line.order_id,
                    schedule_line_id=line.schedule_line_id,
                    item_number="A",
                    unit="C62",
                    received=Decimal(quantity),
                    over=ZERO,
                    missing=ZERO,
                    damaged=ZERO,
                )
            ],
            delivered_on=on,
            inspection_ends_on=on + timedelta(days=3),
            occurred_at=noon(on),
            recorded_at=noon(on),
            **self.both,
        )

    def accepted(self, receipt: GoodsReceived, on: date, *, rejected: int = 0) -> GoodsAccepted:
        [line] = receipt.lines
        assert line.order_id
        assert line.schedule_line_id
        return GoodsAccepted(
            acceptance_id=uuid7(),
            receipt_id=receipt.receipt_id,
            number=receipt.number,
            lines=[
                AcceptedLine(
                    receipt_line_id=line.receipt_line_id,
                    order_id=line.order_id,
                    schedule_line_id=line.schedule_line_id,
                    accepted=line.received - rejected,
                    rejected=Decimal(rejected),
                )
            ],
            deemed=False,
            delivered_on=receipt.delivered_on,
            inspection_ends_on=receipt.inspection_ends_on,
            accepted_on=on,
            occurred_at=noon(on),
            recorded_at=noon(on),
            **self.both,
        )

    def due(
        self,
        amount: str,
        delivered_on: date,
        contract: date,
        legal: date | None,
        **given: Any,  # noqa: ANN401
    ) -> PaymentDue:
        values = {
            "payable_id": uuid7(),
            "amount": yuan(amount),
            "delivered_on": delivered_on,
            "started_on": delivered_on,
            "contract_due_on": contract,
            "legal_latest_on": legal,
            "rules": "cn-2025-06-01",
            "recorded_at": noon(delivered_on),
        }
        return PaymentDue(**values | self.both | given)

    def paid(self, on: date, *parts: tuple[PaymentDue, str]) -> PaymentMade:
        settled = [
            PaidPart(
                payable_id=debt.payable_id,
                invoice_id=uuid7(),
                amount=yuan(amount),
                delivered_on=debt.delivered_on,
                contract_due_on=debt.contract_due_on,
                legal_latest_on=debt.legal_latest_on,
            )
            for debt, amount in parts
        ]
        return PaymentMade(
            payment_id=uuid7(),
            amount=yuan(sum(part.amount.amount for part in settled)),  # type: ignore[arg-type]
            parts=settled,
            paid_on=on,
            occurred_at=noon(on),
            recorded_at=noon(on),
            **self.both,
        )

    def back(self, payment: PaymentMade, on: date) -> PaymentMade:
        """Tell that a payment bounced: the same with a minus sign."""
        parts = [part.model_copy(update={"amount": minus(part.amount)}) for part in payment.parts]
        changed = {"payment_id": uuid7(), "reverses": payment.payment_id, "paid_on": on}
        return payment.model_copy(
            update=changed | {"parts": parts, "amount": minus(payment.amount)}
        )

    def year(self, start: date = date(2026, 1, 6)) -> Iterator[Event]:
        """Tell of a year in which nearly everything happens that can."""
        yield self.related()
        for number in range(6):
            on = start + timedelta(days=37 * number)
            order = self.placed(on, f"{1000 + number}.50", (10, 5))
            promise = on + timedelta(days=20)
            line = self.confirmed(order, promise)
            yield from (order, line)
            if number % 2:
                yield self.changed(line, promise + timedelta(days=20))
            if number == 4:
                yield self.cancelled(order, part=1)
            receipt = self.received(line, promise - timedelta(days=1), 6)
            rest = self.received(line, promise + timedelta(days=number - 2), 4)
            yield from (receipt, rest, self.accepted(receipt, promise + timedelta(days=2)))
            yield self.accepted(rest, promise + timedelta(days=3), rejected=number % 3)
            debt = self.due("600.30", promise, *[promise + timedelta(days=60)] * 2)
            yield debt
            late = 10 * number - 30
            payment = self.paid(promise + timedelta(days=60 + late), (debt, "400.00"))
            yield payment
            if number == 3:
                yield self.back(payment, promise + timedelta(days=66))
            if number != 2:
                yield self.paid(promise + timedelta(days=70), (debt, "200.30"))
