"""Work out what of a month may be published: asked for by the operator, done beside the API."""

import asyncio
import json
import logging
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.insights.commands.protecting import Task, Verdict, protected
from services.insights.commands.secrets import ensure_percent
from services.insights.domain import content
from services.insights.domain.contributions import Sum, sums
from services.insights.domain.figures import first_of_month, month_after
from services.insights.domain.problems import AlreadyReleased, MonthIsNotOver
from services.insights.models import Preview, Release
from services.insights.queries.contributions import did, known_firms, waivers
from shared.auth import Caller
from shared.database import UNAVAILABLE, Sessions, transaction, utc_now
from shared.settings import settings

logger = logging.getLogger(__name__)

REST_S, SEEN_EVERY_S = 1.0, 5.0
GIVEN_UP_AFTER = timedelta(seconds=60)  # without a word from whoever worked on it
ATTEMPTS_MAX = 3
STEPS = 3  # sums read, judged and audited, written down
UNFINISHED = "It could not be worked out; the log of the service says why."


class Asked(NamedTuple):
    """What a preview is worked out from, and whose figures are in it."""

    task: Task
    sums: list[Sum]
    after_id: UUID | None
    contributors: list[UUID]


async def ask(session: AsyncSession, month: date, *, by: Caller, at: datetime) -> Preview:
    """Have a month's tables worked out; asked again while that is under way, it is the same one.

    Refused while the month is not over, and when it was published before.
    """
    month = first_of_month(month)
    if month_after(month) > at.astimezone(settings().calendar).date():
        raise MonthIsNotOver("Ask again once the month is over.")
    if await session.scalar(select(Release.id).where(Release.month == month)):
        raise AlreadyReleased("A release is never changed; publish another month.")
    under_way = select(Preview).where(
        Preview.month == month, Preview.state.in_(["waiting", "running"])
    )
    if found := (await session.scalars(under_way)).first():
        return found
    preview = Preview(
        month=month, state="waiting", done=0, total=STEPS, attempts=0, asked_by=by.name
    )
    session.add(preview)
    await session.flush()
    return preview


async def work_on(sessions: Sessions, stop: asyncio.Event) -> None:
    """Work out one preview after another as they are asked for, until told to stop."""
    drawn = False
    while not stop.is_set():
        try:
            if not drawn:
                async with transaction(sessions) as session:
                    await ensure_percent(session)
                drawn = True
            if await work(sessions, stop=stop):
                continue
        except UNAVAILABLE:  # what failed may name what is drawn, and so is not logged
            logger.info("previews wait for the database")
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), REST_S)


async def work(sessions: Sessions, *, stop: asyncio.Event | None = None) -> bool:
    """Work out the preview that waits longest, also one that its worker left; False: none does.

    What was begun when it is told to stop is begun anew by the next.
    """
    async with transaction(sessions) as session:
        claimed = await _claim(session, at=utc_now())
    if claimed is None:
        return False
    preview_id, month, attempts = claimed
    if attempts > ATTEMPTS_MAX:
        await _say(sessions, preview_id, state="refused", reason=UNFINISHED, finished_at=utc_now())
        return True
    seeing = asyncio.create_task(_keep_saying(sessions, preview_id))
    try:
        async with transaction(sessions) as session:
            asked = await _asked(session, month)
        await _say(sessions, preview_id, done=1)
        verdict = await protected(asked.task, stop=stop or asyncio.Event())
        said = {"state": "waiting", "done": 0} if verdict is None else _result(asked, verdict)
    except UNAVAILABLE:
        raise
    except Exception:
        logger.exception("preview %s was not worked out", preview_id)
        said = {"state": "waiting", "done": 0}
    finally:
        seeing.cancel()
    await _say(sessions, preview_id, **said)
    return True


async def _claim(session: AsyncSession, *, at: datetime) -> tuple[UUID, date, int] | None:
    left = (Preview.state == "running") & (Preview.seen_at < at - GIVEN_UP_AFTER)
    next_one = (
        select(Preview.id)
        .where(Preview.state.in_(["waiting", "running"]), or_(Preview.state == "waiting", left))
        .order_by(Preview.created_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    claimed = (
        update(Preview)
        .where(Preview.id == next_one)
        .values(state="running", seen_at=at, attempts=Preview.attempts + 1, done=0)
        .returning(Preview.id, Preview.month, Preview.attempts)
    )
    row = (await session.execute(claimed)).first()
    return (row[0], row[1], row[2]) if row else None


async def _keep_saying(sessions: Sessions, preview_id: UUID) -> None:
    while True:
        await asyncio.sleep(SEEN_EVERY_S)
        with suppress(*UNAVAILABLE):
            await _say(sessions, preview_id, seen_at=utc_now())


async def _say(sessions: Sessions, preview_id: UUID, **said: Any) -> None:  # noqa: ANN401
    async with transaction(sessions) as session:
        await session.execute(update(Preview).where(Preview.id == preview_id).values(**said))


async def _asked(session: AsyncSession, month: date) -> Asked:
    """Read the month's sums, and all that was released with the sums of then."""
    happened = await did(session, month)
    known = await known_firms(session, happened)
    of_month = sums(month, happened, known)
    before = (
        select(Release.id, Release.month, Release.content, Preview.rows)
        .join(Preview, Preview.id == Release.preview_id)
        .order_by(Release.id)
    )
    released = (await session.execute(before)).all()
    earlier, rows = [], list(of_month)
    for _, when, text, kept in released:
        earlier.append((when, content.shown(text)))
        rows += loaded(kept or "[]")
    task = Task(
        month=month,
        sums=rows,
        earlier=earlier,
        percent=await ensure_percent(session),
        waivers=await waivers(session, known),
    )
    contributors = {firm for one in happened for firm in (one.buyer_id, one.supplier_id)}
    last = released[-1][0] if released else None
    return Asked(task, of_month, last, sorted(contributors))


def _result(asked: Asked, verdict: Verdict) -> dict[str, Any]:
    at = utc_now()
    if verdict.findings:
        reason = "The audit found what could be inferred: " + "; ".join(verdict.findings)
        return {"state": "refused", "done": STEPS, "reason": reason[:2_000], "finished_at": at}
    text = content.written(asked.task.month, verdict.catalog, verdict.shown)
    withheld = {
        name: [[*place, str(why)] for place, why in sorted(places.items())]
        for name, places in verdict.withheld.items()
    }
    return {
        "state": "passed",
        "done": STEPS,
        "content": text,
        "sha256": content.hashed(text),
        "rows": dumped(asked.sums),
        "withheld": json.dumps(withheld),
        "after_id": asked.after_id,
        "contributor_ids": asked.contributors,
        "finished_at": at,
    }


def dumped(rows: list[Sum]) -> str:
    """Write sums down, to be audited again together with later releases."""
    return json.dumps([[list(row[0]), row[1], row[2].isoformat(), *row[3:]] for row in rows])


def loaded(text: str) -> list[Sum]:
    """Read sums as they were written down."""
    return [
        (tuple(buyers), supplier, date.fromisoformat(month), region, industry, measure, value)
        for buyers, supplier, month, region, industry, measure, value in json.loads(text)
    ]
