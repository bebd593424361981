"""One broker and one topic; tests share it, and tell each other's events by their subjects."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared import local
from shared.kafka import create_topics
from shared.local import Kafka


@pytest.fixture(scope="session")
def probe_broker(folder: Path) -> Iterator[Kafka]:
    with local.kafka(folder / "kafka") as running:
        for _ in range(2):  # what exists is left as it is
            create_topics(running.servers, ["probe"])
        yield running
