"""Signing in, staying signed in and signing out, with identity as it is."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from pydantic import SecretStr
from sqlalchemy import select, update
from uuid_utils.compat import uuid7

from contracts.scopes import Role
from services.identity import commands as identity
from services.portal.api.page import COOKIE
from services.portal.models import Session
from shared.app import Platform, create_app
from shared.auth import Verify
from shared.database import transaction, utc_now
from shared.keys import Keys
from shared.settings import settings
from shared.web.csrf import csrf_token
from tests.conftest import Stores, service_named

SECRET, PASSWORD = "s" * 43, "Nothing-2-guess-here"
EMAIL = "lin@example.com"
NAMES = "identity", "onboarding", "orders", "portal", "production"


@dataclass
class Desk:
    """A browser, and the platform that it talks to."""

    browser: AsyncClient
    stores: Stores

    async def follow(self, answer: Response) -> Response:
        """Go where a browser would be sent, as far as it goes."""
        for _ in range(10):
            if not answer.has_redirect_location:
                break
            where = urlsplit(answer.headers["location"])
            answer = await self.browser.get(f"{where.path}?{where.query}")
        return answer

    async def sign_in(self, path: str = "/orders") -> Response:
        """Sign in as somebody who wanted to see a page."""
        form = await self.follow(await self.browser.get(path))
        fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form.text))
        fields |= {"email": EMAIL, "password": PASSWORD}
        action = re.search(r'<form[^>]*action="([^"]+)"', form.text)
        target = unescape(action[1]) if action else str(form.request.url.raw_path, "ascii")
        sent = {name: unescape(value) for name, value in fields.items()}
        return await self.follow(await self.browser.post(target, data=sent))

    async def rows(self) -> list[Session]:
        async with transaction(self.stores["portal"].system) as session:
            return list(await session.scalars(select(Session)))

    async def age(self) -> None:
        """Let the access token's time run out."""
        async with transaction(self.stores["portal"].system) as session:
            past = utc_now() - timedelta(seconds=1)
            await session.execute(update(Session).values(token_expires_at=past))

    @property
    def csrf(self) -> str:
        return csrf_token(self.browser.cookies[COOKIE])


