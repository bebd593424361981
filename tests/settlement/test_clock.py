"""Stored dates follow what moves them, and each is told, explained and summed up."""

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, update
from uuid_utils.compat import uuid7

from contracts.onboarding import TermFrom
from services.settlement.commands.clock import basis, catch_up, keep_up, reckon_payables
from services.settlement.models import (
    Payable,
    Payment,
    PaymentPart,
    Statement,
)
from services.settlement.queries.clock import clocks, explained
from services.settlement.schemas.clock import ClockOut, ExplanationOut
from shared.database import transaction, utc_now
from tests.conftest import Stores
from tests.network import relayed
from tests.settlement.debts import BUYER, SUPPLIER, acted, agreed, claimed, debt, noon, owed
from tests.settlement.factories import violations


async def stored(stores: Stores, id_: UUID) -> Payable:
    async with transaction(stores["settlement"].system) as session:
        found = await session.get(Payable, id_)
        assert found
        return found


async def dues(stores: Stores) -> list[dict[str, Any]]:
    """Return what was announced since the last time, without the envelopes."""
    told = [orjson.loads(message.body) for message in await relayed(stores["settlement"])]
    return [each["data"] for each in told if each["type"] == "settlement.payment_due.v1"]


async def shown(stores: Stores, id_: UUID, *, on: date) -> tuple[ClockOut, ExplanationOut]:
    async with transaction(stores["settlement"].system) as session:
        found = await session.get(Payable, id_)
        assert found
        return (await clocks(session, [found], on=on))[id_], await explained(session, found, on=on)


async def test_dates_are_written_and_told_once(stores: Stores) -> None:
    payable = debt(date(2026, 3, 2))
    await owed(stores, payable)
    found = await stored(stores, payable.id)
    assert (found.contract_due_on, found.legal_latest_on) == (date(2026, 5, 6), date(2026, 5, 6))
    assert (found.rules, found.start, found.calendar) == ("CN-2025-06-01", "delivery", basis())
    [due] = await dues(stores)
    assert due["payable_id"] == str(payable.id)
    assert due["legal_latest_on"] == "2026-05-06"
    async with transaction(stores["settlement"].system) as session:
        assert await reckon_payables(session, [payable.id], at=utc_now()) == 0
    assert await dues(stores) == []


async def test_a_frozen_statement_moves_the_date_and_tells_it(stores: Stores) -> None:
    payable = debt(date(2026, 3, 2), agreed=agreed(payment_from=TermFrom.STATEMENT))
    await owed(stores, payable)
    assert (await stored(stores, payable.id)).expected
    [expected] = await dues(stores)
    assert expected["started_on"] == "2026-03-31"
    async with transaction(stores["settlement"].system) as session:
        confirmed = update(Payable).values(statement_agreed_on=date(2026, 4, 8))
        await session.execute(confirmed.where(Payable.id == payable.id))
        assert await reckon_payables(session, [payable.id], at=utc_now()) == 1
    found = await stored(stores, payable.id)
    assert not found.expected
    assert found.due_on == date(2026, 6, 8)
    [moved] = await dues(stores)
    assert moved["contract_due_on"] == "2026-06-08"


async def test_history_is_reckoned_but_not_told(stores: Stores) -> None:
    payable = debt(date(2022, 3, 2), imported=True)
    await owed(stores, payable)
    assert (await stored(stores, payable.id)).rules == "CN-2025-06-01"
    assert await dues(stores) == []


async def test_what_is_settled_keeps_its_dates(stores: Stores) -> None:
    payable = debt(date(2026, 3, 2), settled_on=date(2026, 3, 9))
    await owed(stores, payable)
    assert (await stored(stores, payable.id)).rules == ""
    assert await catch_up(stores["settlement"].system, at=utc_now()) == 0


async def test_a_new_holiday_notice_moves_provisional_dates(stores: Stores) -> None:
    """What was reckoned by fewer notices is found, moved where they say so, and told."""
    moving, staying = debt(date(2026, 8, 3)), debt(date(2026, 3, 2))
    await owed(stores, moving, staying)
    await dues(stores)
    async with transaction(stores["settlement"].system) as session:
        before = {"calendar": "CN 2001-2025 before", "provisional": False}
        await session.execute(update(Payable).values(before))
        weekend_only = {"due_on": date(2026, 10, 5), "contract_due_on": date(2026, 10, 5)}
        one = update(Payable).where(Payable.id == moving.id)
        await session.execute(one.values(weekend_only | {"provisional": True}))
    assert await catch_up(stores["settlement"].system, at=utc_now()) == 1
    assert (await stored(stores, moving.id)).due_on == date(2026, 10, 8)
    assert (await stored(stores, staying.id)).calendar == basis()
    assert [each["payable_id"] for each in await dues(stores)] == [str(moving.id)]
    assert await catch_up(stores["settlement"].system, at=utc_now()) == 0


async def test_catching_up_waits_for_nobody(stores: Stores) -> None:
    payable = debt(date(2026, 3, 2))
    await owed(stores, payable)
    async with transaction(stores["settlement"].system) as session:
        await session.execute(update(Payable).values(calendar="before"))
    async with transaction(stores["settlement"].system) as session:
        await session.execute(select(Payable.id).with_for_update())
        assert await catch_up(stores["settlement"].system, at=utc_now()) == 0
    assert (await stored(stores, payable.id)).calendar == "before"
    await catch_up(stores["settlement"].system, at=utc_now())
    assert (await stored(stores, payable.id)).calendar == basis()


