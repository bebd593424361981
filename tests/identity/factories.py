"""A small world for identity's tests: two organizations, people, and one client of each kind."""

import hmac
import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from html import unescape
from re import findall
from typing import Any, get_args
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID, uuid4

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response
from joserfc import jwk, jwt
from sqlalchemy import select, update

from contracts.scopes import Role, Scope
from services.identity import commands
from services.identity.api.browser import SESSION_COOKIE
from services.identity.commands import clients, passwords, people, sessions
from services.identity.domain.clients import AuthMethod, GrantType
from services.identity.main import service
from services.identity.models import Client, Password, User
from shared.app import create_app
from shared.database import Now, Store, transaction
from shared.settings import settings

PASSWORD = "correct horse battery"  # noqa: S105  of people that do not exist
CALLBACK = "https://client.example/callback?kept=a%20b"
VERIFIER = "v" * 43
CHALLENGE = create_s256_code_challenge(VERIFIER)
SCOPE = "openid orders:read orders:confirm"
KEY = jwk.ECKey.generate_key("P-256", {"kid": "test"})
BASIC_SECRET = "s" * 43


@cache
def kept_password() -> str:
    return passwords.HASHER.hash(PASSWORD)


@dataclass
class Clock:
    """The time that the app reads; tests move it."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)


@dataclass
class World:
    """The app, its database, and who exists in it."""

    store: Store
    app: FastAPI
    clock: Clock
    ids: dict[str, UUID] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return str(self.ids[name])

    def browser(self) -> "Browser":
        transport = ASGITransport(self.app, raise_app_exceptions=False)
        address = urlsplit(settings().issuer).netloc
        english = {"accept-language": "en"}
        http = AsyncClient(transport=transport, base_url=f"https://{address}", headers=english)
        return Browser(self, http)

    async def signed_in(self, user: str = "li") -> "Browser":
        """Open a browser in which somebody is signed in already."""
        async with transaction(self.store.system) as session:
            row = await session.get_one(User, self.ids[user])
            secret = sessions.begin(
                session, row, address="192.0.2.1", browser="tests", at=self.clock.at
            )
        browser = self.browser()
        browser.http.cookies.set(SESSION_COOKIE, secret)
        return browser

    async def rows(self, *columns: Any) -> list[Any]:  # noqa: ANN401
        async with transaction(self.store.system) as session:
            return list((await session.execute(select(*columns))).all())

    async def change(self, model: Any, **values: Any) -> None:  # noqa: ANN401
        async with transaction(self.store.system) as session:
            await session.execute(update(model).values(**values))

    async def change_one(self, model: Any, name: str, **values: Any) -> None:  # noqa: ANN401
        async with transaction(self.store.system) as session:
            changed = update(model).where(model.id == self.ids[name])
            await session.execute(changed.values(**values))


@dataclass
class Browser:
    """An HTTP client with cookies, and the steps that most tests begin with."""

    world: World
    http: AsyncClient

    async def authorize(self, client: str = "web", /, **changed: str | None) -> Response:
        return await self.http.get("/oauth/authorize", params=self.asked(client, **changed))

    def asked(self, client: str = "web", /, **changed: str | None) -> dict[str, str]:
        asked = {
            "response_type": "code",
            "client_id": self.world[client],
            "redirect_uri": CALLBACK,
            "scope": SCOPE,
            "state": 'x "<>&% y',
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | changed
        return {name: value for name, value in asked.items() if value is not None}

    async def code(self, client: str = "web", /, **changed: str | None) -> str:
        """Consent, as a person would, and return the code."""
        page = await self.authorize(client, **changed)
        if page.status_code == 200:
            page = await self.http.post("/oauth/authorize", data=consent(page.text))
        assert page.status_code == 303, page.text
        return sent_back(page)["code"]

    async def token(self, client: str = "web", /, **sent: str | None) -> Response:
        """Call the token endpoint as a client; `None` leaves a parameter out."""
        return await self.post("/oauth/token", client, **sent)

    async def post(self, path: str, client: str | None, /, **sent: str | None) -> Response:
        body = {name: value for name, value in sent.items() if value is not None}
        headers, proof = self.proof(client) if client else ({}, {})
        return await self.http.post(path, data=proof | body, headers=headers)

    def proof(self, client: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return the header or the parameters with which a client proves who it is."""
        if client == "public":
            return {}, {"client_id": self.world[client]}
        if client == "signer":
            return {}, asserted(self.world)
        return {"authorization": basic(self.world[client], BASIC_SECRET)}, {}

    async def redeem(self, code: str, client: str = "web", /, **changed: str | None) -> Response:
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        return await self.token(client, **asked | changed)

    async def tokens(self, client: str = "web", /, **changed: str | None) -> dict[str, Any]:
        answer = await self.redeem(await self.code(client, **changed), client)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def refresh(self, token: str, client: str = "web", /, **more: str) -> Response:
        return await self.token(client, grant_type="refresh_token", refresh_token=token, **more)


def consent(html: str, decision: str = "allow") -> dict[str, str]:
    """Return what the consent page's form sends."""
    return fields(html) | {"decision": decision}


def fields(html: str) -> dict[str, str]:
    """Return the hidden fields of a page's form, as a browser reads them."""
    found = findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', html)
    return {unescape(name): unescape(value) for name, value in found}


