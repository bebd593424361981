"""Bring organizations, their clients and their relationships onto the platform, in bulk.

Used by the importers and the simulator. Everything has a stable id, so that doing it again
changes nothing.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from pydantic import BaseModel

from contracts.onboarding import Signatory, Terms
from contracts.scopes import Scope
from lianqiao.client import Api, Json, Platform, PlatformError, Result

BATCH = 500
HEARD_WITHIN_S_MAX = 60
REST_S, REST_S_MAX = 0.1, 1.0
NOT_HEARD_YET = "organization-not-known-yet"

Told = Callable[[str, int, int], None]  # what is being done, how many are, of how many


@dataclass(frozen=True)
class Party:
    """An organization, and the program that is to speak for it."""

    id: UUID
    name: str
    scopes: frozenset[Scope]
    client_name: str
    identifiers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Registered:
    """Organizations that are on the platform: how many are new, and each one's own way in."""

    new: int
    apis: dict[UUID, Api]


class Relation(BaseModel):
    """A buyer and a supplier that have worked together since a day, and what they agreed on."""

    buyer_id: UUID
    supplier_id: UUID
    since: date
    vendor_number: str | None = None
    terms: Terms | None = None
    signed_on: date | None = None
    buyer: Signatory | None = None
    supplier: Signatory | None = None


async def register(platform: Platform, parties: Sequence[Party], *, told: Told) -> Registered:
    """Register organizations and one client each, which signs with our key.

    Clients that know another key of ours, since lost, get the present one.
    """
    operator = platform.as_operator({Scope.IDENTITY_OPERATE})
    organizations = [
        {"id": str(party.id), "name": party.name, "identifiers": party.identifiers}
        for party in parties
    ]
    path = "/api/identity/v1/organizations/bulk"
    results = await _all(operator, path, "organizations", organizations)
    told("organizations", len(parties), len(parties))
    apis, kept = await _clients(operator, platform, parties)
    if kept and not await apis[kept[0]].is_known():
        apis, _ = await _clients(operator, platform, parties, renew=True)
    told("clients", len(parties), len(parties))
    return Registered(sum(result.status == "registered" for result in results), apis)


async def _clients(
    operator: Api, platform: Platform, parties: Sequence[Party], *, renew: bool = False
) -> tuple[dict[UUID, Api], list[UUID]]:
    """Register clients; return each party's, and the parties whose clients were there before."""
    public = platform.key.as_dict(private=False)
    clients = [
        {
            "organization_id": str(party.id),
            "name": party.client_name,
            "scopes": sorted(party.scopes),
            "grant_types": ["client_credentials"],
            "auth_method": "private_key_jwt",
            "jwks": {"keys": [public]},
        }
        for party in parties
    ]
    path = "/api/identity/v1/clients/bulk"
    results = await _all(operator, path, "clients", clients, renew=renew)
    apis = {
        party.id: platform.as_client(result.id_of("client_id"), party.scopes)
        for party, result in zip(parties, results, strict=True)
    }
    before = zip(parties, results, strict=True)
    return apis, [party.id for party, result in before if result.status == "unchanged"]


async def relate(platform: Platform, relations: Sequence[Relation], *, told: Told) -> None:
    """Enter relationships as active; onboarding may not have heard of the organizations yet."""
    operator = platform.as_operator({Scope.ONBOARDING_IMPORT})
    waiting = [relation.model_dump(mode="json", exclude_none=True) for relation in relations]
    deadline, rest_s = time.monotonic() + HEARD_WITHIN_S_MAX, REST_S
    path = "/api/onboarding/v1/relationships/import"
    while waiting:
        results = await _batches(operator, path, "relationships", waiting)
        early = {result.index for result in results if _is(result, NOT_HEARD_YET)}
        _raise_refusals(result for result in results if result.index not in early)
        waiting = [relation for index, relation in enumerate(waiting) if index in early]
        told("relationships", len(relations) - len(waiting), len(relations))
        if waiting and time.monotonic() > deadline:
            raise PlatformError(
                f"Onboarding has not heard of {len(waiting)} organizations within "
                f"{HEARD_WITHIN_S_MAX} s. Look at `lianqiao events lag`, then run this again."
            )
        if waiting:
            await asyncio.sleep(rest_s)
            rest_s = min(2 * rest_s, REST_S_MAX)


class _Known(BaseModel):
    supplier_id: UUID
    state: str


async def wait_for_relationships(buyer: Api, supplier_ids: Iterable[UUID]) -> None:
    """Wait until orders has heard that the buyer may order from each supplier."""
    wanted = set(supplier_ids)
    deadline, rest_s = time.monotonic() + HEARD_WITHIN_S_MAX, REST_S
    while True:
        known = buyer.items("/api/orders/v1/relationships", _Known)
        wanted -= {one.supplier_id async for one in known if one.state == "active"}
        if not wanted:
            return
        if time.monotonic() > deadline:
            raise PlatformError(
                f"Orders has not heard of {len(wanted)} relationships within "
                f"{HEARD_WITHIN_S_MAX} s, or they are not active. Look at `lianqiao events lag` "
                "and at the relationships of the buyer, then run this again."
            )
        await asyncio.sleep(rest_s)
        rest_s = min(2 * rest_s, REST_S_MAX)


async def _all(
    operator: Api, path: str, name: str, items: Sequence[Json], **beside: object
) -> list[Result]:
    """Send all; a single refusal ends the work, as everything after it would be refused too."""
    results = await _batches(operator, path, name, items, **beside)
    _raise_refusals(results)
    return results


async def _batches(
    operator: Api, path: str, name: str, items: Sequence[Json], **beside: object
) -> list[Result]:
    results: list[Result] = []
    for start in range(0, len(items), BATCH):
        answers = await operator.batch(path, name, items[start : start + BATCH], **beside)
        results += [answer.model_copy(update={"index": start + answer.index}) for answer in answers]
    return results


def _is(result: Result, problem: str) -> bool:
    return result.problem is not None and result.problem.type.endswith(problem)


def _raise_refusals(results: Iterable[Result]) -> None:
    for result in results:
        if result.problem:
            raise PlatformError(f"{result.problem.title}: {result.problem.detail}")
