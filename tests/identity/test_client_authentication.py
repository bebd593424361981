"""A client proves who it is in one way, its own; every failure looks the same."""

import asyncio
import json
import time
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import Response
from joserfc import jwk
from sqlalchemy import func

from services.identity.domain.clients import public_keys
from services.identity.models import Client, UsedAssertion
from shared.settings import settings
from tests.identity.factories import (
    BASIC_SECRET,
    KEY,
    Browser,
    World,
    asserted,
    assertion,
    basic,
    body,
    claims_of,
    encoded,
    hs256,
)

GRANT = {"grant_type": "client_credentials", "scope": "orders:read"}
JWT_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


async def asked(browser: Browser, headers: Any = None, **more: Any) -> Response:  # noqa: ANN401
    return await browser.http.post("/oauth/token", data=GRANT | more, headers=headers or {})


def assert_unproven(answer: Response) -> None:
    assert (answer.status_code, answer.json()) == (
        401,
        {"error": "invalid_client", "error_description": "Client authentication failed."},
    )
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("client", ["machine", "signer"])
async def test_a_program_works_for_its_organization(nobody: Browser, client: str) -> None:
    answer = await nobody.token(client, **GRANT)
    assert answer.status_code == 200, answer.text
    assert "refresh_token" not in answer.json()
    claims = body(answer.json()["access_token"])
    assert claims["sub"] == claims["client_id"] == nobody.world[client]
    assert (claims["organization_id"], claims["name"]) == (nobody.world["supplier"], client)
    assert claims["scope"] == "orders:read"


