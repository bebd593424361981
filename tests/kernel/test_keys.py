"""Only a token that identity issued, for here, now and this platform, speaks for anybody."""

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from shared import keys
from shared.keys import Keys
from shared.problem import Busy
from shared.settings import settings

ORGANIZATION, USER, CLIENT = uuid4(), uuid4(), uuid4()
ES256 = ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256", "use": "sig"})
ED25519 = OKPKey.generate_key("Ed25519", {"kid": "two", "alg": "Ed25519", "use": "sig"})
STRANGER = ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256", "use": "sig"})
RSA = RSAKey.generate_key(2048, {"kid": "one"})
PUBLIC = {"keys": [ES256.as_dict(private=False), ED25519.as_dict(private=False)]}

REGISTRY = jws.JWSRegistry(algorithms=["ES256", "Ed25519", "HS256", "RS256"])
Claims = dict[str, Any]


def claims(**changed: Any) -> Claims:  # noqa: ANN401
    now = int(time.time())
    good = {
        "iss": settings().issuer,
        "aud": settings().audience,
        "sub": str(USER),
        "client_id": str(CLIENT),
        "organization_id": str(ORGANIZATION),
        "scope": "orders:read production:read",
        "name": "Li Wei",
        "iat": now,
        "exp": now + 86_400,
        "jti": "1",
    }
    return {name: value for name, value in (good | changed).items() if value is not ...}


def token(
    given: Claims | None = None,
    *,
    key: Any = ES256,  # noqa: ANN401
    algorithm: str = "ES256",
    **header: Any,  # noqa: ANN401
) -> str:
    """Sign whatever it is: joserfc's own writer would refuse to."""
    full = {"alg": algorithm, "kid": "one", "typ": "at+jwt"} | header
    named = {name: value for name, value in full.items() if value is not ...}
    signed = f"{part(named)}.{part(given or claims())}"
    signature = REGISTRY.get_alg(algorithm).sign(signed.encode(), key)
    return f"{signed}.{part(signature)}"


def part(content: object) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return urlsafe_b64encode(text).decode().rstrip("=")


def by_hand(header: object, payload: object, signature: str = "AAAA") -> str:
    return f"{part(header)}.{part(payload)}.{signature}"


def found(public: dict[str, Any] = PUBLIC) -> Callable[[], Any]:
    async def fetch() -> dict[str, Any]:
        return public

    return fetch


@pytest.fixture
async def known() -> Keys:
    known = Keys(found())
    await known.load()
    return known


async def test_a_token_says_who_calls(known: Keys) -> None:
    caller = known(token())
    assert caller
    assert (caller.organization_id, caller.user_id) == (ORGANIZATION, USER)
    assert (caller.client_id, caller.name) == (str(CLIENT), "Li Wei")
    assert caller.scopes == {"orders:read", "production:read"}
    assert known(token(key=ED25519, algorithm="Ed25519", kid="two"))


async def test_a_program_without_a_person_has_no_user(known: Keys) -> None:
    caller = known(token(claims(sub=str(CLIENT), name=...)))
    assert caller
    assert (caller.user_id, caller.name) == (None, "")


