"""An operator sees how a service fares, and decides what becomes of its dead letters."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from httpx2 import ASGITransport, AsyncClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.scopes import Scope
from shared.app import create_app
from shared.auth import Caller
from shared.database import Store, open_store, transaction
from shared.events import Message
from shared.inbox import (
    DeadLetter,
    DiscardedLetter,
    Handlers,
    Position,
    note_positions,
    receive,
)
from shared.kafka import subject_of
from shared.keys import Keys
from shared.problem import Conflict
from tests.kernel.conftest import SignIn
from tests.probe import factories
from tests.probe.contracts import Noted
from tests.probe.models import Effect
from tests.probe.service import handlers, service

SUBJECT = uuid4()
MAIL = {"topic": "probe", "subject": str(SUBJECT)}
OPERATOR = Scope.PLATFORM_READ, Scope.PLATFORM_OPERATE


def nobody(_: str) -> Caller | None:
    return None


@asynccontextmanager
async def unsigned(store: Store, **given: object) -> AsyncIterator[AsyncClient]:
    app = create_app(service, store=store, **({"verify": nobody} | given))  # type: ignore[arg-type]
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(
        transport=transport, base_url="http://localhost/api/probe/v1/"
    ) as client:
        yield client


async def test_a_service_is_ready_while_kafka_is_away(probe: Store) -> None:
    async with unsigned(probe) as client:
        assert (await client.get("health/live")).json() == {"status": "live"}
        assert (await client.get("health/ready")).json() == {"status": "ready"}


async def test_a_service_is_not_ready_before_it_knows_identitys_keys(probe: Store) -> None:
    async with unsigned(probe, verify=Keys(lambda: None)) as client:  # type: ignore[arg-type, return-value]
        answer = await client.get("health/ready")
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/not-ready")
        assert answer.headers["retry-after"]
        assert (await client.get("health/live")).status_code == 200
        asked = await client.get("notes", headers={"Authorization": "Bearer x"})
        assert (asked.status_code, asked.headers["retry-after"]) == (503, "1")
        assert (await client.get("notes")).status_code == 401


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        (
            "UPDATE probe.alembic_version SET version_num = 'older'",
            "UPDATE probe.alembic_version SET version_num = '0a7c1f6e2d10'",
        ),
        (
            "ALTER TABLE probe.alembic_version RENAME TO away",
            "ALTER TABLE probe.away RENAME TO alembic_version",
        ),
    ],
)
async def test_a_service_is_not_ready_on_a_database_that_is_not_migrated(
    broken: str, mended: str, probe: Store, superuser: Engine
) -> None:
    async with unsigned(probe) as client:
        for ddl, status in ((broken, 503), (mended, 200)):
            with superuser.begin() as connection:
                connection.execute(text(ddl))
            answer = await client.get("health/ready")
            assert answer.status_code == status
            assert ("lianqiao migrate" in answer.text) == (status == 503)


async def test_a_service_without_a_database_lives_and_is_not_ready() -> None:
    store = open_store("postgresql+psycopg://x@127.0.0.1:1/x", service="probe")
    async with unsigned(store) as client:
        answer = await client.get("health/ready")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert (await client.get("health/live")).status_code == 200
    await store.close()


ROUTES = [
    ("GET", "operation", Scope.PLATFORM_READ),
    ("GET", "metrics", Scope.PLATFORM_READ),
    ("POST", "dead-letters/replay", Scope.PLATFORM_OPERATE),
    ("POST", "dead-letters/discard", Scope.PLATFORM_OPERATE),
]


@pytest.mark.parametrize(("method", "path", "scope"), ROUTES)
async def test_only_an_operator_operates(
    method: str, path: str, scope: Scope, probe: Store, as_one: SignIn
) -> None:
    body = MAIL | {"reason": "x"} if method == "POST" else None
    async with unsigned(probe) as client:
        assert (await client.request(method, path, json=body)).status_code == 401
    others = [other for other in Scope if other != scope]
    answer = await as_one(uuid4(), *others).request(method, path, json=body)
    assert answer.status_code == 403


async def letters(store: Store, *numbers: int) -> None:
    """Let the first of a subject's events fail, so that the others wait."""
    broken = Handlers()

    @broken.on(Noted)
    async def fail(session: AsyncSession, event: Noted) -> None:  # noqa: ARG001
        raise Conflict("Not while it is broken.")

    messages = [factories.message(SUBJECT, number) for number in numbers]
    await receive(broken, store.system, messages)


