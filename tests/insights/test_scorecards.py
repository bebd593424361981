"""A scorecard says what a hand counts, and every figure leads to the events it comes from."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import AsyncClient

from contracts.event import Event
from contracts.onboarding import RelationshipState
from contracts.scopes import Scope
from services.insights.domain.figures import Figure
from shared.database import utc_now
from shared.settings import settings
from tests.conftest import SignIn, Stores
from tests.insights.factories import Pair, told


def calendar_day() -> date:
    """Return today's day where the platform stands; a long run of tests may see two."""
    return utc_now().astimezone(settings().calendar).date()


TODAY = calendar_day()
READ = Scope.INSIGHTS_READ


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


async def card(client: AsyncClient, other: Any, **params: Any) -> dict[str, Any]:  # noqa: ANN401
    answer = await client.get(f"scorecards/{other}", params={"months": 24, **params})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def figure(shown: dict[str, Any], name: Figure) -> tuple[str | None, str, str | None]:
    [found] = [one for one in shown["figures"] if one["name"] == name]
    return found["value"], found["numerator"], found["denominator"]


async def tell_lines(stores: Stores, *lines: tuple[date, date, Sequence[tuple[date, int]]]) -> Pair:
    """Tell of lines of 10: promised first, promised last, and what was delivered when."""
    pair = Pair()
    await told(stores, pair.related())
    for first, last, receipts in lines:
        order = pair.placed(ago(300))
        line = pair.confirmed(order, first)
        events: list[Event] = [order, line]
        if last != first:
            events.append(pair.changed(line, last))
        await told(stores, *events, *(pair.received(line, on, number) for on, number in receipts))
    return pair


@pytest.mark.parametrize(
    ("first", "last", "receipts", "kept_first", "kept"),
    [
        pytest.param(ago(50), ago(50), [(ago(50), 10)], 1, 1, id="on the day"),
        pytest.param(ago(50), ago(50), [(ago(49), 10)], 0, 0, id="a day late"),
        pytest.param(ago(50), ago(50), [(ago(60), 6), (ago(50), 4)], 1, 1, id="in two parts"),
        pytest.param(ago(50), ago(50), [(ago(60), 9)], 0, 0, id="short by one"),
        pytest.param(ago(50), ago(50), [(ago(60), 9), (ago(40), 1)], 0, 0, id="the rest late"),
        pytest.param(ago(50), ago(50), [(ago(60), 12)], 1, 1, id="more than promised"),
        pytest.param(ago(50), ago(30), [(ago(40), 10)], 0, 1, id="by the second promise alone"),
        pytest.param(ago(50), ago(60), [(ago(55), 10)], 1, 0, id="by the first promise alone"),
        pytest.param(ago(50), ago(50), [], 0, 0, id="never"),
    ],
)
async def test_on_time_in_full(  # noqa: PLR0913, PLR0917  one case by hand
    first: date,
    last: date,
    receipts: list[tuple[date, int]],
    kept_first: int,
    kept: int,
    stores: Stores,
    sign_in: SignIn,
) -> None:
    pair = await tell_lines(stores, (first, last, receipts))
    shown = await card(sign_in("insights", pair.buyer_id, READ), pair.supplier_id)
    assert figure(shown, Figure.ON_TIME_FIRST)[1:] == (str(kept_first), "1")
    assert figure(shown, Figure.ON_TIME)[1:] == (str(kept), "1")


async def test_a_promise_counts_once_its_day_has_passed_or_once_it_is_kept(
    stores: Stores, sign_in: SignIn
) -> None:
    today = calendar_day()
    ahead = today + timedelta(days=1) if today.day < 28 else today
    pair = await tell_lines(
        stores, (today, today, []), (ahead, ahead, []), (ahead, ahead, [(ago(1), 10)])
    )
    shown = await card(sign_in("insights", pair.buyer_id, READ), pair.supplier_id)
    assert figure(shown, Figure.ON_TIME) == ("100", "1", "1")


