"""What is promised changes by consent; what is not, at the buyer's word."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import AsyncClient

from contracts.orders import (
    ChangeAgreed,
    ChangeDeclined,
    ChangeProposed,
    ChangeWithdrawn,
    LineCancelled,
    LineConfirmed,
    Side,
)
from contracts.scopes import Scope
from tests.conftest import SignIn, Stores
from tests.orders.factories import WorkOrder, a_pair, announced, in_days, told


async def propose(client: AsyncClient, line: dict[str, Any], **wish: str) -> dict[str, Any]:
    body = {"kind": "reschedule", "reason": "capacity"} | wish
    answer = await client.post(f"schedule-lines/{line['id']}/changes", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def refused(client: AsyncClient, line: dict[str, Any], **wish: str) -> str:
    body = {"kind": "reschedule", "reason": "capacity"} | wish
    answer = await client.post(f"schedule-lines/{line['id']}/changes", json=body)
    assert answer.status_code in {403, 404, 409, 422}
    return str(answer.json()["type"]).removeprefix("/problems/")


async def decide(client: AsyncClient, change: dict[str, Any], *, agree: bool) -> dict[str, Any]:
    body = {"agree": agree, "reason": "so be it"}
    answer = await client.post(f"changes/{change['id']}/decision", json=body)
    return dict(answer.json())


async def withdraw(client: AsyncClient, change: dict[str, Any]) -> dict[str, Any]:
    return dict((await client.post(f"changes/{change['id']}/withdrawal")).json())


async def parts(
    client: AsyncClient, line: dict[str, Any]
) -> list[tuple[str, str, str, str | None]]:
    order = (await client.get(f"orders/{line['order_id']}")).json()
    return [
        (part["state"], part["quantity"], part["due_on"], part["promised_on"])
        for part in order["lines"][0]["schedule_lines"]
    ]


class TestBeforeThePromise:
    async def test_the_buyers_new_day_holds_at_once(self, stores: Stores, sign_in: SignIn) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.line("100")

        change = await propose(pair.buyer, line, promised_on=in_days(50))

        assert (change["state"], change["proposed_by"]) == ("agreed", "buyer")
        assert await parts(pair.supplier, line) == [("unconfirmed", "100", in_days(50), None)]
        _, event = await announced(stores)
        assert isinstance(event, ChangeAgreed)
        assert event.kind == "reschedule"

    async def test_a_smaller_wish_cancels_the_rest(self, stores: Stores, sign_in: SignIn) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.line("100")

        await propose(pair.buyer, line, quantity="80")

        due = line["due_on"]
        assert await parts(pair.supplier, line) == [
            ("unconfirmed", "80", due, None),
            ("cancelled", "20", due, None),
        ]
        _, agreed, cancelled = await announced(stores)
        assert isinstance(agreed, ChangeAgreed)
        assert isinstance(cancelled, LineCancelled)
        assert agreed.rest
        assert agreed.rest.schedule_line_id == cancelled.schedule_line_id

    async def test_the_buyer_gives_up_at_once(self, stores: Stores, sign_in: SignIn) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.line("100")

        change = await propose(pair.buyer, line, kind="cancel")

        assert (change["state"], change["promised_on"]) == ("agreed", None)
        [(state, *_)] = await parts(pair.supplier, line)
        assert state == "cancelled"
        _, event = await announced(stores)
        assert isinstance(event, LineCancelled)
        assert event.reason == "capacity"
        refusal = await pair.supplier.post(f"schedule-lines/{line['id']}/confirmation", json={})
        assert refusal.json()["type"] == "/problems/nothing-left"

    async def test_a_suppliers_counterproposal_becomes_the_promise(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.line("100")
        change = await propose(pair.supplier, line, quantity="60", promised_on=in_days(40))
        assert change["state"] == "open"
        row = (await pair.buyer.get(f"schedule-lines/{line['id']}")).json()
        assert row["open_change"]["id"] == change["id"]
        confirm = await pair.supplier.post(f"schedule-lines/{line['id']}/confirmation", json={})
        assert confirm.json()["type"] == "/problems/change-is-open"

        decided = await decide(pair.buyer, change, agree=True)

        assert (decided["state"], decided["decided_by"]) == ("agreed", "Lin Mei")
        due = line["due_on"]
        assert await parts(pair.buyer, line) == [
            ("confirmed", "60", due, in_days(40)),
            ("unconfirmed", "40", due, None),
        ]
        _, proposed, agreed, confirmed = await announced(stores)
        assert isinstance(proposed, ChangeProposed)
        assert proposed.proposed_by is Side.SUPPLIER
        assert isinstance(agreed, ChangeAgreed)
        assert isinstance(confirmed, LineConfirmed)
        assert str(confirmed.quantity) == "60"


class TestAfterThePromise:
    async def test_the_first_promise_is_kept_beside_the_current(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.confirmed("100")
        for days in (40, 50):
            change = await propose(pair.supplier, line, promised_on=in_days(days))
            await decide(pair.buyer, change, agree=True)

        row = (await pair.buyer.get(f"schedule-lines/{line['id']}")).json()

        assert (row["first_promised_on"], row["promised_on"]) == (line["due_on"], in_days(50))
        assert (row["due_on"], row["open_change"]) == (line["due_on"], None)

    async def test_the_buyers_wish_waits_for_the_supplier(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.confirmed("100")

        change = await propose(pair.buyer, line, quantity="70", promised_on=in_days(20))

        assert change["state"] == "open"
        assert (change["was_quantity"], change["was_on"]) == ("100", line["promised_on"])
        due = line["due_on"]
        assert await parts(pair.buyer, line) == [("confirmed", "100", due, due)]
        await decide(pair.supplier, change, agree=True)
        assert await parts(pair.buyer, line) == [
            ("confirmed", "70", in_days(20), in_days(20)),
            ("cancelled", "30", due, None),
        ]

    async def test_a_cancellation_needs_consent(self, stores: Stores, sign_in: SignIn) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.confirmed("100")
        change = await propose(pair.buyer, line, kind="cancel")
        assert change["state"] == "open"
        await decide(pair.supplier, change, agree=True)
        row = (await pair.buyer.get(f"schedule-lines/{line['id']}")).json()
        assert (row["state"], row["light"], row["days_late"]) == ("cancelled", "cancelled", 0)
        assert row["first_promised_on"] == line["due_on"]
        event = (await announced(stores))[-1]
        assert isinstance(event, ChangeAgreed)
        assert (event.kind, event.promised_on) == ("cancel", None)

    async def test_declined_or_withdrawn_all_stays_as_it_was(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.confirmed("100")
        before = await parts(pair.buyer, line)
        change = await propose(pair.buyer, line, promised_on=in_days(3))
        assert (await decide(pair.supplier, change, agree=False))["state"] == "declined"
        change = await propose(pair.buyer, line, promised_on=in_days(4))
        assert (await withdraw(pair.buyer, change))["state"] == "withdrawn"

        assert await parts(pair.buyer, line) == before
        events = (await announced(stores))[2:]
        assert [type(event) for event in events] == [
            *(ChangeProposed, ChangeDeclined, ChangeProposed, ChangeWithdrawn)
        ]

    async def test_no_less_than_is_finished(self, stores: Stores, sign_in: SignIn) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.confirmed("100")
        work = WorkOrder(line)
        change = await propose(pair.buyer, line, quantity="30")
        await told(stores, work.opened(), work.reported(40))

        outrun = await decide(pair.supplier, change, agree=True)

        assert outrun["type"] == "/problems/less-than-made"
        assert (await decide(pair.supplier, change, agree=False))["state"] == "declined"
        assert await refused(pair.buyer, line, quantity="39") == "less-than-made"
        await decide(pair.supplier, await propose(pair.buyer, line, quantity="40"), agree=True)
        row = (await pair.buyer.get(f"schedule-lines/{line['id']}")).json()
        assert (row["light"], row["good"], row["quantity"]) == ("completed", "40", "40")
        assert row["completed_at"]


class TestRefusals:
    async def test_each_meets_its_refusal(self, stores: Stores, sign_in: SignIn) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.confirmed("100")
        assert await refused(pair.buyer, line) == "nothing-changes"
        assert await refused(pair.buyer, line, quantity="101") == "more-than-asked"
        assert await refused(pair.buyer, line, kind="cancel", quantity="5") == "invalid-input"
        assert await refused(pair.buyer, line, reason="") == "invalid-input"
        stranger = sign_in("orders", uuid4(), Scope.ORDERS_PLACE)
        assert await refused(stranger, line, promised_on=in_days(1)) == "schedule-line-not-found"
        muted = sign_in("orders", pair.supplier_id, Scope.ORDERS_PLACE)
        assert await refused(muted, line, promised_on=in_days(1)) == "not-your-side"

        change = await propose(pair.buyer, line, promised_on=in_days(1))

        assert await refused(pair.supplier, line, promised_on=in_days(2)) == "change-is-open"
        assert (await decide(pair.buyer, change, agree=True))["type"] == "/problems/own-proposal"
        assert (await withdraw(pair.supplier, change))["type"] == "/problems/own-proposal"
        assert (await decide(stranger, change, agree=True))["type"] == "/problems/change-not-found"
        assert (await decide(muted, change, agree=True))["type"] == "/problems/not-your-side"
        await decide(pair.supplier, change, agree=True)
        again = await decide(pair.supplier, change, agree=False)
        assert again["type"] == "/problems/already-decided"

    async def test_nothing_is_left_to_change_when_all_is_made(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.confirmed("100")
        await told(stores, WorkOrder(line).reported(100))
        assert await refused(pair.buyer, line, kind="cancel") == "nothing-left"


class TestAtTheSameTime:
    @pytest.mark.parametrize("turn", range(3))
    async def test_decisions_have_one_effect(
        self, stores: Stores, sign_in: SignIn, turn: int
    ) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.confirmed("100")
        change = await propose(pair.buyer, line, quantity="70")
        await announced(stores)

        answers = await asyncio.gather(
            *(decide(pair.supplier, change, agree=n % 2 == turn % 2) for n in range(6)),
            withdraw(pair.buyer, change),
        )

        said = list(answers)
        effects = [one["state"] for one in said if "state" in one]
        assert len(effects) == 1
        others = {one["type"] for one in said if "state" not in one}
        assert others == {"/problems/already-decided"}
        expected = 2 if effects == ["agreed"] else 1
        assert len(await announced(stores)) == expected
        assert len(await parts(pair.buyer, line)) == expected

    async def test_proposals_have_one_effect(self, stores: Stores, sign_in: SignIn) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.confirmed("100")
        wishes = [
            client.post(
                f"schedule-lines/{line['id']}/changes",
                json={"kind": "reschedule", "promised_on": in_days(n), "reason": "x"},
            )
            for n in range(1, 5)
            for client in (pair.buyer, pair.supplier)
        ]
        answers = await asyncio.gather(*wishes)
        assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]


class TestListChanges:
    async def test_each_side_lists_what_is_open(self, stores: Stores, sign_in: SignIn) -> None:
        pair = await a_pair(stores, sign_in)
        first, second = await pair.confirmed("100"), await pair.confirmed("50")
        mine = await propose(pair.buyer, first, promised_on=in_days(3))
        theirs = await propose(pair.supplier, second, promised_on=in_days(90))

        listed = (await pair.buyer.get("changes?state=open")).json()["items"]

        assert [change["id"] for change in listed] == [theirs["id"], mine["id"]]
        assert listed[0] == theirs
        assert listed[0]["by"] == "Zhao Qiang"
        other = (await pair.supplier.get("changes?state=open&side=supplier")).json()["items"]
        assert other == listed
        await decide(pair.buyer, theirs, agree=False)
        listed = (await pair.buyer.get("changes?state=open&limit=1")).json()["items"]
        assert [change["id"] for change in listed] == [mine["id"]]
        assert (await pair.supplier.get("changes")).json()["items"] == []  # it buys nothing
