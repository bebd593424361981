"""What orders, production and onboarding tell decides what may be shipped."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from uuid_utils.compat import uuid7

from contracts.event import Envelope
from contracts.onboarding import RelationshipState
from contracts.orders import ChangeAgreed, LineCancelled, PlacedScheduleLine
from contracts.production import OperationProgress, ProgressReported
from services.logistics.commands import lines
from services.logistics.handlers import handlers
from shared.database import Store, transaction
from shared.events import Message
from tests.conftest import SignIn, Stores
from tests.logistics import factories
from tests.logistics.factories import (
    DUE,
    NOW,
    Trade,
    a_trade,
    done,
    line_of,
    notice,
    sides,
    whole,
)
from tests.network import deliver


async def heard(store: Store, *events: Any) -> None:  # noqa: ANN401
    """Let events arrive, repeated and mixed as Kafka may."""
    messages = [
        Message(
            event.topic(),
            event.subject,
            Envelope.seal(event, id=uuid7(), time=NOW).model_dump_json().encode(),
        )
        for event in events
    ]
    await deliver(messages, handlers, store, chance=Random(7))


def agreed(trade: Trade, place: int, **given: Any) -> ChangeAgreed:  # noqa: ANN401
    defaults: dict[str, Any] = {
        "order_id": trade.order_id,
        "schedule_line_id": trade.lines[place],
        "change_id": uuid7(),
        "buyer_id": trade.buyer_id,
        "supplier_id": trade.supplier_id,
        "kind": "reschedule",
        "quantity": Decimal(10),
        "promised_on": DUE + timedelta(days=7),
        "occurred_at": NOW + timedelta(hours=1),
        "recorded_at": NOW + timedelta(hours=1),
    }
    return ChangeAgreed(**defaults | given)


def rest(quantity: int) -> PlacedScheduleLine:
    return PlacedScheduleLine(schedule_line_id=uuid7(), quantity=Decimal(quantity), due_on=DUE)


async def test_what_a_promise_leaves_over_is_a_line_of_its_own(stores: Stores) -> None:
    store = stores["logistics"]
    trade = await a_trade(store, 10, confirm=False)
    left, again = rest(4), rest(1)
    first = factories.confirmed(trade, 0, quantity=Decimal(6), rest=left)
    later = {"schedule_line_id": left.schedule_line_id, "sequence": 2, "quantity": Decimal(3)}
    second = factories.confirmed(trade, 0, **later, rest=again)
    await heard(store, first, second)
    found = [
        await line_of(store, id_)
        for id_ in (trade.lines[0], left.schedule_line_id, again.schedule_line_id)
    ]
    assert [whole(row, "state", "quantity", "sequence") for row in found] == [
        ("confirmed", 6, 1),
        ("confirmed", 3, 2),
        ("unconfirmed", 1, 3),
    ]
    assert [row.left_to_ship for row in found] == [6, 3, 1]


async def test_the_last_agreement_counts(stores: Stores, sign_in: SignIn) -> None:
    store = stores["logistics"]
    trade = await a_trade(store, 10, 10, 10)
    both = sides(sign_in, trade)
    shipment = await done(both.supplier.post("shipments", json=notice(trade, 8, 8)))
    gone = rest(6)
    await heard(
        store,
        agreed(trade, 0, quantity=Decimal(4), rest=gone),
        LineCancelled(
            **agreed(trade, 0).model_dump(
                include={"order_id", "buyer_id", "supplier_id", "occurred_at", "recorded_at"}
            ),
            schedule_line_id=gone.schedule_line_id,
            reason="not needed",
        ),
        agreed(trade, 1, kind="cancel", promised_on=None),
        agreed(trade, 2, recorded_at=NOW - timedelta(days=1), quantity=Decimal(1)),  # an old one
    )
    first, second, third, split = [
        await line_of(store, id_) for id_ in (*trade.lines, gone.schedule_line_id)
    ]
    assert whole(first, "quantity", "left_to_ship", "promised_on") == (
        4,
        0,
        DUE + timedelta(days=7),
    )
    assert (second.state, split.state) == ("cancelled", "cancelled")
    assert third.quantity == 10
    refused = await both.supplier.post("shipments", json=notice(trade, 1))
    assert refused.json()["detail"].startswith("0 can be shipped")
    departed = await both.supplier.post(f"shipments/{shipment['id']}/departure", json={})
    assert departed.status_code == 200  # what was announced before may still go


async def test_what_is_finished_stands_beside_what_is_left(stores: Stores, sign_in: SignIn) -> None:
    store = stores["logistics"]
    trade = await a_trade(store, 10)

    def reported(revision: int, good: int) -> ProgressReported:
        return ProgressReported(
            work_order_id=uuid7(),
            order_id=trade.order_id,
            schedule_line_id=trade.lines[0],
            buyer_id=trade.buyer_id,
            supplier_id=trade.supplier_id,
            revision=revision,
            report_id=uuid7(),
            operation=1,
            good=Decimal(1),
            scrapped=Decimal(0),
            completed=Decimal(good),
            ordered=Decimal(10),
            unit="C62",
            operations=[
                OperationProgress(
                    sequence=1, name="Finished", good=Decimal(good), scrapped=Decimal(0)
                )
            ],
            occurred_at=NOW,
            recorded_at=NOW,
        )

    await heard(store, reported(3, 7), reported(2, 4))
    [line] = (await done(sides(sign_in, trade).supplier.get("ready-lines")))["items"]
    assert (line["good"], line["left_to_ship"]) == ("7", "10")


async def test_a_suspended_supplier_is_barred_and_its_buyer_is_not(
    stores: Stores, sign_in: SignIn
) -> None:
    store = stores["logistics"]
    trade = await a_trade(store, 10)
    both = sides(sign_in, trade)
    shipment = await done(both.supplier.post("shipments", json=notice(trade, 4)))

    async def suspended(by: str | None, hours: int) -> None:
        state = RelationshipState.SUSPENDED if by else RelationshipState.ACTIVE
        told = factories.related(
            trade, state=state, suspended_by=by, changed_at=NOW + timedelta(hours=hours)
        )
        async with transaction(store.system) as session:
            await lines.keep_relationship(session, told)

    await suspended("buyer", 1)
    assert (await both.supplier.get(f"shipments/{shipment['id']}")).status_code == 404
    assert (await both.supplier.post("shipments", json=notice(trade, 1))).status_code == 404
    receipt = await both.buyer.post("receipts", json=factories.counted(shipment, 4))
    assert receipt.status_code == 201
    await suspended(None, 2)
    assert (await both.supplier.get(f"receipts/{receipt.json()['id']}")).status_code == 200
    assert date.fromisoformat(receipt.json()["inspection_ends_on"])
