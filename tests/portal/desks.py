"""Put the platform together in one process, with people who use its pages."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from pydantic import SecretStr

from contracts.scopes import Role
from services.identity import commands as identity
from services.portal.api.page import COOKIE
from shared.app import Platform, create_app
from shared.database import transaction, utc_now
from shared.keys import Keys
from shared.settings import settings
from shared.web.csrf import csrf_token
from tests.conftest import Stores, service_named

SECRET, PASSWORD = "s" * 43, "Nothing-2-guess-here"


@dataclass
class Person:
    """Somebody with a browser of their own."""

    browser: AsyncClient
    email: str

    async def follow(self, answer: Response) -> Response:
        """Go where a browser would be sent, as far as it goes."""
        for _ in range(10):
            if not answer.has_redirect_location:
                break
            where = urlsplit(answer.headers["location"])
            answer = await self.browser.get(f"{where.path}?{where.query}")
        return answer

    async def sign_in(self) -> None:
        form = await self.follow(await self.browser.get("/session/begin"))
        fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form.text))
        fields |= {"email": self.email, "password": PASSWORD}
        action = re.search(r'<form[^>]*action="([^"]+)"', form.text)
        target = unescape(action[1]) if action else str(form.request.url.raw_path, "ascii")
        sent = {name: unescape(value) for name, value in fields.items()}
        await self.follow(await self.browser.post(target, data=sent))
        assert COOKIE in self.browser.cookies

    async def see(self, path: str) -> Response:
        """Open a page."""
        return await self.follow(await self.browser.get(path))

    async def post(self, path: str, **fields: str) -> Response:
        """Send a form of a page, and follow where it leads."""
        sent = fields | {"csrf": csrf_token(self.browser.cookies[COOKIE])}
        return await self.follow(await self.browser.post(path, data=sent))


@dataclass
class Office:
    """An organization and those who work there."""

    stack: AsyncExitStack
    platform: Platform
    stores: Stores
    people: dict[str, Person] = field(default_factory=dict)

    async def hire(
        self, organization_id: UUID, organization: str, people: Mapping[str, Sequence[Role]]
    ) -> None:
        """Register an organization, and sign its people in."""
        at = utc_now()
        async with transaction(self.stores["identity"].system) as session:
            known = await identity.ensure_organization(
                session, organization_id=organization_id, name=organization, identifiers={}, at=at
            )
            for name, roles in people.items():
                email = f"{uuid4().hex}@example.com"
                await identity.ensure_person(
                    session,
                    email=email,
                    name=name,
                    language="zh",
                    password=PASSWORD,
                    memberships={known: list(roles)},
                    at=at,
                )
                self.people[name] = Person(await self._browser(), email)
        for name in people:
            await self.people[name].sign_in()

    async def _browser(self) -> AsyncClient:
        base = settings().issuer.replace("http:", "https:")  # its cookies are secure ones
        client = AsyncClient(transport=ASGITransport(self.platform), base_url=base)
        return await self.stack.enter_async_context(client)


@asynccontextmanager
async def office(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, *names: str
) -> AsyncIterator[Office]:
    """Run the portal over identity and these services, as one platform."""
    known = settings().model_copy(update={"portal_client_secret": SecretStr(SECRET)})
    monkeypatch.setattr("services.portal.commands.sessions.settings", lambda: known)
    at = utc_now()
    async with transaction(stores["identity"].system) as session:
        await identity.ensure_signing_key(session, at=at)
        await identity.ensure_operator(session, name="Lianqiao", at=at)
        redirect = f"{known.issuer}/signed-in"
        await identity.ensure_portal_client(session, redirect_uris=[redirect], secret=SECRET, at=at)
        keys = Keys(_fetched(await identity.jwks(session, at=at)))
    await keys.load()
    apps = {
        name: create_app(service_named(name), store=stores[name], verify=keys)
        for name in ("identity", "portal", *names)
    }
    async with AsyncExitStack() as stack:
        yield Office(stack, Platform(apps, rest="portal"), stores)


def _fetched(keys: Any) -> Any:  # noqa: ANN401
    async def fetch() -> dict[str, Any]:
        return dict(keys)

    return fetch
