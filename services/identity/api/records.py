"""Sessions and the audit list over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter

from contracts.scopes import Scope
from services.identity import queries
from services.identity.commands import sessions
from services.identity.schemas import Action, AuditEntryOut, SessionOut
from shared.auth import Caller, requires
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.paging import Page, PageAsked
from shared.problem import NotFound, problems

router = APIRouter(route_class=Route, tags=["Records"])

Administrator = Annotated[Caller, requires(Scope.IDENTITY_ADMINISTER)]


@router.get("/sessions", response_model=Page[SessionOut])
async def list_sessions(
    caller: Administrator, session: Transaction, paging: PageAsked, now: Now
) -> Any:  # noqa: ANN401
    """List where the organization's people are signed in, the newest first."""
    return await queries.sessions(session, caller=caller, at=now, paging=paging)


@router.post("/sessions/{session_id}/end", status_code=204, responses=problems(NotFound))
async def end_session(
    session_id: UUID, caller: Administrator, session: Transaction, now: Now
) -> None:
    """End a session: the person signs in again, and refreshing stops at once."""
    await sessions.end(session, caller=caller, session_id=session_id, at=now)


@router.get("/audit", response_model=Page[AuditEntryOut])
async def list_audit(
    caller: Administrator, session: Transaction, paging: PageAsked, action: Action | None = None
) -> Any:  # noqa: ANN401
    """List what was done in the organization, the newest first."""
    return await queries.audit(session, caller=caller, action=action, paging=paging)
