"""Void what identity granted to an organization before its operator stopped it.

An access token lives five minutes and is checked by its signature alone. So every process that
checks tokens also hears what identity says of organizations, from as long ago as a token may live:
who starts, or returns from an outage, misses no suspension whose tokens are still out. While Kafka
is away nothing is heard, and tokens end by themselves.
"""

import logging
import time
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from pydantic import ValidationError

from contracts.event import Envelope
from contracts.identity import OrganizationResumed, OrganizationSuspended
from shared.events import Message
from shared.run import Job, following

logger = logging.getLogger(__name__)

TOKEN_LIFE_S = 300  # of an access token
REMEMBERED_S = TOKEN_LIFE_S + 60  # clocks differ, and an event may wait in an outbox


class _Stop(NamedTuple):
    """When an organization was stopped, when it was resumed, and when that was heard."""

    stopped: float
    resumed: float | None
    heard: float


class Suspensions:
    """Which organizations were stopped or resumed so lately that older tokens may be out."""

    def __init__(self) -> None:
        self._stops: dict[UUID, _Stop] = {}

    def refuses(self, organization_id: UUID, issued_at: float) -> bool:
        """Tell whether what was issued to an organization, in whole seconds, is void by now.

        Nothing holds while it is stopped; afterwards, what was issued since it was resumed.
        """
        stop = self._stops.get(organization_id)
        if stop is None:
            return False
        if stop.resumed is None or issued_at <= stop.stopped:
            return True
        return issued_at < int(stop.resumed)

    async def hear(self, messages: Sequence[Message]) -> None:
        """Take in what identity says of organizations; other events are passed over."""
        for message in messages:
            event = _opened(message)
            if isinstance(event, OrganizationSuspended | OrganizationResumed):
                self._note(event)
        old = time.time() - REMEMBERED_S
        for key in [key for key, stop in self._stops.items() if stop.heard < old]:
            del self._stops[key]

    def _note(self, event: OrganizationSuspended | OrganizationResumed) -> None:
        """Keep what is newest: after an outage events are heard once more."""
        known, now = self._stops.get(event.organization_id), time.time()
        stop = known
        if isinstance(event, OrganizationResumed):
            stop = _Stop(known.stopped if known else 0.0, event.resumed_at.timestamp(), now)
        elif not known or event.suspended_at.timestamp() > (known.resumed or known.stopped):
            stop = _Stop(event.suspended_at.timestamp(), None, now)
        if stop:
            self._stops[event.organization_id] = stop

    def following(self, *, servers: str) -> Job:
        """Hear identity in this process, from as long ago as tokens may live."""
        topics = [OrganizationSuspended.topic()]
        return following(topics, self.hear, servers=servers, since_s=REMEMBERED_S)


def _opened(message: Message) -> object:
    try:
        return Envelope.model_validate_json(message.body).open()
    except ValidationError:
        logger.warning("a message on %s is no event that this process can read", message.topic)
        return None
