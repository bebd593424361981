"""One topic on the one broker; tests share it, and tell each other's events by their subjects."""

import pytest

from shared.kafka import create_topics
from shared.local import Kafka


@pytest.fixture(scope="session")
def probe_broker(broker: Kafka) -> Kafka:
    for _ in range(2):  # what exists is left as it is
        create_topics(broker.servers, ["probe"])
    return broker
