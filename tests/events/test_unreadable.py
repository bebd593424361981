"""What is no event is kept as it came, and stops nobody."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.event import Envelope
from shared import dead_letters, inbox
from shared.events import Message
from shared.inbox import DeadLetter, Handlers
from tests.events.ledger import OTHER, SUBJECT, Ledger, events
from tests.probe import factories
from tests.probe.contracts import Noted


def sealed(data: str) -> bytes:
    """Return an event with whatever JSON as its data."""
    envelope = factories.message(SUBJECT).body.decode().partition('"data":')[0]
    return f'{envelope}"data":{data}}}'.encode()


UNREADABLE = {
    "nothing": b"",
    "bytes": b"\xff\xfe\0\x80",
    "an empty object": b"{}",
    "half an envelope": b'{"specversion": "1.0"}',
    "no JSON": sealed("{'number': 1}"),
    "another form": sealed('{"number": "many"}'),
    "not UTF-8": sealed('{"text": "?"}').replace(b"?", b"\xe9"),
    "half a character": sealed('{"text": "\\ud800"}'),
    "deep": sealed("[" * 100_000 + "]" * 100_000),
    "deep objects": sealed('{"data":' * 50_000 + "1" + "}" * 50_000),
    "a number of 5,000 digits": sealed(f'{{"number": {"9" * 5_000}}}'),
    "infinite": sealed('{"number": 1e400}'),
    "no number": sealed('{"number": NaN}'),
    "huge": sealed(f'{{"text": ["{"x" * 900_000}"]}}'),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_unreadable_bytes_are_a_dead_letter(body: bytes, ledger: Ledger) -> None:
    for _ in range(2):
        await ledger.receive(Message("probe", str(SUBJECT), body), *events(1))
    bad, waiting, again = await ledger.letters()
    assert (bad.body, waiting.reason, again.reason) == (body, None, None)
    assert "Unreadable" in (bad.reason or "")
    with pytest.raises(inbox.Unreadable):
        await ledger.replay()
    assert dead_letters.type_of(body) in {None, Noted.type}


async def test_the_same_unreadable_bytes_on_two_subjects_are_two_letters(ledger: Ledger) -> None:
    await ledger.receive(*(Message("probe", str(subject), b"") for subject in (SUBJECT, OTHER)))
    assert [letter.subject for letter in await ledger.letters()] == [str(SUBJECT), str(OTHER)]


async def test_a_contract_that_fails_at_what_came_stops_nobody(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(_: object) -> None:
        raise ArithmeticError("in a validator")

    monkeypatch.setattr(Envelope, "open", defect)
    await ledger.receive(*events(1))
    [letter] = await ledger.letters()
    assert "in a validator" in (letter.reason or "")


async def test_a_text_that_the_database_cannot_hold_is_a_dead_letter(ledger: Ledger) -> None:
    async def store_it(session: AsyncSession, event: Noted) -> None:
        session.add(DeadLetter(topic="x", subject=event.text, body=b""))
        await session.flush()

    ledger.handlers = Handlers()
    ledger.handlers.on(Noted)(store_it)
    body = sealed(f'{{"subject_id": "{SUBJECT}", "number": 1, "text": "a\\u0000b"}}')
    await ledger.receive(Message("probe", str(SUBJECT), body))
    [letter] = await ledger.letters()
    assert "NUL" in (letter.reason or "")


async def test_an_event_nobody_listens_to_is_left_alone(ledger: Ledger) -> None:
    body = events(1)[0].body.replace(b"probe.noted", b"probe.forgotten")
    await ledger.receive(Message("probe", str(SUBJECT), body))
    assert await ledger.letters() == []
