"""A refresh token is used once, for the next; a second use ends the family and no other."""

import asyncio

import pytest
from sqlalchemy import func, select

from services.identity.models import (
    AuditEntry,
    Authorization,
    Client,
    Membership,
    Organization,
    RefreshToken,
    Session,
    User,
)
from tests.identity.factories import Browser, World, body


@pytest.mark.parametrize("client", ["web", "public", "signer"])
async def test_it_rotates(li: Browser, client: str) -> None:
    first = await li.tokens(client)
    second = await li.refresh(first["refresh_token"], client)
    assert second.status_code == 200, second.text
    assert second.json()["refresh_token"] != first["refresh_token"]
    assert second.json()["scope"] == first["scope"]
    assert body(second.json()["access_token"])["sub"] == li.world["li"]


@pytest.mark.parametrize("client", ["web", "public"])
async def test_reuse_ends_the_family_and_no_other(li: Browser, client: str) -> None:
    stolen, other = await li.tokens(client), await li.tokens(client)
    latest = (await li.refresh(stolen["refresh_token"], client)).json()

    again = await li.refresh(stolen["refresh_token"], client)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (await li.refresh(latest["refresh_token"], client)).status_code == 400
    assert (await li.refresh(other["refresh_token"], client)).status_code == 200
    told = select(func.count()).where(AuditEntry.action == "refresh_token_reused")
    assert await li.world.rows(told.scalar_subquery()) == [(1,)]


async def test_of_twenty_at_once_one_succeeds(li: Browser) -> None:
    token = (await li.tokens())["refresh_token"]
    answers = await asyncio.gather(*(li.refresh(token) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19
    assert await li.world.rows(func.count(RefreshToken.digest)) == [(2,)]


async def test_a_rotation_and_a_replay_at_once_leave_nothing_alive(li: Browser) -> None:
    for _ in range(8):
        first = await li.tokens()
        second = (await li.refresh(first["refresh_token"])).json()
        answers = await asyncio.gather(
            li.refresh(second["refresh_token"]), li.refresh(first["refresh_token"])
        )
        alive = [a.json()["refresh_token"] for a in answers if a.status_code == 200]
        for token in alive:
            assert (await li.refresh(token)).status_code == 400


@pytest.mark.parametrize("used", [False, True])
async def test_the_token_of_another_client(li: Browser, used: bool) -> None:
    first = await li.tokens()
    token = first["refresh_token"]
    latest = (await li.refresh(token)).json()["refresh_token"] if used else token
    assert (await li.refresh(token, "other")).json()["error"] == "invalid_grant"
    assert (await li.refresh(latest)).status_code == 200, "a stranger ends nothing"


async def test_a_narrower_scope_holds_once(li: Browser) -> None:
    first = await li.tokens()
    narrow = (await li.refresh(first["refresh_token"], scope="orders:read")).json()
    assert narrow["scope"] == "orders:read"
    wide = (await li.refresh(narrow["refresh_token"])).json()
    assert wide["scope"] == first["scope"]


@pytest.mark.parametrize("scope", ["orders:read orders:place", "no:such", "identity:operate"])
async def test_a_wider_scope_is_refused(li: Browser, scope: str) -> None:
    first = await li.tokens()
    answer = await li.refresh(first["refresh_token"], scope=scope)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert (await li.refresh(first["refresh_token"])).status_code == 200


async def test_it_expires(li: Browser) -> None:
    first = await li.tokens()
    li.world.clock.pass_(days=14)
    assert (await li.refresh(first["refresh_token"])).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("token", ["access_token", "id_token", "nothing", None])
async def test_something_else_in_its_place(li: Browser, token: str | None) -> None:
    tokens = await li.tokens() | {"nothing": "x" * 43}
    sent = tokens[token] if token else None
    answer = await li.token(grant_type="refresh_token", refresh_token=sent)
    wanted = "invalid_grant" if token else "invalid_request"
    assert (answer.status_code, answer.json()["error"]) == (400, wanted)


async def test_the_client_proves_who_it_is(li: Browser) -> None:
    token = (await li.tokens())["refresh_token"]
    answer = await li.post(
        "/oauth/token",
        None,
        grant_type="refresh_token",
        refresh_token=token,
        client_id=li.world["web"],
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert (await li.refresh(token)).status_code == 200


@pytest.mark.parametrize(
    ("model", "changed", "error"),
    [
        (Membership, "removed_at", "invalid_grant"),
        (Membership, "suspended_at", "invalid_grant"),
        (User, "suspended_at", "invalid_grant"),
        (Authorization, "revoked_at", "invalid_grant"),
        (Organization, "suspended_at", "invalid_client"),
        (Client, "ended_at", "invalid_client"),
    ],
)
async def test_who_may_no_longer_act(li: Browser, model: type, changed: str, error: str) -> None:
    token = (await li.tokens())["refresh_token"]
    await li.world.change(model, **{changed: li.world.clock.at})
    assert (await li.refresh(token)).json()["error"] == error


async def test_a_suspended_organization_is_refused_at_the_portal_too(world: World) -> None:
    li = await world.signed_in("li")
    token = (await li.tokens("portal"))["refresh_token"]
    await world.change_one(Organization, "supplier", suspended_at=world.clock.at)
    assert (await li.refresh(token, "portal")).json()["error"] == "invalid_grant"


async def test_a_withdrawn_role_is_gone_from_the_next_token(li: Browser) -> None:
    token = (await li.tokens())["refresh_token"]
    await li.world.change(Membership, roles=["supplier.production"])
    answer = (await li.refresh(token)).json()
    assert answer["scope"] == "openid orders:read"


@pytest.mark.parametrize(("client", "scope"), [("portal", True), ("web", False)])
async def test_a_role_given_later_counts_for_the_platforms_own_pages_alone(
    li: Browser, client: str, scope: bool
) -> None:
    await li.world.change(Membership, roles=["supplier.production"])
    tokens = await li.tokens(client)
    await li.world.change(Membership, roles=["supplier.sales"])
    again = (await li.refresh(tokens["refresh_token"], client)).json()
    assert ("orders:confirm" in again["scope"]) is scope


async def test_signing_out_ends_it(li: Browser) -> None:
    token = (await li.tokens())["refresh_token"]
    page = await li.http.post(
        "/sign-out",
        headers={"origin": "http://localhost:8000", "content-type": "text/plain"},
    )
    assert page.status_code == 200
    assert (await li.refresh(token)).status_code == 400
    [(ended,)] = await li.world.rows(Session.ended_at)
    assert ended == li.world.clock.at
