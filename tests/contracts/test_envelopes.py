"""What is sent is a CloudEvent, and holds what its own schema says."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from jsonschema import Draft7Validator, FormatChecker, ValidationError
from sqlalchemy import text

from contracts.__main__ import catalogue
from contracts.event import Envelope
from contracts.onboarding import RelationshipChanged, RelationshipState
from shared.database import transaction
from tests.conftest import Stores

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
CHANGED = RelationshipChanged(
    relationship_id=uuid4(),
    buyer_id=uuid4(),
    buyer_name="比亚迪",
    supplier_id=uuid4(),
    supplier_name="深圳小厂",
    state=RelationshipState.ACTIVE,
    since=date(2026, 11, 22),
    changed_at=NOW,
)


def cloud_event(protocols: Path) -> Draft7Validator:
    schema = protocols / "cloudevents-spec/cloudevents/formats/cloudevents.json"
    return Draft7Validator(json.loads(schema.read_text()), format_checker=FormatChecker())


def test_a_sealed_event_is_a_cloud_event(protocols: Path) -> None:
    sealed = Envelope.seal(CHANGED, id=uuid4(), time=NOW).model_dump_json(exclude_none=True)
    cloud_event(protocols).validate(json.loads(sealed))
    without = {name: value for name, value in json.loads(sealed).items() if name != "source"}
    with pytest.raises(ValidationError):
        cloud_event(protocols).validate(without)
    assert Envelope.model_validate_json(sealed).open() == CHANGED


@pytest.mark.parametrize("trace", [None, f"00-{'a' * 32}-{'b' * 16}-01"])
async def test_a_statement_seals_as_the_contract_does(
    trace: str | None, stores: Stores, protocols: Path
) -> None:
    """Set-based statements seal events in SQL; nobody can tell them from the others."""
    seal = text("SELECT cloud_event(:type, :subject, :at, cast(:data as json), :trace)")
    for store in stores.values():
        given = {
            "type": CHANGED.type,
            "subject": CHANGED.subject,
            "at": NOW,
            "data": CHANGED.model_dump_json(),
            "trace": trace,
        }
        async with transaction(store.system) as session:
            sealed = await session.scalar(seal, given)
        read = Envelope.model_validate_json(sealed)
        expected = Envelope.seal(CHANGED, id=read.id, time=NOW, traceparent=trace)
        assert read == expected
        found = {name: v for name, v in json.loads(sealed).items() if v is not None}
        cloud_event(protocols).validate(found)


@pytest.mark.parametrize("name", catalogue())
def test_readers_ignore_what_they_do_not_know(name: str) -> None:
    assert catalogue()[name].model_config["extra"] == "ignore"
