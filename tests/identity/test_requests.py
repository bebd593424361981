"""What cannot be read is refused with RFC 6749's words, on every endpoint, and never with a 5xx."""

import json

import pytest
from httpx2 import Response

from tests.identity.factories import BASIC_SECRET, Browser, basic, raw

FORM = {"content-type": "application/x-www-form-urlencoded"}
ENDPOINTS = ["/oauth/token", "/oauth/revoke", "/oauth/introspect", "/oauth/authorize"]
SOUND = raw({"grant_type": "client_credentials", "scope": "orders:read", "token": "x"})
BODIES = {
    "20 KB": SOUND + b"&a=" + b"x" * 20_000,
    "100 fields": SOUND + b"".join(b"&a%d=1" % n for n in range(100)),
    "NUL": SOUND + b"&a=\x00",
    "NUL, encoded": SOUND + b"&a=%00",
    "a line break": SOUND + b"&a=%0d%0aSet-Cookie:x",
    "bad UTF-8": SOUND + b"&a=\xff",
    "bad UTF-8, encoded": SOUND + b"&a=%ff",
    "a surrogate": SOUND + b"&a=%ed%a0%80",
    "not ASCII": SOUND + "&a=线".encode(),
    "not ASCII, encoded": SOUND + b"&a=%e7%ba%bf",
    "a name without a value": SOUND + b"&a",
    "JSON": json.dumps({"grant_type": "client_credentials"}).encode(),
}


async def sent(browser: Browser, path: str, content: bytes, headers: dict[str, str]) -> Response:
    proof = {"authorization": basic(browser.world["machine"], BASIC_SECRET)}
    return await browser.http.post(path, content=content, headers=proof | headers)


def assert_refused(answer: Response) -> None:
    assert 400 <= answer.status_code < 500, answer.text
    assert "location" not in answer.headers
    if "json" in answer.headers["content-type"]:
        assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("content", BODIES.values(), ids=BODIES)
async def test_a_malformed_body(nobody: Browser, path: str, content: bytes) -> None:
    assert_refused(await sent(nobody, path, content, FORM))


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        "",
        FORM["content-type"] + "x",
    ],
)
async def test_another_content_type(nobody: Browser, path: str, kind: str) -> None:
    assert_refused(await sent(nobody, path, SOUND, {"content-type": kind}))


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_an_empty_body(nobody: Browser, path: str) -> None:
    assert_refused(await sent(nobody, path, b"", FORM))


@pytest.mark.parametrize("path", ENDPOINTS[:3])
async def test_parameters_in_the_url(nobody: Browser, path: str) -> None:
    assert_refused(await sent(nobody, f"{path}?access_token=x", SOUND, FORM))


@pytest.mark.parametrize("path", ENDPOINTS[:3])
async def test_get(nobody: Browser, path: str) -> None:
    assert (await nobody.http.get(path)).status_code == 405


@pytest.mark.parametrize("path", ENDPOINTS[:3])
@pytest.mark.parametrize("name", ["grant_type", "scope", "token", "token_type_hint", "unknown"])
async def test_a_repeated_parameter(nobody: Browser, path: str, name: str) -> None:
    twice = SOUND + f"&{name}=1&{name}=1".encode()
    assert_refused(await sent(nobody, path, twice, FORM))


async def test_a_charset_and_unknown_parameters_pass(nobody: Browser) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}
    answer = await sent(nobody, "/oauth/token", SOUND + b"&resource=x", kind)
    assert answer.status_code == 200, answer.text


async def test_a_slow_or_endless_body_is_cut_off(nobody: Browser) -> None:
    async def endless() -> object:
        for _ in range(100):
            yield b"a" * 1000

    proof = {"authorization": basic(nobody.world["machine"], BASIC_SECRET)} | FORM
    answer = await nobody.http.post("/oauth/token", content=endless(), headers=proof)  # type: ignore[arg-type]
    assert_refused(answer)
