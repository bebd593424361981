"""What a test process tells the one that started it must be text that can be sent."""

from collections.abc import Generator
from typing import Any

import pytest

Told = dict[str, Any] | None


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Told, Told]:
    """Write halves of characters, which tests of hostile input log, as their numbers."""
    told = yield
    return None if told is None else {name: sendable(value) for name, value in told.items()}


def sendable(value: Any) -> Any:  # noqa: ANN401
    """Return the same with every lone surrogate spelled out."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {sendable(key): sendable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(sendable, value))
    return value
