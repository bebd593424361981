"""The probe's API, as different callers reach it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from uuid import UUID

import pytest
from httpx2 import ASGITransport, AsyncClient

from contracts.scopes import Scope
from shared.app import create_app
from shared.database import Store
from tests.probe import factories
from tests.probe.service import service

SignIn = Callable[..., AsyncClient]


@pytest.fixture
async def as_one(probe: Store) -> AsyncIterator[SignIn]:
    """Open the API: `as_one(organization_id, Scope.ORDERS_READ, …, client_id="erp")`."""
    async with AsyncExitStack() as stack:

        def open_api(organization_id: UUID, *scopes: Scope, client_id: str = "t") -> AsyncClient:
            caller = factories.caller(organization_id, *scopes, client_id=client_id)
            app = create_app(service, store=probe, verify=lambda _: caller)
            client = AsyncClient(
                transport=ASGITransport(app, raise_app_exceptions=False),
                base_url="http://localhost/api/probe/v1/",
                headers={"Authorization": "Bearer x"},
            )
            stack.push_async_callback(client.aclose)
            return client

        yield open_api
