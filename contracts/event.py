"""The base of every event contract, and the CloudEvents envelope it travels in."""

from datetime import datetime
from typing import Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """A fact that happened. Readers ignore fields they do not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    catalogue: ClassVar[dict[str, type["Event"]]] = {}
    type: ClassVar[str]
    subject_field: ClassVar[str]

    def __init_subclass__(cls, *, type: str, subject: str) -> None:  # noqa: A002
        super().__init_subclass__()
        assert type not in Event.catalogue, f"{type} is declared twice"
        assert subject in cls.__annotations__, f"{type} has no field {subject}"
        cls.type, cls.subject_field = type, subject
        Event.catalogue[type] = cls

    @classmethod
    def topic(cls) -> str:
        """Name the topic: the publishing service, which is the first word of the type."""
        return cls.type.partition(".")[0]

    @property
    def subject(self) -> str:
        """Identify what the event is about. Events on one subject stay in order."""
        return str(getattr(self, self.subject_field))


class Envelope(BaseModel):
    """A CloudEvents 1.0 event in structured mode: stored, sent and read in one form."""

    model_config = ConfigDict(frozen=True)

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    traceparent: str | None = None  # CloudEvents' distributed tracing extension
    data: dict[str, Any]

    @classmethod
    def seal(
        cls,
        event: Event,
        *,
        id: UUID,  # noqa: A002
        time: datetime,
        traceparent: str | None = None,
    ) -> Self:
        """Put an event into the envelope in which it is stored, sent and read."""
        return cls(
            id=id,
            source=f"/{event.topic()}",
            type=event.type,
            subject=event.subject,
            time=time,
            traceparent=traceparent,
            data=event.model_dump(mode="json"),
        )

    def open(self) -> Event | None:
        """Return the event, or None when this reader does not know its type."""
        contract = Event.catalogue.get(self.type)
        return contract.model_validate(self.data) if contract else None
