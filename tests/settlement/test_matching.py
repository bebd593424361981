"""What is undisputed is payable though the rest is disputed, and all know whose turn it is."""

from decimal import Decimal
from typing import Any

import pytest
from httpx2 import AsyncClient
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from contracts.onboarding import Terms
from contracts.settlement import InvoiceMatched, InvoiceSubmitted, Verdict
from contracts.values import Money
from services.settlement.domain.matching import Claimed, Delivery, Tolerance, match
from services.settlement.domain.valuation import accepted_value
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

PARTS = st.lists(st.decimals("0.000001", 10**6, places=6), min_size=1, max_size=12)


@given(amount=st.integers(0, 10**12), parts=PARTS)
def test_all_of_a_line_is_worth_its_amount_however_it_comes(
    amount: int, parts: list[Decimal]
) -> None:
    ordered, before, values = sum(parts, Decimal(0)), Decimal(0), []
    for part in parts:
        values.append(accepted_value(amount, ordered, before=before, accepted=part))
        before += part
    assert sum(values) == amount
    assert min(values) >= 0


@given(
    asked=st.tuples(st.decimals("0.01", 1000, places=2), st.integers(0, 10**9)),
    there=st.lists(
        st.tuples(st.decimals("0.01", 100, places=2), st.integers(0, 10**7)), max_size=6
    ),
    percent=st.integers(0, 20),
    most=st.none() | st.integers(0, 1000),
)
def test_a_match_loses_no_unit_of_what_is_claimed(
    asked: tuple[Decimal, int], there: list[tuple[Decimal, int]], percent: int, most: int | None
) -> None:
    claimed = Claimed(*asked)
    deliveries = [Delivery(uuid7(), *one) for one in there]
    found = match(claimed, deliveries, tolerance=Tolerance(Decimal(percent), most))

    assert found.undisputed_minor + found.disputed_minor == claimed.amount_minor
    assert sum(part.quantity for part in found.taken) + found.unmatched == claimed.quantity
    assert (found.verdict == Verdict.EXCEPTION) == (found.reason is not None)
    assert (found.verdict == Verdict.EXCEPTION) == (found.must_act is not None)
    if found.disputed_minor or found.unmatched:
        assert found.verdict == Verdict.EXCEPTION
    value = sum(part.value_minor for part in found.taken)
    assert found.undisputed_minor <= max(value * (100 + percent) / 100, value)
    for part, delivery in zip(found.taken, deliveries, strict=False):
        assert part.quantity <= delivery.rest


async def invoice(
    stores: Stores, sign_in: SignIn, trade: Trade, *lines: dict[str, Any], accepted: str = "10"
) -> tuple[AsyncClient, AsyncClient, dict[str, Any]]:
    """Let ten pieces for 1,000.00 be accepted, and invoice them somehow."""
    await hear(stores["settlement"], trade.met(), trade.placed())
    if accepted != "0":
        await hear(stores["settlement"], *trade.came(accepted))
    buyer = sign_in("settlement", trade.buyer_id, *ALL)
    supplier = sign_in("settlement", trade.supplier_id, *ALL)
    body = {"number": "INV-1", "buyer_id": str(trade.buyer_id), "invoiced_on": f"{TODAY}"}
    place = {"order_number": trade.number, "position": 10}
    asked = body | {"lines": [place | line for line in lines]}
    answer = await supplier.post("invoices", json=asked)
    assert answer.is_success, answer.text
    return buyer, supplier, answer.json()


TOLERANT = Terms(
    price_tolerance_percent=Decimal(2),
    amount_tolerance=Money(amount=Decimal("15.00"), currency="CNY"),
)


ABOVE, BELOW = "price_above_order", "price_below_order"
MORE = "more_than_accepted"


