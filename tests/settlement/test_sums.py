"""What pages show as sums is what all their rows come to, however many; and whose claim is due."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from httpx2 import AsyncClient

from contracts.onboarding import TermFrom, Terms
from contracts.scopes import Scope
from contracts.settlement import PaymentDue
from services.settlement.queries import clock
from services.settlement.queries.clock import today_of
from shared.database import utc_now
from tests.conftest import SignIn, Stores
from tests.settlement.debts import BUYER, DAY, SUPPLIER, agreed, debt, owed
from tests.settlement.factories import ALL, Trade, announced, hear


async def listed(client: AsyncClient, **query: str) -> list[dict[str, Any]]:
    """Return all rows of a list, page by page."""
    rows: list[dict[str, Any]] = []
    answer = (await client.get("payables", params=query | {"limit": "2"})).json()
    while True:
        rows += answer["items"]
        if not answer["next"]:
            return rows
        answer = (await client.get(f"payables?{urlsplit(answer['next']).query}")).json()


async def test_sums_are_those_of_all_pages_and_of_no_other_s(
    stores: Stores, sign_in: SignIn
) -> None:
    today = today_of(utc_now())
    mine = [debt(today - n * DAY) for n in (10, 70, 75, 80, 90)]
    foreign = debt(today - 80 * DAY, supplier_id=uuid4())
    await owed(stores, *mine, foreign, debt(today - 5 * DAY, currency="USD"))
    supplier = sign_in("settlement", SUPPLIER, Scope.SETTLEMENT_READ)

    for query in ({}, {"state": "overdue"}, {"due_before": str(today)}, {"q": "nothing like it"}):
        rows = await listed(supplier, side="supplier", **query)
        asked = await supplier.get("payables/sums", params={"side": "supplier"} | query)
        sums = {one["open"]["currency"]: one for one in asked.json()["currencies"]}
        assert sum(one["count"] for one in sums.values()) == len(rows)
        for currency, one in sums.items():
            own = [row for row in rows if row["open"]["currency"] == currency]
            assert Decimal(one["open"]["amount"]) == sum(
                Decimal(row["open"]["amount"]) for row in own
            )
            assert one["first_due_on"] == min(row["due_on"] for row in own)


async def test_interest_counts_every_overdue_debt(
    stores: Stores, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "STEP_ROWS", 2)  # so that five debts are three parts
    today = today_of(utc_now())
    terms = agreed(payment_from=TermFrom.DELIVERY, late_interest_percent="6.5", lpr_percent="3.1")
    unsigned = agreed(payment_from=TermFrom.DELIVERY) | {"signed_on": None}
    late = [debt(today - n * DAY) for n in (70, 75, 80)]
    late += [debt(today - 85 * DAY, agreed=terms), debt(today - 95 * DAY, agreed=unsigned)]
    await owed(stores, *late, debt(today - 90 * DAY, supplier_id=uuid4()))
    supplier = sign_in("settlement", SUPPLIER, Scope.SETTLEMENT_READ)
    rows = await listed(supplier, side="supplier", state="overdue")
    assert len(rows) == len(late)

    summary = (await supplier.get("payables/summary?side=supplier")).json()["currencies"][0]
    each = [Decimal(row["interest"]["amount"]) for row in rows]
    assert Decimal(summary["interest"]["amount"]) == sum(each) > 0
    assert summary["breached"]["count"] == sum(row["breached"] for row in rows)
    buyer = sign_in("settlement", BUYER, Scope.SETTLEMENT_READ)
    forecast = (await buyer.get("forecast?days=1")).json()
    assert Decimal(forecast["interest"]["amount"]) > sum(each), "the buyer owes another one too"


async def test_a_term_that_moves_names_the_invoice_that_claims_it(
    stores: Stores, sign_in: SignIn
) -> None:
    trade, store = Trade(terms=Terms(payment_days=30)), stores["settlement"]
    await hear(store, trade.placed(), *trade.came("4"))
    supplier = sign_in("settlement", trade.supplier_id, *ALL)
    body = {"buyer_id": str(trade.buyer_id), "number": "INV-1"}
    invoice = (await supplier.post("invoices/from-receipts", json=body)).json()
    await hear(store, trade.met())

    dues = [event for event in await announced(store) if isinstance(event, PaymentDue)]
    assert [str(due.invoice_id) for due in dues] == ["None", invoice["id"]]
    assert dues[0].contract_due_on - dues[1].contract_due_on != timedelta(0)
