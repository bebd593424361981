"""Finance sets its approval limit, gives proposals up, and reads sums of all that is owed."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from contracts.scopes import Role
from services.settlement.queries.clock import today_of
from shared.database import utc_now
from tests.conftest import SignIn, Stores
from tests.portal.desks import Office, office
from tests.settlement.debts import BUYER, DAY, SUPPLIER, debt, owed
from tests.settlement.test_payments import owed as owed_to

BUYER_ID = uuid4()


@pytest.fixture
async def desks(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    names = "onboarding", "orders", "production", "logistics", "settlement", "insights"
    async with office(stores, monkeypatch, *names) as found:
        yield found


async def test_who_approves_sets_the_limit_and_everybody_sees_who_did(desks: Office) -> None:
    people = {"孙静": [Role.BUYER_FINANCE], "林敏": [Role.BUYER_PROCUREMENT]}
    await desks.hire(BUYER_ID, "比邻汽车", people)
    finance, buyer = desks.people["孙静"], desks.people["林敏"]
    page = (await finance.see("/payments/limit")).text
    assert "尚未设定" in page
    wrong = await finance.post("/payments/limit", amount="12.345.6", currency="CNY")
    assert wrong.status_code == 422
    assert "请填写大于 0 的金额" in wrong.text
    assert 'value="12.345.6"' in wrong.text, "what was typed is not lost"
    page = (await finance.post("/payments/limit", amount="250,000", currency="CNY")).text
    assert "250,000.00" in page
    page = (await buyer.see("/payments/limit")).text
    assert "孙静 设定于" in page
    assert 'action="/payments/limit"' not in page
    assert (await buyer.post("/payments/limit", amount="1", currency="CNY")).status_code == 403
    assert "250,000" in (await finance.see("/payments")).text


async def test_a_proposal_is_withdrawn_and_its_items_are_proposed_again(
    desks: Office, stores: Stores, sign_in: SignIn
) -> None:
    await desks.hire(BUYER_ID, "比邻汽车", {"孙静": [Role.BUYER_FINANCE]})
    await owed_to(stores, sign_in, "1000.00", "2000.00", buyer_id=BUYER_ID)
    finance = desks.people["孙静"]
    assert "3,000.00" in (await finance.see("/payments?before=2199-12-31")).text
    page = await finance.post("/payments/proposals", before="2199-12-31")
    address = str(page.request.url.path)
    assert f'action="{address}/withdrawal"' in page.text
    page = await finance.post(f"{address}/withdrawal")
    assert "已撤回" in page.text
    assert "/withdrawal" not in page.text
    again = await finance.post(f"{address}/withdrawal", key="another click")
    assert again.status_code == 422
    page = await finance.post("/payments/proposals", before="2199-12-31", key="anew")
    assert page.status_code == 200
    assert "3,000.00" in page.text
    assert str(page.request.url.path) != address


async def test_a_supplier_reads_interest_and_breaches_of_all_debts(
    desks: Office, stores: Stores
) -> None:
    today = today_of(utc_now())
    await owed(stores, *(debt(today - (70 + n % 20) * DAY) for n in range(210)))
    await desks.hire(SUPPLIER, "宏远精密", {"周岚": [Role.SUPPLIER_SALES]})
    await desks.hire(BUYER, "比邻汽车", {"孙静": [Role.BUYER_FINANCE]})
    supplier = await desks.people["周岚"].see("/owed")
    assert supplier.status_code == 200
    assert "210,000.00" in supplier.text
    assert "≥" not in supplier.text, "sums are whole"
    assert supplier.text.count('class="owed ') == 30, "while the list is a page"
