"""What came is counted against a notice or without one, and judged in time or deemed accepted."""

from base64 import b64encode
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from PIL import Image
from sqlalchemy import text
from uuid_utils.compat import uuid7

from contracts.logistics import GoodsAccepted, GoodsReceived, ShipmentArrived, ShipmentDispatched
from contracts.scopes import Scope
from services.logistics.commands import acceptances, receipts
from services.logistics.domain.problems import DeemedAccepted
from services.logistics.domain.receipts import LineCounted, ReceiptAsked
from services.logistics.schemas.receipts import TINY
from shared.auth import Caller
from shared.database import Store, transaction
from shared.settings import settings
from tests.conftest import SignIn, Stores
from tests.logistics.factories import (
    Trade,
    a_trade,
    announced,
    counted,
    done,
    line_of,
    notice,
    shipped,
    sides,
    violations,
    whole,
)

FIGURES = "received", "over", "missing", "damaged", "accepted", "rejected", "waiting"


def figures(line: Any) -> tuple[int, ...]:  # noqa: ANN401
    return tuple(int(line[name]) for name in FIGURES)


async def test_over_short_damaged_and_wrong_are_told_apart(stores: Stores, sign_in: SignIn) -> None:
    store = stores["logistics"]
    trade = await a_trade(store, 10, 10, 10)
    both = sides(sign_in, trade)
    shipment = await shipped(both, trade, 4, 5, 6)
    photo = await done(both.buyer.post("photos", json={"content": TINY}))
    body = counted(shipment, 6, 3, number="GR-1")
    body["lines"][0] |= {"damaged": "1", "photo_id": photo["id"], "note": "corner bent"}
    body["lines"].append({"item_number": "Z-9", "item_name": "Cap", "received": "7"})

    receipt = await done(both.buyer.post("receipts", json=body))

    assert [figures(line) for line in receipt["lines"]] == [
        (6, 2, 0, 1, 0, 0, 6),
        (3, 0, 2, 0, 0, 0, 3),
        (7, 0, 0, 0, 0, 7, 0),  # a wrong item waits for nobody
        (0, 0, 6, 0, 0, 0, 0),  # what nobody counted did not come
    ]
    assert [receipt[name] for name in ("over", "short", "damaged", "wrong")] == [True] * 4
    assert (await done(both.supplier.get(f"shipments/{shipment['id']}")))["state"] == "received"
    picture = await both.supplier.get(f"photos/{photo['id']}")
    assert picture.headers["content-type"] == "image/jpeg"
    [told] = await announced(store, GoodsReceived)
    wrong = next(line for line in told.lines if line.item_number == "Z-9")
    assert (wrong.order_id, wrong.schedule_line_id, wrong.received) == (None, None, 7)
    third = await line_of(store, trade.lines[2])
    assert whole(third, "left_to_ship", "missing") == (10, 6)  # what was missing is to come again
    twice = await both.buyer.post("receipts", json=counted(shipment, 1))
    assert twice.json()["type"] == "/problems/already-received"
    assert await violations(store) == {}


async def test_a_receipt_needs_no_notice(stores: Stores, sign_in: SignIn) -> None:
    store = stores["logistics"]
    trade = await a_trade(store, 10, confirm=False)
    both = sides(sign_in, trade)
    for came, over in ((6, 0), (6, 2)):
        body = {"lines": [{"schedule_line_id": str(trade.lines[0]), "received": str(came)}]}
        receipt = await done(both.buyer.post("receipts", json=body))
        assert figures(receipt["lines"][0])[:3] == (came, over, 0)
        assert receipt["supplier_id"] == str(trade.supplier_id)
    line = await line_of(store, trade.lines[0])
    assert whole(line, "shipped", "over", "received", "on_the_way") == (10, 2, 12, 0)
    nobody = {"lines": [{"item_number": "Z-9", "received": "1"}]}
    assert (await both.buyer.post("receipts", json=nobody)).status_code == 422
    alone = nobody | {"supplier_id": str(trade.supplier_id)}
    assert (await done(both.buyer.post("receipts", json=alone)))["state"] == "judged"
    strange = nobody | {"supplier_id": str(uuid4())}
    assert (await both.buyer.post("receipts", json=strange)).status_code == 409
    assert await violations(store) == {}