async def test_the_operator_sees_what_waits_and_what_lags(probe: Store, as_one: SignIn) -> None:
    await letters(probe, 1, 2)
    await factories.said(probe, factories.noted(uuid4()))
    where = [Position("probe", 0, 3, 10), Position("probe", 1, 5, 5)]
    for _ in range(2):
        await note_positions(probe.system, where)
    seen = (await as_one(uuid4(), *OPERATOR).get("operation")).json()
    figures = "outbox_backlog", "consumer_lag", "dead_letters"
    assert [seen[name] for name in figures] == [1, 7, 2]
    assert 0 <= seen["outbox_age_s"] < 60
    assert len(seen["lags"]) == 2
    first, second = seen["letters"]
    assert (first["type"], first["subject"]) == ("probe.noted.v1", str(SUBJECT))
    assert "Not while it is broken" in first["reason"]
    assert second["reason"] is None


async def test_metrics_are_prometheus_text(probe: Store, as_one: SignIn) -> None:
    await letters(probe, 1)
    client = as_one(uuid4(), *OPERATOR)
    for _ in range(2):
        await client.get("health/live")
    await client.get("notes/nothing")
    await client.get("nowhere")
    await client.request("BREW", "notes")
    answer = await client.get("metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert families["lianqiao_dead_letters"].samples[0].value == 1
    counted = {
        (s.labels["method"], s.labels["route"], s.labels["status"]): s.value
        for s in families["lianqiao_request_seconds"].samples
        if s.name.endswith("_count")
    }
    assert counted[("GET", "/api/probe/v1/health/live", "200")] == 2
    assert ("GET", "none", "404") in counted
    assert ("other", "/api/probe/v1/notes", "405") in counted
    assert not any("nothing" in route for _, route, _ in counted)


async def test_the_operator_replays_what_can_be_applied_now(probe: Store, as_one: SignIn) -> None:
    await letters(probe, 1, 2)
    client = as_one(uuid4(), *OPERATOR)
    assert (await client.post("dead-letters/replay", json=MAIL)).json() == {"applied": 2}
    assert (await client.post("dead-letters/replay", json=MAIL)).json() == {"applied": 0}
    async with transaction(probe.system) as session:
        assert (await session.scalars(select(Effect.number))).all() == [1, 2]


async def test_what_still_cannot_be_applied_stays_and_says_why(
    probe: Store, as_one: SignIn
) -> None:
    await receive(handlers, probe.system, [factories.message(SUBJECT)._replace(body=b"{")])
    answer = await as_one(uuid4(), *OPERATOR).post("dead-letters/replay", json=MAIL)
    assert answer.status_code == 409
    assert "Unreadable" in answer.json()["detail"]
    async with transaction(probe.system) as session:
        assert len((await session.scalars(select(DeadLetter))).all()) == 1


async def test_a_letter_is_given_up_with_a_reason_and_a_name(probe: Store, as_one: SignIn) -> None:
    await letters(probe, 1, 2)
    client = as_one(uuid4(), *OPERATOR)
    given_up = MAIL | {"reason": "sent in error"}
    assert (await client.post("dead-letters/discard", json=MAIL)).status_code == 422
    for status in (204, 204, 404):
        answer = await client.post("dead-letters/discard", json=given_up)
        assert answer.status_code == status
    async with transaction(probe.system) as session:
        kept = (await session.scalars(select(DiscardedLetter))).all()
    assert {letter.discarded_because for letter in kept} == {"sent in error"}
    assert {letter.discarded_by for letter in kept} == {"Li Wei (t)"}


async def test_a_letter_that_is_named_is_given_up_once(probe: Store, as_one: SignIn) -> None:
    await letters(probe, 1, 2)
    client = as_one(uuid4(), *OPERATOR)
    first, _ = (await client.get("operation")).json()["letters"]
    meant = MAIL | {"reason": "sent in error", "position": first["position"]}
    answers = [await client.post("dead-letters/discard", json=meant) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 404]


@pytest.mark.parametrize(
    "key", [b"", b"\xff\xfe", b"k" * 20_000, b"a\0b", b" a ", b"\n", "é".encode()]
)
async def test_whatever_its_key_a_letter_can_be_given_up(
    key: bytes, probe: Store, as_one: SignIn
) -> None:
    await receive(handlers, probe.system, [Message("probe", subject_of(key), b"{")])
    client = as_one(uuid4(), *OPERATOR)
    [letter] = (await client.get("operation")).json()["letters"]
    given_up = {"topic": "probe", "subject": letter["subject"], "reason": "strange"}
    assert (await client.post("dead-letters/discard", json=given_up)).status_code == 204
