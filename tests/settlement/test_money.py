"""From accepted goods to money in the bank: each step moves the books, and nothing is lost."""

from typing import Any

import pytest
from httpx2 import AsyncClient

from contracts.settlement import InvoiceMatched, InvoiceSubmitted, PaymentDue, PaymentMade
from tests.conftest import SignIn, Stores
from tests.settlement.factories import (
    ALL,
    Trade,
    announced,
    balances,
    hear,
    violations,
)


def sides(sign_in: SignIn, trade: Trade) -> tuple[AsyncClient, AsyncClient]:
    buyer = sign_in("settlement", trade.buyer_id, *ALL, name="Buyer's clerk")
    return buyer, sign_in("settlement", trade.supplier_id, *ALL, name="Supplier's clerk")


async def ok(answer: Any) -> Any:  # noqa: ANN401
    found = await answer
    assert found.is_success, found.text
    return found.json()


async def test_what_is_accepted_is_owed_invoiced_and_paid(stores: Stores, sign_in: SignIn) -> None:
    store, trade = stores["settlement"], Trade(lines=[("3", "100.00")])
    buyer, supplier = sides(sign_in, trade)
    await hear(store, trade.met(), trade.placed(), *trade.came("1"), *trade.came("2"))

    owed = await ok(supplier.get("payables"))
    assert [row["amount"]["amount"] for row in owed["items"]] == ["33.33", "66.67"]
    assert {row["state"] for row in owed["items"]} == {"uninvoiced"}
    assert owed["items"][0]["supplier_name"] == "Beta Metal"
    body = {"buyer_id": str(trade.buyer_id), "number": "INV-1", "invoiced_on": "2026-11-02"}
    invoice = await ok(supplier.post("invoices/from-receipts", json=body))
    assert invoice["verdict"] == "matched"
    assert invoice["open"] == {"amount": "100.00", "currency": "CNY"}
    assert await balances(store) == {"purchases": 10000, "payable": -10000}

    part = {"invoice_id": invoice["id"], "amount": "40.00", "paid_on": "2026-11-03"}
    await ok(buyer.post("payments", json=part | {"reference": "B-1"}))
    rest = {"invoice_id": invoice["id"], "paid_on": "2026-11-04", "reference": "B-2"}
    paid = await ok(buyer.post("payments", json=rest))
    assert paid["payments"][0]["amount"]["amount"] == "60.00"
    assert await balances(store) == {"purchases": 10000, "paid": -10000}
    again = await buyer.post("payments", json=rest | {"reference": "B-3"})
    assert again.status_code == 409
    assert again.json()["type"].endswith("nothing-payable")
    shown = await ok(supplier.get(f"invoices/{invoice['id']}"))
    assert shown["state"] == "paid"
    assert [step["kind"] for step in shown["story"]] == ["submitted", "matched", "paid", "paid"]
    assert {row["state"] for row in (await ok(supplier.get("payables")))["items"]} == {"paid"}
    told = [type(event) for event in await announced(store)]
    assert told == [
        *(PaymentDue, PaymentDue),
        *(InvoiceSubmitted, InvoiceMatched, PaymentMade, PaymentMade),
    ]
    assert await violations(store) == {}


@pytest.mark.parametrize("first", ["goods", "order"])
async def test_goods_may_be_heard_of_before_their_order(stores: Stores, first: str) -> None:
    store, trade = stores["settlement"], Trade()
    events = [*trade.came("4"), trade.placed(), trade.met()]
    await hear(store, *(events if first == "goods" else events[::-1]))

    if first == "order":  # its acceptance came before its receipt was heard of; both count
        assert await balances(store) == {"purchases": 40000, "received_not_invoiced": -40000}
    assert await balances(store) == {"purchases": 40000, "received_not_invoiced": -40000}
    assert await violations(store) == {}