async def test_what_nobody_sent_off_has_left_and_come_when_it_is_received(
    stores: Stores, sign_in: SignIn
) -> None:
    store = stores["logistics"]
    trade = await a_trade(store, 10)
    both = sides(sign_in, trade)
    shipment = await done(both.supplier.post("shipments", json=notice(trade, 4)))
    partly = await done(both.buyer.post("receipts", json=counted(shipment, 1, complete=False)))
    assert (await done(both.buyer.get(f"shipments/{shipment['id']}")))["state"] == "arrived"
    rest = {"shipment_id": shipment["id"], "lines": []}
    last = await done(both.buyer.post("receipts", json=rest))
    assert [figures(line) for line in partly["lines"] + last["lines"]] == [
        (1, 0, 0, 0, 0, 0, 1),
        (0, 0, 3, 0, 0, 0, 0),
    ]
    events = await announced(store, ShipmentDispatched, ShipmentArrived, GoodsReceived)
    assert [type(event) for event in events] == [
        ShipmentDispatched,
        ShipmentArrived,
        GoodsReceived,
        GoodsReceived,
    ]
    assert (await both.supplier.post("receipts", json=rest)).status_code == 403


async def test_what_was_received_is_judged_once(stores: Stores, sign_in: SignIn) -> None:
    store = stores["logistics"]
    trade = await a_trade(store, 10, 10)
    both = sides(sign_in, trade)
    body = counted(await shipped(both, trade, 5, 5), 5, 5)
    body["lines"][1]["damaged"] = "2"
    receipt = await done(both.buyer.post("receipts", json=body))
    address, line = f"receipts/{receipt['id']}/acceptance", receipt["lines"][0]["id"]

    async def judged(**said: Any) -> Any:  # noqa: ANN401
        verdict = {"receipt_line_id": line, **said}
        return await both.buyer.post(address, json={"lines": [verdict]})

    assert (await judged(accepted="3")).status_code == 201
    assert (await judged(rejected="1")).json()["type"] == "/problems/reason-missing"
    assert (await judged(accepted="3")).json()["type"] == "/problems/more-than-waits"
    assert (await judged(rejected="1", reason="too long")).status_code == 201
    rest = await done(both.buyer.post(address, json={}))
    assert [figures(line)[4:] for line in rest["lines"]] == [(4, 1, 0), (3, 2, 0)]
    assert (await both.buyer.post(address, json={})).json()["type"] == "/problems/nothing-waits"
    assert (await both.supplier.post(address, json={})).status_code == 403
    told = await announced(store, GoodsAccepted)
    assert [[(p.accepted, p.rejected) for p in event.lines] for event in told] == [
        [(3, 0)],
        [(0, 1)],
        [(1, 0), (3, 2)],
    ]
    assert not any(event.deemed for event in told)
    assert (await done(both.supplier.get("receipts?state=judged")))["items"][0]["rejected"]
    assert await violations(store) == {}


async def a_receipt_of_then(
    store: Store, received_at: datetime, days: int, *, damaged: int = 0
) -> tuple[Any, UUID]:
    """Receive ten pieces without a notice at some time; return the trade and the receipt."""
    trade = await a_trade(store, 10, acceptance_working_days=days)
    buyer = Caller(trade.buyer_id, frozenset(Scope), name="Wang Fang")
    told = LineCounted(Decimal(10), Decimal(damaged), schedule_line_id=trade.lines[0])
    asked = ReceiptAsked(uuid7(), "", (told,), received_at)
    async with transaction(store.app, actor=trade.buyer_id) as session:
        [outcome] = await receipts.receive_goods(
            session, caller=buyer, asked=[asked], at=received_at
        )
    assert isinstance(outcome, receipts.Placement)
    await announced(store)
    return buyer, outcome.receipt_id


