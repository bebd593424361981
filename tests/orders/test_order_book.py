"""The order book: each side its own, a page at a time, in lights and numbers."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from contracts.orders import Light
from services.orders.domain.lights import State, Turns, light
from services.orders.queries import search
from shared.database import transaction, utc_now
from shared.settings import settings
from tests.conftest import SignIn, Stores
from tests.orders.factories import (
    Pair,
    WorkOrder,
    a_line,
    a_pair,
    an_order,
    in_days,
    predicted,
    told,
)


async def all_pages(client: Any, address: str) -> list[dict[str, Any]]:  # noqa: ANN401
    rows: list[dict[str, Any]] = []
    following: str | None = address
    while following:
        answer = await client.get(following)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        rows += page["items"]
        following = page["next"] and f"http://localhost{page['next']}"
    return rows


async def of_every_light(pair: Pair, stores: Stores) -> dict[str, dict[str, Any]]:
    """Bring lines into every light, one of them with a change that waits for the buyer."""
    await pair.line("1")
    lines = {
        "on_time": await pair.confirmed("2", promised_on=in_days(40)),
        "at_risk": await pair.confirmed("3", promised_on=in_days(1)),
        "late": await pair.confirmed("4", promised_on=in_days(-3)),
        "slipping": await pair.confirmed("5", promised_on=in_days(20)),
        "done": await pair.confirmed("6"),
        "given_up": await pair.line("7"),
    }
    await told(stores, WorkOrder(lines["slipping"]).reported(1, prediction=predicted(30)))
    await told(stores, WorkOrder(lines["done"]).reported(6))
    wish = {"kind": "cancel", "reason": "x"}
    await pair.buyer.post(f"schedule-lines/{lines['given_up']['id']}/changes", json=wish)
    wish = {"kind": "reschedule", "promised_on": in_days(99), "reason": "x"}
    await pair.supplier.post(f"schedule-lines/{lines['on_time']['id']}/changes", json=wish)
    return lines


class TestList:
    @pytest.mark.parametrize("sort", ["due", "-value", "-lateness"])
    async def test_pages_follow_each_other_without_gap_or_repeat(
        self, sort: str, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        orders = [
            an_order(pair.supplier_id, lines=[a_line(str(1 + n % 4), due_on=in_days(n % 3 - 5))])
            for n in range(23)
        ]
        await pair.buyer.post("orders/bulk", json={"orders": orders})

        rows = await all_pages(pair.supplier, f"schedule-lines?side=supplier&sort={sort}&limit=5")

        assert len({row["id"] for row in rows}) == len(rows) == 23
        keys: dict[str, Callable[[dict[str, Any]], Any]] = {
            "due": lambda row: row["due_on"],
            "-value": lambda row: -float(row["amount"]["amount"]),
            "-lateness": lambda row: row["due_on"],  # none is promised, so none is late
        }
        key = keys[sort]
        assert [key(row) for row in rows] == sorted(key(row) for row in rows)

    async def test_views_and_counts_agree(self, stores: Stores, sign_in: SignIn) -> None:
        pair = await a_pair(stores, sign_in)
        lines = await of_every_light(pair, stores)

        summary = (await pair.buyer.get("schedule-lines/summary")).json()

        assert {kind: tally["count"] for kind, tally in summary["lights"].items()} == {
            "unconfirmed": 1,
            "on_time": 1,
            "at_risk": 1,
            "late": 2,
            "completed": 1,
            "cancelled": 1,
        }
        assert summary["lights"]["late"]["value"] == [{"amount": "112.50", "currency": "CNY"}]
        for view, counted in summary["views"].items():
            rows = await all_pages(pair.buyer, f"schedule-lines?view={view}")
            assert len(rows) == counted, view
        red = await all_pages(pair.buyer, "schedule-lines?view=late&sort=-lateness")
        assert [row["id"] for row in red] == [lines["slipping"]["id"], lines["late"]["id"]]
        assert {row["light"] for row in red} == {"late"}
        today = utc_now().astimezone(settings().calendar).date()
        behind = (today - date.fromisoformat(in_days(-3))).days
        assert [row["days_late"] for row in red] == [10, behind]
        for view, line in (("at_risk", "at_risk"), ("changes", "on_time")):
            [row] = await all_pages(pair.buyer, f"schedule-lines?view={view}")
            assert row["id"] == lines[line]["id"]
        assert await all_pages(pair.supplier, "schedule-lines?view=changes&side=supplier") == []

    async def test_the_most_urgent_comes_first(self, stores: Stores, sign_in: SignIn) -> None:
        pair = await a_pair(stores, sign_in)
        await of_every_light(pair, stores)
        urgent = await all_pages(pair.buyer, "schedule-lines?sort=-lateness&limit=2")
        lights = [row["light"] for row in urgent]
        assert lights[:3] == ["late", "late", "at_risk"]
        assert sorted(lights[3:5]) == ["on_time", "unconfirmed"]
        assert sorted(lights[5:]) == ["cancelled", "completed"]

    @pytest.mark.parametrize("view", ["all", "open", "late", "due_this_week", "changes"])
    async def test_pages_by_urgency_are_the_whole_list_cut_up(
        self, view: str, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        await of_every_light(pair, stores)
        await of_every_light(pair, stores)
        address = f"schedule-lines?view={view}&sort=-lateness"
        whole = (await pair.buyer.get(f"{address}&limit=200")).json()
        assert whole["next"] is None
        for limit in (1, 2, 3, 4):
            rows = await all_pages(pair.buyer, f"{address}&limit={limit}")
            assert rows == whole["items"]
        for cursor in ("3", "nonsense", "1nonsense"):
            answer = await pair.buyer.get(f"{address}&cursor={cursor}")
            assert answer.status_code in {200, 422}

    async def test_it_is_searched_by_order_item_and_counterparty(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        await pair.place(number="4500-A", lines=[a_line(item_number="BT-1188")])
        await pair.place(number="4600-B", lines=[a_line(item_name="Battery tray 100% steel_x")])

        async def found(q: str) -> list[str]:
            answer = await pair.buyer.get("schedule-lines", params={"q": q})
            return [row["order_number"] for row in answer.json()["items"]]

        assert await found("4500") == ["4500-A"]
        assert await found("bt-11") == ["4500-A"]
        assert await found("100% STEEL_") == ["4600-B"]
        assert sorted(await found("宏远")) == ["4500-A", "4600-B"]
        assert await found("%") == ["4600-B"]
        assert await found("nothing") == []

    @pytest.mark.parametrize("apart_max", [0, search.APART_MAX])
    async def test_it_finds_the_lines_of_a_name_and_not_all_of_the_number(
        self,
        apart_max: int,
        stores: Stores,
        sign_in: SignIn,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(search, "APART_MAX", apart_max)
        pair = await a_pair(stores, sign_in)
        await pair.place(number="BT-7-B", lines=[a_line(item_number="BT-7", item_name="Frame")])
        for number, name in (("A-1", "Left door"), ("A-2", "Right door"), ("A-3", "Roof")):
            await pair.place(number=number, lines=[a_line(item_number="BT-7", item_name=name)])

        async def found(q: str, sort: str = "due") -> list[str]:
            params = {"q": q, "side": "supplier", "sort": sort, "limit": "1"}
            address = "schedule-lines?" + urlencode(params)
            return sorted(row["order_number"] for row in await all_pages(pair.supplier, address))

        assert await found("DOOR") == ["A-1", "A-2"]
        assert await found("door", "-lateness") == ["A-1", "A-2"]
        assert await found("bt-7") == ["A-1", "A-2", "A-3", "BT-7-B"]
        assert await found("bt-7", "-value") == ["A-1", "A-2", "A-3", "BT-7-B"]
        assert await found("right") == ["A-2"]

    async def test_each_organization_sees_its_own_side(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        below = await a_pair(stores, sign_in, buyer_id=pair.supplier_id)  # tier 2
        above, under = await pair.line(), await below.line()

        async def ids(client: Any, side: str) -> list[str]:  # noqa: ANN401
            return [row["id"] for row in await all_pages(client, f"schedule-lines?side={side}")]

        assert await ids(pair.supplier, "supplier") == [above["id"]]
        assert await ids(pair.supplier, "buyer") == [under["id"]]
        assert await ids(below.supplier, "buyer") == []
        one = f"schedule-lines?side=supplier&counterparty_id={uuid4()}"
        assert await all_pages(pair.supplier, one) == []
        assert (await below.supplier.get(f"schedule-lines/{above['id']}")).status_code == 404
        assert (await below.supplier.get(f"orders/{above['order_id']}")).status_code == 404
        assert (await below.supplier.get(f"orders/{above['order_id']}/story")).status_code == 404


class TestOrders:
    async def test_orders_are_listed_newest_first_and_found(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        placed = [await pair.place(number=f"PO-{n}") for n in range(5)]
        rows = await all_pages(pair.buyer, "orders?limit=2")
        assert [row["number"] for row in rows] == [order["number"] for order in placed[::-1]]
        assert await all_pages(pair.buyer, "orders?number=PO-3") == [
            row for row in rows if row["number"] == "PO-3"
        ]
        assert len(await all_pages(pair.supplier, "orders?side=supplier&q=po-")) == 5
        assert await all_pages(pair.supplier, "orders") == []
        one = f"orders?counterparty_id={pair.supplier_id}"
        assert len(await all_pages(pair.buyer, one)) == 5


class TestStory:
    async def test_it_tells_who_said_what_on_which_side(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.confirmed("100")
        work = WorkOrder(line)
        await told(stores, work.opened(), work.reported(40, scrapped=2))
        address = f"orders/{line['order_id']}/messages"
        about = {"text": "还差多少？", "schedule_line_id": line["id"], "reminder": True}
        posted = await pair.buyer.post(address, json=about)
        assert posted.status_code == 201
        await pair.supplier.post(address, json={"text": "Tomorrow."})

        entries = await all_pages(pair.buyer, f"orders/{line['order_id']}/story?limit=2")

        assert [(entry["kind"], entry["side"], entry["by"]) for entry in entries] == [
            ("placed", "buyer", "Lin Mei"),
            ("confirmed", "supplier", "Zhao Qiang"),
            ("reported", "supplier", ""),
            ("reminder", "buyer", "Lin Mei"),
            ("message", "supplier", "Zhao Qiang"),
        ]
        placed, confirmed, reported, reminder, message = entries
        assert placed["values"]["amount"] == {"amount": "1250.00", "currency": "CNY"}
        assert confirmed["values"] == {
            "position": 10,
            "sequence": 1,
            "quantity": "100",
            "due_on": line["due_on"],
            "promised_on": line["due_on"],
        }
        assert (reported["values"]["good"], reported["values"]["scrapped"]) == ("40", "2")
        assert (reminder["text"], reminder["schedule_line_id"]) == ("还差多少？", line["id"])
        assert message["schedule_line_id"] is None
        assert await all_pages(pair.supplier, f"orders/{line['order_id']}/story") == entries

    async def test_a_message_is_about_the_order_it_is_posted_on(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair, other = await a_pair(stores, sign_in), await a_pair(stores, sign_in)
        line, foreign = await pair.line(), await other.line()
        address = f"orders/{line['order_id']}/messages"
        for body, kind in (
            ({"text": "x", "schedule_line_id": foreign["id"]}, "schedule-line-not-found"),
            ({"text": " "}, "invalid-input"),
        ):
            answer = await pair.buyer.post(address, json=body)
            assert answer.json()["type"] == f"/problems/{kind}"
        answer = await other.buyer.post(address, json={"text": "x"})
        assert answer.json()["type"] == "/problems/order-not-found"


class TestSince:
    async def test_what_has_changed_since_is_counted(self, stores: Stores, sign_in: SignIn) -> None:
        pair = await a_pair(stores, sign_in)
        await pair.line()
        moment = utc_now().isoformat()
        line = await pair.confirmed("100")
        work = WorkOrder(line)
        await told(stores, work.reported(1, prediction=predicted(60)))
        await told(stores, work.reported(1, prediction=predicted(65)))
        await told(stores, work.reported(1, prediction=predicted(10)))
        message = {"text": "?"}
        await pair.supplier.post(f"orders/{line['order_id']}/messages", json=message)
        await pair.buyer.post(f"orders/{line['order_id']}/messages", json=message)

        answer = await pair.buyer.get("schedule-lines/summary", params={"since": moment})

        assert answer.json()["since"] == {
            "since": moment.replace("+00:00", "Z"),
            "placed": 1,
            "confirmed": 1,
            "promised_anew": 0,
            "turned_late": 1,
            "recovered": 1,
            "completed": 0,
            "cancelled": 0,
            "messages": 1,
        }


async def test_relationships_carry_names_and_state(stores: Stores, sign_in: SignIn) -> None:
    pair = await a_pair(stores, sign_in)
    await a_pair(stores, sign_in)
    renamed = pair.relationship.model_copy(
        update={"supplier_name": "新名", "changed_at": utc_now()}
    )
    await told(stores, renamed, pair.relationship)  # the older one arrives again
    rows = (await pair.buyer.get("relationships")).json()["items"]
    assert [(row["supplier_name"], row["state"]) for row in rows] == [("新名", "active")]


@pytest.mark.parametrize("days", range(-6, 3))
async def test_the_list_and_the_rule_see_the_same_light(
    days: int, stores: Stores, sign_in: SignIn
) -> None:
    pair = await a_pair(stores, sign_in)
    quiet, started = await pair.confirmed("9"), await pair.confirmed("9")
    await told(stores, WorkOrder(started).reported(1, prediction=predicted(20, late=40)))
    async with transaction(stores["orders"].system) as session:
        shift = "UPDATE schedule_lines SET at_risk_from = :a, late_from = :b"
        turning = today_plus(days), today_plus(days + 3)
        await session.execute(text(shift), {"a": turning[0], "b": turning[1]})
    for line in (quiet, started):
        row = (await pair.buyer.get(f"schedule-lines/{UUID(line['id'])}")).json()
        expected = light(
            State(row["state"]),
            quantity=row["quantity"],
            good=row["good"],
            turning=Turns(*turning),
            today=today_plus(0),
        )
        assert Light(row["light"]) is expected


def today_plus(days: int) -> date:
    today: datetime = utc_now().astimezone(settings().calendar)
    return today.date() + timedelta(days=days)