NOW = int(time.time())
HEADERS: dict[str, dict[str, Any]] = {
    "type JWT": {"typ": "JWT"},
    "no type": {"typ": ...},
    "type of an ID token": {"typ": "id+jwt"},
    "a type that is a number": {"typ": 1},
    "unknown kid": {"kid": "three"},
    "kid of another key": {"kid": "two"},
    "kid that is a path": {"kid": "../../etc/passwd"},
    "kid that is SQL": {"kid": "one' OR 1=1 --"},
    "kid that is a number": {"kid": 1},
    "kid that is a list": {"kid": ["one"]},
    "no kid": {"kid": ...},
    "empty kid": {"kid": ""},
    "jku": {"jku": "http://localhost/keys", "kid": "three"},
    "x5u": {"x5u": "http://localhost/keys", "kid": "three"},
    "unknown crit": {"crit": ["exp"], "exp": 1},
    "crit that is none": {"crit": "x"},
}
CLAIMS: dict[str, Claims] = {
    "another audience": {"aud": "other"},
    "the client as audience": {"aud": str(CLIENT)},
    "a longer audience": {"aud": f"{settings().audience}-2"},
    "a list of audiences": {"aud": [settings().audience, "other"]},
    "no audience": {"aud": ...},
    "another issuer": {"iss": "http://localhost:8001"},
    "an issuer with a slash": {"iss": f"{settings().issuer}/"},
    "no issuer": {"iss": ...},
    "expired": {"exp": NOW - 1},
    "expired this second": {"exp": NOW},
    "no end": {"exp": ...},
    "an end that is text": {"exp": str(NOW + 300)},
    "an end that is nothing": {"exp": None},
    "an infinite end": {"exp": float("inf")},
    "an end that is no number": {"exp": float("nan")},
    "not before the future": {"nbf": NOW + 86_000},
    "issued in the future": {"iat": NOW + 86_000},
    "issued at a text": {"iat": "now"},
    "no issue": {"iat": ...},
    "no subject": {"sub": ...},
    "a subject that is a number": {"sub": 5},
    "a subject that is no id": {"sub": "root"},
    "no client": {"client_id": ...},
    "no id": {"jti": ...},
    "no scope": {"scope": ...},
    "a scope that is a list": {"scope": ["orders:read"]},
    "a scope that is a number": {"scope": 5},
    "no organization": {"organization_id": ...},
    "an organization that is no id": {"organization_id": "x"},
    "an organization that is a number": {"organization_id": 5},
    "an organization that is nothing": {"organization_id": None},
}
GOOD = {"alg": "ES256", "kid": "one", "typ": "at+jwt"}
FORGED = {
    "alg none": by_hand(GOOD | {"alg": "none"}, claims(), ""),
    "alg None": by_hand(GOOD | {"alg": "None"}, claims(), ""),
    "no alg": by_hand({"kid": "one", "typ": "at+jwt"}, claims(), ""),
    "HS256 with the public key as JSON": token(
        key=OctKey.import_key(json.dumps(ES256.as_dict(private=False))), algorithm="HS256"
    ),
    "HS256 with the public key as PEM": token(
        key=OctKey.import_key(ES256.as_bytes(private=False).hex()), algorithm="HS256"
    ),
    "RS256": token(key=RSA, algorithm="RS256"),
    "another key under the same kid": token(key=STRANGER),
    "its own key in the header": token(key=STRANGER, jwk=STRANGER.as_dict(private=False)),
    "garbage": "garbage",
    "empty": "",
    "dots": "..",
    "two parts": token().rpartition(".")[0],
    "five parts": f"{token()}.a.b",
    "not Base64": "!.!.!",
    "not ASCII": "é.é.é",
    "half a character": "\ud800",
    "a header that is a list": by_hand([], claims()),
    "a payload that is a list": token([1]),  # type: ignore[arg-type]
    "a payload that is text": by_hand(GOOD, b"x"),
    "nested deeply": by_hand(b"[" * 2_000, claims()),
    "huge": "x" * 100_000,
    "a refresh token": "r" * 43,
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
async def test_a_token_with_another_header_is_refused(header: dict[str, Any], known: Keys) -> None:
    assert known(token(**header)) is None


@pytest.mark.parametrize("changed", CLAIMS.values(), ids=CLAIMS)
async def test_a_token_with_other_claims_is_refused(changed: Claims, known: Keys) -> None:
    assert known(token(claims(**changed))) is None


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
async def test_a_forged_token_is_refused(forged: str, known: Keys) -> None:
    assert known(forged) is None


async def test_a_token_names_its_key_even_where_there_is_one_alone() -> None:
    alone = Keys(found({"keys": [ES256.as_dict(private=False)]}))
    await alone.load()
    assert alone(token())
    assert alone(token(kid=...)) is None


async def test_a_changed_payload_is_refused(known: Keys) -> None:
    header, _, signature = token().split(".")
    assert known(f"{header}.{part(claims(organization_id=str(uuid4())))}.{signature}") is None


async def test_an_id_token_is_refused(known: Keys) -> None:
    id_token = jwt.encode({"alg": "ES256", "kid": "one"}, claims(aud=str(CLIENT)), ES256)
    assert known(id_token) is None


async def test_a_remembered_token_ends_when_it_ends(
    known: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    text = token(claims(exp=int(now) + 300))
    assert known(text)
    monkeypatch.setattr("time.time", lambda: now + 298)
    assert known(text)
    monkeypatch.setattr("time.time", lambda: now + 300)
    assert known(text) is None


async def test_identitys_clock_may_be_a_little_ahead(known: Keys) -> None:
    assert known(token(claims(iat=int(time.time()) + 1)))


async def test_a_key_that_is_gone_speaks_for_nobody(known: Keys) -> None:
    text = token()
    assert known(text)
    known._fetch = found({"keys": [ED25519.as_dict(private=False)]})  # noqa: SLF001
    await known.load()
    assert known(text) is None


async def test_no_more_tokens_are_remembered_than_the_limit(
    known: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "REMEMBERED_MAX", 3)
    for number in range(10):
        assert known(token(claims(jti=str(number))))
    assert len(known._seen) <= 3  # noqa: SLF001


async def test_before_any_key_is_known_nobody_is_let_in_and_nobody_refused() -> None:
    unknown = Keys(found({"keys": []}))
    for _ in range(2):
        assert not unknown.ready
        with pytest.raises(Busy):
            unknown(token())
        with pytest.raises(JoseError):
            await unknown.load()


async def test_an_outage_of_identity_leaves_the_keys_that_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keys, "RETRY_S", 0.001)
    monkeypatch.setattr(keys, "REFRESH_S", 0.001)
    answers: list[Any] = [OSError("away"), PUBLIC, ValueError("no JSON"), {"keys": 5}, {}, []]
    fetched = asyncio.Event()

    async def fetch() -> dict[str, Any]:
        answer = answers.pop(0) if answers else TimeoutError("late")
        if isinstance(answer, Exception):
            if not answers:
                fetched.set()
            raise answer
        result: dict[str, Any] = answer
        return result

    known, stop = Keys(fetch), asyncio.Event()
    following = asyncio.create_task(known.follow(stop))
    await fetched.wait()
    stop.set()
    await following
    assert known.ready
    caller = known(token())
    assert caller
    assert isinstance(caller.organization_id, UUID)