@pytest.mark.parametrize(
    ("received_at", "days", "ends_on"),
    [
        # Friday evening in Shanghai; the weekend does not count
        (datetime(2026, 11, 20, 10, tzinfo=UTC), 3, date(2026, 11, 25)),
        # half past midnight in Shanghai is the next day there
        (datetime(2026, 11, 19, 16, 30, tzinfo=UTC), 1, date(2026, 11, 23)),
        # National Day 2025: 1 to 8 October are off, 28 September and 11 October are worked
        (datetime(2025, 9, 30, 2, tzinfo=UTC), 3, date(2025, 10, 11)),
        (datetime(2025, 9, 26, 2, tzinfo=UTC), 2, date(2025, 9, 29)),
        # Spring Festival 2026: 15 to 23 February are off, 14 and 28 February are worked
        (datetime(2026, 2, 13, 2, tzinfo=UTC), 3, date(2026, 2, 25)),
        (datetime(2026, 11, 20, 2, tzinfo=UTC), 0, date(2026, 11, 20)),
    ],
)
async def test_the_days_of_inspection_are_working_days(
    received_at: datetime, days: int, ends_on: date, stores: Stores
) -> None:
    store = stores["logistics"]
    buyer, receipt_id = await a_receipt_of_then(store, received_at, days, damaged=3)
    zone = settings().calendar
    last_moment = datetime(ends_on.year, ends_on.month, ends_on.day, 23, 59, tzinfo=zone)
    async with transaction(store.system) as session:
        assert await acceptances.deem(session, at=last_moment) == 0
    late = last_moment + timedelta(minutes=1)
    given: dict[str, Any] = {"caller": buyer, "receipt_id": receipt_id, "verdicts": None}
    with pytest.raises(DeemedAccepted):
        async with transaction(store.app, actor=buyer.organization_id) as session:
            await acceptances.accept(session, **given, at=late)
    async with transaction(store.system) as session:  # and after a week without power
        assert await acceptances.deem(session, at=late + timedelta(days=7)) == 1
    [told] = await announced(store, GoodsAccepted)
    assert (told.deemed, told.accepted_on, told.inspection_ends_on) == (True, ends_on, ends_on)
    assert told.occurred_at == late
    assert [(line.accepted, line.rejected) for line in told.lines] == [(7, 3)]
    async with transaction(store.system) as session:
        assert await acceptances.deem(session, at=late + timedelta(days=8)) == 0
    assert await violations(store) == {}


async def test_a_provisional_day_is_found_anew_before_it_counts(stores: Stores) -> None:
    store = stores["logistics"]
    received_at = datetime(2025, 9, 30, 2, tzinfo=UTC)
    await a_receipt_of_then(store, received_at, 3)
    unaware = text(
        "UPDATE receipts SET inspection_ends_on = '2025-10-09', provisional = true"
    )  # as weekends alone would have it
    async with transaction(store.system) as session:
        await session.execute(unaware)
    async with transaction(store.system) as session:
        await acceptances.deem(session, at=datetime(2025, 10, 10, 2, tzinfo=UTC))
    assert await announced(store) == []
    async with transaction(store.system) as session:
        await acceptances.deem(session, at=datetime(2025, 10, 12, 2, tzinfo=UTC))
    [told] = await announced(store, GoodsAccepted)
    assert (told.accepted_on, told.provisional) == (date(2025, 10, 11), False)


async def test_many_receipts_are_counted_as_if_alone(stores: Stores, sign_in: SignIn) -> None:
    store = stores["logistics"]
    trade = await a_trade(store, 10, 10)
    both = sides(sign_in, trade)
    shipment = await shipped(both, trade, 4, 4)
    bodies = [
        counted(shipment, 1, number="B-1", complete=False),
        counted(shipment, 1, number="B-1", complete=False),
        counted(shipment, 2, number="B-1", complete=False),
        counted(shipment, 2, 3, number="B-2"),
        counted(shipment, 1, number="B-3"),
        {"lines": [{"schedule_line_id": str(uuid4()), "received": "1"}]},
        {"lines": [{"schedule_line_id": str(trade.lines[0]), "received": "1"}]},
        {"lines": [{"item_number": "Z", "received": "1", "photo_id": str(uuid4())}]},
    ]
    answer = await done(both.buyer.post("receipts/bulk", json={"receipts": bodies}))
    told = [(r["status"], (r["problem"] or {}).get("type")) for r in answer["results"]]
    assert told == [
        ("recorded", None),
        ("unchanged", None),
        ("refused", "/problems/number-taken"),
        ("recorded", None),
        ("refused", "/problems/already-received"),
        ("refused", "/problems/schedule-line-not-found"),
        ("recorded", None),
        ("refused", "/problems/photo-not-found"),
    ]
    first = await line_of(store, trade.lines[0])
    assert whole(first, "received", "missing", "shipped") == (4, 1, 5)
    assert await violations(store) == {}


