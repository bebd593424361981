"""Two persons above the limit, one payment for each debt, and what bounced is open again."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import AsyncClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from contracts.scopes import Scope
from contracts.settlement import PaymentMade
from shared.database import transaction
from tests.conftest import SignIn, Stores
from tests.settlement.factories import (
    ALL,
    TODAY,
    Trade,
    announced,
    balances,
    hear,
    rows,
    violations,
)

PAID_ON = f"{TODAY + timedelta(days=2)}"
JOURNAL = "postings", "entries", "payments", "payment_parts", "credit_notes", "approvals", "steps"


async def owed(
    stores: Stores, sign_in: SignIn, *amounts: str, buyer_id: UUID | None = None
) -> tuple[AsyncClient, list[Trade], list[dict[str, Any]]]:
    """Let one buyer owe so much to as many suppliers, invoiced and matched."""
    buyer_id, trades, invoices = buyer_id or uuid4(), [], []
    for n, amount in enumerate(amounts):
        trade = Trade(lines=[("10", amount)], buyer_id=buyer_id, number=f"PO-{n}")
        await hear(stores["settlement"], trade.met(), trade.placed(), *trade.came("10"))
        supplier = sign_in("settlement", trade.supplier_id, *ALL)
        body = {"buyer_id": str(buyer_id), "number": "INV-1"}
        invoices.append((await supplier.post("invoices/from-receipts", json=body)).json())
        trades.append(trade)
    return sign_in("settlement", buyer_id, *ALL), trades, invoices


def problem(answer: Any) -> str:  # noqa: ANN401
    """Return the type of a refusal."""
    assert answer.status_code >= 400, answer.text
    name: str = answer.json()["type"].rpartition("/")[2]
    return name


async def test_a_proposal_pays_every_supplier_once_after_another_person_approved(
    stores: Stores, sign_in: SignIn
) -> None:
    store = stores["settlement"]
    buyer, trades, _ = await owed(stores, sign_in, "1000.00", "2000.00")
    proposal = (await buyer.post("proposals", json={"due_before": "2199-12-31"})).json()
    assert (proposal["total"]["amount"], proposal["supplier_count"]) == ("3000.00", 2)
    assert proposal["approvals_needed"] == 1
    again = await buyer.post("proposals", json={"due_before": "2199-12-31"})
    assert problem(again) == "nothing-payable"  # all of it is proposed already
    address = f"proposals/{proposal['id']}"
    pay = {"proposal_id": proposal["id"], "paid_on": PAID_ON, "reference": "RUN-1"}
    assert problem(await buyer.post("payments", json=pay)) == "already-decided"
    own = sign_in("settlement", trades[0].buyer_id, *ALL, user_id=UUID(int=7))
    mine = (await own.post("proposals", json={"due_before": "2199-12-31"})).status_code
    assert mine == 409
    clerk = sign_in("settlement", trades[0].buyer_id, Scope.SETTLEMENT_READ)
    assert (await clerk.post(f"{address}/approval", json={})).status_code == 403
    colleague = sign_in("settlement", trades[0].buyer_id, *ALL, name="Wang Fang")
    approved = (await colleague.post(f"{address}/approval", json={})).json()
    assert (approved["state"], approved["approvals"][0]["by"]) == ("approved", "Wang Fang")

    first = next(line for line in approved["lines"] if line["amount"]["amount"] == "1000.00")
    part = pay | {"invoice_id": first["invoice_id"], "amount": "400.00"}
    assert len((await buyer.post("payments", json=part)).json()["payments"]) == 1
    rest = (await buyer.post("payments", json=pay | {"reference": "RUN-2"})).json()["payments"]
    assert sorted(one["amount"]["amount"] for one in rest) == ["2000.00", "600.00"]
    assert problem(await buyer.post("payments", json=pay)) == "already-decided"
    assert await balances(store) == {"purchases": 300_000, "paid": -300_000}
    paid = [event for event in await announced(store) if isinstance(event, PaymentMade)]
    assert sorted(event.amount.amount_minor for event in paid) == [40_000, 60_000, 200_000]
    seen = sign_in("settlement", trades[0].supplier_id, *ALL)
    assert (await seen.get("proposals")).json()["items"] == []
    assert (await seen.get(address)).status_code == 404
    assert len((await seen.get("payments?side=supplier")).json()["items"]) == 2
    assert await violations(store) == {}


async def test_above_the_limit_two_others_approve_and_nobody_pays_around_it(
    stores: Stores, sign_in: SignIn
) -> None:
    buyer, [trade], [invoice] = await owed(stores, sign_in, "1000.00")
    limit = {"approval_limit": {"amount": "500.00", "currency": "CNY"}}
    assert (await buyer.put("settings", json=limit)).json()["approval_limit"]["amount"] == "500.00"
    half = {"invoice_id": invoice["id"], "amount": "300.00", "paid_on": PAID_ON}
    assert (await buyer.post("payments", json=half | {"reference": "B-1"})).status_code == 201
    around = await buyer.post("payments", json=half | {"reference": "B-2"})
    assert problem(around) == "approval-needed"  # two halves are a whole
    proposal = (await buyer.post("proposals", json={"due_before": "2199-12-31"})).json()
    assert (proposal["total"]["amount"], proposal["approvals_needed"]) == ("700.00", 2)
    address = f"proposals/{proposal['id']}/approval"
    assert problem(await buyer.post(address, json={})) == "approve-as-another"
    one, two = (sign_in("settlement", trade.buyer_id, *ALL) for _ in range(2))
    assert (await one.post(address, json={})).json()["state"] == "open"
    assert problem(await one.post(address, json={})) == "approve-as-another"
    assert (await two.post(address, json={})).json()["state"] == "approved"
    withdrawn = await buyer.post(f"proposals/{proposal['id']}/withdrawal", json={})
    assert withdrawn.json()["state"] == "withdrawn"
    assert problem(await two.post(address, json={})) == "already-decided"
    assert await violations(stores["settlement"]) == {}


async def test_a_payment_that_came_back_is_reversed_once_and_the_debt_is_open_again(
    stores: Stores, sign_in: SignIn
) -> None:
    store = stores["settlement"]
    buyer, [trade], [invoice] = await owed(stores, sign_in, "1000.00")
    said = {"invoice_id": invoice["id"], "paid_on": PAID_ON, "reference": "B-1"}
    [paid] = (await buyer.post("payments", json=said)).json()["payments"]
    address = f"payments/{paid['id']}/reversal"
    supplier = sign_in("settlement", trade.supplier_id, *ALL)
    assert (await supplier.post(address, json={"reason": "mine"})).status_code == 404
    back = (await buyer.post(address, json={"reason": "account closed"})).json()
    assert (back["amount"]["amount"], back["reverses"]) == ("-1000.00", paid["id"])
    assert problem(await buyer.post(address, json={"reason": "again"})) == "already-reversed"
    again = f"payments/{back['id']}/reversal"
    assert problem(await buyer.post(again, json={"reason": "no"})) == "already-reversed"
    assert await balances(store) == {"purchases": 100_000, "payable": -100_000}
    shown = (await supplier.get(f"invoices/{invoice['id']}")).json()
    assert (shown["state"], shown["open"]["amount"]) == ("matched", "1000.00")
    assert shown["story"][-1]["text"] == "account closed"
    [[reversal]] = await rows(store, "SELECT reverses FROM postings WHERE kind = 'reversed'")
    [[posting]] = await rows(store, "SELECT id FROM postings WHERE kind = 'paid'")
    assert reversal == posting
    assert (await buyer.post("payments", json=said | {"reference": "B-2"})).status_code == 201
    assert await balances(store) == {"purchases": 100_000, "paid": -100_000}
    told = [e.amount.amount_minor for e in await announced(store) if isinstance(e, PaymentMade)]
    assert told == [100_000, -100_000, 100_000]
    assert await violations(store) == {}


async def test_nothing_is_not_an_amount(stores: Stores, sign_in: SignIn) -> None:
    buyer, [trade], [invoice] = await owed(stores, sign_in, "1000.00")
    said = {"invoice_id": invoice["id"], "amount": "0", "paid_on": PAID_ON, "reference": "B-1"}
    assert problem(await buyer.post("payments", json=said)) == "amount-impossible"
    [bulk] = (await buyer.post("payments/bulk", json={"payments": [said]})).json()["results"]
    assert bulk["status"] == "refused"
    small = said | {"amount": "0.001"}
    assert problem(await buyer.post("payments", json=small)) == "amount-impossible"
    much = said | {"amount": "1000.01"}
    assert problem(await buyer.post("payments", json=much)) == "more-than-payable"
    later = said | {"amount": "1", "paid_on": "2199-01-01"}
    assert problem(await buyer.post("payments", json=later)) == "not-yet-happened"
    supplier = sign_in("settlement", trade.supplier_id, *ALL)
    note = {"invoice_id": invoice["id"], "number": "C-1", "reason": "none", "amount": "0.00"}
    assert problem(await supplier.post("credit-notes", json=note)) == "amount-impossible"
    assert await violations(stores["settlement"]) == {}


async def test_history_is_taken_in_once_and_starts_no_clock(
    stores: Stores, sign_in: SignIn
) -> None:
    store, trade = stores["settlement"], Trade(lines=[("1", "585.60"), ("2", "70.00")])
    trade.imported = True
    buyer = sign_in("settlement", trade.buyer_id, Scope.SETTLEMENT_IMPORT, Scope.SETTLEMENT_READ)
    past, payment = of_the_past(trade)

    async def sent(path: str, body: dict[str, Any]) -> str:
        name = path.partition("/")[0]
        [result] = (await buyer.post(path, json={name: [body]})).json()["results"]
        why = (result["problem"] or {}).get("type", "").rpartition("/")[2]
        return why or str(result["status"])

    assert await sent("invoices/import", past) == "order-line-not-found"  # send it again
    await hear(store, trade.placed())
    assert await sent("invoices/import", past) == "submitted"
    assert await sent("payments/import", payment) == "not-payable-yet"
    await hear(store, *trade.came("1", line=0), *trade.came("2", line=1))
    for again in "paid", "unchanged":
        assert await sent("payments/import", payment) == again
    assert await sent("payments/import", payment | {"amount": "1.00"}) == "reference-taken"
    assert await sent("invoices/import", past) == "unchanged"
    assert await balances(store) == {"purchases": 65_560, "paid": -65_560}
    listed = (await buyer.get("payables?side=buyer")).json()["items"]
    assert {(one["interest"], one["days_left"], one["breached"]) for one in listed} == {
        (None, None, False)
    }
    events = await announced(store)
    assert {event.type for event in events} == {
        "settlement.invoice_submitted.v1",
        "settlement.invoice_matched.v1",
        "settlement.payment_made.v1",
    }
    assert all(getattr(event, "imported", False) for event in events)
    assert await violations(store) == {}


def of_the_past(trade: Trade) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an invoice for all of an order, and its payment, as another system kept them."""
    lines = [
        {"order_number": trade.number, "position": 10, "quantity": "1", "amount": "585.60"},
        {"order_number": trade.number, "position": 20, "quantity": "2", "amount": "70.00"},
    ]
    past = {
        "number": "51000001",
        "buyer_id": str(trade.buyer_id),
        "supplier_id": str(trade.supplier_id),
        "invoiced_on": "2022-04-03",
        "occurred_at": "2022-04-03T09:00:00Z",
        "lines": lines,
    }
    payment = {
        "supplier_id": str(trade.supplier_id),
        "invoice_number": "51000001",
        "amount": "655.60",
        "paid_on": "2022-05-03",
        "reference": "15000001",
        "occurred_at": "2022-05-03T09:00:00Z",
    }
    return past, payment


