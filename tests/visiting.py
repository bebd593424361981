"""Somebody at the portal's pages, signed in, in a world of real services."""

from datetime import timedelta
from secrets import token_urlsafe
from typing import Any

from fastapi.routing import iter_route_contexts
from httpx2 import Response

from contracts.scopes import Role, Scope
from services.portal.api.page import COOKIE
from services.portal.domain.secrets import digest, sealed
from services.portal.models import Session
from services.portal.schemas.people import Me, Sealed
from shared.app import Platform
from shared.database import transaction, utc_now
from shared.web.csrf import FIELD, csrf_token
from tests.world import Party, World


class Visitor:
    """A person's browser: what they ask for, the portal asks of the services with their token."""

    def __init__(self, world: World, party: Party) -> None:
        self._world, self._party = world, party
        self.cookie = token_urlsafe(32)

    @classmethod
    async def arrive(cls, world: World, party: Party) -> "Visitor":
        """Sign somebody in who holds every role."""
        Platform(world.apps, rest="portal")
        visitor, now = cls(world, party), utc_now()
        roles = [role.value for role in Role]
        person = {
            "user": {"id": party.user_id, "email": "clerk@example.com", "name": "Clerk"},
            "organization": {"id": party.id, "name": party.name},
            "roles": roles,
            "scopes": [scope.value for scope in Scope],
            "memberships": [{"organization_id": party.id, "name": party.name, "roles": roles}],
        }
        kept = Sealed(access_token=world.token(party), refresh_token=None)
        async with transaction(world.stores["portal"].system) as session:
            session.add(
                Session(
                    digest=digest(visitor.cookie),
                    organization_id=party.id,
                    user_id=party.user_id,
                    person=Me.model_validate(person).model_dump(mode="json"),
                    tokens=sealed(visitor.cookie, kept.model_dump_json()),
                    token_expires_at=now + timedelta(hours=1),
                    started_at=now,
                    expires_at=now + timedelta(hours=1),
                )
            )
        return visitor

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={self.cookie}", "Accept-Language": "en"}

    async def get(self, path: str, **sent: Any) -> Response:  # noqa: ANN401
        """Open a page."""
        return await self._world.send("portal", "GET", path, headers=self.headers, **sent)

    async def post(self, path: str, fields: dict[str, str]) -> Response:
        """Send a form that our own page could have sent."""
        signed = {**fields, FIELD: csrf_token(self.cookie)}
        return await self._world.send("portal", "POST", path, headers=self.headers, data=signed)


def pages(world: World, service: str = "portal") -> list[tuple[str, str]]:
    """Return every route of a service that its API's description does not have: method, path."""
    described = world.apps[service].openapi()["paths"]
    return sorted(
        (method, route.path)
        for route in iter_route_contexts(world.apps[service].routes)
        if route.path and route.path not in described and not route.path.endswith("openapi.json")
        for method in route.methods or ()
        if method in {"GET", "POST"}
    )
