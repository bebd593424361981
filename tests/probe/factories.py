"""Events and notes, made the short way."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from uuid_utils.compat import uuid7

from contracts.event import Envelope
from shared.auth import Caller
from shared.database import Store, transaction
from shared.events import Message, publish
from tests.probe.contracts import Noted
from tests.probe.models import Note

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def noted(subject_id: UUID, number: int = 1, text: str = "") -> Noted:
    return Noted(subject_id=subject_id, number=number, text=text)


def message(subject_id: UUID, number: int = 1, *, traceparent: str | None = None) -> Message:
    """Seal an event as it travels."""
    event = noted(subject_id, number)
    envelope = Envelope.seal(event, id=uuid7(), time=NOW, traceparent=traceparent)
    body = envelope.model_dump_json(exclude_none=True).encode()
    return Message("probe", event.subject, body)


async def said(store: Store, *events: Noted) -> None:
    """Publish events in one transaction."""
    async with transaction(store.app) as session:
        for event in events:
            publish(session, event)


def build_note(
    *, buyer_id: UUID | None = None, supplier_id: UUID | None = None, rank: int = 1, text: str = "x"
) -> Note:
    return Note(
        buyer_id=buyer_id or uuid4(),
        supplier_id=supplier_id or uuid4(),
        rank=rank,
        text=text,
        weight=rank,
        noted_at=NOW,
    )


async def keep(store: Store, *notes: Note) -> None:
    """Store notes as the system, whoever their parties are."""
    async with transaction(store.system) as session:
        session.add_all(notes)


def caller(organization_id: UUID, *scopes: str, client_id: str = "tests") -> Caller:
    return Caller(organization_id, frozenset(scopes), client_id=client_id, name="Li Wei")