@pytest.mark.parametrize(
    ("terms", "accepted", "quantity", "amount", "reason", "must_act", "payable", "disputed"),
    [
        (None, "10", "10", "1000.00", None, None, "1000.00", "0.00"),
        (None, "10", "10", "1000.01", ABOVE, "buyer", "1000.00", "0.01"),
        (None, "10", "10", "999.99", BELOW, "buyer", "999.99", "0.00"),
        (TOLERANT, "10", "10", "1015.00", None, None, "1015.00", "0.00"),
        (TOLERANT, "10", "10", "985.00", None, None, "985.00", "0.00"),
        (TOLERANT, "10", "10", "1015.01", ABOVE, "buyer", "1000.00", "15.01"),
        (TOLERANT, "5", "5", "510.01", ABOVE, "buyer", "500.00", "10.01"),
        (None, "6", "10", "1000.00", MORE, "supplier", "600.00", "400.00"),
        (None, "0", "1", "100.00", MORE, "supplier", "0.00", "100.00"),
    ],
)
async def test_an_invoice_is_compared_with_order_and_receipt(  # noqa: PLR0913, PLR0917
    terms: Terms | None,
    accepted: str,
    quantity: str,
    amount: str,
    reason: str | None,
    must_act: str | None,
    payable: str,
    disputed: str,
    stores: Stores,
    sign_in: SignIn,
) -> None:
    trade = Trade(terms=terms)
    line = {"quantity": quantity, "amount": amount}
    *_, found = await invoice(stores, sign_in, trade, line, accepted=accepted)
    assert (found["reason"], found["must_act"]) == (reason, must_act)
    assert (found["payable"]["amount"], found["disputed"]["amount"]) == (payable, disputed)
    exact = "matched" if payable == "1000.00" else "within_tolerance"
    assert found["verdict"] == ("exception" if reason else exact)
    assert await violations(stores["settlement"]) == {}


async def test_the_undisputed_part_is_paid_while_the_rest_waits_for_its_goods(
    stores: Stores, sign_in: SignIn
) -> None:
    store, trade = stores["settlement"], Trade()
    waiting = trade.received("4")
    await hear(store, waiting)
    line = {"quantity": "10", "amount": "1000.00"}
    buyer, supplier, found = await invoice(stores, sign_in, trade, line, accepted="6")
    assert (found["reason"], found["must_act"]) == ("not_yet_accepted", "buyer")
    paid = {"invoice_id": found["id"], "paid_on": f"{TODAY}", "reference": "B-1"}
    answer = await buyer.post("payments", json=paid)
    assert answer.json()["payments"][0]["amount"]["amount"] == "600.00"
    assert (await buyer.post("payments", json=paid | {"reference": "B-2"})).status_code == 409
    decision = {"invoice_line_id": found["lines"][0]["id"], "decision": "accept"}
    early = await buyer.post(f"invoices/{found['id']}/resolution", json={"lines": [decision]})
    assert early.json()["type"].endswith("not-accepted-yet")

    await hear(store, trade.accepted(waiting))  # and the rest matches by itself

    shown = (await supplier.get(f"invoices/{found['id']}")).json()
    assert (shown["verdict"], shown["open"]["amount"]) == ("matched", "400.00")
    assert await balances(store) == {"purchases": 100_000, "payable": -40_000, "paid": -60_000}
    told = [event for event in await announced(store) if isinstance(event, InvoiceMatched)]
    assert [(e.payable.amount_minor, e.disputed.amount_minor) for e in told] == [
        (60_000, 40_000),
        (100_000, 0),
    ]
    assert await violations(store) == {}


