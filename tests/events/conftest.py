"""A ledger on the probe's store."""

import pytest

from shared.database import Store
from tests.events.ledger import Ledger


@pytest.fixture
def ledger(probe: Store) -> Ledger:
    return Ledger(probe)
