"""What production tells stands in the order book, whatever the network does to it."""

from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select

from contracts.event import Event
from contracts.orders import Light, LineProgressed
from contracts.production import SlippagePredicted, WorkOrderCompleted
from services.orders.handlers import handlers
from services.orders.models import Entry
from shared.database import transaction, utc_now
from shared.inbox import DeadLetter
from tests.conftest import SignIn, Stores
from tests.network import deliver
from tests.orders.factories import WorkOrder, a_pair, announced, predicted, sealed, told


def slipping(work: WorkOrder, days: int) -> SlippagePredicted:
    return SlippagePredicted(
        **work._about(),  # noqa: SLF001
        promised_on=work.line["promised_on"],
        prediction=predicted(days),
        predicted_at=utc_now(),
    )


def completed(work: WorkOrder) -> WorkOrderCompleted:
    return WorkOrderCompleted(
        **work._about(),  # noqa: SLF001
        quantity=work.line["quantity"],
        unit="C62",
        completed_at=utc_now(),
    )


async def test_a_report_moves_the_row_and_is_announced(stores: Stores, sign_in: SignIn) -> None:
    pair = await a_pair(stores, sign_in)
    line = await pair.confirmed("100")
    work = WorkOrder(line, names=("车削", "磨削"))
    await announced(stores)

    await told(
        stores,
        work.opened(),
        work.reported(50, operation=1, scrapped=2),
        work.reported(20, operation=2, prediction=predicted(25, early=20, late=33)),
    )

    row = (await pair.buyer.get(f"schedule-lines/{line['id']}")).json()
    assert row["operations"] == [
        {"sequence": 1, "name": "车削", "good": "50", "scrapped": "2"},
        {"sequence": 2, "name": "磨削", "good": "20", "scrapped": "0"},
    ]
    assert (row["good"], row["scrapped"], row["light"]) == ("20", "2", "at_risk")
    assert row["work_order_id"] == str(work.id)
    assert row["predicted"]["late_90_on"] == predicted(33).predicted_on.isoformat()
    first, second = await announced(stores)
    assert isinstance(first, LineProgressed)
    assert isinstance(second, LineProgressed)
    assert (str(first.good), first.light) == ("0", Light.ON_TIME)
    assert [str(second.good), str(second.scrapped)] == ["20", "2"]
    assert second.light is Light.AT_RISK
    assert second.predicted_on == predicted(25).predicted_on


async def test_completion_and_its_reversal(stores: Stores, sign_in: SignIn) -> None:
    pair = await a_pair(stores, sign_in)
    line = await pair.confirmed("10")
    work = WorkOrder(line)
    await told(stores, work.reported(10), completed(work))
    row = (await pair.buyer.get(f"schedule-lines/{line['id']}")).json()
    assert (row["light"], row["days_late"]) == ("completed", 0)
    assert row["completed_at"]

    await told(stores, work.reported(-4))

    row = (await pair.buyer.get(f"schedule-lines/{line['id']}")).json()
    assert (row["light"], row["good"], row["completed_at"]) == ("on_time", "6", None)


@pytest.mark.parametrize("seed", range(6))
async def test_order_and_repetition_change_nothing(
    seed: int, stores: Stores, sign_in: SignIn
) -> None:
    pair = await a_pair(stores, sign_in)
    chance = Random(seed)
    lines = [await pair.confirmed("100") for _ in range(4)]
    works = [WorkOrder(line, names=("A", "B")) for line in lines]
    events: list[Event] = []
    for work in works:
        events += [
            work.opened(),
            work.reported(60, operation=1),
            work.reported(30, prediction=predicted(40)),
            slipping(work, 45),
            work.reported(-10, prediction=predicted(50)),
            work.reported(20, prediction=predicted(28)),
        ]
    await announced(stores)
    messages = sealed(*events)
    if seed % 2:
        chance.shuffle(messages)  # even within a subject, which Kafka does not do

    await deliver(messages, handlers, stores["orders"], chance=chance)

    for line, work in zip(lines, works, strict=True):
        row: dict[str, Any] = (await pair.buyer.get(f"schedule-lines/{line['id']}")).json()
        operations = [operation["good"] for operation in row["operations"]]
        assert (row["good"], operations) == ("40", ["60", "40"])
        assert row["predicted"]["predicted_on"] == predicted(28).predicted_on.isoformat()
        assert (row["light"], row["work_order_id"]) == ("on_time", str(work.id))
    async with transaction(stores["orders"].system) as session:
        told_of = select(func.count()).where(Entry.kind == "reported")
        assert await session.scalar(told_of) == 4 * 4
        assert await session.scalar(select(func.count()).select_from(DeadLetter)) == 0
    last = {}
    for event in await announced(stores):
        assert isinstance(event, LineProgressed)
        last[event.schedule_line_id] = event.good
    assert set(last.values()) == {40}


async def test_an_unknown_line_is_a_dead_letter(stores: Stores, sign_in: SignIn) -> None:
    pair = await a_pair(stores, sign_in)
    line, other = await pair.confirmed("10"), await pair.confirmed("10")
    stray = WorkOrder(line | {"id": str(pair.buyer_id)})
    crossed = WorkOrder(line | {"order_id": other["order_id"]})
    await told(stores, stray.reported(1), crossed.reported(1))
    async with transaction(stores["orders"].system) as session:
        letters = (await session.scalars(select(DeadLetter.reason))).all()
    assert len(letters) == 2
    assert all("ScheduleLineNotFound" in (reason or "") for reason in letters)
