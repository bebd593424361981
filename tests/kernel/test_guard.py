"""Whatever is sent, the answer says in RFC 9457's words what is wrong with it, and is no 5xx."""

import json
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from httpx2 import Response
from sqlalchemy import func, select
from starlette.types import Message, Scope, Send

from contracts.scopes import Scope as Permission
from shared.database import Store, transaction
from shared.guard import BODY_BYTES_MAX, Guard, answered
from shared.metrics import Meter
from shared.problem import MEDIA_TYPE, Conflict, FieldError, InvalidInput
from tests.kernel.conftest import SignIn
from tests.kernel.wire import JSON, NOTES, WRITER, Wire
from tests.probe.models import Note

GOOD = {"supplier_id": str(uuid4()), "text": "x"}


@pytest.fixture
async def wire(probe: Store) -> AsyncIterator[Wire]:
    """Yield a connection; in the end nothing may have been written."""
    yield Wire(probe)
    async with transaction(probe.system) as session:
        assert await session.scalar(select(func.count()).select_from(Note)) == 0


def deep(opening: bytes, closing: bytes, *, times: int = 100_000) -> bytes:
    return opening * times + b"1" + closing * times


def with_field(name: str, value: bytes) -> bytes:
    good = json.dumps({key: kept for key, kept in GOOD.items() if key != name}).encode()
    return good[:-1] + b', "' + name.encode() + b'": ' + value + b"}"


