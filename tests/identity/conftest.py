"""What identity's tests begin with."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import Stores
from tests.identity.factories import Browser, World, small_world


@pytest.fixture
async def world(stores: Stores) -> AsyncIterator[World]:
    async with small_world(stores["identity"]) as built:
        yield built


@pytest.fixture
async def li(world: World) -> Browser:
    """Open the browser of Li, who sells for the supplier and administers it."""
    return await world.signed_in("li")


@pytest.fixture
async def nobody(world: World) -> Browser:
    """Open a browser in which nobody is signed in, or a program."""
    return world.browser()