async def test_what_was_rejected_was_not_delivered(stores: Stores, sign_in: SignIn) -> None:
    pair = await tell_lines(stores)
    order = pair.placed(ago(90))
    line = pair.confirmed(order, ago(50))
    receipt = pair.received(line, ago(51), 10)
    await told(stores, order, line, receipt)
    client = sign_in("insights", pair.buyer_id, READ)
    assert figure(await card(client, pair.supplier_id), Figure.ON_TIME)[1] == "1"
    await told(stores, pair.accepted(receipt, ago(48), rejected=2))
    shown = await card(client, pair.supplier_id)
    assert figure(shown, Figure.ON_TIME) == ("0", "0", "1")
    assert figure(shown, Figure.ACCEPTANCE) == ("3", "3", "1")


async def test_what_was_given_up_is_promised_no_more(stores: Stores, sign_in: SignIn) -> None:
    pair = await tell_lines(stores)
    order = pair.placed(ago(90), quantities=(10, 10))
    lines = [pair.confirmed(order, ago(50), part=part) for part in range(2)]
    await told(stores, order, *lines, pair.changed(lines[0], None))
    shown = await card(sign_in("insights", pair.buyer_id, READ), pair.supplier_id)
    assert figure(shown, Figure.ON_TIME)[1:] == figure(shown, Figure.ON_TIME_FIRST)[1:]
    assert figure(shown, Figure.ON_TIME)[1:] == ("0", "1")
    assert figure(shown, Figure.CONFIRMATION) == ("24", str(2 * 24 * 3600), "2")


async def test_what_is_paid_late_is_overdue_until_it_is_paid(
    stores: Stores, sign_in: SignIn
) -> None:
    pair = await tell_lines(stores)
    in_time = pair.due("300.00", ago(100), ago(40), ago(40))
    late = pair.due("100.10", ago(100), ago(40), ago(40))
    of_contract_alone = pair.due("50", ago(100), ago(30), None)
    to_come = pair.due("70", ago(20), TODAY + timedelta(days=9), TODAY + timedelta(days=40))
    await told(
        stores,
        *(in_time, late, of_contract_alone, to_come),
        pair.paid(ago(40), (in_time, "300.00")),
        pair.paid(ago(30), (late, "60.10")),
    )
    client = sign_in("insights", pair.supplier_id, READ)
    shown = await card(client, pair.buyer_id, side="supplier")
    assert figure(shown, Figure.PAYMENT) == ("65", "130", "2")
    assert figure(shown, Figure.WITHIN_LEGAL_TERM) == ("75", "300", "400.1")
    assert figure(shown, Figure.OVERDUE) == ("90", "90", None)
    await told(stores, pair.paid(ago(2), (late, "40.00"), (of_contract_alone, "50")))
    assert figure(await card(client, pair.buyer_id), Figure.OVERDUE)[0] == "0"


async def test_a_payment_that_came_back_was_none(stores: Stores, sign_in: SignIn) -> None:
    pair = await tell_lines(stores)
    debt = pair.due("300.00", ago(100), ago(40), ago(40))
    payment = pair.paid(ago(41), (debt, "300.00"))
    await told(stores, pair.back(payment, ago(38)), debt, payment, pair.paid(ago(30), (debt, "1")))
    shown = await card(sign_in("insights", pair.buyer_id, READ), pair.supplier_id)
    assert figure(shown, Figure.WITHIN_LEGAL_TERM) == ("0", "0", "300")
    assert figure(shown, Figure.OVERDUE)[0] == "299"
    assert figure(shown, Figure.PAYMENT) == ("70", "70", "1")


