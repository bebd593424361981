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


def relationship(state: str, by: str | None) -> Message:
    """Return that the buyer and the supplier stand otherwise to each other."""
    data = {"buyer_id": str(BUYER), "supplier_id": str(SUPPLIER), "relationship_id": str(uuid4())}
    data |= {"state": state} | ({"suspended_by": by} if by else {})
    body = {"specversion": "1.0", "type": "onboarding.relationship_changed.v1", "data": data}
    return Message("onboarding", "1", json.dumps(body).encode())


async def rest_of(stream: AsyncIterator[str]) -> list[str]:
    async with asyncio.timeout(2):
        return [text async for text in stream]


async def test_a_suspended_organization_s_streams_end_at_once_and_no_other_s() -> None:
    pages = Audience()
    body = {
        "specversion": "1.0",
        "type": "identity.organization_suspended.v1",
        "data": {"organization_id": str(SUPPLIER), "reason": "x"},
    }
    async with (
        aclosing(pages.stream(SUPPLIER)) as one,  # type: ignore[type-var]
        aclosing(pages.stream(SUPPLIER)) as other,  # type: ignore[type-var]
        aclosing(pages.stream(BUYER)) as buyer,  # type: ignore[type-var]
    ):
        for stream in (one, other, buyer):
            await heard(stream)
        await pages.deliver([Message("identity", "1", json.dumps(body).encode())])
        assert await rest_of(one) == await rest_of(other) == []
        await pages.deliver([event()])
        assert "line_progressed" in await heard(buyer)


async def test_a_supplier_that_is_barred_is_let_go_and_then_hears_of_money_alone() -> None:
    pages = Audience()
    async with (
        aclosing(pages.stream(SUPPLIER)) as supplier,  # type: ignore[type-var]
        aclosing(pages.stream(BUYER)) as buyer,  # type: ignore[type-var]
    ):
        for stream in (supplier, buyer):
            await heard(stream)
        asked_at = asyncio.get_running_loop().time()
        await pages.deliver([relationship("suspended", "buyer")])
        last = await rest_of(supplier)
        assert all("relationship_changed" in text for text in last)
        assert "relationship_changed" in await heard(buyer)
        stale = pages.stream(SUPPLIER, known_at=asked_at)
        assert len(await rest_of(stale)) == 1, "who asked before the suspension was heard"
    async with aclosing(pages.stream(SUPPLIER, barred_by={BUYER})) as again:  # type: ignore[type-var]
        await heard(again)
        await pages.deliver([event()])
        paid = json.loads(event().body) | {"type": "settlement.payment_made.v1"}
        await pages.deliver([Message("settlement", "1", json.dumps(paid).encode())])
        assert "payment_made" in await heard(again)


async def test_whoever_suspended_itself_goes_on_watching() -> None:
    pages = Audience()
    async with aclosing(pages.stream(SUPPLIER)) as supplier:  # type: ignore[type-var]
        await heard(supplier)
        await pages.deliver([relationship("suspended", "supplier"), event()])
        both = await heard(supplier)  # what waits comes at once, in order
        assert 0 < both.index("relationship_changed") < both.index("line_progressed")
        assert both.count("event: change\n") == both.count("\n\n") == 2
