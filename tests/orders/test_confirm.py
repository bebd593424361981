"""The supplier promises: all, a part, many at once, and each only once."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from contracts.orders import LineConfirmed
from contracts.scopes import Scope
from shared.database import transaction
from tests.conftest import SignIn, Stores
from tests.orders.factories import a_line, a_pair, announced, in_days


class TestConfirm:
    async def test_as_asked_is_the_default(self, stores: Stores, sign_in: SignIn) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.line("100", due_on=in_days(30))

        answer = await pair.supplier.post(f"schedule-lines/{line['id']}/confirmation", json={})

        assert answer.status_code == 201
        said = answer.json()
        assert (said["status"], said["rest"]) == ("confirmed", None)
        row = said["schedule_line"]
        assert (row["state"], row["light"], row["days_late"]) == ("confirmed", "on_time", 0)
        assert row["promised_on"] == row["first_promised_on"] == in_days(30)
        assert row["first_promised_quantity"] == "100"

    async def test_a_part_splits_the_line_and_nothing_is_lost(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.line("3", price="0.33")  # 0.99 in all
        said = {"quantity": "1", "promised_on": in_days(7)}

        answer = await pair.supplier.post(f"schedule-lines/{line['id']}/confirmation", json=said)

        row, rest = answer.json()["schedule_line"], answer.json()["rest"]
        assert (row["quantity"], row["amount"]["amount"], row["sequence"]) == ("1", "0.33", 1)
        assert (rest["quantity"], rest["amount"]["amount"], rest["sequence"]) == ("2", "0.66", 2)
        assert (rest["state"], rest["due_on"]) == ("unconfirmed", line["due_on"])
        _, event = await announced(stores)
        assert isinstance(event, LineConfirmed)
        assert (str(event.schedule_line_id), str(event.quantity)) == (line["id"], "1")
        assert event.rest
        assert (str(event.rest.schedule_line_id), str(event.rest.quantity)) == (rest["id"], "2")
        assert event.promised_on.isoformat() == in_days(7)
        order = (await pair.buyer.get(f"orders/{line['order_id']}")).json()
        assert [part["id"] for part in order["lines"][0]["schedule_lines"]] == [
            line["id"],
            rest["id"],
        ]

    async def test_the_same_again_is_answered_as_it_stands(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.line("10")
        address = f"schedule-lines/{line['id']}/confirmation"
        said = {"quantity": "6", "promised_on": in_days(9)}
        first = (await pair.supplier.post(address, json=said)).json()
        again = (await pair.supplier.post(address, json=said)).json()
        assert again == {**first, "status": "unchanged", "rest": None}

    @pytest.mark.parametrize(
        ("said", "status", "kind"),
        [
            ({"quantity": "101"}, 409, "more-than-asked"),
            ({"quantity": "0"}, 422, "invalid-input"),
            ({"quantity": "-1"}, 422, "invalid-input"),
            ({"promised_on": "2026-02-30"}, 422, "invalid-input"),
            ({"promised_on": 5}, 422, "invalid-input"),
        ],
    )
    async def test_what_cannot_be_promised_is_refused(
        self, stores: Stores, sign_in: SignIn, said: dict[str, str], status: int, kind: str
    ) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.line("100")
        refused = await pair.supplier.post(f"schedule-lines/{line['id']}/confirmation", json=said)
        assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{kind}")

    async def test_another_promise_needs_the_buyers_consent(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.confirmed("100")
        refused = await pair.supplier.post(
            f"schedule-lines/{line['id']}/confirmation", json={"promised_on": in_days(60)}
        )
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/already-confirmed")
        assert "propose a change" in refused.json()["detail"]

    async def test_only_the_supplier_confirms(self, stores: Stores, sign_in: SignIn) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.line()
        address = f"schedule-lines/{line['id']}/confirmation"
        buyer = sign_in("orders", pair.buyer_id, Scope.ORDERS_CONFIRM)
        stranger = sign_in("orders", uuid4(), Scope.ORDERS_CONFIRM)
        reader = sign_in("orders", pair.supplier_id, Scope.ORDERS_READ)
        said = [(await client.post(address, json={})) for client in (buyer, stranger, reader)]
        assert [answer.status_code for answer in said] == [403, 404, 403]
        assert said[0].json()["type"] == "/problems/not-your-side"

    async def test_parallel_confirmations_have_one_effect(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.line("100")
        address = f"schedule-lines/{line['id']}/confirmation"
        answers = await asyncio.gather(
            *(
                pair.supplier.post(
                    address, json={"quantity": str(10 * n), "promised_on": in_days(n)}
                )
                for n in range(1, 9)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
        order = (await pair.buyer.get(f"orders/{line['order_id']}")).json()
        parts = order["lines"][0]["schedule_lines"]
        assert [part["state"] for part in parts] == ["confirmed", "unconfirmed"]
        assert sum(int(part["quantity"]) for part in parts) == 100
        assert len(await announced(stores)) == 2


class TestManyConfirmations:
    async def test_a_batch_does_what_its_promises_would_do_one_at_a_time(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair, other = await a_pair(stores, sign_in), await a_pair(stores, sign_in)
        parts = [{"quantity": "10", "due_on": in_days(n)} for n in (10, 20)]
        placed = await pair.place(lines=[a_line(schedule_lines=parts)])
        first, second = (part["id"] for part in placed["lines"][0]["schedule_lines"])
        foreign = (await other.line())["id"]
        said = [
            {"schedule_line_id": first, "quantity": "4"},
            {"schedule_line_id": first, "quantity": "4"},
            {"schedule_line_id": first, "quantity": "5"},
            {"schedule_line_id": second, "quantity": "7"},
            {"schedule_line_id": foreign},
            {"schedule_line_id": str(uuid4())},
        ]

        answer = await pair.supplier.post("confirmations", json={"confirmations": said})

        results = answer.json()["results"]
        assert [r["status"] for r in results] == [
            *("confirmed", "unchanged", "refused", "confirmed", "refused", "refused")
        ]
        known, *unknown = [r["problem"]["type"] for r in results if r["problem"]]
        assert known == "/problems/already-confirmed"
        assert unknown == ["/problems/schedule-line-not-found"] * 2
        order = (await pair.buyer.get(f"orders/{placed['id']}")).json()
        parts_now = order["lines"][0]["schedule_lines"]
        assert [(part["sequence"], part["quantity"], part["state"]) for part in parts_now] == [
            (1, "4", "confirmed"),
            (2, "7", "confirmed"),
            (3, "6", "unconfirmed"),
            (4, "3", "unconfirmed"),
        ]
        assert {results[0]["rest_id"], results[3]["rest_id"]} == {
            part["id"] for part in parts_now[2:]
        }
        again = await pair.supplier.post("confirmations", json={"confirmations": said[:2]})
        assert {r["status"] for r in again.json()["results"]} == {"unchanged"}

    async def test_history_is_marked(self, stores: Stores, sign_in: SignIn) -> None:
        pair = await a_pair(stores, sign_in)
        line = await pair.line()
        importer = sign_in("orders", pair.supplier_id, Scope.ORDERS_IMPORT, name="ERP")
        said = [{"schedule_line_id": line["id"], "occurred_at": "2015-03-04T00:00:00Z"}]

        answer = await importer.post("confirmations/import", json={"confirmations": said})

        assert [r["status"] for r in answer.json()["results"]] == ["confirmed"]
        _, event = await announced(stores)
        assert isinstance(event, LineConfirmed)
        assert event.imported
        assert event.occurred_at.year == 2015
        assert event.recorded_at.year > 2015
        refused = await pair.supplier.post("confirmations/import", json={"confirmations": said})
        assert refused.status_code == 403

    async def test_parallel_batches_in_any_order_do_not_block_each_other(
        self, stores: Stores, sign_in: SignIn
    ) -> None:
        pair = await a_pair(stores, sign_in)
        lines = [await pair.line("10") for _ in range(8)]
        said = [{"schedule_line_id": line["id"], "quantity": "6"} for line in lines]
        batches = [said, said[::-1], said[4:] + said[:4], said[::2] + said[1::2]]

        answers = await asyncio.gather(
            *(pair.supplier.post("confirmations", json={"confirmations": b}) for b in batches)
        )

        assert {answer.status_code for answer in answers} == {200}
        statuses = [r["status"] for answer in answers for r in answer.json()["results"]]
        assert (statuses.count("confirmed"), statuses.count("unchanged")) == (8, 24)


@pytest.mark.parametrize("role", ["app", "system"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE schedule_lines SET first_promised_on = first_promised_on + 1",
        "UPDATE schedule_lines SET first_promised_quantity = NULL",
        "UPDATE schedule_lines SET order_number = 'X'",
        "UPDATE promises SET promised_on = promised_on + 1",
        "UPDATE entries SET text = 'nothing happened'",
        "UPDATE order_lines SET amount_minor = 1",
        "UPDATE orders SET amount_minor = 1",
        "UPDATE changes SET quantity = 1",
        "DELETE FROM promises",
        "DELETE FROM entries",
        "DELETE FROM schedule_lines",
    ],
)
async def test_what_was_said_is_kept_by_the_database(
    change: str, role: str, stores: Stores, sign_in: SignIn
) -> None:
    pair = await a_pair(stores, sign_in)
    await pair.confirmed()
    sessions = getattr(stores["orders"], role)
    with pytest.raises((IntegrityError, ProgrammingError)):
        async with transaction(sessions, actor=pair.supplier_id) as session:
            await session.execute(text(change))


async def test_a_request_does_not_make_itself_a_relationship(
    stores: Stores, sign_in: SignIn
) -> None:
    pair = await a_pair(stores, sign_in)
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with transaction(stores["orders"].app, actor=pair.buyer_id) as session:
            await session.execute(text("UPDATE relationships SET state = 'active'"))
