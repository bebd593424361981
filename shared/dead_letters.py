"""Dead letters, when somebody has decided: applied again in order, or given up for good."""

import logging

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.event import Envelope
from shared.database import Sessions, is_away, is_locked, transaction
from shared.events import Message
from shared.inbox import LETTERS, DeadLetter, DiscardedLetter, Handlers, said

logger = logging.getLogger(__name__)


async def replay(handlers: Handlers, sessions: Sessions, *, topic: str, subject: str) -> int:
    """Apply a subject's dead letters again, in order, and return how many there were.

    Raises what stands in the way of one, which then stays, as does what waits behind it. When
    none is left, the subject's events go straight to their handlers again.
    """
    count = 0
    try:
        while await _replay_first(handlers, sessions, topic, subject):
            count += 1
    except Exception as obstacle:
        if is_away(obstacle) or is_locked(obstacle):
            raise
        async with transaction(sessions) as session:
            if letter := await _first_letter(session, topic, subject):
                letter.reason = said(obstacle)
        raise
    return count


async def discard(  # noqa: PLR0913
    sessions: Sessions,
    *,
    topic: str,
    subject: str,
    reason: str,
    by: str = "operator",
    position: int | None = None,
) -> bool:
    """Give up a subject's first dead letter for good; what waits behind it can then be replayed.

    What was given up is kept with the reason. Return whether there was any letter, at the position
    that was meant if one was.
    """
    async with transaction(sessions) as session:
        letter = await _first_letter(session, topic, subject)
        if letter and position not in {None, letter.position}:
            return False
        if letter:
            logger.warning("discarded (%s) on %s of %s: %r", reason, subject, topic, letter.body)
            kept = "position", "topic", "subject", "body", "reason"
            copied = {name: getattr(letter, name) for name in kept}
            session.add(DiscardedLetter(**copied, discarded_because=reason, discarded_by=by))
            await session.delete(letter)
    return letter is not None


def type_of(body: bytes) -> str | None:
    """Return the type of an event that may be unreadable."""
    try:
        return str(Envelope.model_validate_json(body).type)
    except ValidationError:
        return None


async def _replay_first(handlers: Handlers, sessions: Sessions, topic: str, subject: str) -> bool:
    async with transaction(sessions) as session:
        letter = await _first_letter(session, topic, subject)
        if letter is None:
            return False
        arrival = handlers.read(Message(letter.topic, letter.subject, letter.body))
        if arrival:
            await arrival.apply(session)
        await session.delete(letter)
    return True


async def _first_letter(session: AsyncSession, topic: str, subject: str) -> DeadLetter | None:
    """Return what the others on a subject wait behind; until the commit nothing arrives."""
    await session.execute(select(func.pg_advisory_xact_lock(LETTERS)))
    on_subject = DeadLetter.topic == topic, DeadLetter.subject == subject
    first = select(DeadLetter).where(*on_subject).order_by(DeadLetter.position).limit(1)
    return (await session.scalars(first)).first()
