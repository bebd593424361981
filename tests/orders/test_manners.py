"""What holds across the orders API: what was begun can be finished, what was sent is done once."""

import asyncio
from uuid import UUID, uuid4

import pytest

from contracts.onboarding import RelationshipState
from contracts.scopes import Scope
from tests.conftest import SignIn, Stores
from tests.orders.factories import WorkOrder, a_pair, an_order, announced, in_days, related, told

NOBODY = UUID(int=1)


@pytest.mark.parametrize("state", [RelationshipState.SUSPENDED, RelationshipState.ENDED])
async def test_what_was_ordered_before_a_relationship_paused_can_be_finished(
    state: RelationshipState, stores: Stores, sign_in: SignIn
) -> None:
    pair = await a_pair(stores, sign_in)
    line = await pair.line("10")
    ids = {"relationship_id": pair.relationship.relationship_id}
    await told(stores, related(pair.buyer_id, pair.supplier_id, state, **ids))

    confirmed = await pair.supplier.post(f"schedule-lines/{line['id']}/confirmation", json={})
    wish = {"kind": "reschedule", "promised_on": in_days(60), "reason": "later"}
    change = await pair.buyer.post(f"schedule-lines/{line['id']}/changes", json=wish)
    decision = f"changes/{change.json()['id']}/decision"
    agreed = await pair.supplier.post(decision, json={"agree": True})
    await told(stores, WorkOrder(line).reported(10))

    assert [confirmed.status_code, change.status_code, agreed.status_code] == [201, 201, 200]
    row = (await pair.buyer.get(f"schedule-lines/{line['id']}")).json()
    assert (row["light"], row["promised_on"]) == ("completed", in_days(60))
    refused = await pair.buyer.post("orders", json=an_order(pair.supplier_id))
    assert refused.json()["type"] == "/problems/no-active-relationship"


async def test_a_request_sent_again_under_its_key_is_done_once(
    stores: Stores, sign_in: SignIn
) -> None:
    pair = await a_pair(stores, sign_in)
    line = await pair.line()
    await announced(stores)
    key = {"Idempotency-Key": "6f1c"}
    address = f"orders/{line['order_id']}/messages"

    answers = await asyncio.gather(
        *(pair.buyer.post(address, json={"text": "When?"}, headers=key) for _ in range(4))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await announced(stores)) == 1
    other = await pair.buyer.post(address, json={"text": "Where?"}, headers=key)
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("method", "address", "scopes"),
    [
        ("GET", "orders", {Scope.ORDERS_PLACE}),
        ("GET", "schedule-lines", {Scope.ORDERS_CONFIRM}),
        ("GET", "schedule-lines/summary", {Scope.ORDERS_PLACE}),
        ("GET", "relationships", set()),
        ("POST", "orders", {Scope.ORDERS_READ, Scope.ORDERS_CONFIRM}),
        ("POST", "orders/bulk", {Scope.ORDERS_IMPORT}),
        ("POST", "orders/import", {Scope.ORDERS_PLACE}),
        ("POST", "items/bulk", {Scope.ORDERS_CONFIRM}),
        ("POST", "confirmations", {Scope.ORDERS_PLACE}),
        ("POST", "confirmations/import", {Scope.ORDERS_CONFIRM}),
        ("POST", f"schedule-lines/{NOBODY}/confirmation", {Scope.ORDERS_PLACE}),
        ("POST", f"schedule-lines/{NOBODY}/changes", {Scope.ORDERS_READ}),
        ("POST", f"changes/{NOBODY}/decision", {Scope.ORDERS_COMMENT}),
        ("POST", f"orders/{NOBODY}/messages", {Scope.ORDERS_PLACE}),
    ],
)
async def test_a_token_does_what_it_was_granted_and_no_more(
    method: str, address: str, scopes: set[Scope], sign_in: SignIn
) -> None:
    client = sign_in("orders", uuid4(), *scopes)
    answer = await client.request(method, address, json={})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")


@pytest.mark.parametrize(
    "address",
    [
        "schedule-lines?cursor=nonsense",
        "schedule-lines?view=everything",
        "schedule-lines?sort=name",
        "schedule-lines?side=both",
        "schedule-lines?limit=0",
        "schedule-lines/summary?since=yesterday",
        "schedule-lines/nothing",
        f"orders?q={'x' * 81}",
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_with_its_field(
    address: str, stores: Stores, sign_in: SignIn
) -> None:
    pair = await a_pair(stores, sign_in)
    answer = await pair.buyer.get(address)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"]
