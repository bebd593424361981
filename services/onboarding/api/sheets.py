"""Invitations by spreadsheet over HTTP."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.onboarding.api import workbook
from services.onboarding.api.callers import Writer
from services.onboarding.api.invitations import invited
from services.onboarding.api.workbook import SheetRow
from services.onboarding.commands import invitations as commands
from services.onboarding.commands.invitations import Invited
from services.onboarding.schemas.joining import SheetOut, SheetRowOut
from shared.auth import Caller
from shared.database import Now, Transaction
from shared.guard import TooLarge
from shared.idempotency import Route
from shared.problem import problems
from shared.sheet import MEDIA_TYPE, XLSX, UnusableCell, UnusableSheet, in_pool, uploaded

router = APIRouter(prefix="/invitations/sheet", route_class=Route, tags=["Invitations"])

STATUSES = "invited", "unchanged", "refused"


class Outcome(NamedTuple):
    """What became of a row that can be read, or would."""

    invited: bool
    invitation_id: UUID | None
    link: str | None = None


@router.get("", response_class=Response, responses={200: {"content": {MEDIA_TYPE: XLSX}}})
async def download_sheet(caller: Writer) -> Response:
    """Download an empty spreadsheet in which to list whom to invite."""
    assert caller
    file = await in_pool(workbook.written)
    headers = {
        "Content-Disposition": 'attachment; filename="lianqiao-invitations.xlsx"',
        "Cache-Control": "no-store",
    }
    return Response(file, media_type=MEDIA_TYPE, headers=headers)


@router.post(
    "",
    responses=problems(UnusableSheet, TooLarge),
    openapi_extra={"requestBody": {"required": True, "content": {MEDIA_TYPE: XLSX}}},
)
async def invite_by_sheet(
    request: Request, caller: Writer, session: Transaction, now: Now, *, dry_run: bool
) -> SheetOut:
    """Invite whom a spreadsheet lists or, in a dry run, show what that would bring about.

    Each row is judged alone; who was invited before, under the same contact, stays as it is.
    """
    file = await uploaded(request)
    rows = await in_pool(lambda: workbook.read(file))
    asked = {r.row: invited(r.asked) for r in rows if not isinstance(r.asked, UnusableCell)}
    batch = list(asked.values())
    if dry_run:
        outcomes = await _foreseen(session, caller, batch, now)
    else:
        sent = await commands.invite_all(session, caller=caller, batch=batch, at=now)
        outcomes = [Outcome(one.link is not None, one.invitation.id, one.link) for one in sent]
    by_row = dict(zip(asked, outcomes, strict=True))
    shown = [_shown(row, by_row.get(row.row)) for row in rows]
    counts = {status: sum(row.status == status for row in shown) for status in STATUSES}
    return SheetOut(dry_run=dry_run, rows=shown, **counts)


async def _foreseen(
    session: AsyncSession, caller: Caller, batch: list[Invited], at: datetime
) -> list[Outcome]:
    """Say what would become of each, in turn: the second of one contact is not invited again."""
    known = await commands.standing_invitations(session, caller=caller, batch=batch, at=at)
    there = {contact: row.id for contact, row in known.items()}
    listed: set[str] = set()
    found = []
    for asked in batch:
        news = asked.contact not in there and asked.contact not in listed
        found.append(Outcome(news, there.get(asked.contact)))
        listed.add(asked.contact)
    return found


def _shown(row: SheetRow, outcome: Outcome | None) -> SheetRowOut:
    place = {"row": row.row, "name": row.name, "contact": row.contact}
    if isinstance(row.asked, UnusableCell):
        problem = row.asked.details()
        return SheetRowOut(**place, cell=row.cell, status="refused", problem=problem)
    assert outcome
    return SheetRowOut(
        **place,
        status="invited" if outcome.invited else "unchanged",
        invitation_id=outcome.invitation_id,
        link=outcome.link,
    )