async def test_a_debt_is_explained_with_article_and_source(stores: Stores) -> None:
    payable = debt(date(2026, 3, 2))
    await owed(stores, payable)
    row, told = await shown(stores, payable.id, on=date(2026, 5, 16))
    assert (row.days_left, row.breached, row.waits_for) == (-10, True, "supplier")
    assert row.interest
    assert row.interest.amount == Decimal("5.00"), "0.05 % of 1,000.00 a day, for ten days"
    assert told.legal
    assert [step.rule.article for step in told.legal.steps] == ["9(2)", "201", "9(2)", "203"]
    assert told.interest.rule.article == "17"
    assert sum(told.days.values()) == (date(2026, 5, 16) - date(2026, 3, 2)).days
    assert "advice" in told.notice["en"]


async def test_without_a_statutory_date_it_says_why(stores: Stores) -> None:
    payable = debt(date(2026, 3, 2), agreed=agreed(buyer="medium", payment_from="delivery"))
    unknown = debt(date(2026, 3, 2), agreed=None)
    await owed(stores, payable, unknown)
    row, told = await shown(stores, payable.id, on=date(2026, 5, 16))
    assert (row.legal_latest_on, row.no_legal_date, row.breached) == (
        None,
        "buyer_not_large",
        False,
    )
    assert told.no_legal
    assert told.no_legal.article == "2, 3"
    assert row.interest is None, "nothing was agreed, and no law names a rate"
    assert (await shown(stores, unknown.id, on=date(2026, 5, 16)))[
        0
    ].no_legal_date == "size_not_told"


def sent(on: date) -> Payment:
    """Build a payment of all of a debt."""
    return Payment(
        id=uuid7(),
        buyer_id=BUYER,
        supplier_id=SUPPLIER,
        currency="CNY",
        amount_minor=100_000,
        paid_on=on,
        reference="P-1",
        reference_key="P1",
        digest=b"",
        recorded_by="Li Wei",
        occurred_at=utc_now(),
        recorded_at=utc_now(),
        imported=False,
    )


async def test_days_are_told_from_invoice_dispute_and_payment(stores: Stores) -> None:
    payable = debt(date(2026, 3, 2), settled_on=date(2026, 5, 16))
    invoice, line, allocation = claimed(payable, sent=date(2026, 3, 10))
    payment = sent(date(2026, 5, 16))
    await owed(stores, payable)
    async with transaction(stores["settlement"].system) as session:
        for each in (invoice, line, allocation, payment):
            session.add(each)
            await session.flush()
        session.add_all(
            acted(invoice, [(date(2026, 3, 10), "supplier"), (date(2026, 3, 20), None)])
        )
        session.add(
            PaymentPart(
                buyer_id=BUYER,
                supplier_id=SUPPLIER,
                amount_minor=100_000,
                payment_id=payment.id,
                invoice_id=invoice.id,
                payable_id=payable.id,
                allocation_id=allocation.id,
            )
        )
        paid = update(Payable).where(Payable.id == payable.id)
        await session.execute(
            paid.values(invoiced_minor=100_000, approved_minor=100_000, paid_minor=100_000)
        )
    row, told = await shown(stores, payable.id, on=date(2026, 12, 31))
    assert [f"{each.who} {each.reason} {each.days}" for each in told.segments] == [
        "supplier to_invoice 8",
        "supplier disputed 10",
        "buyer to_pay 42",
        "law holiday 5",
        "buyer overdue 10",
    ]
    assert row.days == {"buyer": 52, "supplier": 18, "law": 5}
    assert (row.waits_for, row.breached) == (None, True)
    assert row.interest
    assert row.interest.amount == Decimal("5.00"), "to the payment, and no further"


async def test_days_are_told_from_the_statement(stores: Stores) -> None:
    id_ = uuid7()
    statement = Statement(
        id=id_,
        buyer_id=BUYER,
        supplier_id=SUPPLIER,
        currency="CNY",
        month=date(2026, 3, 1),
        state="open",
        opened_by="buyer",
        opened_at=noon(date(2026, 4, 1)),
        buyer_agreed_at=noon(date(2026, 4, 2)),
    )
    payable = debt(
        date(2026, 3, 2), statement_id=id_, agreed=agreed(payment_from=TermFrom.STATEMENT)
    )
    async with transaction(stores["settlement"].system) as session:
        session.add(statement)
    await owed(stores, payable)
    row, _ = await shown(stores, payable.id, on=date(2026, 4, 12))
    assert [f"{each.who} {each.reason} {each.days}" for each in row.segments] == [
        "law month_running 29",
        "buyer to_agree 1",
        "supplier to_agree 11",
    ]
    assert row.waits_for == "supplier"


async def test_the_job_catches_up_and_ends_when_told(stores: Stores) -> None:
    payable = debt(date(2026, 3, 2))
    await owed(stores, payable)
    async with transaction(stores["settlement"].system) as session:
        await session.execute(update(Payable).values(calendar="before"))
    stop = asyncio.Event()
    job = asyncio.create_task(keep_up(stores["settlement"].system, stop))
    while (await stored(stores, payable.id)).calendar != basis():
        assert not job.done()
        await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(job, 5)


async def test_dates_that_do_not_hang_together_are_found(stores: Stores) -> None:
    payable = debt(date(2026, 3, 2))
    await owed(stores, payable)
    name = "settlement: the dates of a debt hang together"
    assert name not in await violations(stores["settlement"])
    async with transaction(stores["settlement"].system) as session:
        await session.execute(update(Payable).values(due_on=date(2026, 5, 7)))
    assert name in await violations(stores["settlement"])
