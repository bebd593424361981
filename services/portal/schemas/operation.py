"""How a service's events flow, as it tells its operator."""

from datetime import datetime

from services.portal.schemas.answers import Answer


class Letter(Answer):
    """An event that waits for a decision."""

    position: int
    topic: str
    subject: str
    type: str | None
    reason: str | None
    arrived_at: datetime


class Lag(Answer):
    """How far a consumer has read one partition."""

    topic: str
    partition: int
    position: int
    log_end: int
    seen_at: datetime


class Operation(Answer):
    """What waits to leave, to be applied, for a decision."""

    service: str
    outbox_backlog: int
    outbox_age_s: float
    consumer_lag: int
    dead_letters: int
    lags: list[Lag]
    letters: list[Letter]

    @property
    def subjects(self) -> dict[tuple[str, str], list[Letter]]:
        """The letters by what they are about: the first holds up the others."""
        found: dict[tuple[str, str], list[Letter]] = {}
        for letter in self.letters:
            found.setdefault((letter.topic, letter.subject), []).append(letter)
        return found
