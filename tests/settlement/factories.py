"""Build what settlement hears of; a test states only what it is about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from uuid_utils.compat import uuid7

from contracts.event import Envelope, Event
from contracts.logistics import AcceptedLine, GoodsAccepted, GoodsReceived, ReceivedLine
from contracts.onboarding import RelationshipChanged, RelationshipState, Signatory, Size, Terms
from contracts.orders import OrderPlaced, PlacedLine, PlacedScheduleLine
from contracts.scopes import Scope
from contracts.values import Money
from services.settlement.handlers import handlers
from services.settlement.main import service
from shared.auth import Caller
from shared.database import Store, transaction
from shared.events import Message
from shared.inbox import receive
from tests.network import relayed

NOW = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
TODAY = date(2026, 11, 2)
ALL = tuple(Scope)


@dataclass
class Trade:
    """A buyer, a supplier, and one order of theirs whose lines have one part each."""

    lines: Sequence[tuple[str, str]] = (("10", "1000.00"),)  # quantity and amount
    currency: str = "CNY"
    buyer_id: UUID = field(default_factory=uuid7)
    supplier_id: UUID = field(default_factory=uuid7)
    number: str = "4500001234"
    imported: bool = False
    order_id: UUID = field(default_factory=uuid7)
    terms: Terms | None = None

    def __post_init__(self) -> None:
        self.line_ids = [uuid7() for _ in self.lines]
        self.parts = [uuid7() for _ in self.lines]
        self.relationship_id = uuid7()

    @property
    def parties(self) -> dict[str, UUID]:
        return {"buyer_id": self.buyer_id, "supplier_id": self.supplier_id}

    def met(self, **given: Any) -> RelationshipChanged:  # noqa: ANN401
        """Return that the two work together."""
        defaults: dict[str, Any] = {
            **self.parties,
            "relationship_id": self.relationship_id,
            "buyer_name": "Alpha Cars",
            "supplier_name": "Beta Metal",
            "state": RelationshipState.ACTIVE,
            "terms": self.terms,
            "signed_on": date(2026, 1, 5),
            "buyer": Signatory(size=Size.LARGE),
            "supplier": Signatory(size=Size.SMALL),
            "changed_at": NOW,
        }
        return RelationshipChanged(**defaults | given)

    def placed(self) -> OrderPlaced:
        """Return the order."""
        lines = [
            PlacedLine(
                line_id=self.line_ids[n],
                position=10 * (n + 1),
                item_number=f"H-{n}",
                item_name=f"Housing {n}",
                unit="C62",
                amount=Money(amount=Decimal(amount), currency=self.currency),
                schedule_lines=[
                    PlacedScheduleLine(
                        schedule_line_id=self.parts[n],
                        quantity=Decimal(quantity),
                        due_on=date(2026, 12, 1),
                    )
                ],
            )
            for n, (quantity, amount) in enumerate(self.lines)
        ]
        return OrderPlaced(
            order_id=self.order_id,
            **self.parties,
            number=self.number,
            lines=lines,
            occurred_at=NOW,
            recorded_at=NOW,
            imported=self.imported,
        )

    def received(self, *quantities: str, line: int = 0) -> GoodsReceived:
        """Return that so much of a line came, in as many lines of one receipt."""
        receipt_id = uuid7()
        lines = []
        for quantity in quantities:
            id_ = uuid7()
            lines.append(
                ReceivedLine(
                    receipt_line_id=id_,
                    order_id=self.order_id,
                    schedule_line_id=self.parts[line],
                    item_number=f"H-{line}",
                    unit="C62",
                    received=Decimal(quantity),
                    over=Decimal(0),
                    missing=Decimal(0),
                    damaged=Decimal(0),
                )
            )
        return GoodsReceived(
            receipt_id=receipt_id,
            number=f"GR-{receipt_id.hex[-6:]}",
            **self.parties,
            lines=lines,
            delivered_on=TODAY,
            inspection_ends_on=date(2026, 11, 5),
            occurred_at=NOW,
            recorded_at=NOW,
            imported=self.imported,
        )

    def accepted(self, receipt: GoodsReceived, **given: Any) -> GoodsAccepted:  # noqa: ANN401
        """Return that all of a receipt was accepted, or so much of its first line."""
        accepted, rejected = given.pop("accepted", None), given.pop("rejected", "0")
        lines = [
            AcceptedLine(
                receipt_line_id=line.receipt_line_id,
                order_id=self.order_id,
                schedule_line_id=line.schedule_line_id or uuid7(),
                accepted=line.received if accepted is None else Decimal(accepted),
                rejected=Decimal(rejected),
            )
            for line in receipt.lines
        ]
        shared = ("receipt_id", "number", "delivered_on", "inspection_ends_on", "imported")
        values: dict[str, Any] = {name: getattr(receipt, name) for name in shared}
        values |= {
            "acceptance_id": uuid7(),
            **self.parties,
            "lines": lines,
            "deemed": False,
            "accepted_on": TODAY,
            "occurred_at": NOW,
            "recorded_at": NOW,
        }
        return GoodsAccepted(**values | given)

    def came(self, quantity: str, *, line: int = 0) -> list[Event]:
        """Return that so much of a line was received and accepted."""
        receipt = self.received(quantity, line=line)
        return [receipt, self.accepted(receipt)]


def message(event: Event) -> Message:
    """Return an event as it travels."""
    envelope = Envelope.seal(event, id=uuid4(), time=NOW)
    body = envelope.model_dump_json(exclude_none=True).encode()
    return Message(event.topic(), event.subject, body)


async def hear(store: Store, *events: Event) -> None:
    """Let settlement hear events, one after the other; none may be refused."""
    for event in events:
        await receive(handlers, store.system, [message(event)], back_off_s=())
    async with transaction(store.system) as session:
        letters = (await session.execute(text("SELECT reason FROM dead_letters"))).all()
    assert not letters, letters


async def announced(store: Store) -> list[Event]:
    """Take what was announced off the outbox; each must be as its contract says."""
    events = [Envelope.model_validate_json(sent.body).open() for sent in await relayed(store)]
    assert None not in events
    return [event for event in events if event]


async def violations(store: Store) -> dict[str, Any]:
    """Run every invariant, and return what breaks one."""
    found = {}
    async with transaction(store.system) as session:
        for name, query in service.checks.items():
            if rows := (await session.execute(text(query))).all():
                found[name] = rows
    return found


async def rows(store: Store, query: str) -> list[Any]:
    """Return what a query finds, as the service's system role."""
    async with transaction(store.system) as session:
        return list((await session.execute(text(query))).all())


async def balances(store: Store, buyer: str = "buyer_id") -> dict[str, int]:
    """Return what stands on each account that anything stands on: of all books, or a buyer's."""
    query = (
        "SELECT name, sum(balance_minor)::bigint FROM accounts"  # noqa: S608  a test's own
        f" WHERE buyer_id = {buyer} GROUP BY name"
    )
    return {name: amount for name, amount in await rows(store, query) if amount}


def person(organization_id: UUID, name: str = "Li Wei") -> Caller:
    """Return somebody who acts for an organization."""
    return Caller(organization_id, frozenset(ALL), client_id="tests", user_id=uuid4(), name=name)
