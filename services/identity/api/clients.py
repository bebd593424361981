"""OAuth clients over HTTP: an organization's own, and in bulk for the platform's operator."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter

from contracts.scopes import Scope
from services.identity import queries
from services.identity.commands import clients
from services.identity.domain.access import NotYoursToGive
from services.identity.domain.clients import UnsoundClient
from services.identity.models import Client
from services.identity.schemas import (
    ClientIn,
    ClientOut,
    ClientResult,
    ClientsIn,
    ClientsOut,
    Jwks,
    NewClientOut,
)
from shared.auth import Caller, requires
from shared.database import Now, SystemTransaction, Transaction
from shared.paging import Page, PageAsked
from shared.problem import NotFound, Problem, problems

# No `Idempotency-Key` here: it would keep the answer, and the secret in it, for days.
router = APIRouter(tags=["Clients"])

Administrator = Annotated[Caller, requires(Scope.IDENTITY_ADMINISTER)]
Operator = Annotated[Caller, requires(Scope.IDENTITY_OPERATE)]


@router.get("/clients", response_model=Page[ClientOut])
async def list_clients(caller: Administrator, session: Transaction, paging: PageAsked) -> Any:  # noqa: ANN401
    """List the organization's programs by name."""
    return await queries.clients(session, caller=caller, paging=paging)


@router.post(
    "/clients",
    status_code=201,
    responses=problems(NotYoursToGive, UnsoundClient, clients.ClientNameTaken),
)
async def register_client(
    body: ClientIn, caller: Administrator, session: Transaction
) -> NewClientOut:
    """Register a program; its secret, if it has one, is shown this once."""
    done = await clients.register(session, caller=caller, described=_described(body))
    await session.flush()
    return _shown(done)


@router.post("/clients/bulk")
async def register_clients(
    body: ClientsIn, caller: Operator, session: SystemTransaction
) -> ClientsOut:
    """Register programs of many organizations; one that is there stays, unless `renew`."""
    batch = [(item.organization_id, _described(item)) for item in body.clients]
    outcomes = await clients.register_many(session, caller=caller, batch=batch, renew=body.renew)
    return ClientsOut(
        results=[
            _result(index, asked[0], outcome)
            for index, (asked, outcome) in enumerate(zip(batch, outcomes, strict=True))
        ]
    )


@router.post("/clients/{client_id}/secret", responses=problems(NotFound, UnsoundClient))
async def draw_secret(client_id: UUID, caller: Administrator, session: Transaction) -> NewClientOut:
    """Draw another secret, shown this once; the old one ends at once."""
    return _shown(await clients.new_secret(session, caller=caller, client_id=client_id))


@router.put(
    "/clients/{client_id}/keys",
    response_model=ClientOut,
    responses=problems(NotFound, UnsoundClient),
)
async def set_keys(
    client_id: UUID, body: Jwks, caller: Administrator, session: Transaction
) -> Client:
    """Replace the public keys with which a program signs its assertions."""
    return await clients.set_keys(session, caller=caller, client_id=client_id, jwks=_key_set(body))


@router.delete("/clients/{client_id}", status_code=204, responses=problems(NotFound))
async def end_client(
    client_id: UUID, caller: Administrator, session: Transaction, now: Now
) -> None:
    """End a program and what was granted to it."""
    await clients.end(session, caller=caller, client_id=client_id, at=now)


def _described(body: ClientIn) -> clients.Described:
    return clients.Described(
        name=body.name,
        scopes=body.all_scopes(),
        grant_types=body.grant_types,
        auth_method=body.auth_method,
        redirect_uris=body.redirect_uris,
        jwks=_key_set(body.jwks) if body.jwks else None,
    )


def _key_set(body: Jwks) -> Mapping[str, Any]:
    return body.model_dump(exclude_none=True)


def _shown(done: clients.Registered) -> NewClientOut:
    known = ClientOut.model_validate(done.client).model_dump()
    return NewClientOut(**known, client_secret=done.secret)


def _result(
    index: int, organization_id: UUID, outcome: clients.Registered | Problem
) -> ClientResult:
    if isinstance(outcome, Problem):
        return ClientResult(
            index=index,
            organization_id=organization_id,
            status="refused",
            problem=outcome.details(),
        )
    return ClientResult(
        index=index,
        organization_id=organization_id,
        client_id=outcome.client.client_id,
        client_secret=outcome.secret,
        status=outcome.status,
    )
