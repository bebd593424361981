"""No page, and no open page that listens, shows an organization what others have."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from services.portal.queries.audience import Audience
from shared.database import transaction
from tests.network import relayed
from tests.story import WHISPERED, Cast, tell
from tests.tenancy.rows import digests, plural, tables, visible_ids
from tests.tenancy.test_routes import foreign_ids
from tests.visiting import Visitor, pages
from tests.world import Party, World

PARAMETER = re.compile(r"{(\w+)(?::path)?}")
WAITS = {"/live"}  # for events: below
OWN = "looks", "day_tallies", "sessions"  # how tables end that a visit leaves something in
TRIES_MAX = 12


async def ids_by_table(
    world: World, superuser: Engine, party: Party
) -> Mapping[str, Sequence[str]]:
    """Return the ids that the database shows a party, by the name of their table."""
    found: dict[str, list[str]] = {}
    for service, store in world.stores.items():
        for table, columns in tables(superuser, service).items():
            if "id" in columns:
                found.setdefault(table, []).extend(await visible_ids(store, table, party))
    return found


def tried(parameter: str, hidden: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """Return what to put into a place of an address: ids of what it names, or else of anything."""
    named = hidden.get(plural(parameter)) or hidden.get(f"schedule_{plural(parameter)}")
    if named:
        return named[:TRIES_MAX]
    return [ids[0] for ids in hidden.values() if ids]


def addresses(path: str, hidden: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a page's address for every id of somebody else that fits."""
    found = [path]
    for name in PARAMETER.findall(path):
        found = [
            re.sub(rf"{{{name}(:path)?}}", one, address)
            for address in found
            for one in tried(name, hidden)
        ]
    return found[: TRIES_MAX**2]


async def hidden_ids(
    world: World, cast: Cast, outsider: Party, superuser: Engine
) -> dict[str, list[str]]:
    """Return the ids of the first pair's rows that an outsider cannot see."""
    mine = await ids_by_table(world, superuser, outsider)
    theirs = await ids_by_table(world, superuser, cast.buyer)
    known = {str(party.id) for party in vars(cast).values()}
    return {
        table: left
        for table, ids in theirs.items()
        if (left := [one for one in ids if one not in mine.get(table, ()) and one not in known])
    }


async def shown(
    world: World, cast: Cast, outsider: Party, superuser: Engine, *, who: Party | None = None
) -> list[str]:
    """Open every page and send every form as an outsider, and say what of the first pair's shows.

    `who` plants a bug: the pages are opened with the token of somebody else.
    """
    visitor = await Visitor.arrive(world, who or outsider)
    hidden = await hidden_ids(world, cast, outsider, superuser)
    secrets = {WHISPERED, *await foreign_ids(world, cast, outsider, superuser)}
    before, found = digests(superuser), []
    for method, path in pages(world):
        for address in addresses(path, hidden) if path not in WAITS else ():
            if method == "POST" and not PARAMETER.search(path):
                continue  # concerns nothing of anybody else's
            sent = visitor.get(address) if method == "GET" else visitor.post(address, {})
            answer = await sent
            said = answer.text if "text" in answer.headers.get("content-type", "") else ""
            found += [
                f"{method} {path} shows {one}"
                for one in secrets
                if one in said.replace(address, "") and one not in address
            ]
            if answer.status_code >= 500:
                found.append(f"{method} {address}: {answer.status_code}")
    after = digests(superuser)
    changed = {name for name, digest in after.items() if digest != before[name]}
    return found + [f"a page changed {name}" for name in sorted(changed) if not name.endswith(OWN)]


@pytest.mark.timeout(600)
async def test_no_page_shows_or_changes_what_is_foreign(
    world: World, cast: Cast, superuser: Engine
) -> None:
    for outsider in cast.outsiders:
        found = await shown(world, cast, outsider, superuser)
        assert not found, "\n".join(found[:40])


@pytest.mark.timeout(600)
async def test_the_walk_over_the_pages_sees_a_leak(
    world: World, cast: Cast, superuser: Engine
) -> None:
    found = await shown(world, cast, cast.other_buyer, superuser, who=cast.buyer)
    assert any("GET /orders/{order_id} shows" in one for one in found)
    assert any("GET /orders shows" in one for one in found)


async def heard(audience: Audience, party: Party, texts: list[str]) -> None:
    texts.extend([said async for said in audience.stream(party.id)])


async def test_an_open_page_hears_of_nothing_foreign(world: World, superuser: Engine) -> None:
    audience, stop = Audience(), asyncio.Event()
    cast = await tell(world)
    everybody = [party for party in vars(cast).values() if isinstance(party, Party)]
    stranger = Party(uuid4(), "Stranger")
    texts: dict[Party, list[str]] = {party: [] for party in (*everybody, stranger)}
    async with asyncio.TaskGroup() as group:
        for party, own in texts.items():
            group.create_task(heard(audience, party, own))
        await asyncio.sleep(0)
        for store in world.stores.values():
            async with transaction(store.system) as session:
                await session.execute(text("UPDATE outbox SET published_at = NULL"))
            for message in await relayed(store):
                await audience.deliver([message])
                await asyncio.sleep(0)
        stop.set()
        await audience.hang_up(stop)
    for outsider in (*cast.outsiders, stranger):
        secrets = await foreign_ids(world, cast, outsider, superuser)
        said = "".join(texts[outsider])
        assert not [one for one in secrets if one in said]
    heard_of = "".join(texts[cast.buyer]).split("\n\n")  # several messages may come as one chunk
    told = [json.loads(t.partition("data: ")[2]) for t in heard_of if "order_id" in t]
    assert len(told) > 10, "the parties themselves do hear"
    assert "order_id" not in "".join(texts[stranger])