@pytest.mark.parametrize("name", Figure)
async def test_every_figure_leads_to_its_events(
    name: Figure, stores: Stores, sign_in: SignIn
) -> None:
    pair, other = Pair(), Pair()
    start = ago(600)
    await told(stores, *pair.year(start), *other.year(start))
    client = sign_in("insights", pair.buyer_id, READ)
    shown = await card(client, pair.supplier_id, months=36)
    [found] = [one for one in shown["figures"] if one["name"] == name]
    rows, link = [], f"{found['events']}&limit=2"
    while link:
        page = (await client.get(f"http://localhost{link}")).json()
        rows += page["items"]
        link = page["next"]
    assert len({row["id"] for row in rows}) == len(rows)
    assert sum(Decimal(row["numerator"]) for row in rows) == Decimal(found["numerator"])
    if found["denominator"] is not None:
        assert sum(Decimal(row["denominator"]) for row in rows) == Decimal(found["denominator"]) > 0
    assert all(row["events"] for row in rows)


async def test_both_sides_see_the_same_card_and_nobody_else_any(
    stores: Stores, sign_in: SignIn
) -> None:
    pair, stranger = Pair(), uuid4()
    await told(stores, *pair.year(ago(600)))
    bought = await card(sign_in("insights", pair.buyer_id, READ), pair.supplier_id)
    sold = await card(sign_in("insights", pair.supplier_id, READ), pair.buyer_id, side="supplier")
    for shown in bought, sold:
        assert shown.pop("counterparty_id") in {str(pair.buyer_id), str(pair.supplier_id)}
        assert shown.pop("counterparty_name")
        for month in (shown, *shown["months"]):
            for one in month["figures"]:
                one.pop("events")
    assert bought == sold
    assert bought["months"]
    outside = sign_in("insights", stranger, READ)
    for path in (f"scorecards/{pair.supplier_id}", f"scorecards/{pair.buyer_id}/events"):
        answer = await outside.get(path, params={"figure": "on_time_current"})
        assert answer.status_code == 404
    assert (await outside.get("scorecards")).json()["items"] == []


async def test_who_was_only_asked_has_no_card(stores: Stores, sign_in: SignIn) -> None:
    pair = Pair()
    await told(stores, pair.related(state=RelationshipState.PROPOSED, since=None))
    client = sign_in("insights", pair.buyer_id, READ)
    assert (await client.get("scorecards")).json()["items"] == []
    assert (await client.get(f"scorecards/{pair.supplier_id}")).status_code == 404


async def test_a_list_is_paged_by_name(stores: Stores, sign_in: SignIn) -> None:
    buyer_id = uuid4()
    for name in "CAB":
        pair = Pair(buyer_id=buyer_id)
        await told(stores, pair.related(supplier_name=name), pair.placed(ago(3), "7.00"))
    client, names = sign_in("insights", buyer_id, READ), []
    link = "http://localhost/api/insights/v1/scorecards?limit=2"
    while link:
        page = (await client.get(link)).json()
        names += [row["supplier_name"] for row in page["items"]]
        assert {figure(row, Figure.ORDERED)[0] for row in page["items"]} == {"7"}
        link = page["next"] and f"http://localhost{page['next']}"
    assert names == ["A", "B", "C"]


async def test_who_reads_is_written_down_for_the_other_side(
    stores: Stores, sign_in: SignIn
) -> None:
    pair = Pair()
    await told(stores, pair.related())
    buyer = sign_in("insights", pair.buyer_id, READ)
    supplier = sign_in("insights", pair.supplier_id, READ)
    for path in ("scorecards", f"scorecards/{pair.supplier_id}", f"scorecards/{pair.supplier_id}"):
        assert (await buyer.get(path)).is_success
    seen = (await supplier.get("looks")).json()["items"]
    assert {(row["reader"], row["kind"], row["count"]) for row in seen} == {
        ("比邻汽车", "list", 1),
        ("比邻汽车", "scorecard", 2),
    }
    assert (await buyer.get("looks")).json()["items"] == []
    assert (await supplier.get("scorecards", params={"side": "supplier"})).is_success
    [row] = (await buyer.get("looks", params={"days": 1})).json()["items"]
    assert (row["reader"], row["kind"]) == ("宏远精密", "list")
