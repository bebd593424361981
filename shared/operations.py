"""What every service offers its operator: health, metrics, backlog and dead letters."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.scopes import Scope
from shared import dead_letters
from shared.auth import Caller, requires
from shared.database import Store, SystemTransaction, is_away, is_locked, transaction
from shared.events import OutboxEvent
from shared.inbox import ConsumerPosition, DeadLetter
from shared.migrating import head
from shared.problem import Busy, Conflict, NotFound
from shared.types import Body, Code, Line, View

LETTERS_MAX = 200

router = APIRouter(tags=["Operation"])

Watcher = Annotated[Caller, requires(Scope.PLATFORM_READ)]
Operator = Annotated[Caller, requires(Scope.PLATFORM_OPERATE)]


class Status(View):
    """Whether the service can do its work."""

    status: str


class NotReady(Busy):
    """The service cannot serve yet."""


class LetterOut(View):
    """An event that waits for the operator; without a reason it only waits behind another."""

    position: int
    topic: str
    subject: str
    type: str | None
    reason: str | None
    arrived_at: datetime


class LagOut(View):
    """How far a consumer has read one partition."""

    topic: str
    partition: int
    position: int
    log_end: int
    seen_at: datetime


class OperationOut(View):
    """How a service's events flow."""

    service: str
    outbox_backlog: int
    outbox_age_s: float
    consumer_lag: int
    dead_letters: int
    lags: list[LagOut]
    letters: list[LetterOut]


class SubjectIn(Body):
    """Whose dead letters are meant."""

    topic: Code
    subject: Line


class DiscardIn(SubjectIn):
    """Whose first dead letter is given up, and why; with a position, that letter or none."""

    reason: Line
    position: Annotated[int, Field(ge=1, lt=2**63, strict=True)] | None = None


class ReplayOut(View):
    """How many letters were applied."""

    applied: int


@router.get("/health/live")
async def live() -> Status:
    """Answer while the process runs."""
    return Status(status="live")


@router.get("/health/ready")
async def ready(request: Request) -> Status:
    """Answer 200 when the database is there and migrated; Kafka may be away."""
    state = request.app.state
    if getattr(state, "leaving", False):
        raise NotReady("This process is about to end; another one answers.")
    store: Store = state.store
    async with transaction(store.system) as session:
        there = await session.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
        version = text("SELECT version_num FROM alembic_version")
        found = await session.scalar(version) if there else None
    if found != head(state.service.name):
        raise NotReady("The database is not at this release's migration: run `lianqiao migrate`.")
    if not getattr(state.verify, "ready", True):
        raise NotReady("Identity's keys are not known yet.")
    return Status(status="ready")


@router.get("/operation")
async def operation(request: Request, _: Watcher, session: SystemTransaction) -> OperationOut:
    """Show how this service's events flow: what waits to leave, to be applied, for a decision."""
    figures = await _figures(session)
    letters = select(DeadLetter).order_by(DeadLetter.position).limit(LETTERS_MAX)
    lags = (await session.scalars(select(ConsumerPosition))).all()
    return OperationOut(
        service=request.app.state.service.name,
        outbox_backlog=int(figures["outbox_backlog"]),
        outbox_age_s=figures["outbox_age_seconds"],
        consumer_lag=int(figures["consumer_lag"]),
        dead_letters=int(figures["dead_letters"]),
        lags=[LagOut.model_validate(lag) for lag in lags],
        letters=_shown((await session.scalars(letters)).all()),
    )


def _shown(letters: Sequence[DeadLetter]) -> list[LetterOut]:
    return [
        LetterOut(
            position=letter.position,
            topic=letter.topic,
            subject=letter.subject,
            type=dead_letters.type_of(letter.body),
            reason=letter.reason,
            arrived_at=letter.arrived_at,
        )
        for letter in letters
    ]


@router.get("/metrics", response_class=Response)
async def metrics(request: Request, _: Watcher, session: SystemTransaction) -> Response:
    """Show this process's figures and the service's backlog in Prometheus' text format."""
    report = request.app.state.meter.report(await _figures(session))
    return Response(report, media_type="text/plain; version=0.0.4; charset=utf-8")


async def _figures(session: AsyncSession) -> dict[str, float]:
    waiting = OutboxEvent.published_at.is_(None)
    oldest = func.extract("epoch", func.now() - func.min(OutboxEvent.recorded_at))
    backlog: Any = select(func.count(), func.coalesce(oldest, 0)).where(waiting)
    count, age_s = (await session.execute(backlog.select_from(OutboxEvent))).one()
    behind = func.sum(ConsumerPosition.log_end - ConsumerPosition.position)
    return {
        "outbox_backlog": count,
        "outbox_age_seconds": float(age_s),
        "consumer_lag": float(await session.scalar(select(func.coalesce(behind, 0))) or 0),
        "dead_letters": await session.scalar(select(func.count()).select_from(DeadLetter)) or 0,
    }


@router.post("/dead-letters/replay")
async def replay(request: Request, body: SubjectIn, _: Operator) -> ReplayOut:
    """Apply a subject's dead letters again, in order, until one stands in the way."""
    state = request.app.state
    try:
        applied = await dead_letters.replay(
            state.service.handlers, state.store.system, topic=body.topic, subject=body.subject
        )
    except Exception as obstacle:
        if is_away(obstacle) or is_locked(obstacle):
            raise
        said = f"{type(obstacle).__name__}: {obstacle}"[:500]
        raise Conflict(f"It still cannot be applied, and stays: {said}") from obstacle
    return ReplayOut(applied=applied)


@router.post("/dead-letters/discard", status_code=204)
async def discard(request: Request, body: DiscardIn, caller: Operator) -> None:
    """Give up a subject's first dead letter; it is kept with the reason and the name."""
    store: Store = request.app.state.store
    by = f"{caller.name} ({caller.user_id or caller.client_id})"
    given_up = await dead_letters.discard(store.system, **body.model_dump(), by=by)
    if not given_up:
        raise NotFound("There is no such dead letter at the head of this subject.")
