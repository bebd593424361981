"""A list is walked page by page, each row exactly once, and no cursor breaks it."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from httpx2 import AsyncClient
from sqlalchemy import func, select

from contracts.scopes import Scope
from shared.database import Store, transaction
from shared.paging import Paging, keyset
from tests.kernel.conftest import SignIn
from tests.probe import factories
from tests.probe.models import Note

ME = uuid4()


def notes(count: int, *, seed: int = 0) -> list[Note]:
    """Make notes of which many tie in every column but their id."""
    chance, found = Random(seed), []
    for _ in range(count):
        note = factories.build_note(buyer_id=ME, rank=chance.randint(1, 4))
        note.text = chance.choice(["", "a", "Ä", "链桥", '"\\', "x" * 100])
        note.noted_at = factories.NOW + timedelta(microseconds=chance.randint(0, 3))
        found.append(note)
    return found


async def one(client: AsyncClient, link: str) -> tuple[list[str], str | None]:
    """Return the ids of one page, and the address of the next."""
    answer = await client.get(link)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    following = f"http://localhost{page['next']}" if page["next"] else None
    return [item["id"] for item in page["items"]], following


async def walk(client: AsyncClient, path: str) -> tuple[list[str], int]:
    ids, pages = list[str](), 0
    link: str | None = path
    while link:
        found, link = await one(client, link)
        ids, pages = ids + found, pages + 1
    return ids, pages


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("order", ["rank", "weight", "noted_at", "text", "id"])
async def test_every_row_is_met_once_in_order_whatever_the_order(
    order: str, descending: bool, probe: Store, as_one: SignIn
) -> None:
    made = notes(23)
    await factories.keep(probe, *made)
    client = as_one(ME, Scope.ORDERS_READ)
    ids, pages = await walk(client, f"notes?order={order}&descending={descending}&limit=5")
    by = sorted(made, key=lambda note: (getattr(note, order), note.id), reverse=descending)
    assert (ids, pages) == ([str(note.id) for note in by], 5)


@pytest.mark.parametrize("limit", [1, 22, 23, 24, 200])
async def test_pages_of_any_size_meet_every_row_once(
    limit: int, probe: Store, as_one: SignIn
) -> None:
    await factories.keep(probe, *notes(23))
    ids, pages = await walk(as_one(ME, Scope.ORDERS_READ), f"notes?limit={limit}")
    assert (len(set(ids)), len(ids), pages) == (23, 23, -(-23 // limit))


async def test_no_row_is_missed_or_repeated_while_others_are_added(
    probe: Store, as_one: SignIn
) -> None:
    there = notes(30)
    await factories.keep(probe, *there)
    client, seen = as_one(ME, Scope.ORDERS_READ), list[str]()
    link: str | None = "notes?limit=4"
    added = 0
    while link:
        found, link = await one(client, link)
        seen += found
        added += 1
        if added < 15:
            await factories.keep(probe, *notes(2, seed=added))
    assert len(seen) == len(set(seen))
    assert {str(note.id) for note in there} <= set(seen)


async def test_filters_stay_in_the_next_link(probe: Store, as_one: SignIn) -> None:
    mine = [factories.build_note(buyer_id=ME, text=f"a&b=链 {n}") for n in range(5)]
    await factories.keep(probe, *mine, *notes(5))
    ids, pages = await walk(as_one(ME, Scope.ORDERS_READ), "notes?q=a%26b%3D%E9%93%BE&limit=2")
    assert (set(ids), pages) == ({str(note.id) for note in mine}, 3)


def cursor(*values: object) -> str:
    return urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


NIL = str(UUID(int=0))
BROKEN = [
    *("x", "====", "e30", "-", "_", "A" * 1_000, "W10", "bnVsbA", "MQ", "IiI", "é", "%00", "\\"),
    cursor(),
    cursor("+rank,id"),
    cursor("+rank,id", "1"),
    cursor("+rank,id", "1", NIL, "1"),
    cursor("+rank,id", 1, NIL),
    cursor("+rank,id", "1", 5),
    cursor("+rank,id", None, NIL),
    cursor("+rank,id", ["1"], NIL),
    cursor("+rank,id", "one", NIL),
    cursor("+rank,id", "9" * 40, NIL),
    cursor("+rank,id", "1e400", NIL),
    cursor("+rank,id", "1", "no id"),
    cursor("-rank,id", "1", NIL),
    cursor("+weight,id", "1", NIL),
    cursor({"+rank,id": 1}, "1", NIL),
    urlsafe_b64encode(b"[" * 400).decode(),
    urlsafe_b64encode(b'["+rank,id","1","\xff"]').decode(),
]


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
async def test_a_broken_cursor_is_refused(broken: str, probe: Store, as_one: SignIn) -> None:
    assert probe
    answer = await as_one(ME, Scope.ORDERS_READ).get("notes", params={"cursor": broken})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize(
    ("order", "value"),
    [
        *(("weight", value) for value in ("NaN", "Infinity", "-Infinity", "sNaN", "1e9999999", "")),
        *(("noted_at", value) for value in ("", "9999-99-99", "today", "2026-11-22T25:00")),
        *(("text", value) for value in ("\0", "\ud800")),
    ],
)
async def test_a_cursor_of_no_value_is_refused(
    order: str, value: str, probe: Store, as_one: SignIn
) -> None:
    assert probe
    made = cursor(f"+{order},id", value, NIL)
    answer = await as_one(ME, Scope.ORDERS_READ).get(f"notes?order={order}&cursor={made}")
    assert answer.status_code == 422


@pytest.mark.parametrize("limit", ["0", "-1", "201", "x", "1e2", "", "9" * 5_000])
async def test_a_limit_is_one_to_two_hundred(limit: str, probe: Store, as_one: SignIn) -> None:
    assert probe
    answer = await as_one(ME, Scope.ORDERS_READ).get("notes", params={"limit": limit})
    assert answer.status_code == 422


async def test_rows_of_several_columns_come_back_as_they_were_asked_for(probe: Store) -> None:
    await factories.keep(probe, *notes(5))
    asked = select(Note.text, func.upper(Note.text).label("loud"), Note.rank)
    paging, found = Paging(limit=2, url="/x?"), list[Sequence[object]]()
    async with transaction(probe.system) as session:
        while True:
            page = await keyset(session, asked, order=(Note.rank, Note.id), paging=paging)
            assert all(row.loud == row.text.upper() for row in page.items)
            found += [tuple(row) for row in page.items]
            if page.next is None:
                break
            paging = Paging(limit=2, cursor=page.next.partition("cursor=")[2], url="/x?")
    assert {len(row) for row in found} == {3}
    assert len(found) == 5


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limit", [1, 4, 5, 50])
async def test_rows_of_either_side_are_met_once_in_one_order(
    limit: int, descending: bool, probe: Store
) -> None:
    bought = notes(9)
    supplied = [factories.build_note(supplier_id=ME, rank=n % 4) for n in range(14)]
    await factories.keep(probe, *bought, *supplied, *[factories.build_note() for _ in range(5)])
    sides = [Note.buyer_id == ME, Note.supplier_id == ME]
    cursor, found = "", list[Note]()
    async with transaction(probe.system) as session:
        while True:
            page = await keyset(
                session,
                select(Note),
                order=(Note.rank, Note.id),
                paging=Paging(limit=limit, cursor=cursor or None, url="/x?"),
                descending=descending,
                sides=sides,
            )
            found += page.items
            if page.next is None:
                break
            cursor = page.next.partition("cursor=")[2]
    wanted = sorted((*bought, *supplied), key=lambda note: (note.rank, note.id), reverse=descending)
    assert [note.id for note in found] == [note.id for note in wanted]
