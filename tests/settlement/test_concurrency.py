"""What happens at the same time counts one after the other, and no debt is paid twice."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import AsyncClient, Response
from sqlalchemy import Select

from services.settlement.commands import books
from services.settlement.commands.deliveries import value_what_waits
from shared.database import transaction, utc_now
from tests.conftest import SignIn, Stores
from tests.settlement.factories import (
    ALL,
    TODAY,
    Trade,
    balances,
    hear,
    rows,
    violations,
)

AT_ONCE, TRIES_MAX = 50, 40
PAID_ON = f"{TODAY + timedelta(days=3)}"

Ask = Callable[[], Awaitable[Response]]


async def together(work: Sequence[Ask]) -> Counter[int]:
    """Ask all of it at once; who is told to come again does, as every client should."""

    async def patient(ask: Ask) -> int:
        for _ in range(TRIES_MAX):
            answer = await ask()
            if answer.status_code != 503:
                return answer.status_code
        return 503

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(patient(ask)) for ask in work]
    return Counter(task.result() for task in tasks)


def asking(client: AsyncClient, path: str, body: dict[str, Any]) -> Ask:
    """Return what posts a body, as often as it is called."""
    return partial(client.post, path, json=body)


def alone(client: AsyncClient, path: str, body: dict[str, Any]) -> Ask:
    """Return what posts a body under a key of its own, and so in a transaction of its own."""
    return partial(client.post, path, json=body, headers={"idempotency-key": str(uuid4())})


async def invoiced(
    stores: Stores, sign_in: SignIn, trade: Trade
) -> tuple[AsyncClient, AsyncClient, str]:
    """Let goods be accepted and invoiced; return both sides and the invoice."""
    await hear(stores["settlement"], trade.met(), trade.placed(), *trade.came("10"))
    buyer = sign_in("settlement", trade.buyer_id, *ALL)
    supplier = sign_in("settlement", trade.supplier_id, *ALL)
    body = {"buyer_id": str(trade.buyer_id), "number": "INV-1"}
    answer = await supplier.post("invoices/from-receipts", json=body)
    assert answer.is_success, answer.text
    return buyer, supplier, answer.json()["id"]


def payment(invoice_id: str, n: int, amount: str = "100.00") -> dict[str, str]:
    """Return a tenth of the invoice's thousand, under a reference of its own."""
    return {
        "invoice_id": invoice_id,
        "amount": amount,
        "paid_on": PAID_ON,
        "reference": f"B-{n}",
    }


async def pay_at_once(
    stores: Stores, sign_in: SignIn, ask: Callable[..., Ask]
) -> tuple[Counter[int], dict[str, Any]]:
    """Let fifty clerks pay a tenth of one invoice each."""
    buyer, _, invoice_id = await invoiced(stores, sign_in, Trade())
    counted = await together(
        [ask(buyer, "payments", payment(invoice_id, n)) for n in range(AT_ONCE)]
    )
    return counted, await violations(stores["settlement"])


@pytest.mark.parametrize("ask", [alone, asking])
async def test_of_fifty_payments_of_a_tenth_exactly_ten_count(
    ask: Callable[..., Ask], stores: Stores, sign_in: SignIn
) -> None:
    counted, broken = await pay_at_once(stores, sign_in, ask)
    assert counted == {201: 10, 409: 40}
    assert broken == {}
    assert await balances(stores["settlement"]) == {"purchases": 100_000, "paid": -100_000}


