"""A code is redeemed once, by its client, with its proof, within a minute."""

import asyncio
from typing import Any

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy import func

from services.identity.models import (
    AuditEntry,
    Authorization,
    Client,
    Membership,
    RefreshToken,
    User,
)
from shared.settings import settings
from tests.identity.factories import CALLBACK, VERIFIER, Browser, World, body


@pytest.mark.parametrize("client", ["web", "public", "signer", "portal"])
async def test_a_code_becomes_tokens(li: Browser, client: str) -> None:
    answer = await li.redeem(await li.code(client, nonce="n-1"), client)

    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 300)
    assert tokens["scope"] == "openid orders:read orders:confirm"
    claims = body(tokens["access_token"])
    assert claims["iss"] == settings().issuer
    assert claims["aud"] == settings().audience
    assert claims["sub"] == li.world["li"]
    assert claims["client_id"] == li.world[client]
    assert claims["organization_id"] == li.world["supplier"]
    assert claims["name"] == "Li"
    assert claims["exp"] - claims["iat"] == 300
    about = body(tokens["id_token"])
    assert (about["aud"], about["nonce"]) == (li.world[client], "n-1")
    assert about["auth_time"] == int(li.world.clock.at.timestamp())


async def test_without_openid_there_is_no_id_token(li: Browser) -> None:
    assert "id_token" not in await li.tokens(scope="orders:read")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"code_verifier": "v" * 42}, "invalid_request"),
        ({"code_verifier": "v" * 129}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"redirect_uri": CALLBACK + "/"}, "invalid_grant"),
        ({"code": "x" * 43}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "implicit"}, "unsupported_grant_type"),
        ({"grant_type": "none"}, "unsupported_grant_type"),
        ({"grant_type": '"\\'}, "unsupported_grant_type"),
    ],
)
async def test_a_wrong_request_gets_nothing_and_spends_nothing(
    li: Browser, changed: dict[str, Any], error: str
) -> None:
    code = await li.code()
    answer = await li.redeem(code, **changed)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert (await li.redeem(code)).status_code == 200


async def test_the_verifier_of_another_code(li: Browser) -> None:
    other = "o" * 50
    code = await li.code(code_challenge=create_s256_code_challenge(other))
    assert (await li.redeem(code, code_verifier=VERIFIER)).json()["error"] == "invalid_grant"
    assert (await li.redeem(code, code_verifier=other)).status_code == 200


@pytest.mark.parametrize("thief", ["other", "public"])
async def test_the_code_of_another_client(li: Browser, thief: str) -> None:
    code = await li.code()
    assert (await li.redeem(code, thief)).json()["error"] == "invalid_grant"
    assert (await li.redeem(code)).status_code == 200


@pytest.mark.parametrize(("seconds", "status"), [(59, 200), (60, 400), (61, 400)])
async def test_a_code_lives_a_minute(li: Browser, seconds: int, status: int) -> None:
    code = await li.code()
    li.world.clock.pass_(seconds=seconds)
    assert (await li.redeem(code)).status_code == status


@pytest.mark.parametrize("refreshed", [False, True])
async def test_a_second_use_ends_what_came_of_the_first(li: Browser, refreshed: bool) -> None:
    code = await li.code()
    tokens = (await li.redeem(code)).json()
    if refreshed:
        tokens = (await li.refresh(tokens["refresh_token"])).json()

    assert (await li.redeem(code)).json()["error"] == "invalid_grant"

    assert (await li.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    seen = await li.post("/oauth/introspect", "web", token=tokens["access_token"])
    assert seen.json() == {"active": False}
    [(actions,)] = await li.world.rows(func.array_agg(AuditEntry.action))
    assert "code_reused" in actions


async def test_a_second_use_by_another_client_ends_nothing(li: Browser) -> None:
    code = await li.code()
    tokens = (await li.redeem(code)).json()
    assert (await li.redeem(code, "other")).status_code == 400
    assert (await li.refresh(tokens["refresh_token"])).status_code == 200


async def test_of_twenty_at_once_one_succeeds(li: Browser) -> None:
    code = await li.code()
    answers = await asyncio.gather(*(li.redeem(code) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19
    assert await li.world.rows(func.count(RefreshToken.digest)) == [(1,)]
    [winner] = [answer.json() for answer in answers if answer.status_code == 200]
    assert (await li.refresh(winner["refresh_token"])).status_code == 400, "the losers were reuse"


@pytest.mark.parametrize(
    ("model", "changed"),
    [
        (Membership, "removed_at"),
        (Membership, "suspended_at"),
        (User, "suspended_at"),
    ],
)
async def test_who_may_no_longer_act_gets_no_tokens(li: Browser, model: type, changed: str) -> None:
    code = await li.code()
    await li.world.change(model, **{changed: li.world.clock.at})
    assert (await li.redeem(code)).json()["error"] == "invalid_grant"


async def test_who_holds_no_role_any_more_gets_no_tokens(li: Browser) -> None:
    code = await li.code(scope="orders:read")
    await li.world.change(Membership, roles=[])
    assert (await li.redeem(code)).json()["error"] == "invalid_grant"


async def test_a_client_without_refresh_gets_no_refresh_token(li: Browser) -> None:
    await li.world.change_one(Client, "web", grant_types=["authorization_code"])
    assert "refresh_token" not in await li.tokens()


async def test_a_client_without_the_grant(world: World, li: Browser) -> None:
    code = await li.code()
    await world.change_one(Client, "web", grant_types=["client_credentials"])
    assert (await li.redeem(code)).json()["error"] == "unauthorized_client"
    assert (await world.rows(Authorization.redeemed_at)) == [(None,)]
