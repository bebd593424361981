"""Build orders, parties and what other services tell; a test states only what it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from httpx2 import AsyncClient
from uuid_utils.compat import uuid7

from contracts.event import Envelope, Event
from contracts.onboarding import RelationshipChanged, RelationshipState
from contracts.production import OperationProgress, Prediction, ProgressReported, WorkOrderOpened
from contracts.scopes import ROLES, Role
from services.orders.handlers import handlers
from shared.database import utc_now
from shared.events import Message
from shared.inbox import receive
from tests.conftest import SignIn, Stores
from tests.network import relayed

_numbers = count(1)

BUYS = ROLES[Role.BUYER_PROCUREMENT]
SELLS = ROLES[Role.SUPPLIER_SALES]


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
    """Let the orders service hear events, in order."""
    await receive(handlers, stores["orders"].system, sealed(*events), back_off_s=())


def related(
    buyer_id: UUID,
    supplier_id: UUID,
    state: RelationshipState = RelationshipState.ACTIVE,
    **given: Any,  # noqa: ANN401
) -> RelationshipChanged:
    """Tell that a buyer and a supplier have a relationship."""
    values = {
        "relationship_id": uuid7(),
        "buyer_name": "比邻汽车",
        "supplier_name": "宏远精密",
        "vendor_number": "V-7",
        "since": date(2026, 1, 5),
        "changed_at": utc_now(),
    }
    return RelationshipChanged(
        **values | {"buyer_id": buyer_id, "supplier_id": supplier_id, "state": state} | given
    )


@dataclass(frozen=True)
class Pair:
    """A buyer and a supplier in an active relationship, signed in."""

    buyer_id: UUID
    supplier_id: UUID
    buyer: AsyncClient
    supplier: AsyncClient
    relationship: RelationshipChanged

    async def place(self, **given: Any) -> dict[str, Any]:  # noqa: ANN401
        """Place an order and return it as answered."""
        answer = await self.buyer.post("orders", json=an_order(self.supplier_id, **given))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def line(self, quantity: str = "100", **given: Any) -> dict[str, Any]:  # noqa: ANN401
        """Place an order of one schedule line and return that line."""
        placed = await self.place(lines=[a_line(quantity, **given)])
        return dict(placed["lines"][0]["schedule_lines"][0])

    async def confirmed(self, quantity: str = "100", **said: Any) -> dict[str, Any]:  # noqa: ANN401
        """Place and confirm one schedule line and return it."""
        line = await self.line(quantity)
        answer = await self.supplier.post(f"schedule-lines/{line['id']}/confirmation", json=said)
        assert answer.status_code == 201, answer.text
        return dict(answer.json()["schedule_line"])


async def a_pair(
    stores: Stores,
    sign_in: SignIn,
    *,
    buyer_id: UUID | None = None,
    supplier_id: UUID | None = None,
) -> Pair:
    """Relate two organizations and sign a person of each in."""
    buyer_id, supplier_id = buyer_id or uuid4(), supplier_id or uuid4()
    relationship = related(buyer_id, supplier_id)
    await told(stores, relationship)
    buyer = sign_in("orders", buyer_id, *BUYS, name="Lin Mei")
    supplier = sign_in("orders", supplier_id, *SELLS, name="Zhao Qiang")
    return Pair(buyer_id, supplier_id, buyer, supplier, relationship)


def in_days(days: int) -> str:
    """Return a day so far from today, as the wire has it."""
    return (utc_now().date() + timedelta(days=days)).isoformat()


def a_line(quantity: str = "100", *, due_on: str | None = None, **given: Any) -> dict[str, Any]:  # noqa: ANN401
    """Write a line of an order."""
    line = {
        "position": 10,
        "item_number": "ZX-2041",
        "item_name": "转向节，左前",
        "unit": "C62",
        "price": "12.5",
        "price_unit": 1,
        "schedule_lines": [{"quantity": quantity, "due_on": due_on or in_days(30)}],
    }
    return line | given


def an_order(supplier_id: UUID, **given: Any) -> dict[str, Any]:  # noqa: ANN401
    """Write an order."""
    order = {
        "number": f"45{next(_numbers):08}",
        "supplier_id": str(supplier_id),
        "currency": "CNY",
        "incoterm": "DAP",
        "incoterm_place": "深圳坪山",
        "lines": [a_line()],
    }
    return order | given


async def announced(stores: Stores) -> list[Event]:
    """Relay what orders has announced and open it."""
    sent = await relayed(stores["orders"])
    events = [Envelope.model_validate_json(message.body).open() for message in sent]
    return [event for event in events if event]


class WorkOrder:
    """A work order as production tells of it, with a revision that counts up."""

    def __init__(self, line: dict[str, Any], *, names: Sequence[str] = ("完工",)) -> None:
        self.id, self.line, self.revision = uuid7(), line, 0
        self.done = {n: [Decimal(0), Decimal(0)] for n in range(1, len(names) + 1)}
        self.names = names

    def _about(self) -> dict[str, Any]:
        self.revision += 1
        line = self.line
        parties = {name: line[name] for name in ("order_id", "buyer_id", "supplier_id")}
        about = {"work_order_id": self.id, "schedule_line_id": line["id"]}
        return parties | about | {"revision": self.revision}

    def _operations(self) -> list[OperationProgress]:
        return [
            OperationProgress(sequence=n, name=name, good=self.done[n][0], scrapped=self.done[n][1])
            for n, name in enumerate(self.names, start=1)
        ]

    def opened(self) -> WorkOrderOpened:
        """Tell that the work order is there."""
        return WorkOrderOpened(**self._about(), operations=self._operations(), opened_at=utc_now())

    def reported(
        self,
        good: int,
        *,
        operation: int | None = None,
        scrapped: int = 0,
        prediction: Prediction | None = None,
        at: datetime | None = None,
    ) -> ProgressReported:
        """Tell of one report; a negative one takes something back."""
        operation, at = operation or len(self.names), at or utc_now()
        self.done[operation][0] += good
        self.done[operation][1] += scrapped
        return ProgressReported(
            **self._about(),
            report_id=uuid7(),
            operation=operation,
            good=Decimal(good),
            scrapped=Decimal(scrapped),
            completed=self.done[len(self.names)][0],
            ordered=Decimal(self.line["quantity"]),
            unit=self.line["unit"],
            operations=self._operations(),
            prediction=prediction,
            occurred_at=at,
            recorded_at=at,
        )


def predicted(days: int, *, early: int | None = None, late: int | None = None) -> Prediction:
    """Expect completion in so many days, with the early 50 % and the late 90 % edge."""

    def on(day: int) -> date:
        return utc_now().date() + timedelta(days=day)

    early, late = days if early is None else early, days if late is None else late
    return Prediction(
        predicted_on=on(days),
        early_50_on=on(early),
        late_50_on=on(days),
        early_90_on=on(early),
        late_90_on=on(late),
        started_at=datetime(2026, 11, 1, tzinfo=UTC),
        reports=4,
        done_share=Decimal("0.25"),
    )
