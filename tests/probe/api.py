"""Notes over HTTP, and every kind of trouble that a route can be in."""

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from contracts.scopes import Scope
from shared.auth import Caller, requires, requires_any
from shared.database import Now, SystemTransaction, Transaction
from shared.events import publish
from shared.idempotency import Route
from shared.paging import Page, PageAsked, keyset
from shared.problem import Conflict, NotFound, problems
from shared.types import Code, Day, Instant, Search
from tests.probe.contracts import Noted
from tests.probe.models import Note
from tests.probe.schemas import NoteIn, NoteOut

router = APIRouter(tags=["Notes"], route_class=Route)
edge = APIRouter()

Reader = Annotated[Caller, requires(Scope.ORDERS_READ)]
Writer = Annotated[Caller, requires(Scope.ORDERS_READ, Scope.ORDERS_PLACE)]
Either = Annotated[Caller, requires_any(Scope.ORDERS_PLACE, Scope.ORDERS_CONFIRM)]
ORDERS = {
    "rank": (Note.rank, Note.id),
    "weight": (Note.weight, Note.id),
    "noted_at": (Note.noted_at, Note.id),
    "text": (Note.text, Note.id),
    "id": (Note.id,),
}


@router.post("/notes", status_code=201, responses=problems(Conflict))
async def take_a_note(
    body: NoteIn, caller: Writer, session: Transaction, now: Now, response: Response
) -> NoteOut:
    """Note something and say so."""
    note = Note(
        buyer_id=caller.organization_id,
        supplier_id=body.supplier_id,
        text=body.text,
        rank=body.rank,
        weight=body.weight,
        noted_at=body.noted_at or now,
    )
    session.add(note)
    await session.flush()
    publish(session, Noted(subject_id=note.id, number=1, text=note.text))
    response.headers["Location"] = f"/api/probe/v1/notes/{note.id}"
    return NoteOut.model_validate(note)


@router.get("/notes")
async def list_notes(  # noqa: PLR0913  one for each kind of parameter
    caller: Reader,  # noqa: ARG001
    session: Transaction,
    paging: PageAsked,
    order: str = "rank",
    q: Search = "",
    *,
    descending: bool = False,
    code: Code | None = None,  # noqa: ARG001
    on: Day | None = None,  # noqa: ARG001
    since: Annotated[Instant | None, Query()] = None,
) -> Page[NoteOut]:
    """List notes in an order of the caller's choice."""
    if order not in ORDERS:
        raise NotFound("There is no such order.")
    rows = select(Note)
    if q:
        rows = rows.where(Note.text.contains(q, autoescape=True))
    if since:
        rows = rows.where(Note.noted_at >= since)
    page = await keyset(session, rows, order=ORDERS[order], paging=paging, descending=descending)
    return Page(items=[NoteOut.model_validate(row) for row in page.items], next=page.next)


@router.get("/notes/{note_id}")
async def show_note(note_id: UUID, caller: Reader, session: Transaction) -> NoteOut:  # noqa: ARG001
    """Show one note."""
    note = await session.get(Note, note_id)
    if note is None:
        raise NotFound("There is no such note.")
    return NoteOut.model_validate(note)


@router.get("/things/{code}")
async def show_code(code: Code, caller: Either) -> str:  # noqa: ARG001
    """Say a word from the address again."""
    return code


@router.post("/notes/everybodys")
async def count_for_the_platform(caller: Writer, session: SystemTransaction) -> list[str]:
    """Do something as the system, once per key."""
    note = Note(
        buyer_id=caller.organization_id,
        supplier_id=caller.organization_id,
        text="everybody's",
        rank=1,
        weight=1,
        noted_at=text("now()"),
    )
    session.add(note)
    await session.flush()
    return [str(note.id)]


@router.post("/trouble/{kind}")
async def be_in_trouble(kind: Code, caller: Writer, session: Transaction, now: Now) -> Response:
    """Write something, then fail in the way that was asked for."""
    session.add(
        Note(
            buyer_id=caller.organization_id,
            supplier_id=caller.organization_id,
            text=kind,
            rank=1,
            weight=1,
            noted_at=now,
        )
    )
    await session.flush()
    await TROUBLE[kind](session)
    return JSONResponse({"kind": kind}, 409 if kind == "returned" else 200)


async def _bug(_: Transaction) -> None:
    raise ZeroDivisionError("a bug")


async def _refusal(_: Transaction) -> None:
    raise Conflict("Not now.")


async def _slow(session: Transaction) -> None:
    await session.execute(text("SET LOCAL statement_timeout = '50ms'"))
    await session.execute(text("SELECT pg_sleep(2)"))


async def _killed(session: Transaction) -> None:
    await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


async def _nul(session: Transaction) -> None:
    session.add(Note(text="\0", rank=1, weight=1))
    await session.flush()


async def _surrogate(session: Transaction) -> None:
    await session.execute(select(Note).where(Note.text == "\ud800"))


async def _too_large(session: Transaction) -> None:
    await session.execute(text("SELECT 1e300::numeric::bigint"))


async def _at_the_commit(session: Transaction) -> None:
    await session.execute(
        text(
            "CREATE TEMPORARY TABLE late (id int PRIMARY KEY, other int"
            " REFERENCES late DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP"
        )
    )
    await session.execute(text("INSERT INTO late VALUES (1, 2)"))


async def _swallowed(session: Transaction) -> None:
    with suppress(DBAPIError):
        await session.execute(text("SELECT 1/0"))


async def _none(_: Transaction) -> None:
    """Be in no trouble."""


TROUBLE = {
    "bug": _bug,
    "refusal": _refusal,
    "slow": _slow,
    "killed": _killed,
    "nul": _nul,
    "surrogate": _surrogate,
    "too-large": _too_large,
    "at-the-commit": _at_the_commit,
    "swallowed": _swallowed,
    "none": _none,
    "returned": _none,
}


@edge.get("/probe-page")
async def page() -> str:
    """Be a page outside of /api."""
    return "a page"