async def test_a_buyer_accepts_or_rejects_and_the_supplier_gives_back(
    stores: Stores, sign_in: SignIn
) -> None:
    store, trade = stores["settlement"], Trade(lines=[("10", "1000.00"), ("10", "500.00")])
    await hear(store, trade.met(), trade.placed(), *trade.came("10", line=1))
    dear = {"quantity": "10", "amount": "1100.00"}
    dearer = dear | {"position": 20, "amount": "600.00"}
    buyer, supplier, found = await invoice(stores, sign_in, trade, dear, dearer)
    first, second = (line["id"] for line in found["lines"])
    address = f"invoices/{found['id']}"
    decisions = [
        {"invoice_line_id": first, "decision": "accept", "reason": "steel went up"},
        {"invoice_line_id": second, "decision": "reject", "reason": "not agreed"},
    ]
    foreign = await supplier.post(f"{address}/resolution", json={"lines": decisions})
    assert foreign.status_code == 403
    shown = (await buyer.post(f"{address}/resolution", json={"lines": decisions})).json()
    assert (shown["reason"], shown["must_act"]) == ("rejected", "supplier")
    assert (shown["payable"]["amount"], shown["disputed"]["amount"]) == ("1600.00", "100.00")
    handed = await supplier.post(f"{address}/assignment", json={"must_act": "buyer"})
    assert handed.json()["must_act"] == "buyer"

    note = {"invoice_id": found["id"], "number": "CN-1", "reason": "as agreed"}
    line = {"invoice_line_id": second, "amount": "100.00"}
    too_much = note | {"lines": [line | {"amount": "9999.00"}]}
    assert (await supplier.post("credit-notes", json=too_much)).status_code == 409
    done = (await supplier.post("credit-notes", json=note | {"lines": [line]})).json()
    assert (done["verdict"], done["disputed"]["amount"]) == ("within_tolerance", "0.00")
    assert (await supplier.post("credit-notes", json=note)).status_code == 409  # its number
    gone = (await supplier.post("credit-notes", json=note | {"number": "CN-2"})).json()
    assert gone["open"]["amount"] == "0.00"
    again = {"buyer_id": str(trade.buyer_id), "number": "INV-2"}
    anew = (await supplier.post("invoices/from-receipts", json=again)).json()
    assert (anew["verdict"], anew["total"]["amount"]) == ("matched", "1500.00")
    told = [e for e in await announced(store) if isinstance(e, InvoiceSubmitted)]
    totals = ["1700.00", "-100.00", "-1600.00", "1500.00"]
    assert [str(e.total.amount) for e in told] == totals
    assert [e.credits is not None for e in told] == [False, True, True, False]
    assert await violations(store) == {}


async def test_what_is_given_back_in_full_lets_a_waiting_invoice_match(
    stores: Stores, sign_in: SignIn
) -> None:
    trade = Trade()
    line = {"quantity": "10", "amount": "1000.00"}
    _, supplier, first = await invoice(stores, sign_in, trade, line)
    place = {"order_number": trade.number, "position": 10}
    twice = {
        "number": "INV-2",
        "buyer_id": str(trade.buyer_id),
        "invoiced_on": f"{TODAY}",
        "lines": [place | line],
    }
    second = (await supplier.post("invoices", json=twice)).json()
    assert (second["reason"], second["must_act"]) == ("already_invoiced", "supplier")
    note = {"invoice_id": first["id"], "number": "CN-1", "reason": "sent twice"}
    await supplier.post("credit-notes", json=note)
    shown = (await supplier.get(f"invoices/{second['id']}")).json()
    assert (shown["verdict"], shown["open"]["amount"]) == ("matched", "1000.00")
    assert await violations(stores["settlement"]) == {}


async def test_numbers_that_look_alike_are_one_and_a_batch_goes_on(
    stores: Stores, sign_in: SignIn
) -> None:
    store, trade = stores["settlement"], Trade()
    _, supplier, found = await invoice(
        stores, sign_in, trade, {"quantity": "1", "amount": "100.00"}
    )
    place = {"order_number": trade.number, "position": 10, "quantity": "1", "amount": "100.00"}
    same = {"buyer_id": str(trade.buyer_id), "invoiced_on": f"{TODAY}", "lines": [place]}
    one = await supplier.post("invoices", json=same | {"number": "inv 1"})
    assert one.json()["type"].endswith("duplicate-invoice")
    other = same | {"lines": [place | {"quantity": "2"}]}
    batch = [
        same | {"number": "INV-1"},
        other | {"number": "inv1"},
        same | {"number": "INV-2"},
        same | {"number": "INV-3", "lines": [place | {"position": 99}]},
        same | {"number": "INV-4", "lines": [{"payable_id": str(uuid7())}]},
        same | {"number": "INV-5", "total": "99.00"},
        same | {"number": "INV-6", "invoiced_on": "2199-01-01"},
        same | {"number": "INV-2"},
    ]
    answer = (await supplier.post("invoices/bulk", json={"invoices": batch})).json()["results"]
    told = [(r["status"], (r["problem"] or {}).get("type", "/").split("/")[-1]) for r in answer]
    assert told == [
        ("unchanged", ""),
        ("refused", "number-taken"),
        ("submitted", ""),
        ("refused", "order-line-not-found"),
        ("refused", "payable-not-found"),
        ("refused", "amount-impossible"),
        ("refused", "not-yet-happened"),
        ("unchanged", ""),
    ]
    assert answer[0]["invoice_id"] == found["id"]
    assert (await rows(store, "SELECT count(*) FROM invoices"))[0][0] == 2
    assert await violations(store) == {}
