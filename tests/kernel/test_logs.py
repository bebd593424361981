"""What happens is a line of JSON, with one trace from the request to the last effect."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.scopes import Scope
from shared.database import Store
from shared.inbox import Handlers, receive
from shared.logs import JsonLines, Once
from shared.trace import following, trace_id, traceparent
from tests.kernel.conftest import SignIn
from tests.network import relayed
from tests.probe.contracts import Noted

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
logger = logging.getLogger("tests.handler")


class Lines:
    """Everything that was logged, line by line."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream

    def all(self) -> list[dict[str, Any]]:
        self._stream.flush()
        written = self._stream.buffer.getvalue().decode()  # type: ignore[attr-defined]
        return [json.loads(line) for line in written.splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict")
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    handler.setFormatter(JsonLines())
    handler.addFilter(Once())
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield Lines(stream)
    root.setLevel(level)
    root.removeHandler(handler)


async def test_one_trace_leads_from_the_request_to_what_a_reader_logs(
    probe: Store, as_one: SignIn, lines: Lines
) -> None:
    handlers = Handlers()

    @handlers.on(Noted)
    async def hear(session: AsyncSession, event: Noted) -> None:  # noqa: ARG001
        logger.info("heard", extra={"number": event.number})

    client = as_one(uuid4(), Scope.ORDERS_READ, Scope.ORDERS_PLACE)
    body = {"supplier_id": str(uuid4()), "text": "x"}
    answer = await client.post("notes", json=body, headers={"traceparent": PARENT})
    assert answer.headers["trace-id"] == TRACE
    [message] = await relayed(probe)
    carried = json.loads(message.body)["traceparent"]
    assert carried[3:35] == TRACE
    assert carried != PARENT  # it is another step of the same trace
    await receive(handlers, probe.system, [message])

    [request] = [line for line in lines.all() if line["logger"] == "shared.guard"]
    [heard] = [line for line in lines.all() if line["logger"] == "tests.handler"]
    assert request["message"] == "POST /api/probe/v1/notes"
    assert (request["status"], request["trace_id"], heard["trace_id"]) == (201, TRACE, TRACE)
    assert (heard["number"], heard["level"]) == (1, "info")


@pytest.mark.parametrize(
    "parent",
    [
        None, "", "x", PARENT[:-1], f"{PARENT}-x", PARENT.upper(), f"01{PARENT[2:]}",
        f"00-{'0' * 32}-{'1' * 16}-01", "é", "\0", f"{PARENT}\n",
    ],
)  # fmt: skip
def test_what_is_no_trace_begins_a_new_one(parent: str | None) -> None:
    with following(parent):
        assert (trace_id() or "") != TRACE
        assert len(trace_id() or "") == 32
        assert (traceparent() or "")[3:35] == trace_id()
    assert trace_id() is None


async def test_an_address_is_logged_as_its_route_and_never_as_it_was(
    probe: Store, as_one: SignIn, lines: Lines
) -> None:
    assert probe
    await as_one(uuid4(), Scope.ORDERS_PLACE).get("things/secret-code")
    await as_one(uuid4()).get("secret-place")
    text = json.dumps([line for line in lines.all() if line["logger"].startswith("shared.")])
    assert "/api/probe/v1/things/{code}" in text
    assert "secret" not in text


def test_anything_can_be_logged(lines: Lines) -> None:
    strange = {"half": "\ud800", "nul": "\0", "set": {1}, "keys": {(1, 2): 3, "a": 1}}
    logger.warning("链桥 \ud800 %s\nnext", "line", extra=strange)
    try:
        _ = dict[str, int]()["\udfff"]
    except KeyError:
        logger.exception("failed")
    first, second = lines.all()
    assert first["message"].startswith("链桥")
    assert first["keys"] == {"a": 1}
    assert "KeyError" in second["exception"]
    assert first["time"].endswith("+00:00")


def test_what_kafkas_client_repeats_is_logged_once_a_minute(lines: Lines) -> None:
    for number in range(100):
        logging.getLogger("kafka.net.connection").error("Connection %s lost", number)
        logging.getLogger("tests.handler").error("one of ours")
    loggers = [line["logger"] for line in lines.all()]
    assert (loggers.count("kafka.net.connection"), loggers.count("tests.handler")) == (1, 100)
