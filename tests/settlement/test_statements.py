"""A month is agreed on line by line; what both agreed on is frozen and can be checked."""

from hashlib import sha256
from typing import Any

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


async def test_both_sides_agree_and_what_they_disagree_on_is_left_to_a_later_month(
    stores: Stores, sign_in: SignIn, superuser: Engine
) -> None:
    store = stores["settlement"]
    terms = Terms(payment_from=TermFrom.STATEMENT, payment_days=30)
    trade = Trade(lines=[("10", "1000.00"), ("10", "500.00")], terms=terms)
    await hear(store, trade.met(), trade.placed(), *trade.came("4"), *trade.came("5", line=1))
    buyer = sign_in("settlement", trade.buyer_id, *ALL, name="Buyer's clerk")
    supplier = sign_in("settlement", trade.supplier_id, *ALL, name="Supplier's clerk")
    asked = {"counterparty_id": str(trade.buyer_id), "month": MONTH}
    opened = (await supplier.post("statements", json=asked)).json()
    assert (opened["total"]["amount"], opened["line_count"]) == ("650.00", 2)
    address = f"statements/{opened['id']}"
    assert problem(await supplier.post(f"{address}/invoice", json={"number": "I"})) == (
        "statement-not-agreed"
    )
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
    agreed = (await supplier.post(f"{address}/agreement", json={})).json()

    assert (agreed["state"], agreed["total"]["amount"]) == ("agreed", "500.00")
    assert agreed["sha256"] == sha256(agreed["document"].encode()).hexdigest()
    assert agreed["content"]["total"] == "500.00"
    assert len(agreed["content"]["lines"]) == 2
    assert [line["carried"] for line in agreed["lines"]].count(True) == 1
    for late in (f"{address}/agreement", f"{address}/lines/{lines['250.00']}/answer"):
        assert problem(await buyer.post(late, json=refused if "lines" in late else {})) == (
            "statement-frozen"
        )
    events = await announced(store)
    [event] = [one for one in events if isinstance(one, StatementAgreed)]
    assert (event.sha256, event.total.amount_minor) == (agreed["sha256"], 50_000)
    moved = [one for one in events if isinstance(one, PaymentDue)]
    assert len(moved) > 3  # the term of what was agreed on runs from now on
    invoice = (await supplier.post(f"{address}/invoice", json={"number": "S-11"})).json()
    assert (invoice["verdict"], invoice["total"]["amount"]) == ("matched", "500.00")
    assert (await supplier.get(address)).json()["invoiced"]
    assert problem(await supplier.post(f"{address}/invoice", json={"number": "S-12"})) == (
        "nothing-accepted"
    )
    [[free]] = await rows(store, "SELECT count(*) FROM payables WHERE statement_id IS NULL")
    assert free == 1
    assert await violations(store) == {}

    with superuser.begin() as connection:  # the digest sees what rights would not have allowed
        tamper = "UPDATE settlement.statements SET document = replace(document, '400', '900')"
        connection.execute(text(tamper))
    assert list(await violations(store)) == ["settlement: a frozen statement is what its lines say"]


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