BODIES = {
    "nothing": b"",
    "NUL": b"\0",
    "not UTF-8": b'{"text": "\xff\xfe"}',
    "overlong UTF-8": b'{"text": "\xc0\x80"}',
    "UTF-32 without an end": json.dumps(GOOD).encode("utf-32")[:-1],
    "half": b'{"text": "x"',
    "two": b"{} {}",
    "null": b"null",
    "a list": b"[]",
    "a number": b"1",
    "NaN": b"NaN",
    "deep lists": deep(b"[", b"]"),
    "deep objects": deep(b'{"a":', b"}"),
    "5,000 digits": b"9" * 5_000,
    "a body that is a text": b'"' + b"x" * 100_000 + b'"',
}
TEXTS = {
    "NUL": rb'"a\u0000b"',
    "lone surrogate": rb'"\ud800"',
    "surrogates the wrong way round": rb'"\udc00\ud800"',
    "control": rb'"a\u001bb"',
    "second controls": rb'"a\u0085b"',
    "line separator": rb'"a\u2028b"',
    "no character": rb'"\uffff"',
    "line": rb'"a\nb"',
    "empty": b'""',
    "spaces": b'"   "',
    "long": b'"' + b"x" * 201 + b'"',
    "very long": b'"' + b"x" * 1_000_000 + b'"',
}
NUMBERS = [
    *(b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-1e400", b"1e-400", b"9" * 5_000, b"1.5"),
    *(b"true", b'"NaN"', b'"Infinity"', b'"-Infinity"', b'"sNaN"', b'"1e400"', b'"1e999999999"'),
    *(b'"1e-30"', b'"' + b"9" * 5_000 + b'"', b'"0x10"', b'""', b'"-1"', b'"1,5"', b"[]", b"{}"),
]
MOMENTS = [
    *(b'"9999-12-31T23:59:59-12:00"', b'"0001-01-01T00:00:00+14:00"', b'"2026-11-22T08:30:00"'),
    *(b'"1999-12-31T23:59:59Z"', b'"2201-01-01T00:00:00Z"', b'"2026-02-30T00:00:00Z"', b"0"),
    *(
        b"1e400",
        b"-1e18",
        b'"now"',
        b'"2026-11-22T08:30:00+99:99"',
        b'"2026-11-22T24:00:01Z"',
        b"NaN",
    ),
    *(b'"+010000-01-01T00:00:00Z"', b'"' + b"9" * 5_000 + b'"', b"[]", b"true"),
]
FIELDS = {
    "text": TEXTS.values(),
    "code": [*TEXTS.values(), b'"' + b"x" * 81 + b'"'],
    "paragraph": [value for value in TEXTS.values() if value not in {TEXTS["line"], TEXTS["long"]}],
    "email": [
        b'"@"',
        b'"a@b c"',
        b'"a"',
        b'"a@' + b"b" * 300 + b'"',
        rb'"a\u0000@b"',
        rb'"\ud800@b"',
    ],
    "rank": [*NUMBERS, b"0", b"1000001", b'"1"'],
    "weight": [*NUMBERS, b'"0"', b'"1234567890123"', b'"0.0000001"'],
    "left": NUMBERS,
    "unit_price": NUMBERS,
    "amount": NUMBERS,
    "currency": [b'"cny"', b'"CNYY"', b'"C\xc3\x9cY"', rb'"CN\n"', b'""', b"1"],
    "unit": [b'"c62"', b'"C"', b'"C626"', rb'"C6\u0000"', b"1"],
    "noted_at": MOMENTS,
    "due_on": [*MOMENTS, b'"9999-12-31"', b'"2026-13-01"', b'"1999-12-31"'],
    "tags": [
        b'["a","a","a","a"]',
        rb'["\u0000"]',
        b'"a"',
        b"[[]]",
        b"[" + b'"a",' * 100_000 + b'"a"]',
    ],
    "supplier_id": [b'"x"', b"1", b'"' + b"0" * 5_000 + b'"', rb'"\ud800"', b"null"],
    "unknown": [b"1", b"null", b'{"a": 1}'],
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_a_body_that_is_none_is_refused(body: bytes, wire: Wire) -> None:
    answer = await wire(body=body)
    assert 400 <= answer.status < 500
    answer.problem()


@pytest.mark.parametrize("name", FIELDS)
async def test_a_hostile_value_is_refused_by_its_fields_name(name: str, wire: Wire) -> None:
    for value in FIELDS[name]:
        answer = await wire(body=with_field(name, value))
        assert 400 <= answer.status < 500, (value[:80], answer.body[:300])
        problem = answer.problem()
        if answer.status == 422 and "errors" in problem:
            assert problem["errors"][0]["field"].partition(".")[0] == name
            assert value not in answer.body or len(value) < 8


async def test_a_name_that_is_half_a_character_is_refused(wire: Wire) -> None:
    assert (await wire(body=with_field("\\ud800", b"1"))).problem()["status"] in {400, 422}


async def test_of_a_name_that_is_repeated_the_last_value_counts_as_everywhere_in_json(
    wire: Wire,
) -> None:
    twice = with_field("text", rb'"fine", "text": "\u0000"')
    assert (await wire(body=twice)).status == 422


@pytest.mark.parametrize(
    "kind",
    [
        b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data",
        b"multipart/form-data; boundary=x", b"application/xml", b"", b"\xff", b"a/b/c; =",
        b"application/json; charset=utf-99", b"application/octet-stream",
    ],
)  # fmt: skip
async def test_another_content_type_is_refused(kind: bytes, wire: Wire) -> None:
    body = json.dumps(GOOD).encode()
    answer = await wire(
        body=body if b"utf-99" not in kind else b"{", headers=[(b"content-type", kind)]
    )
    assert 400 <= answer.status < 500
    answer.problem()


async def test_seventeen_mebibytes_are_too_many_with_and_without_a_length(wire: Wire) -> None:
    chunk = b" " * 2**20
    lengths = b"17825792", b"9" * 40, b"0" * 30 + b"17825792"
    for length in lengths:
        answer = await wire(body=b"", headers=[JSON, (b"content-length", length)])
        assert answer.status == 413
    for headers in ([JSON], [JSON, (b"content-length", b"5")]):
        answer = await wire(body=[chunk] * 17, headers=headers)
        assert answer.problem()["type"] == "/problems/too-large"
        assert answer.status == 413


@pytest.mark.parametrize("length", [b"-1", b"x", b"\xb2", b"1e3", b" ", b"+5"])
async def test_a_length_that_is_no_number_is_refused(length: bytes, wire: Wire) -> None:
    assert (await wire(headers=[JSON, (b"content-length", length)])).status == 422


@pytest.mark.parametrize("host", [b"[::1", b"a b", b"a/b", b"a@b", b"\xff", b"a:x", b"a:1:2", b""])
async def test_a_host_that_is_none_is_refused(host: bytes, wire: Wire) -> None:
    answer = await wire(host=host)
    assert answer.status == 400
    assert answer.problem()["type"] == "/problems/malformed-host"
    for good in b"[::1]:8000", b"10.0.0.7:8443", b"orders-api", b"lianqiao.example":
        assert (await wire("GET", host=good)).status == 200
    assert (await wire(headers=[JSON, (b"host", b"localhost")])).status == 400


def test_the_largest_body_is_sixteen_mebibytes() -> None:
    assert BODY_BYTES_MAX == 16 * 2**20


PATHS = [
    *(b"%00", b"%ff", b"%ed%a0%80", b"%c0%80", b"%0a", b"%0d%0a", b"%7f", b"a%00b", b"%e2%80%a8"),
    *(b"x" * 3_000, b"%20", b"%c2%85", b"x" * 100),
]


@pytest.mark.parametrize("part", PATHS)
async def test_a_hostile_path_is_refused(part: bytes, as_one: SignIn) -> None:
    client = as_one(uuid4(), *WRITER)
    for place in "things", "notes", "trouble":
        answer = await client.get(f"{place}/{part.decode()}")
        assert 400 <= answer.status_code < 500, (place, part)
        assert answer.headers["content-type"] == MEDIA_TYPE


QUERIES = [
    *(b"%00", b"%ff", b"\xff", b"%ed%a0%80", b"%0a", b"x" * 10_000, b"a%c2%85b", b"a%e2%80%a8b"),
    *(b"x" * 81,),
]


@pytest.mark.parametrize("value", QUERIES)
async def test_a_hostile_query_is_refused(value: bytes, wire: Wire) -> None:
    for name in b"q", b"code", b"on", b"since", b"limit", b"cursor", b"descending":
        answer = await wire("GET", query=name + b"=" + value)
        assert 400 <= answer.status < 500, (name, value[:20], answer.body)
        answer.problem()


async def test_a_query_that_names_nothing_is_let_be(wire: Wire) -> None:
    for query in b"", b"&&&", b"=", b"q", b"a=b&a=c", b"%", b"%zz", b"+", b";":
        assert (await wire("GET", query=query)).status == 200


@pytest.mark.parametrize("name", [b"a", b"cookie", b"accept-language", b"traceparent", b"range"])
async def test_headers_of_any_content_do_no_harm(name: bytes, wire: Wire) -> None:
    for value in b"\0", b"\xff\xfe", b"x" * 60_000, b"00-" + b"0" * 32 + b"-" + b"1" * 16 + b"-01":
        assert (await wire("GET", headers=[(name, value)])).status == 200


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PATCH", "BREW", "get", "X" * 500])
async def test_an_unknown_method_is_named_as_such(method: str, wire: Wire) -> None:
    answer = await wire(method)
    assert answer.status == 405
    assert answer.headers["allow"]
    answer.problem()


async def test_a_slash_too_many_is_no_redirect_to_a_host_of_the_callers_choice(
    wire: Wire,
) -> None:
    for path in NOTES + b"/", b"//" + NOTES, b"/api/probe/v1//notes":
        answer = await wire("GET", path)
        assert answer.status == 404
        assert "location" not in answer.headers


@pytest.mark.parametrize(
    "authorization",
    [b"", b"Bearer", b"Bearer ", b"Basic eDp5", b"bearer", b"\xff", b"Bearer \0", b"x" * 60_000],
)
async def test_nobody_is_told_how_to_sign_in(authorization: bytes, probe: Store) -> None:
    wire = Wire(probe)
    wire.app.state.verify = lambda _: None
    answer = await wire(authorization=authorization)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    answer.problem()


async def test_a_token_that_lacks_a_scope_is_told_which(as_one: SignIn) -> None:
    answer = await as_one(uuid4(), Permission.ORDERS_READ).post("notes", json=GOOD)
    assert answer.status_code == 403
    assert 'error="insufficient_scope", scope="orders:place"' in answer.headers["www-authenticate"]
    assert (await as_one(uuid4()).get("things/a")).status_code == 403
    either = as_one(uuid4(), Permission.ORDERS_CONFIRM)
    assert (await either.get("things/a")).status_code == 200


TROUBLE = {
    "bug": 500,
    "refusal": 409,
    "slow": 503,
    "killed": 503,
    "nul": 422,
    "surrogate": 422,
    "too-large": 422,
    "at-the-commit": 409,
    "swallowed": 500,
}


@pytest.mark.parametrize("kind", TROUBLE)
async def test_trouble_inside_changes_nothing_and_is_told_in_the_callers_words(
    kind: str, probe: Store, as_one: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    answer: Response = await as_one(uuid4(), *WRITER).post(f"trouble/{kind}")
    assert answer.status_code == TROUBLE[kind]
    assert answer.headers["content-type"] == MEDIA_TYPE
    problem = answer.json()
    assert answer.headers["trace-id"] == problem["trace_id"]
    assert ("retry-after" in answer.headers) == (answer.status_code == 503)
    failed = [record for record in caplog.records if record.levelname == "ERROR"]
    assert bool(failed) == (answer.status_code == 500)
    assert "psycopg" not in answer.text
    assert "a bug" not in answer.text
    async with transaction(probe.system) as session:
        assert await session.scalar(select(func.count()).select_from(Note)) == 0


async def test_an_answer_under_way_is_broken_off_by_a_defect_and_not_continued() -> None:
    async def app(scope: Scope, receive: object, send: Send) -> None:  # noqa: ARG001
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    said: list[Message] = []

    async def send(message: Message) -> None:
        said.append(message)

    async def receive() -> Message:
        return {}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    await Guard(app, meter=Meter("x"))(scope, receive, send)
    assert [message["type"] for message in said] == ["http.response.start"]


def test_a_problem_may_repeat_what_utf8_cannot_carry() -> None:
    errors = [FieldError(field="\ud800", detail="链")]
    body = json.loads(bytes(answered(InvalidInput("\ud800 链桥 \0", errors=errors)).body))
    assert body["detail"] == "\ud800 链桥 \0"
    assert json.loads(bytes(answered(Conflict("a")).body))["type"] == "/problems/conflict"
