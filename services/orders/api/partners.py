"""Whom one orders from, and what."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.orders.api.callers import Placer, Reader
from services.orders.commands.partners import NamedItem, keep_items
from services.orders.models import Item, Relationship
from services.orders.queries import partners as queries
from services.orders.schemas.partners import (
    ItemOut,
    ItemResult,
    ItemResults,
    ItemsIn,
    RelationshipOut,
)
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked, Rows
from shared.types import Search

router = APIRouter(route_class=Route, tags=["Relationships and items"])


@router.get("/relationships", response_model=Page[RelationshipOut])
async def list_relationships(
    caller: Reader, session: Transaction, paging: PageAsked
) -> Rows[Relationship]:
    """List the caller's relationships, on either side, as onboarding told them last."""
    return await queries.relationships(session, caller=caller, paging=paging)


@router.get("/items", response_model=Page[ItemOut])
async def list_items(
    caller: Reader,
    session: Transaction,
    paging: PageAsked,
    q: Annotated[Search | None, Query(description="number or name")] = None,
) -> Rows[Item]:
    """List the items of the caller's organization."""
    return await queries.items(session, caller=caller, q=q, paging=paging)


@router.post("/items/bulk")
async def record_items(
    body: ItemsIn, caller: Placer, session: Transaction, now: Now
) -> ItemResults:
    """Create items, or give known ones a new name and unit; the answers are in the same order."""
    items = [NamedItem(item.number, item.name, item.unit) for item in body.items]
    kept = await keep_items(session, caller=caller, items=items, at=now)
    return ItemResults(
        results=[
            ItemResult(index=n, item_id=id_, status="recorded" if new else "unchanged")
            for n, (id_, new) in enumerate(kept)
        ]
    )
