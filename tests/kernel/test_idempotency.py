"""A POST that is sent again with its key has one effect and one answer."""

import asyncio
from collections import Counter
from uuid import UUID, uuid4

import pytest
from httpx2 import AsyncClient, Response
from sqlalchemy import func, select

from contracts.scopes import Scope
from shared.database import Store, transaction
from shared.events import OutboxEvent
from shared.idempotency import IdempotencyKey
from tests.kernel.conftest import SignIn
from tests.probe.models import Note

WRITER = Scope.ORDERS_READ, Scope.ORDERS_PLACE
NOTE = {"supplier_id": str(uuid4()), "text": "x"}


async def count(store: Store, model: type[Note | OutboxEvent | IdempotencyKey] = Note) -> int:
    async with transaction(store.system) as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


async def post(client: AsyncClient, key: str, *, path: str = "notes", **changed: str) -> Response:
    return await client.post(path, json=NOTE | changed, headers={"Idempotency-Key": key})


async def test_twenty_at_once_with_one_key_have_one_effect_and_one_answer(
    probe: Store, as_one: SignIn
) -> None:
    client = as_one(uuid4(), *WRITER)
    answers = await asyncio.gather(*(post(client, "k") for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {201: 20}
    assert len({(answer.content, answer.headers["location"]) for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 19
    assert (await count(probe), await count(probe, OutboxEvent)) == (1, 1)


async def test_without_a_key_each_has_its_effect(probe: Store, as_one: SignIn) -> None:
    client = as_one(uuid4(), *WRITER)
    for _ in range(2):
        assert (await client.post("notes", json=NOTE)).status_code == 201
    assert await count(probe) == 2


@pytest.mark.parametrize("other", [{"text": "y"}, {"code": "B-2"}])
async def test_another_body_under_the_same_key_is_refused(
    other: dict[str, str], probe: Store, as_one: SignIn
) -> None:
    client = as_one(uuid4(), *WRITER)
    await post(client, "k")
    refused = await post(client, "k", **other)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
    elsewhere = await post(client, "k", path="notes?x=1")
    assert elsewhere.status_code == 422
    assert await count(probe) == 1


async def test_a_refused_request_frees_its_key(probe: Store, as_one: SignIn) -> None:
    client = as_one(uuid4(), *WRITER)
    for path, status in (("trouble/refusal", 409), ("trouble/bug", 500), ("notes", 201)):
        answer = await post(client, "k", path=path)
        assert answer.status_code == status
    assert (await post(client, "other", text="")).status_code == 422
    assert await count(probe) == 1
    assert await count(probe, IdempotencyKey) == 1


async def test_a_key_is_its_organizations_own(probe: Store, as_one: SignIn) -> None:
    for _ in range(2):
        answer = await post(as_one(uuid4(), *WRITER), "k")
        assert "idempotency-replayed" not in answer.headers
    assert await count(probe) == 2


async def test_an_answer_is_given_again_to_nobody_else(probe: Store, as_one: SignIn) -> None:
    mine: UUID = uuid4()
    await post(as_one(mine, *WRITER), "k")
    assert (await post(as_one(mine, *WRITER, client_id="other"), "k")).status_code == 422
    assert (await post(as_one(mine), "k")).status_code == 403
    assert await count(probe) == 1


@pytest.mark.parametrize("key", ["", " " * 201, "x" * 201, "a\tb", "é", "\x7f"])
async def test_a_key_is_one_to_two_hundred_printable_characters(
    key: str, probe: Store, as_one: SignIn
) -> None:
    client = as_one(uuid4(), *WRITER)
    headers = {b"Idempotency-Key": key.encode()}
    assert (await client.post("notes", json=NOTE, headers=headers)).status_code == 422
    assert await count(probe) == 0


async def test_what_the_system_does_for_a_caller_is_done_once_too(
    probe: Store, as_one: SignIn
) -> None:
    client = as_one(uuid4(), *WRITER)
    first, again = [await post(client, "k", path="notes/everybodys") for _ in range(2)]
    assert first.json() == again.json()
    assert await count(probe) == 1


async def test_an_answer_that_was_returned_is_given_again_whatever_it_says(
    probe: Store, as_one: SignIn
) -> None:
    client = as_one(uuid4(), *WRITER)
    first, again = [await post(client, "k", path="trouble/returned") for _ in range(2)]
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert first.status_code == 409
    assert await count(probe) == 1
