"""Buyers and suppliers come together, pause, and part."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import AsyncClient
from sqlalchemy import text
from uuid_utils.compat import uuid7

from contracts.event import Envelope
from contracts.identity import OrganizationRegistered
from contracts.onboarding import RelationshipChanged, RelationshipState
from contracts.scopes import Scope
from services.onboarding.handlers import handlers
from services.onboarding.queries import CHECKS
from shared.database import transaction, utc_now
from shared.events import Message
from shared.inbox import receive
from tests.conftest import SignIn, Stores
from tests.network import relayed

ALL = Scope.ONBOARDING_READ, Scope.ONBOARDING_WRITE


async def registered(stores: Stores, *names: str, id_: UUID | None = None) -> list[UUID]:
    """Let onboarding hear of organizations."""
    ids = [id_ or uuid4() for _ in names]
    for organization_id, name in zip(ids, names, strict=True):
        event = OrganizationRegistered(
            organization_id=organization_id, name=name, identifiers={}, registered_at=utc_now()
        )
        body = Envelope.seal(event, id=uuid7(), time=utc_now()).model_dump_json().encode()
        message = Message(event.topic(), event.subject, body)
        await receive(handlers, stores["onboarding"].system, [message, message], back_off_s=())
    return ids


async def announced(stores: Stores) -> list[RelationshipChanged]:
    events = [
        Envelope.model_validate_json(message.body).open()
        for message in await relayed(stores["onboarding"])
    ]
    return [event for event in events if isinstance(event, RelationshipChanged)]


class Two:
    """A buyer and a supplier, signed in."""

    def __init__(self, sign_in: SignIn, buyer_id: UUID, supplier_id: UUID) -> None:
        self.buyer_id, self.supplier_id = buyer_id, supplier_id
        self.buyer = sign_in("onboarding", buyer_id, *ALL, name="Lin Mei")
        self.supplier = sign_in("onboarding", supplier_id, *ALL, name="Zhao Qiang")

    async def propose(self) -> dict[str, Any]:
        given = {"supplier_id": str(self.supplier_id), "vendor_number": "V-7"}
        answer = await self.buyer.post("relationships", json=given)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


@pytest.fixture
async def two(stores: Stores, sign_in: SignIn) -> Two:
    buyer_id, supplier_id = await registered(stores, "比邻汽车", "宏远精密")
    return Two(sign_in, buyer_id, supplier_id)


async def take(client: AsyncClient, id_: str, step: str, reason: str | None = None) -> Any:  # noqa: ANN401
    answer = await client.post(f"relationships/{id_}/{step}", json={"reason": reason})
    return answer.json().get("state") or answer.json()["type"]


class TestSteps:
    async def test_a_relationship_lives_from_proposal_to_end(
        self, two: Two, stores: Stores
    ) -> None:
        proposed = await two.propose()
        id_ = proposed["id"]
        assert (proposed["buyer_name"], proposed["supplier_name"]) == ("比邻汽车", "宏远精密")
        assert await take(two.buyer, id_, "acceptance") == "/problems/other-sides-turn"
        assert await take(two.supplier, id_, "acceptance") == "active"
        assert await take(two.supplier, id_, "suspension", "audit") == "suspended"
        assert await take(two.buyer, id_, "resumption") == "/problems/other-sides-turn"
        assert await take(two.supplier, id_, "resumption") == "active"
        assert await take(two.buyer, id_, "end") == "ended"
        assert await take(two.buyer, id_, "suspension") == "/problems/not-now"
        assert (await two.propose())["id"] == id_

        events = await announced(stores)

        assert [event.state.value for event in events] == [
            *("proposed", "active", "suspended", "active", "ended", "proposed")
        ]
        assert events[1].vendor_number == "V-7"
        assert events[1].since
        moments = [event.changed_at for event in events]
        assert moments == sorted(set(moments))
        steps = (await two.supplier.get(f"relationships/{id_}/steps")).json()["items"]
        assert (steps[2]["by"], steps[2]["reason"]) == ("Zhao Qiang", "audit")
        async with transaction(stores["onboarding"].system) as session:
            for check in CHECKS.values():
                assert (await session.execute(text(check))).all() == []

    async def test_what_is_there_is_not_proposed_again(self, two: Two) -> None:
        await two.propose()
        again = await two.buyer.post("relationships", json={"supplier_id": str(two.supplier_id)})
        assert (again.status_code, again.json()["type"]) == (409, "/problems/relationship-exists")

    async def test_parallel_proposals_and_answers_have_one_effect(
        self, two: Two, stores: Stores
    ) -> None:
        given = {"supplier_id": str(two.supplier_id)}
        answers = await asyncio.gather(
            *(two.buyer.post("relationships", json=given) for _ in range(6))
        )
        assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
        [id_] = {answer.json()["id"] for answer in answers if answer.status_code == 201}
        said = await asyncio.gather(*(take(two.supplier, id_, "acceptance") for _ in range(6)))
        assert sorted(said) == ["/problems/not-now"] * 5 + ["active"]
        assert len(await announced(stores)) == 2

    @pytest.mark.parametrize("supplier", ["unknown", "itself"])
    async def test_nobody_and_oneself_are_no_suppliers(self, two: Two, supplier: str) -> None:
        id_ = uuid4() if supplier == "unknown" else two.buyer_id
        refused = await two.buyer.post("relationships", json={"supplier_id": str(id_)})
        kinds = {"unknown": (404, "organization-not-known-yet"), "itself": (422, "with-itself")}
        status, kind = kinds[supplier]
        assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{kind}")

    async def test_others_see_and_change_nothing(self, two: Two, sign_in: SignIn) -> None:
        id_ = (await two.propose())["id"]
        stranger = sign_in("onboarding", uuid4(), *ALL)
        assert (await stranger.get("relationships")).json()["items"] == []
        assert (await stranger.get(f"relationships/{id_}")).status_code == 404
        assert (await stranger.get(f"relationships/{id_}/steps")).status_code == 404
        assert await take(stranger, id_, "acceptance") == "/problems/relationship-not-found"
        assert await take(stranger, id_, "end") == "/problems/relationship-not-found"

    async def test_a_reader_changes_nothing(self, two: Two, sign_in: SignIn) -> None:
        reader = sign_in("onboarding", two.buyer_id, Scope.ONBOARDING_READ)
        given = {"supplier_id": str(two.supplier_id)}
        assert (await reader.post("relationships", json=given)).status_code == 403
        assert (await reader.post("relationships/import", json={})).status_code == 403


async def test_a_new_name_reaches_the_relationships(two: Two, stores: Stores) -> None:
    await two.propose()
    await registered(stores, "宏远精密科技", id_=two.supplier_id)
    first, second = await announced(stores)
    assert (first.supplier_name, second.supplier_name) == ("宏远精密", "宏远精密科技")
    assert second.changed_at > first.changed_at


class TestImport:
    async def test_relationships_are_active_at_once_and_only_once(
        self, two: Two, stores: Stores, sign_in: SignIn
    ) -> None:
        operator = sign_in("onboarding", uuid4(), Scope.ONBOARDING_IMPORT, name="Operator")
        ids = await registered(stores, "A", "B")
        pairs = [
            (two.buyer_id, two.supplier_id),
            (two.buyer_id, ids[0]),
            (two.buyer_id, ids[0]),
            (ids[0], ids[1]),
            (two.buyer_id, uuid4()),
            (ids[1], ids[1]),
        ]
        given = [
            {"buyer_id": str(b), "supplier_id": str(s), "since": "2019-01-01"} for b, s in pairs
        ]

        answer = await operator.post("relationships/import", json={"relationships": given})

        results = answer.json()["results"]
        assert [r["status"] for r in results] == [
            *("recorded", "recorded", "unchanged", "recorded", "refused", "refused")
        ]
        assert results[4]["problem"]["type"] == "/problems/organization-not-known-yet"
        events = await announced(stores)
        assert [(e.buyer_id, e.supplier_id) for e in events] == [pairs[0], pairs[1], pairs[3]]
        assert {e.state for e in events} == {RelationshipState.ACTIVE}
        assert {e.since for e in events} == {date(2019, 1, 1)}

        again = await operator.post("relationships/import", json={"relationships": given})
        assert {r["status"] for r in again.json()["results"]} == {"unchanged", "refused"}
        assert await announced(stores) == []

    async def test_what_was_ended_stays_ended(self, two: Two, sign_in: SignIn) -> None:
        id_ = (await two.propose())["id"]
        await take(two.supplier, id_, "end")
        operator = sign_in("onboarding", uuid4(), Scope.ONBOARDING_IMPORT)
        parties = {"buyer_id": str(two.buyer_id), "supplier_id": str(two.supplier_id)}
        given = [parties | {"since": "2019-01-01"}]
        answer = await operator.post("relationships/import", json={"relationships": given})
        [result] = answer.json()["results"]
        assert result["problem"]["type"] == "/problems/not-now"

    async def test_what_was_proposed_becomes_active(self, two: Two, sign_in: SignIn) -> None:
        id_ = (await two.propose())["id"]
        operator = sign_in("onboarding", uuid4(), Scope.ONBOARDING_IMPORT)
        parties = {"buyer_id": str(two.buyer_id), "supplier_id": str(two.supplier_id)}
        given = [parties | {"since": "2019-01-01"}]
        await operator.post("relationships/import", json={"relationships": given})
        assert (await two.buyer.get(f"relationships/{id_}")).json()["state"] == "active"
