"""Who read one's figures, and what one lets be inferred, over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from contracts.scopes import Scope
from services.insights.commands import looks as commands
from services.insights.queries import looks as queries
from services.insights.schemas.scorecards import LookOut, WaiverIn, WaiverOut
from shared.auth import Caller, requires
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked

router = APIRouter(tags=["Looks"], route_class=Route)

Reader = Annotated[Caller, requires(Scope.INSIGHTS_READ)]
Administrator = Annotated[Caller, requires(Scope.INSIGHTS_READ, Scope.IDENTITY_ADMINISTER)]
Days = Annotated[int, Query(ge=1, le=366, description="So many days back.")]


@router.get("/looks", response_model=Page[LookOut])
async def list_looks(
    caller: Reader, session: Transaction, now: Now, paging: PageAsked, days: Days = 90
) -> Any:  # noqa: ANN401
    """List who read one's figures: per day, reader and kind with the count, the latest first."""
    return await queries.looks(session, caller=caller, at=now, days=days, paging=paging)


@router.get("/waivers", response_model=Page[WaiverOut])
async def list_waivers(caller: Reader, session: Transaction, paging: PageAsked) -> Any:  # noqa: ANN401
    """List what one's organization said about its own sums in releases; the first counts."""
    return await queries.waivers(session, caller=caller, paging=paging)


@router.post("/waivers", status_code=201)
async def say_waiver(
    body: WaiverIn, caller: Administrator, session: Transaction, now: Now
) -> WaiverOut:
    """Let one's own sums be inferred from later releases, or do so no more.

    Without it nothing that a single core enterprise dominates is ever published. It holds for the
    group of the organization that gives it alone: its suppliers stay protected, also from it.
    """
    waiver = await commands.say_waiver(session, given=body.given, by=caller, at=now)
    return WaiverOut.model_validate(waiver)
