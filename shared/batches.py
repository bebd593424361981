"""Sort what arrives together into what can have its effect at once."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Protocol, TypeVar
from uuid import UUID

Handler = Callable[..., Awaitable[None]]


class Arrived(Protocol):
    """Something on a subject, of a type that has a handler for several at once, or has none."""

    @property
    def event_id(self) -> UUID: ...
    @property
    def many(self) -> Handler | None: ...
    @property
    def in_turn(self) -> bool: ...
    @property
    def subject(self) -> tuple[str, str]: ...


A = TypeVar("A", bound=Arrived)


def at_once(arrivals: Sequence[A]) -> Iterator[list[A]]:
    """Yield arrivals as they are applied: one by one, or of one type where that has a handler.

    Each subject keeps its order, and no two of what is yielded together are on one subject, except
    for a handler that takes such events in turn.
    """
    if not any(arrival.many for arrival in arrivals):
        yield from ([arrival] for arrival in arrivals)
        return
    waiting: dict[tuple[str, str], deque[A]] = {}
    for arrival in arrivals:
        waiting.setdefault(arrival.subject, deque()).append(arrival)
    while waiting:
        alike: dict[Handler | UUID, list[A]] = {}
        for queue in waiting.values():
            arrival = queue.popleft()
            some = alike.setdefault(arrival.many or arrival.event_id, [])
            some.append(arrival)
            while arrival.in_turn and queue and queue[0].many is arrival.many:
                some.append(queue.popleft())
        yield from alike.values()
        waiting = {subject: queue for subject, queue in waiting.items() if queue}
