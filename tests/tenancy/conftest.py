"""The world in which everybody tries everything."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import Stores
from tests.story import Cast, tell
from tests.world import World


@pytest.fixture
async def world(stores: Stores) -> AsyncIterator[World]:
    """Yield all services, and nobody in them yet."""
    opened = World(stores)
    yield opened
    await opened.close()


@pytest.fixture
async def cast(world: World) -> Cast:
    """Let two pairs of organizations do all that they can do."""
    return await tell(world)
