"""From a delivery to a date: what the clock says follows what the two sides do."""

from datetime import date, timedelta
from typing import Any

from httpx2 import AsyncClient

from contracts.onboarding import Signatory, Size, TermFrom, Terms
from contracts.settlement import PaymentDue
from services.settlement.queries.clock import today_of
from shared.database import utc_now
from shared.workdays import next_workday
from tests.conftest import SignIn, Stores
from tests.settlement.factories import ALL, Trade, announced, hear

DAY = timedelta(days=1)


async def only(client: AsyncClient, **query: str) -> dict[str, Any]:
    """Return the only debt that a list holds."""
    answer = await client.get("payables", params=query)
    assert answer.status_code == 200, answer.text
    [row] = answer.json()["items"]
    assert isinstance(row, dict)
    return row


async def test_a_statement_that_both_agreed_to_starts_the_term(
    stores: Stores, sign_in: SignIn
) -> None:
    trade = Trade(terms=Terms(payment_from=TermFrom.STATEMENT, pledged_60_days=True))
    store = stores["settlement"]
    await hear(store, trade.met(), trade.placed(), *trade.came("10"))
    buyer = sign_in("settlement", trade.buyer_id, *ALL)
    supplier = sign_in("settlement", trade.supplier_id, *ALL)
    row = await only(supplier, side="supplier")
    assert (row["why"], row["expected"]) == ("statement_expected", True)
    assert row["started_on"] == "2026-11-30"
    assert row["pledge_due_on"] == "2027-01-04", "60 days end on New Year, a Friday"
    assert row["rules"] == "CN-2025-06-01"
    month = {"counterparty_id": str(trade.buyer_id), "month": "2026-11"}
    opened = await supplier.post("statements", json=month)
    assert opened.status_code in {200, 201}, opened.text
    for side in (supplier, buyer):
        agreed = await side.post(f"statements/{opened.json()['id']}/agreement", json={})
        assert agreed.status_code == 200, agreed.text
    today = today_of(utc_now())
    row = await only(buyer, side="buyer")
    assert (row["why"], row["expected"]) == ("statement", False)
    assert row["started_on"] == str(today)
    assert row["legal_latest_on"] == str(next_workday(today + 60 * DAY).day)
    dues = [event for event in await announced(store) if isinstance(event, PaymentDue)]
    assert [due.started_on for due in dues] == [date(2026, 11, 30), today]


async def test_the_explanation_names_every_article(stores: Stores, sign_in: SignIn) -> None:
    trade = Trade(terms=Terms(payment_days=90))
    await hear(stores["settlement"], trade.met(), trade.placed(), *trade.came("10"))
    supplier = sign_in("settlement", trade.supplier_id, *ALL)
    row = await only(supplier, side="supplier")
    found = (await supplier.get(f"payables/{row['id']}")).json()["explanation"]
    assert found["contract"]["due_on"] == "2027-02-01", "90 days from November 2 are January 31"
    assert found["legal"]["due_on"] == found["due_on"] == "2027-01-04"
    assert found["provisional"], "nobody knows the holidays of 2027 yet"
    cited = [(step["rule"]["article"], step["days"]) for step in found["legal"]["steps"]]
    assert cited == [("10(1)", None), ("201", None), ("9(2)", 60), ("203", None)]
    assert found["legal"]["steps"][2]["rule"]["url"].startswith("https://www.gov.cn/")
    assert sum(found["days"].values()) == (today_of(utc_now()) - date(2026, 11, 2)).days
    assert found["interest"]["rule"]["article"] == "17"
    assert found["notice"]["zh"]


async def test_terms_that_are_heard_late_move_the_dates(stores: Stores, sign_in: SignIn) -> None:
    trade = Trade(terms=Terms(payment_days=30))
    store = stores["settlement"]
    await hear(store, trade.placed(), *trade.came("10"))
    supplier = sign_in("settlement", trade.supplier_id, *ALL)
    row = await only(supplier, side="supplier")
    assert (row["legal_latest_on"], row["no_legal_date"]) == (None, "size_not_told")
    await hear(store, trade.met())
    row = await only(supplier, side="supplier")
    assert (row["contract_due_on"], row["legal_latest_on"]) == ("2026-12-02", "2027-01-04")
    assert len([each for each in await announced(store) if isinstance(each, PaymentDue)]) == 2


async def test_a_buyer_that_is_not_large_has_no_statutory_date(
    stores: Stores, sign_in: SignIn
) -> None:
    trade = Trade(terms=Terms())
    met = trade.met(buyer=Signatory(size=Size.MEDIUM))
    await hear(stores["settlement"], met, trade.placed(), *trade.came("10"))
    buyer = sign_in("settlement", trade.buyer_id, *ALL)
    row = await only(buyer, side="buyer")
    found = (await buyer.get(f"payables/{row['id']}")).json()["explanation"]
    assert found["legal"] is None
    assert found["no_legal"]["name"] == "buyer_not_large"
    assert "没有法定付款日" in found["no_legal"]["zh"]
