"""What the probe publishes."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.event import Event


class Noted(Event, type="probe.noted.v1", subject="subject_id"):
    """Somebody noted something; the numbers of a subject count up from 1."""

    subject_id: UUID
    number: Annotated[int, Field(ge=0)]
    text: str = ""


del Event.catalogue[Noted.type]  # no promise to anybody: known while a test uses the probe
