"""A month is agreed on line by line; what both agreed on is frozen and can be checked."""

from hashlib import sha256
from typing import Any

from httpx2 import AsyncClient
from sqlalchemy import Engine, text

from contracts.onboarding import TermFrom, Terms
from contracts.scopes import Scope
from contracts.settlement import PaymentDue, StatementAgreed
from tests.conftest import SignIn, Stores
from tests.settlement.factories import ALL, Trade, announced, hear, rows, violations

MONTH = "2026-11"


def problem(answer: Any) -> str:  # noqa: ANN401
    """Return the type of a refusal."""
    assert answer.status_code >= 400, answer.text
    name: str = answer.json()["type"].rpartition("/")[2]
    return name


async def agreed_on(
    stores: Stores, sign_in: SignIn, trade: Trade
) -> tuple[AsyncClient, AsyncClient, dict[str, Any]]:
    """Let both agree on a month but for one line; return them and the frozen statement."""
    store = stores["settlement"]
    await hear(store, trade.met(), trade.placed(), *trade.came("4"), *trade.came("5", line=1))
    buyer = sign_in("settlement", trade.buyer_id, *ALL, name="Buyer's clerk")
    supplier = sign_in("settlement", trade.supplier_id, *ALL, name="Supplier's clerk")
    asked = {"counterparty_id": str(trade.buyer_id), "month": MONTH}
    opened = (await supplier.post("statements", json=asked)).json()
    assert (opened["total"]["amount"], opened["line_count"]) == ("650.00", 2)
    address = f"statements/{opened['id']}"
    early = await supplier.post(f"{address}/invoice", json={"number": "I"})
    assert problem(early) == "statement-not-agreed"
    await supplier.post(f"{address}/agreement", json={})
    await hear(store, *trade.came("1"))  # and more comes in the meantime
    asked = {"counterparty_id": str(trade.supplier_id), "month": MONTH}
    shown = (await buyer.post("statements", json=asked)).json()
    assert (shown["id"], shown["line_count"]) == (opened["id"], 3)
    assert shown["supplier_agreed"] is None  # on another statement than this one
    lines = {line["amount"]["amount"]: line["id"] for line in shown["lines"]}
    refused = {"agree": False, "note": "two pieces less"}
    said = (await buyer.post(f"{address}/lines/{lines['250.00']}/answer", json=refused)).json()
    assert (said["total"]["amount"], said["disagreed"]) == ("500.00", 1)
    answers = [{"statement_line_id": lines["400.00"], "agree": True}]
    await supplier.post(f"{address}/answers", json={"answers": answers})
    one = (await buyer.post(f"{address}/agreement", json={})).json()
    assert (one["state"], one["turn"]) == ("open", "supplier")
    return buyer, supplier, (await supplier.post(f"{address}/agreement", json={})).json()


BY_STATEMENT = Terms(payment_from=TermFrom.STATEMENT, payment_days=30)


async def test_what_both_agreed_on_is_frozen_and_the_rest_left_to_a_later_month(
    stores: Stores, sign_in: SignIn, superuser: Engine
) -> None:
    store = stores["settlement"]
    trade = Trade(lines=[("10", "1000.00"), ("10", "500.00")], terms=BY_STATEMENT)
    buyer, _, agreed = await agreed_on(stores, sign_in, trade)
    assert (agreed["state"], agreed["total"]["amount"]) == ("agreed", "500.00")
    assert agreed["sha256"] == sha256(agreed["document"].encode()).hexdigest()
    assert agreed["content"]["total"] == "500.00"
    assert len(agreed["content"]["lines"]) == 2
    [left] = [line["id"] for line in agreed["lines"] if line["carried"]]
    address = f"statements/{agreed['id']}"
    late = await buyer.post(f"{address}/lines/{left}/answer", json={"agree": True})
    assert problem(late) == "statement-frozen"
    assert problem(await buyer.post(f"{address}/agreement", json={})) == "statement-frozen"
    events = await announced(store)
    [event] = [one for one in events if isinstance(one, StatementAgreed)]
    assert (event.sha256, event.total.amount_minor) == (agreed["sha256"], 50_000)
    moved = [one for one in events if isinstance(one, PaymentDue)]
    assert len(moved) > 3  # the term of what was agreed on runs from now on
    [[free]] = await rows(store, "SELECT count(*) FROM payables WHERE statement_id IS NULL")
    assert free == 1
    assert await violations(store) == {}
    with superuser.begin() as connection:  # the digest sees what rights would not have allowed
        tamper = "UPDATE settlement.statements SET document = replace(document, '400', '900')"
        connection.execute(text(tamper))
    assert list(await violations(store)) == ["settlement: a frozen statement is what its lines say"]


async def test_an_agreed_statement_is_invoiced_once_in_one_click(
    stores: Stores, sign_in: SignIn
) -> None:
    trade = Trade(lines=[("10", "1000.00"), ("10", "500.00")])
    buyer, supplier, agreed = await agreed_on(stores, sign_in, trade)
    address = f"statements/{agreed['id']}"
    assert (await buyer.post(f"{address}/invoice", json={"number": "S-11"})).status_code == 403
    invoice = (await supplier.post(f"{address}/invoice", json={"number": "S-11"})).json()
    assert (invoice["verdict"], invoice["total"]["amount"]) == ("matched", "500.00")
    assert (await supplier.get(address)).json()["invoiced"]
    again = await supplier.post(f"{address}/invoice", json={"number": "S-12"})
    assert problem(again) == "nothing-accepted"
    assert await violations(stores["settlement"]) == {}


async def test_a_month_without_deliveries_and_a_stranger_are_refused(
    stores: Stores, sign_in: SignIn
) -> None:
    trade = Trade()
    await hear(stores["settlement"], trade.met(), trade.placed())
    buyer = sign_in("settlement", trade.buyer_id, *ALL)
    asked = {"counterparty_id": str(trade.supplier_id), "month": MONTH}
    assert problem(await buyer.post("statements", json=asked)) == "nothing-accepted"
    future = asked | {"month": "2099-01"}
    assert problem(await buyer.post("statements", json=future)) == "not-yet-happened"
    wrong_desk = sign_in("settlement", trade.buyer_id, Scope.SETTLEMENT_INVOICE)
    assert problem(await wrong_desk.post("statements", json=asked)) == "not-a-party"
    stranger = asked | {"counterparty_id": str(trade.order_id)}
    assert problem(await buyer.post("statements", json=stranger)) == "nothing-accepted"
