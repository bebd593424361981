"""Tokens are revoked and looked into by their own client, and verified by everybody else."""

import json
import time
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwk
from sqlalchemy import select

from services.identity.domain.tokens import new_signing_key, public_jwk, sign
from services.identity.models import SigningKeyRow
from shared.database import transaction
from shared.keys import Keys
from shared.settings import settings
from tests.identity.factories import Browser, World, body, decoded, encoded, hs256


class TestRevocation:
    @pytest.mark.parametrize("client", ["web", "public", "signer"])
    @pytest.mark.parametrize("hint", [None, "refresh_token", "access_token", "no-such-hint"])
    async def test_a_refresh_token_ends_all(
        self, li: Browser, client: str, hint: str | None
    ) -> None:
        tokens = await li.tokens(client)
        sent = {"token": tokens["refresh_token"], "token_type_hint": hint}
        answer = await li.post("/oauth/revoke", client, **sent)
        assert answer.status_code == 200, answer.text
        assert (await li.refresh(tokens["refresh_token"], client)).status_code == 400
        if client != "public":
            seen = await li.post("/oauth/introspect", client, token=tokens["access_token"])
            assert seen.json() == {"active": False}

    async def test_an_access_token_ends_alone(self, li: Browser) -> None:
        tokens = await li.tokens()
        await li.post("/oauth/revoke", "web", token=tokens["access_token"])
        seen = await li.post("/oauth/introspect", "web", token=tokens["access_token"])
        assert seen.json() == {"active": False}
        assert (await li.refresh(tokens["refresh_token"])).status_code == 200

    @pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
    async def test_anothers_token(self, li: Browser, kind: str) -> None:
        tokens = await li.tokens()
        answer = await li.post("/oauth/revoke", "other", token=tokens[kind])
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
        seen = await li.post("/oauth/introspect", "web", token=tokens[kind])
        assert seen.json()["active"] is True

    @pytest.mark.parametrize("token", ["x", "x.y.z", "x" * 5000])
    async def test_an_unknown_token_is_gone_already(self, li: Browser, token: str) -> None:
        assert (await li.post("/oauth/revoke", "web", token=token)).status_code == 200

    async def test_nobody_and_nothing(self, li: Browser) -> None:
        token = (await li.tokens())["refresh_token"]
        assert (await li.post("/oauth/revoke", None, token=token)).status_code == 401
        assert (await li.post("/oauth/revoke", "web")).json()["error"] == "invalid_request"
        assert (await li.refresh(token)).status_code == 200


class TestIntrospection:
    @pytest.mark.parametrize("client", ["web", "signer"])
    async def test_its_own_tokens(self, li: Browser, client: str) -> None:
        tokens = await li.tokens(client)
        seen = await li.post("/oauth/introspect", client, token=tokens["access_token"])
        assert seen.json()["active"] is True
        assert seen.json()["sub"] == li.world["li"]
        assert seen.json()["client_id"] == li.world[client]
        sent = {"token": tokens["refresh_token"], "token_type_hint": "odd"}
        refresh = await li.post("/oauth/introspect", client, **sent)
        assert refresh.json()["active"] is True
        assert refresh.json()["scope"] == tokens["scope"]

    @pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
    async def test_anothers_token_does_not_exist(self, li: Browser, kind: str) -> None:
        tokens = await li.tokens()
        for stranger in "other", "machine":
            seen = await li.post("/oauth/introspect", stranger, token=tokens[kind])
            assert seen.json() == {"active": False}

    async def test_nobody_and_public_clients_may_not(self, li: Browser) -> None:
        token = (await li.tokens("public"))["access_token"]
        for client in None, "public":
            answer = await li.post("/oauth/introspect", client, token=token)
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")

    async def test_what_is_over_is_inactive(self, li: Browser) -> None:
        tokens = await li.tokens()
        again = await li.refresh(tokens["refresh_token"])
        seen = await li.post("/oauth/introspect", "web", token=tokens["refresh_token"])
        assert seen.json() == {"active": False}, "it was used"
        li.world.clock.pass_(minutes=5)
        seen = await li.post("/oauth/introspect", "web", token=again.json()["access_token"])
        assert seen.json() == {"active": False}, "it expired"

    async def test_an_id_token_is_no_access_token(self, li: Browser) -> None:
        token = (await li.tokens())["id_token"]
        seen = await li.post("/oauth/introspect", "web", token=token)
        assert seen.json() == {"active": False}


@pytest.fixture
async def verify(world: World) -> Keys:
    async def fetch() -> dict[str, Any]:
        found: dict[str, Any] = (await world.browser().http.get("/oauth/jwks")).json()
        return found

    keys = Keys(fetch)
    await keys.load()
    return keys


async def signing(world: World) -> SigningKeyRow:
    async with transaction(world.store.system) as session:
        return (await session.scalars(select(SigningKeyRow))).one()


