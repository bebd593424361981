"""Write what a batch brings about in one statement: state, history and events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.event import Event
from contracts.orders import Side
from contracts.values import plain
from services.logistics.domain.shipments import Goods, Shipment
from services.logistics.schemas.stories import EntryKind
from shared.auth import Caller
from shared.database import statement
from shared.events import published
from shared.trace import traceparent

RECORD = statement("services.logistics.commands", "record.sql")
TALLY = "planned", "shipped", "over", "received", "missing", "accepted", "rejected"
PLATFORM = "platform"  # who speaks where nobody did: the time that ran out

Row = dict[str, Any]


@dataclass
class Changes:
    """Rows to be written together; each list is named as `record.sql` reads it."""

    by: str
    at: datetime
    imported: bool = False
    receipts: list[Row] = field(default_factory=list)
    receipt_lines: list[Row] = field(default_factory=list)
    judged: list[Row] = field(default_factory=list)
    lines_judged: list[Row] = field(default_factory=list)
    acceptances: list[Row] = field(default_factory=list)
    acceptance_lines: list[Row] = field(default_factory=list)
    photos: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    facts: list[Row] = field(default_factory=list)
    goods: list[Row] = field(default_factory=list)
    shipments: list[Row] = field(default_factory=list)
    notice_lines: list[Row] = field(default_factory=list)

    def count(self, before: Mapping[UUID, Goods], after: Mapping[UUID, Goods]) -> None:
        """Write the quantities of schedule lines that are others now."""
        for id_, goods in after.items():
            if before[id_].tally != goods.tally:
                tally = {name: getattr(goods.tally, name) for name in TALLY}
                self.goods.append({"id": id_, **tally})

    def move(self, shipments: Iterable[Shipment]) -> None:
        """Write how far shipments have come, with what was counted of their lines."""
        for shipment in shipments:
            self.shipments.append(
                {
                    "id": shipment.id,
                    "state": shipment.state,
                    "departed_at": shipment.departed_at,
                    "arrived_at": shipment.arrived_at,
                    "received_at": shipment.received_at,
                }
            )
            self.notice_lines += [
                {
                    "id": line.id,
                    "departed": line.goods.departed,
                    "over": line.goods.over,
                    "received": line.goods.received,
                    "missing": line.goods.missing,
                }
                for line in shipment.lines
            ]

    def tell(  # noqa: PLR0913  what an entry says
        self,
        kind: EntryKind,
        *,
        parties: tuple[UUID, UUID],
        side: str,
        occurred_at: datetime,
        shipment_id: UUID | None = None,
        receipt_id: UUID | None = None,
        carrier_id: UUID | None = None,
        text: str | None = None,
        place: str | None = None,
    ) -> None:
        """Add to the story of a shipment or a receipt."""
        self.entries.append(
            {
                "id": uuid7(),
                "shipment_id": shipment_id,
                "receipt_id": receipt_id,
                "buyer_id": parties[0],
                "supplier_id": parties[1],
                "carrier_id": carrier_id,
                "kind": kind,
                "side": side,
                "text": text,
                "place": place,
                "occurred_at": occurred_at,
            }
        )

    def announce(self, event: Event) -> None:
        """Say it to the other services, in this order."""
        self.facts.append(
            {
                "place": len(self.facts),
                "type": event.type,
                "subject": event.subject,
                "fact": event.model_dump(mode="json"),
            }
        )


async def record(session: AsyncSession, changes: Changes) -> None:
    """Write changes, whose rows are held, and announce them."""
    values = {
        name: orjson.dumps(rows, default=_plain).decode()
        for name, rows in vars(changes).items()
        if isinstance(rows, list)
    }
    said = {"by": changes.by, "at": changes.at, "imported": changes.imported}
    await session.execute(RECORD, values | said | {"trace": traceparent()})
    published(session)


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    assert isinstance(value, Decimal)
    return plain(value)


def side_of(caller: Caller, buyer_id: UUID) -> Side:
    """Return on which side of a delivery somebody stands."""
    return Side.BUYER if caller.organization_id == buyer_id else Side.SUPPLIER
