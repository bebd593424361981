"""From an order to the last report, whatever the network does with the events between."""

from tests.conftest import Stores
from tests.story import tell
from tests.world import World


async def test_the_story_can_be_told(stores: Stores) -> None:
    world = World(stores)
    await tell(world)
    assert await world.violations() == {}
    await world.close()
