"""What suppliers tell of what they send: each is one call of the logistics service."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.portal.queries.api import Api


async def announce(api: Api, notice: Mapping[str, Any], *, key: str) -> UUID:
    """Make a notice and return its shipment."""
    answer = await api.send("POST", "logistics", "/shipments", notice, key=key)
    return UUID(answer["id"])


async def pack(api: Api, shipment_id: UUID, packages: Sequence[Mapping[str, Any]]) -> None:
    """Say what lies in which package; packages are numbered by the platform."""
    path = f"/shipments/{shipment_id}/packages"
    await api.send("PUT", "logistics", path, {"packages": list(packages)})


async def move(
    api: Api, shipment_id: UUID, what: str, said: Mapping[str, Any], *, key: str
) -> None:
    """Tell of a departure, an arrival or a cancellation."""
    await api.send("POST", "logistics", f"/shipments/{shipment_id}/{what}", said, key=key)
