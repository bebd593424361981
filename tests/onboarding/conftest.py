"""What onboarding's tests begin with."""

import pytest

from tests.conftest import SignIn, Stores
from tests.onboarding.factories import Company, Door


@pytest.fixture
def door(stores: Stores, sign_in: SignIn) -> Door:
    return Door(stores, sign_in)


@pytest.fixture
async def buyer(door: Door) -> Company:
    return await door.company("比邻汽车")


@pytest.fixture
async def supplier(door: Door) -> Company:
    return await door.company("宏远精密")