class TestSecret:
    @pytest.mark.parametrize(
        "secret",
        ["", "x" * 43, BASIC_SECRET[:-1], BASIC_SECRET + "s", "s%73", BASIC_SECRET.upper()],
    )
    async def test_a_wrong_secret(self, nobody: Browser, secret: str) -> None:
        sent = {"authorization": basic(nobody.world["machine"], secret)}
        assert_unproven(await asked(nobody, sent))

    @pytest.mark.parametrize("name", ["", str(UUID(int=1)), "machine", "x" * 300, "' OR 1=1 --"])
    async def test_an_unknown_client(self, nobody: Browser, name: str) -> None:
        assert_unproven(await asked(nobody, {"authorization": basic(name, BASIC_SECRET)}))

    async def test_another_method_than_its_own(self, nobody: Browser) -> None:
        for client in "signer", "public":
            sent = {"authorization": basic(nobody.world[client], BASIC_SECRET)}
            assert_unproven(await asked(nobody, sent))
        assert_unproven(
            await asked(
                nobody,
                client_assertion_type=JWT_TYPE,
                client_assertion=assertion(
                    nobody.world, iss=nobody.world["machine"], sub=nobody.world["machine"]
                ),
            )
        )

    async def test_a_secret_in_the_body(self, nobody: Browser) -> None:
        sent = {"client_id": nobody.world["machine"], "client_secret": BASIC_SECRET}
        assert_unproven(await asked(nobody, **sent))

    async def test_no_proof_at_all(self, nobody: Browser) -> None:
        assert_unproven(await asked(nobody))
        assert_unproven(await asked(nobody, client_id=nobody.world["machine"]))

    @pytest.mark.parametrize("second", ["client_secret", "client_assertion", "both"])
    async def test_two_methods_at_once(self, nobody: Browser, second: str) -> None:
        sent = {"client_secret": BASIC_SECRET} if second != "client_assertion" else {}
        sent |= asserted(nobody.world) if second != "client_secret" else {}
        headers = {"authorization": basic(nobody.world["machine"], BASIC_SECRET)}
        answer = await asked(nobody, headers if second != "both" else None, **sent)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

    async def test_the_name_of_another(self, nobody: Browser) -> None:
        headers = {"authorization": basic(nobody.world["machine"], BASIC_SECRET)}
        assert_unproven(await asked(nobody, headers, client_id=nobody.world["web"]))
        own = await asked(nobody, headers, client_id=nobody.world["machine"])
        assert own.status_code == 200

    @pytest.mark.parametrize(
        "header",
        [
            "Basic",
            "Basic ",
            "Basic !c2V$jOnM=",
            "Basic c2VjOnM",
            "Basic /////w==",
            "Basic " + "A" * 4000,
            "Basic OnM=",
            "Basic YWJj",
            "Basic YTo=",
            "Basic YTpiDQo=",
            "Bearer abc",
            "Digest username=x",
            "Basic  c2VjOnM=",
        ],
    )
    async def test_a_broken_header(self, nobody: Browser, header: str) -> None:
        assert_unproven(await asked(nobody, {"authorization": header}))

    @pytest.mark.parametrize("junk", ["!", " ", "$", "\n", "="])
    async def test_the_right_secret_written_loosely(self, nobody: Browser, junk: str) -> None:
        right = basic(nobody.world["machine"], BASIC_SECRET)
        assert (await asked(nobody, {"authorization": right})).status_code == 200
        loose = (right[:20] + junk + right[20:]).encode()
        answer = await nobody.http.post(
            "/oauth/token", data=GRANT, headers=[(b"authorization", loose)]
        )
        assert_unproven(answer)

    async def test_two_headers(self, nobody: Browser) -> None:
        one = basic(nobody.world["machine"], BASIC_SECRET)
        headers = [("authorization", one), ("authorization", one)]
        answer = await nobody.http.post("/oauth/token", data=GRANT, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

    async def test_a_client_that_ended(self, nobody: Browser) -> None:
        await nobody.world.change_one(Client, "machine", ended_at=nobody.world.clock.at)
        assert_unproven(await nobody.token("machine", **GRANT))


class TestCredentials:
    @pytest.mark.parametrize("scope", [None, "", "no:such", "production:read", "openid"])
    async def test_a_scope_that_is_not_the_clients(
        self, nobody: Browser, scope: str | None
    ) -> None:
        answer = await nobody.token("machine", **GRANT | {"scope": scope})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")

    async def test_a_grant_that_is_not_the_clients(self, nobody: Browser) -> None:
        answer = await nobody.token("web", **GRANT)
        assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")

    async def test_a_public_client_cannot_ask(self, nobody: Browser) -> None:
        kinds = ["client_credentials", "authorization_code"]
        await nobody.world.change_one(Client, "public", grant_types=kinds)
        assert_unproven(await nobody.token("public", **GRANT))


def unsigned(claims: str, header: str = '{"alg":"none"}', signature: bytes = b"") -> str:
    return ".".join(encoded(part) for part in (header, claims, signature))


class TestAssertion:
    @pytest.mark.parametrize("aud", ["issuer", "token", "list"])
    async def test_it_is_for_us(self, nobody: Browser, aud: str) -> None:
        us = settings().issuer
        wanted: Any = {"issuer": us, "token": f"{us}/oauth/token", "list": [us]}[aud]
        answer = await asked(nobody, **asserted(nobody.world, aud=wanted))
        assert answer.status_code == 200

    @pytest.mark.parametrize("algorithm", ["Ed25519", "PS256"])
    async def test_other_algorithms(self, nobody: Browser, algorithm: str) -> None:
        key: Any = (
            jwk.OKPKey.generate_key("Ed25519", {"kid": "k"})
            if algorithm == "Ed25519"
            else jwk.RSAKey.generate_key(2048, {"kid": "k"})
        )
        kept = public_keys({"keys": [key.as_dict(private=False)]})
        await nobody.world.change_one(Client, "signer", jwks=kept)
        sent = asserted(nobody.world, key=key, header={"alg": algorithm, "kid": "k"})
        assert (await asked(nobody, **sent)).status_code == 200

    @pytest.mark.parametrize(
        "changed",
        [
            {"aud": "https://elsewhere.example"},
            {"aud": None},
            {"aud": ""},
            {"aud": []},
            {"aud": 5},
            {"aud": ["http://localhost:8000", "https://elsewhere.example"]},
            {"aud": "http://localhost:8000/"},
            {"exp": None},
            {"exp": "soon"},
            {"exp": 0},
            {"exp": time.time() + 3600},
            {"exp": 10**400},
            {"exp": True},
            {"jti": None},
            {"jti": 5},
            {"jti": ""},
            {"nbf": time.time() + 3600},
            {"iat": time.time() + 3600},
            {"iss": None},
            {"iss": "other"},
            {"sub": None},
            {"sub": "other"},
            {"sub": ["signer"]},
            {"sub": "\0"},
            {"sub": 5},
            {"sub": str(uuid4())},
        ],
    )
    async def test_wrong_claims(self, nobody: Browser, changed: dict[str, Any]) -> None:
        assert_unproven(await asked(nobody, **asserted(nobody.world, **changed)))

    async def test_the_name_of_another_client(self, nobody: Browser) -> None:
        for name in "web", "machine", "public":
            id_ = nobody.world[name]
            assert_unproven(await asked(nobody, **asserted(nobody.world, sub=id_)))
            assert_unproven(await asked(nobody, **asserted(nobody.world, iss=id_)))
            assert_unproven(await asked(nobody, **asserted(nobody.world, iss=id_, sub=id_)))

    @pytest.mark.parametrize(
        "header",
        [
            {"kid": "../../etc/passwd"},
            {"kid": 'a"b'},
            {"kid": "' OR 1=1 --"},
            {"kid": 5},
            {"jwk": KEY.as_dict(private=False), "kid": "x"},
            {"crit": ['a"b']},
            {"crit": ["exp"], "exp": 1},
            {"jku": "https://elsewhere.example/keys", "kid": "x"},
        ],
    )
    async def test_a_wrong_header(self, nobody: Browser, header: dict[str, Any]) -> None:
        claims = json.dumps(claims_of(nobody.world))
        forged = unsigned(claims, json.dumps({"alg": "ES256"} | header), b"s" * 64)
        sent = {"client_assertion_type": JWT_TYPE, "client_assertion": forged}
        assert_unproven(await asked(nobody, **sent))

    async def test_a_key_that_is_not_registered(self, nobody: Browser) -> None:
        other = jwk.ECKey.generate_key("P-256", {"kid": "test"})
        assert_unproven(await asked(nobody, **asserted(nobody.world, key=other)))

    async def test_the_public_key_as_an_hmac_secret(self, nobody: Browser) -> None:
        for secret in KEY.as_pem(private=False), json.dumps(KEY.as_dict(private=False)).encode():
            forged = hs256({"kid": "test"}, claims_of(nobody.world), secret)
            sent = {"client_assertion_type": JWT_TYPE, "client_assertion": forged}
            assert_unproven(await asked(nobody, **sent))

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "x",
            "x.y",
            "x.y.z",
            "....",
            "\x7e" * 10,
            unsigned('{"sub":' + "[" * 3000 + "]" * 3000 + "}"),
            unsigned('{"sub":"s","iss":"s"}', "[" * 3000 + "]" * 3000),
            unsigned('"text"'),
            unsigned("[]"),
            unsigned("{"),
        ],
        ids=lambda text: text[:20],
    )
    async def test_garbage(self, nobody: Browser, text: str) -> None:
        sent = {"client_assertion_type": JWT_TYPE, "client_assertion": text}
        assert_unproven(await asked(nobody, **sent))

    @pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
    async def test_no_algorithm(self, nobody: Browser, algorithm: str) -> None:
        claims = json.dumps(claims_of(nobody.world))
        forged = unsigned(claims, json.dumps({"alg": algorithm, "kid": "test"}))
        sent = {"client_assertion_type": JWT_TYPE, "client_assertion": forged}
        assert_unproven(await asked(nobody, **sent))

    @pytest.mark.parametrize("kind", [None, "", "jwt", JWT_TYPE.upper(), JWT_TYPE + " "])
    async def test_a_wrong_type(self, nobody: Browser, kind: str | None) -> None:
        sent = asserted(nobody.world) | {"client_assertion_type": kind}
        sent = {name: value for name, value in sent.items() if value is not None}
        assert_unproven(await asked(nobody, **sent))

    async def test_a_type_without_an_assertion(self, nobody: Browser) -> None:
        assert_unproven(await asked(nobody, client_assertion_type=JWT_TYPE))

    async def test_an_expired_one(self, nobody: Browser) -> None:
        sent = asserted(nobody.world)
        nobody.world.clock.pass_(seconds=60)
        assert_unproven(await asked(nobody, **sent))

    async def test_one_that_ends_too_late(self, nobody: Browser) -> None:
        now = int(nobody.world.clock.at.timestamp())
        assert (await asked(nobody, **asserted(nobody.world, exp=now + 300))).status_code == 200
        assert_unproven(await asked(nobody, **asserted(nobody.world, exp=now + 301)))

    async def test_a_replay(self, nobody: Browser) -> None:
        sent = asserted(nobody.world)
        assert (await asked(nobody, **sent)).status_code == 200
        assert_unproven(await asked(nobody, **sent))

    async def test_the_same_jti_in_another_assertion(self, nobody: Browser) -> None:
        assert (await asked(nobody, **asserted(nobody.world, jti="\0j"))).status_code == 200
        assert_unproven(await asked(nobody, **asserted(nobody.world, jti="\0j")))

    async def test_of_twenty_at_once_one_succeeds(self, nobody: Browser) -> None:
        sent = asserted(nobody.world)
        answers = await asyncio.gather(*(asked(nobody, **sent) for _ in range(20)))
        assert sorted(answer.status_code for answer in answers) == [200] + [401] * 19
        assert await nobody.world.rows(func.count(UsedAssertion.digest)) == [(1,)]

    async def test_a_client_without_keys(self, world: World, nobody: Browser) -> None:
        await world.change_one(Client, "signer", jwks=None)
        assert_unproven(await asked(nobody, **asserted(world)))
