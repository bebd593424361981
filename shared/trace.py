"""One trace from the request through the event to its effect (W3C Trace Context, level 1)."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def traceparent() -> str | None:
    """Return the trace that is being followed, as it travels."""
    return _current.get()


def trace_id() -> str | None:
    """Return the part of the trace that stays the same all the way."""
    current = _current.get()
    return current[3:35] if current else None


@contextmanager
def following(parent: str | None) -> Iterator[None]:
    """Do what is inside as a new step of a trace; without a valid parent, of a new trace."""
    found = _TRACEPARENT.fullmatch(parent or "")
    trace = found[1] if found and found[1] != "0" * 32 else secrets.token_hex(16)
    token = _current.set(f"00-{trace}-{secrets.token_hex(8)}-01")
    try:
        yield
    finally:
        _current.reset(token)
