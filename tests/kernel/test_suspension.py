"""What was granted before an organization was stopped is void, and nothing else is."""

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from uuid_utils.compat import uuid7

from contracts.event import Envelope, Event
from contracts.identity import OrganizationResumed, OrganizationSuspended
from shared.events import Message
from shared.suspension import REMEMBERED_S, Suspensions

NOW = datetime.now(UTC).replace(microsecond=0)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def told(event: Event) -> Message:
    body = Envelope.seal(event, id=uuid7(), time=NOW).model_dump_json().encode()
    return Message(event.topic(), event.subject, body)


def stopped(who: UUID, seconds: float) -> Message:
    return told(OrganizationSuspended(organization_id=who, reason="x", suspended_at=at(seconds)))


def resumed(who: UUID, seconds: float) -> Message:
    return told(OrganizationResumed(organization_id=who, resumed_at=at(seconds)))


async def test_nothing_holds_while_it_is_stopped() -> None:
    heard, who = Suspensions(), uuid4()
    await heard.hear([stopped(who, 0)])
    assert heard.refuses(who, at(-60).timestamp())
    assert heard.refuses(who, at(60).timestamp()), "a token that was made at the same moment"
    assert not heard.refuses(uuid4(), at(-60).timestamp())


@pytest.mark.parametrize("again", [1, 3])
async def test_afterwards_what_was_issued_since_it_was_resumed_holds(again: int) -> None:
    """Events are heard again after an outage, from minutes before."""
    heard, who = Suspensions(), uuid4()
    for _ in range(again):
        await heard.hear([stopped(who, 0), resumed(who, 10.4)])
    assert heard.refuses(who, at(0).timestamp())
    assert heard.refuses(who, at(9).timestamp())
    assert not heard.refuses(who, at(10).timestamp()), "tokens tell whole seconds"
    await heard.hear([stopped(who, 20)])
    assert heard.refuses(who, at(15).timestamp())


async def test_an_old_suspension_is_forgotten_with_its_tokens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard, who = Suspensions(), uuid4()
    await heard.hear([stopped(who, 0)])
    later = time.time() + REMEMBERED_S + 5
    monkeypatch.setattr("time.time", lambda: later)
    await heard.hear([])
    assert not heard.refuses(who, at(0).timestamp())