async def test_without_the_lock_of_the_books_it_goes_red(
    stores: Stores, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else in the way of a payment counts them: the lock does."""

    def open_to_all(chosen: Select[Any]) -> Select[Any]:
        return chosen

    monkeypatch.setattr(books, "locked", open_to_all)
    counted, broken = await pay_at_once(stores, sign_in, alone)
    assert counted != {201: 10, 409: 40} or broken != {}


async def test_of_fifty_invoices_of_one_delivery_exactly_one_is_payable(
    stores: Stores, sign_in: SignIn
) -> None:
    store, trade = stores["settlement"], Trade()
    await hear(store, trade.met(), trade.placed(), *trade.came("10"))
    supplier = sign_in("settlement", trade.supplier_id, *ALL)
    [[payable_id]] = await rows(store, "SELECT id::text FROM payables")
    line = {"payable_id": payable_id, "quantity": "10", "amount": "1000.00"}
    body = {"buyer_id": str(trade.buyer_id), "invoiced_on": f"{TODAY}", "lines": [line]}

    counted = await together(
        [asking(supplier, "invoices", body | {"number": f"INV-{n}"}) for n in range(AT_ONCE)]
    )

    assert counted == {201: AT_ONCE}
    verdicts = "SELECT verdict, coalesce(reason, ''), count(*) FROM invoices GROUP BY 1, 2"
    assert {tuple(row) for row in await rows(store, verdicts)} == {
        ("matched", "", 1),
        ("exception", "already_invoiced", AT_ONCE - 1),
    }
    assert (await balances(store))["payable"] == -100_000
    assert await violations(store) == {}


async def test_of_fifty_times_the_same_invoice_exactly_one_counts(
    stores: Stores, sign_in: SignIn
) -> None:
    store, trade = stores["settlement"], Trade()
    await hear(store, trade.met(), trade.placed(), *trade.came("10"))
    supplier = sign_in("settlement", trade.supplier_id, *ALL)
    body = {"buyer_id": str(trade.buyer_id), "number": "INV-1", "invoiced_on": f"{TODAY}"}
    asked = body | {"lines": [{"order_number": trade.number, "position": 10}]}

    counted = await together([asking(supplier, "invoices", asked) for _ in range(AT_ONCE)])

    assert counted == {201: 1, 409: AT_ONCE - 1}
    assert (await rows(store, "SELECT count(*) FROM invoices"))[0][0] == 1
    assert await violations(store) == {}


@pytest.mark.parametrize("ask", [alone, asking])
async def test_of_fifty_times_the_same_payment_exactly_one_counts(
    ask: Callable[..., Ask], stores: Stores, sign_in: SignIn
) -> None:
    buyer, _, invoice_id = await invoiced(stores, sign_in, Trade())
    counted = await together(
        [ask(buyer, "payments", payment(invoice_id, 1)) for _ in range(AT_ONCE)]
    )
    assert counted == {201: 1, 409: AT_ONCE - 1}
    assert await balances(stores["settlement"]) == {
        "purchases": 100_000,
        "payable": -90_000,
        "paid": -10_000,
    }
    assert await violations(stores["settlement"]) == {}


async def test_a_proposal_is_approved_by_two_and_paid_once_whoever_comes_first(
    stores: Stores, sign_in: SignIn
) -> None:
    trade = replace(Trade(), lines=[("10", "150000.00")])
    buyer, _, invoice_id = await invoiced(stores, sign_in, trade)
    proposal = (await buyer.post("proposals", json={"due_before": "2199-12-31"})).json()
    assert proposal["approvals_needed"] == 2
    address = f"proposals/{proposal['id']}/approval"
    clerks = [
        sign_in("settlement", trade.buyer_id, *ALL, user_id=UUID(int=n % 5)) for n in range(AT_ONCE)
    ]

    approved = await together([asking(clerk, address, {}) for clerk in clerks])
    whole = {"proposal_id": proposal["id"], "paid_on": PAID_ON}
    paid = await together(
        [
            *(asking(buyer, "payments", whole | {"reference": f"P-{n}"}) for n in range(25)),
            *(asking(buyer, "payments", payment(invoice_id, n, "1.00")) for n in range(25)),
        ]
    )

    assert approved == {200: 2, 409: AT_ONCE - 2}
    assert set(paid) == {201, 409}
    store = stores["settlement"]
    assert await balances(store) == {"purchases": 15_000_000, "paid": -15_000_000}
    by_proposal = "SELECT count(*) FROM payments WHERE proposal_id IS NOT NULL"
    assert (await rows(store, by_proposal))[0][0] == 1
    assert await violations(store) == {}


async def test_goods_accepted_while_others_hold_the_books_are_owed_for_later(
    stores: Stores,
) -> None:
    store, trade = stores["settlement"], Trade()
    await hear(store, trade.met(), trade.placed(), *trade.came("1"))
    own = books.Books(trade.buyer_id, trade.supplier_id, "CNY")
    async with transaction(store.system) as somebody:
        await books.hold(somebody, [own])
        await hear(store, *trade.came("2"))
        assert (await rows(store, "SELECT count(*) FROM payables"))[0][0] == 1
    async with transaction(store.system) as session:
        assert await value_what_waits(session, at=utc_now()) == 1
    assert await balances(store) == {"purchases": 30_000, "received_not_invoiced": -30_000}
    assert await violations(store) == {}
