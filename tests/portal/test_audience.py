"""Events reach the open pages of their parties, and nobody else's."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from uuid import UUID, uuid4

from services.portal.queries import audience
from services.portal.queries.audience import Audience
from shared.events import Message

BUYER, SUPPLIER, STRANGER = uuid4(), uuid4(), uuid4()


def event(*, line: UUID | None = None) -> Message:
    data = {
        "buyer_id": str(BUYER),
        "supplier_id": str(SUPPLIER),
        "order_id": str(uuid4()),
        "schedule_line_id": str(line) if line else None,
        "reason": "nobody else's business",
    }
    body = {"specversion": "1.0", "type": "orders.line_progressed.v1", "data": data}
    return Message("orders", "1", json.dumps(body).encode())


async def heard(stream: AsyncIterator[str]) -> str:
    return await asyncio.wait_for(anext(stream), 2)


async def test_both_parties_hear_of_it_and_a_stranger_does_not() -> None:
    pages = Audience()
    async with (
        aclosing(pages.stream(BUYER)) as buyer,  # type: ignore[type-var]
        aclosing(pages.stream(SUPPLIER)) as supplier,  # type: ignore[type-var]
        aclosing(pages.stream(STRANGER)) as stranger,  # type: ignore[type-var]
    ):
        for stream in (buyer, supplier, stranger):
            assert "hello" in await heard(stream)
        line = uuid4()
        await pages.deliver([event(line=line)])
        for stream in (buyer, supplier):
            told = await heard(stream)
            assert str(line) in told
            assert "business" not in told
        audience_silent = asyncio.ensure_future(anext(stranger))
        await asyncio.sleep(0.05)
        assert not audience_silent.done()
        audience_silent.cancel()
        await asyncio.gather(audience_silent, return_exceptions=True)


async def test_a_page_that_may_have_missed_something_is_told_to_catch_up() -> None:
    pages = Audience()
    async with aclosing(pages.stream(BUYER)) as stream:  # type: ignore[type-var]
        await heard(stream)
        await pages.deliver([])
        assert audience.CATCH_UP in await heard(stream)


async def test_a_page_too_slow_to_listen_holds_up_nobody() -> None:
    pages = Audience()
    async with aclosing(pages.stream(BUYER)) as stream:  # type: ignore[type-var]
        await heard(stream)
        await pages.deliver([event() for _ in range(audience.WAITING_MAX + 10)])
        assert audience.CATCH_UP in await heard(stream)


async def test_what_is_no_event_of_two_parties_is_passed_over() -> None:
    pages = Audience()
    async with aclosing(pages.stream(BUYER)) as stream:  # type: ignore[type-var]
        await heard(stream)
        await pages.deliver([Message("orders", "1", b"\xff"), Message("orders", "1", b"{}")])
        await pages.deliver([event()])
        assert "line_progressed" in await heard(stream)


async def test_streams_end_when_the_process_stops() -> None:
    pages, stop = Audience(), asyncio.Event()
    async with asyncio.timeout(2), asyncio.TaskGroup() as group:
        group.create_task(pages.hang_up(stop))
        stream = pages.stream(BUYER)
        await heard(stream)
        stop.set()
        assert [text async for text in stream] == []