@pytest.mark.parametrize("role", ["app", "system"])
async def test_nobody_rewrites_the_journal(role: str, stores: Stores, sign_in: SignIn) -> None:
    buyer, [trade], [invoice] = await owed(stores, sign_in, "1000.00")
    said = {"invoice_id": invoice["id"], "paid_on": PAID_ON, "reference": "B-1"}
    await buyer.post("payments", json=said)
    store = stores["settlement"]
    sessions = store.app if role == "app" else store.system
    for table in JOURNAL:
        for change in (f"UPDATE {table} SET buyer_id = buyer_id", f"DELETE FROM {table}"):  # noqa: S608
            with pytest.raises(DBAPIError, match="permission denied"):
                async with transaction(sessions, actor=trade.buyer_id) as session:
                    await session.execute(text(change))
    assert await violations(store) == {}


async def test_entries_that_do_not_add_up_are_refused_whoever_writes_them(
    stores: Stores, sign_in: SignIn, superuser: Engine
) -> None:
    await owed(stores, sign_in, "1000.00")
    plant = text(
        """
        INSERT INTO settlement.entries (posting_id, turn, buyer_id, supplier_id, currency, account,
            amount_minor)
        SELECT posting_id, turn + 50, buyer_id, supplier_id, currency, account, 1
        FROM settlement.entries LIMIT 1
        """
    )
    with pytest.raises(DBAPIError, match="add up to nothing"), superuser.begin() as connection:
        connection.execute(text("SET LOCAL search_path = settlement"))
        connection.execute(plant)
    assert await violations(stores["settlement"]) == {}