class TestResourceSide:
    """What a service makes of a token, by the kernel's verifier and our published keys."""

    async def test_a_token_says_who_calls(self, li: Browser, verify: Keys) -> None:
        caller = verify((await li.tokens())["access_token"])
        assert caller
        assert (str(caller.user_id), caller.name) == (li.world["li"], "Li")
        assert str(caller.organization_id) == li.world["supplier"]
        assert caller.scopes == {"openid", "orders:read", "orders:confirm"}

    async def test_a_program_is_nobody_in_person(self, nobody: Browser, verify: Keys) -> None:
        sent = {"grant_type": "client_credentials", "scope": "orders:read"}
        answer = await nobody.token("machine", **sent)
        caller = verify(answer.json()["access_token"])
        assert caller
        assert (caller.user_id, caller.client_id) == (None, nobody.world["machine"])

    @pytest.mark.parametrize("kind", ["id_token", "refresh_token"])
    async def test_another_kind_of_token(self, li: Browser, verify: Keys, kind: str) -> None:
        assert verify((await li.tokens())[kind]) is None

    @pytest.mark.parametrize(
        "changed",
        [
            {"aud": "other"},
            {"aud": ["lianqiao", "other"]},
            {"aud": None},
            {"aud": "client"},
            {"iss": "https://elsewhere.example"},
            {"iss": "http://localhost:8000/"},
            {"exp": None},
            {"exp": "soon"},
            {"exp": time.time() - 1},
            {"nbf": time.time() + 86_400},
            {"iat": time.time() + 86_400},
            {"sub": None},
            {"client_id": None},
            {"jti": None},
            {"scope": None},
            {"organization_id": None},
            {"organization_id": "x"},
        ],
    )
    async def test_wrong_claims(self, li: Browser, verify: Keys, changed: dict[str, Any]) -> None:
        claims = body((await li.tokens())["access_token"])
        key = (await signing(li.world)).key
        assert verify(sign(claims, key, typ="at+jwt")), "the key is right"
        wrong = {name: value for name, value in (claims | changed).items() if value is not None}
        assert verify(sign(wrong, key, typ="at+jwt")) is None

    @pytest.mark.parametrize("typ", ["JWT", "jwt", "", "application/at+jwt;x"])
    async def test_a_wrong_type(self, li: Browser, verify: Keys, typ: str) -> None:
        claims = body((await li.tokens())["access_token"])
        assert verify(sign(claims, (await signing(li.world)).key, typ=typ)) is None

    @pytest.mark.parametrize(
        "header",
        [
            {"alg": "none"},
            {"kid": "../../dev/null"},
            {"kid": "' OR 1=1 --"},
            {"kid": 5},
            {"kid": None},
            {"jku": "https://elsewhere.example/keys", "kid": "x"},
            {"x5u": "https://elsewhere.example/cert", "kid": "x"},
            {"crit": ["odd"], "odd": 1},
        ],
    )
    async def test_a_wrong_header(self, li: Browser, verify: Keys, header: dict[str, Any]) -> None:
        real, payload, signature = (await li.tokens())["access_token"].split(".")
        known = json.loads(decoded(real))
        changed = {n: v for n, v in (known | header).items() if v is not None}
        assert verify(f"{encoded(json.dumps(changed))}.{payload}.{signature}") is None

    async def test_another_key(self, li: Browser, verify: Keys) -> None:
        claims = body((await li.tokens())["access_token"])
        other = new_signing_key("ES256")
        assert verify(sign(claims, other, typ="at+jwt")) is None
        ours = (await signing(li.world)).key
        assert verify(sign(claims, other._replace(kid=ours.kid), typ="at+jwt")) is None

    async def test_the_public_key_as_an_hmac_secret(self, li: Browser, verify: Keys) -> None:
        claims = body((await li.tokens())["access_token"])
        public = public_jwk((await signing(li.world)).key)
        header = {"alg": "HS256", "typ": "at+jwt", "kid": public["kid"]}
        for secret in json.dumps(public).encode(), jwk.import_key(public).as_pem(private=False):  # type: ignore[union-attr]
            assert verify(hs256(header, claims, secret)) is None

    async def test_a_changed_payload(self, li: Browser, verify: Keys) -> None:
        header, payload, signature = (await li.tokens())["access_token"].split(".")
        claims = json.loads(decoded(payload)) | {"organization_id": str(uuid4())}
        assert verify(f"{header}.{encoded(json.dumps(claims))}.{signature}") is None

    @pytest.mark.parametrize("text", ["", "x", "x.y.z", "a" * 10_000, "\0", "线.线.线", "\ud800"])
    async def test_garbage(self, verify: Keys, text: str) -> None:
        assert verify(text) is None


class TestPublished:
    async def test_no_private_part_is_published(self, nobody: Browser) -> None:
        answer = await nobody.http.get("/oauth/jwks")
        assert answer.headers["cache-control"] == "public, max-age=300"
        [key] = answer.json()["keys"]
        assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"}

    @pytest.mark.parametrize("name", ["oauth-authorization-server", "openid-configuration"])
    async def test_the_metadata(self, nobody: Browser, name: str) -> None:
        found = (await nobody.http.get(f"/.well-known/{name}")).json()
        assert found["issuer"] == settings().issuer
        assert found["code_challenge_methods_supported"] == ["S256"]
        assert found["authorization_response_iss_parameter_supported"] is True
        assert found["request_uri_parameter_supported"] is False
