"""Keys are published before they sign and after, and what no longer counts is forgotten."""

import asyncio
import json
from typing import Any

from sqlalchemy import func

from services.identity.commands import keys, upkeep
from services.identity.domain.tokens import KEY_LEAD, KEY_LIFE, KEY_REST
from services.identity.models import AccessToken, RefreshToken, SigningKeyRow, UsedAssertion
from shared.database import transaction
from tests.identity.factories import Browser, World, decoded


async def published(world: World) -> list[str]:
    found = (await world.browser().http.get("/oauth/jwks")).json()["keys"]
    return [key["kid"] for key in found]


async def signs(browser: Browser) -> tuple[str, str]:
    sent = {"grant_type": "client_credentials", "scope": "orders:read"}
    token = (await browser.token("machine", **sent)).json()["access_token"]
    header: dict[str, Any] = json.loads(decoded(token.split(".")[0]))
    return header["kid"], header["alg"]


async def rotated(world: World, algorithm: str = "ES256") -> bool:
    async with transaction(world.store.system) as session:
        return await keys.rotate(session, at=world.clock.at, algorithm=algorithm)


async def test_a_key_is_known_before_it_signs_and_after(world: World, nobody: Browser) -> None:
    assert await rotated(world)
    assert not await rotated(world), "one is enough"
    old, algorithm = await signs(nobody)
    assert algorithm == "ES256"

    assert await rotated(world, "Ed25519")
    assert await signs(nobody) == (old, "ES256"), "the new one is only known yet"
    known = await published(world)
    assert len(known) == 2

    world.clock.pass_(seconds=KEY_LEAD.total_seconds())
    new, algorithm = await signs(nobody)
    assert algorithm == "Ed25519"
    assert known == [old, new]
    assert await published(world) == [old, new], "tokens of the old one still live"

    world.clock.pass_(seconds=KEY_REST.total_seconds())
    assert await published(world) == [new]
    world.clock.pass_(seconds=1)
    assert not await rotated(world, "Ed25519")
    assert await world.rows(SigningKeyRow.kid) == [(new,)]


async def test_an_old_key_is_replaced(world: World) -> None:
    await rotated(world)
    world.clock.pass_(seconds=KEY_LIFE.total_seconds())
    assert await rotated(world)


async def test_the_first_key_is_drawn_once(world: World) -> None:
    found = await asyncio.gather(*(published(world) for _ in range(8)))
    assert {tuple(kids) for kids in found} == {tuple(await published(world))}
    assert await world.rows(func.count(SigningKeyRow.kid)) == [(1,)]


async def test_many_rotations_at_once_draw_one_key(world: World) -> None:
    drawn = await asyncio.gather(*(rotated(world) for _ in range(6)))
    assert sorted(drawn) == [False] * 5 + [True]


async def test_what_is_over_is_forgotten(world: World, li: Browser) -> None:
    await li.tokens("signer")
    async with transaction(world.store.system) as session:
        await upkeep.forget(session, at=world.clock.at)
    for column in AccessToken.jti, RefreshToken.digest, UsedAssertion.digest:
        assert await world.rows(func.count(column)) == [(1,)], "it still counts"
    world.clock.pass_(days=15)
    async with transaction(world.store.system) as session:
        await upkeep.forget(session, at=world.clock.at)
    for column in AccessToken.jti, RefreshToken.digest, UsedAssertion.digest:
        assert await world.rows(func.count(column)) == [(0,)]


async def test_upkeep_runs_until_told_to_stop(world: World) -> None:
    stop = asyncio.Event()
    job = asyncio.create_task(upkeep.keep_up(world.store.system, stop))
    for _ in range(100):
        if await world.rows(SigningKeyRow.kid):
            break
        await asyncio.sleep(0.05)
    stop.set()
    await asyncio.wait_for(job, 5)
    assert await world.rows(func.count(SigningKeyRow.kid)) == [(1,)]
