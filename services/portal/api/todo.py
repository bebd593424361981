"""What waits for a supplier beside its orders: money, and joining further customers."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from contracts.onboarding import ApplicationState
from contracts.orders import Side
from contracts.scopes import Scope
from services.portal.commands.sessions import Visit
from services.portal.queries import joining, owing
from services.portal.queries.api import Away, Refused

T = TypeVar("T")
MINE = {ApplicationState.DRAFT, ApplicationState.CHANGES_REQUESTED, ApplicationState.APPROVED}


async def supplies(visitor: Visit) -> dict[str, Any]:
    """Ask what waits; the rest of a page is useful without any part of it."""
    me, api = visitor.me, visitor.api
    owed, applications = await asyncio.gather(
        _if(partial(owing.summary, api, Side.SUPPLIER), me.may(Scope.SETTLEMENT_READ)),
        _if(partial(joining.applications, api), me.administers and me.may(Scope.ONBOARDING_WRITE)),
    )
    return {
        "owed": owed,
        "main": owed.main if owed else None,
        "applications": [one for one in applications or () if one.state in MINE],
        "waiting": [one for one in applications or () if one.state is ApplicationState.SUBMITTED],
    }


async def _if(ask: Callable[[], Awaitable[T]], wanted: bool) -> T | None:
    """Ask if it is wanted; None when it is not, or nobody answers."""
    if not wanted:
        return None
    try:
        return await ask()
    except (Away, Refused):
        return None