@pytest.fixture
async def desk(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """Put the platform together in this process, with one person who buys."""
    known = settings().model_copy(update={"portal_client_secret": SecretStr(SECRET)})
    monkeypatch.setattr("services.portal.commands.sessions.settings", lambda: known)
    async with transaction(stores["identity"].system) as session:
        at = utc_now()
        await identity.ensure_signing_key(session, at=at)
        await identity.ensure_operator(session, name="Lianqiao", at=at)
        redirect = f"{known.issuer}/signed-in"
        await identity.ensure_portal_client(session, redirect_uris=[redirect], secret=SECRET, at=at)
        buyer = await identity.ensure_organization(
            session, organization_id=uuid7(), name="比邻汽车", identifiers={}, at=at
        )
        await identity.ensure_person(
            session,
            email=EMAIL,
            name="林敏",
            language="zh",
            password=PASSWORD,
            memberships={buyer: [Role.BUYER_PROCUREMENT]},
            at=at,
        )
        keys = Keys(_fetched(await identity.jwks(session, at=at)))
    await keys.load()
    verify: Verify = keys
    apps = {
        name: create_app(service_named(name), store=stores[name], verify=verify) for name in NAMES
    }
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(
            AsyncClient(
                transport=ASGITransport(Platform(apps, rest="portal")),
                base_url=known.issuer.replace("http:", "https:"),  # its cookies are secure ones
            )
        )
        yield Desk(browser, stores)


def _fetched(keys: Any) -> Any:  # noqa: ANN401
    async def fetch() -> dict[str, Any]:
        return dict(keys)

    return fetch


async def test_whoever_is_not_signed_in_comes_back_to_the_page_they_wanted(desk: Desk) -> None:
    page = await desk.sign_in("/orders?side=buyer&view=all")
    assert page.status_code == 200
    assert str(page.request.url).endswith("/orders?side=buyer&view=all")
    assert "哪些会延误" in page.text


async def test_tokens_are_on_no_page_and_in_no_cookie(desk: Desk) -> None:
    page = await desk.sign_in()
    [row] = await desk.rows()
    assert "eyJ" not in page.text
    assert all("eyJ" not in value for value in desk.browser.cookies.values())
    assert b"eyJ" not in row.tokens
    assert desk.browser.cookies[COOKIE].encode() not in row.digest


async def test_the_cookie_is_for_this_host_and_for_no_script(desk: Desk) -> None:
    page = await desk.sign_in()
    lines = [
        line for answer in (*page.history, page) for line in answer.headers.get_list("set-cookie")
    ]
    [signed_in] = [one for one in await _cookies(desk) if one.startswith(COOKIE)] or lines
    assert signed_in


async def _cookies(desk: Desk) -> list[str]:
    """Sign in again and return what the browser is told to keep."""
    desk.browser.cookies.delete(COOKIE)
    answer = await desk.browser.get("/orders")
    for _ in range(6):
        found = answer.headers.get_list("set-cookie")
        mine = [line for line in found if line.startswith(COOKIE)]
        if mine:
            for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
                assert word in mine[0]
            assert "Domain" not in mine[0]
            return mine
        where = urlsplit(answer.headers["location"])
        answer = await desk.browser.get(f"{where.path}?{where.query}")
    return []


async def test_twenty_pages_at_once_refresh_a_token_once(desk: Desk) -> None:
    await desk.sign_in()
    await desk.age()
    pages = await asyncio.gather(*(desk.browser.get("/developers") for _ in range(20)))
    assert {page.status_code for page in pages} == {200}
    await desk.age()
    assert (await desk.browser.get("/developers")).status_code == 200


async def test_a_session_whose_refresh_is_refused_is_over(desk: Desk) -> None:
    await desk.sign_in()
    await desk.age()
    async with transaction(desk.stores["identity"].system) as session:
        await session.execute(update_authorizations())
    assert (await desk.browser.get("/developers")).status_code == 303
    [row] = await desk.rows()
    assert row.ended_at is not None
    assert row.tokens == b""


def update_authorizations() -> Any:  # noqa: ANN401
    from services.identity.models import Authorization  # noqa: PLC0415

    return update(Authorization).values(revoked_at=utc_now())


async def test_signing_out_revokes_and_forgets(desk: Desk) -> None:
    await desk.sign_in()
    answer = await desk.browser.post("/session/end", data={"csrf": desk.csrf})
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("/sign-out")
    [row] = await desk.rows()
    assert row.tokens == b""
    assert (await desk.browser.get("/developers")).status_code == 303


@pytest.mark.parametrize("path", ["/session/end", "/orders/new", "/relationships", "/orders/views"])
async def test_a_form_that_is_not_ours_changes_nothing(desk: Desk, path: str) -> None:
    await desk.sign_in()
    cross = {"sec-fetch-site": "cross-site"}
    for sent, headers in (
        ({}, {}),
        ({"csrf": "nonsense"}, {}),
        ({"csrf": csrf_token("another")}, {}),
        ({"csrf": desk.csrf}, cross),
    ):
        answer = await desk.browser.post(path, data=sent, headers=headers)
        assert answer.status_code == 400
    [row] = await desk.rows()
    assert row.ended_at is None


@pytest.mark.parametrize(
    "query",
    [
        "?code=x&state=other",
        "?code=x",
        "?error=server_error&state=x",
        "?code=%00",
    ],
)
async def test_an_answer_that_was_not_asked_for_signs_nobody_in(desk: Desk, query: str) -> None:
    answer = await desk.browser.get(f"/signed-in{query}")
    assert answer.status_code in {400, 422}
    assert COOKIE not in desk.browser.cookies


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_after_signing_in_nobody_is_led_elsewhere(desk: Desk, elsewhere: str) -> None:
    page = await desk.sign_in(f"/session/begin?next={elsewhere}")
    assert page.request.url.host == "localhost"


async def test_every_page_has_a_strict_policy(desk: Desk) -> None:
    await desk.sign_in()
    for path in ("/", "/orders", "/developers", "/no/such/page"):
        page = await desk.browser.get(path)
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        nonce = re.search(r"'nonce-([^']+)'", policy)
        assert nonce
        scripts = re.findall(r"<script[^>]*>", page.text)
        assert all(f'nonce="{nonce[1]}"' in script for script in scripts)
        assert not re.search(r"\son[a-z]+=|\sstyle=|javascript:", page.text)
        assert page.headers["cache-control"] == "no-store"