def sent_back(answer: Response) -> dict[str, str]:
    """Return what came back to the client's redirect URI."""
    location = answer.headers["location"]
    assert location.startswith(f"{CALLBACK}&"), location
    return dict(parse_qsl(location.removeprefix(f"{CALLBACK}&"), strict_parsing=True))


def basic(name: str, secret: str) -> str:
    return "Basic " + b64encode(f"{name}:{secret}".encode()).decode()


def asserted(world: World, **changed: Any) -> dict[str, str]:  # noqa: ANN401
    """Return a signed assertion of the client `signer` (RFC 7523)."""
    return {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion(world, **changed),
    }


def claims_of(world: World, **changed: Any) -> dict[str, Any]:  # noqa: ANN401
    now = int(world.clock.at.timestamp())
    claims = {
        "iss": world["signer"],
        "sub": world["signer"],
        "aud": settings().issuer,
        "exp": now + 60,
        "iat": now,
        "jti": str(uuid4()),
    } | changed
    return {name: value for name, value in claims.items() if value is not None}


def assertion(world: World, *, key: Any = KEY, header: Any = None, **changed: Any) -> str:  # noqa: ANN401
    given = {"alg": "ES256", "kid": "test"} | (header or {})
    return jwt.encode(given, claims_of(world, **changed), key, algorithms=[given["alg"]])


def raw(pairs: Any) -> bytes:  # noqa: ANN401
    return urlencode(pairs).encode()


def digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def hs256(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    """Sign as an attacker would with a public key: joserfc refuses to write such a token."""
    signed = ".".join(encoded(json.dumps(part)) for part in (header | {"alg": "HS256"}, claims))
    return f"{signed}.{encoded(hmac.digest(secret, signed.encode(), 'sha256'))}"


def encoded(part: str | bytes) -> str:
    """Write a part of a JWT."""
    octets = part.encode() if isinstance(part, str) else part
    return urlsafe_b64encode(octets).decode().rstrip("=")


def decoded(part: str) -> bytes:
    """Read a part of a JWT."""
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def body(token: str) -> dict[str, Any]:
    """Read the claims of a JWT without verifying it."""
    found: dict[str, Any] = json.loads(decoded(token.split(".")[1]))
    return found


@asynccontextmanager
async def small_world(store: Store) -> AsyncIterator[World]:
    """Build the app and who exists in it."""
    clock = Clock()
    app = create_app(service, store=store, verify=lambda _: None)
    (dependency,) = get_args(Now)[1:]

    async def now() -> datetime:
        return clock()

    app.dependency_overrides[dependency.dependency] = now
    world = World(store, app, clock)
    async with transaction(store.system) as session:
        at = clock.at
        await commands.ensure_operator(session, name="Lianqiao", at=at)
        world.ids["operator"] = commands.OPERATOR_ID
        for name in "buyer", "supplier":
            world.ids[name] = await commands.ensure_organization(session, name=name, at=at)
        for name, organization, roles in (
            ("li", "supplier", [Role.SUPPLIER_SALES, Role.ORGANIZATION_ADMIN]),
            ("wang", "buyer", [Role.BUYER_PROCUREMENT]),
        ):
            user = User(email=f"{name}@example.com", name=name.capitalize(), language="en")
            session.add(user)
            await session.flush()
            session.add(Password(user_id=user.id, hash=kept_password(), changed_at=at))
            await people.become(session, world.ids[organization], user, roles, at=at)
            world.ids[name] = user.id
        await _clients(session, world)
    yield world


async def _clients(session: Any, world: World) -> None:  # noqa: ANN401
    code = [GrantType.CODE, GrantType.REFRESH]
    orders = [Scope.ORDERS_READ, Scope.ORDERS_CONFIRM, Scope.ORDERS_PLACE]
    keys = {"keys": [KEY.as_dict(private=False)]}
    kinds: dict[str, dict[str, Any]] = {
        "web": {"grant_types": code, "redirect_uris": [CALLBACK], "secret": BASIC_SECRET},
        "other": {"grant_types": code, "redirect_uris": [CALLBACK], "secret": BASIC_SECRET},
        "public": {
            "grant_types": code,
            "redirect_uris": [CALLBACK],
            "auth_method": AuthMethod.NONE,
        },
        "machine": {"secret": BASIC_SECRET},
        "signer": {
            "auth_method": AuthMethod.PRIVATE_KEY_JWT,
            "grant_types": [*code, GrantType.CREDENTIALS],
            "redirect_uris": [CALLBACK],
            "jwks": keys,
        },
        "portal": {
            "grant_types": code,
            "redirect_uris": [CALLBACK],
            "secret": BASIC_SECRET,
            "trusted": True,
        },
    }
    for name, given in kinds.items():
        owner = world.ids["operator" if name == "portal" else "supplier"]
        called = "portal of the tests" if name == "portal" else name
        described = clients.Described(name=called, scopes=[str(s) for s in orders], **given)
        client, _ = clients.build(owner, described.checked(by_operator=True))
        session.add(client)
        world.ids[name] = client.id


async def client_row(world: World, name: str) -> Client:
    async with transaction(world.store.system) as session:
        return await session.get_one(Client, world.ids[name])