def picture(kind: str, size: tuple[int, int] = (64, 48), **given: Any) -> str:  # noqa: ANN401
    file = BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(file, kind, **given)
    return b64encode(file.getvalue()).decode()


async def test_only_pictures_are_kept_and_nothing_that_hides_in_them(
    stores: Stores, sign_in: SignIn
) -> None:
    trade = await a_trade(stores["logistics"], 10)
    both = sides(sign_in, trade)
    exif = Image.Exif()
    exif[0x9286] = "secret comment"
    large = picture("JPEG", (3000, 1000), exif=exif)
    photo = await done(both.buyer.post("photos", json={"content": large}))
    assert (photo["width"], photo["height"]) == (2048, 683)
    shown = await both.buyer.get(f"photos/{photo['id']}")
    assert b"secret" not in shown.content
    assert (await both.supplier.get(f"photos/{photo['id']}")).status_code == 404  # not shown yet
    jpeg = picture("JPEG")
    for refused in (
        picture("GIF"),
        picture("PNG", (8000, 8000)),
        jpeg[: len(jpeg) // 8 * 4],
        b64encode(b"%PDF-1.7 not a picture").decode(),
        "no base64 at all!",
        b64encode(b"\0" * (5 * 2**20 + 1)).decode(),
    ):
        answer = await both.buyer.post("photos", json={"content": refused})
        assert answer.status_code == 422, answer.text


def history(trade: Trade) -> dict[str, Any]:
    """Return receipts of the past: without lines, with them, unheard of, and of another."""
    same = {"order_number": trade.number, "supplier_id": str(trade.supplier_id)}
    first, last = "2024-02-01T08:00:00Z", "2024-03-01T20:00:00Z"
    return {
        "receipts": [
            {"number": "P-1", "postings": [first], **same},
            {
                "number": "P-2",
                "postings": [last, first],
                "lines": [
                    {"position": 10, "quantity": "10"},
                    {"schedule_line_id": str(trade.lines[1]), "quantity": "21"},
                ],
                **same,
            },
            {"number": "P-3", "postings": [last], **same, "order_number": "unheard of"},
            {"number": "P-4", "postings": [last], **same, "supplier_id": str(uuid4())},
        ]
    }


async def test_history_is_taken_in_once_and_needs_no_judgement(
    stores: Stores, sign_in: SignIn
) -> None:
    store = stores["logistics"]
    trade = await a_trade(store, 10, 20, confirm=False)
    scopes = Scope.LOGISTICS_IMPORT, Scope.LOGISTICS_READ
    importer = sign_in("logistics", trade.buyer_id, *scopes)
    body = history(trade)
    for statuses in (["recorded"] * 2, ["unchanged"] * 2):
        answer = await done(importer.post("receipts/import", json=body))
        told = [result["status"] for result in answer["results"]]
        assert told == [*statuses, "refused", "refused"]
    assert answer["results"][2]["problem"]["type"] == "/problems/order-not-known-yet"
    lines = [await line_of(store, id_) for id_ in trade.lines]
    assert [whole(line, "shipped", "over", "accepted") for line in lines] == [
        (10, 0, 10),
        (20, 1, 21),
    ]
    events = await announced(store, GoodsReceived, GoodsAccepted)
    assert [(type(event), event.imported, len(event.lines)) for event in events] == [
        (GoodsReceived, True, 0),
        (GoodsReceived, True, 2),
        (GoodsAccepted, True, 2),
    ]
    assert events[-1].accepted_on == date(2024, 3, 2)  # in Shanghai
    [_, row] = sorted((await done(importer.get("receipts")))["items"], key=lambda r: r["number"])
    shown = await done(importer.get(f"receipts/{row['id']}"))
    assert [entry["kind"] for entry in shown["story"]] == ["received", "received", "accepted"]
    async with transaction(store.system) as session:
        assert await acceptances.deem(session, at=datetime(2026, 1, 1, tzinfo=UTC)) == 0
    assert await violations(store) == {}
