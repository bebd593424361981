"""Accept and reject what came; when the days of inspection are over, it is deemed accepted."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from contracts.logistics import AcceptedLine, GoodsAccepted
from contracts.orders import Side
from services.logistics.commands import holding
from services.logistics.commands.recording import PLATFORM, Changes, record
from services.logistics.domain.acceptances import (
    Receipt,
    ReceiptLine,
    Verdict,
    accept_all,
    judge,
    to_judge,
)
from services.logistics.domain.deadlines import end_of, inspection, is_over
from services.logistics.models import Receipt as Row
from services.logistics.schemas.stories import EntryKind
from shared.auth import Caller
from shared.database import UNAVAILABLE, Sessions, transaction, utc_now
from shared.settings import settings

logger = logging.getLogger(__name__)

EVERY_S = 60.0
STEP_RECEIPTS_MAX = 500  # of one transaction


class Judged(NamedTuple):
    """When something was judged, by whom, and whether only because its time ran out."""

    accepted_on: date
    occurred_at: datetime
    side: str = Side.BUYER
    deemed: bool = False


async def accept(
    session: AsyncSession,
    *,
    caller: Caller,
    receipt_id: UUID,
    verdicts: Sequence[Verdict] | None,
    at: datetime,
) -> None:
    """Accept or reject lines of a receipt, or all that waits, and announce it.

    What was noted as damaged is rejected unless it is named. Refused are more than waits, a
    rejection without a reason, and everything once the days of inspection are over.
    """
    chosen = select(Row).where(Row.id == receipt_id)
    held = await holding.receipts(session, chosen, caller=caller)
    zone = settings().calendar
    receipt = to_judge(held.get(receipt_id), caller.organization_id, at, zone)
    decided = accept_all(receipt) if verdicts is None else judge(receipt, verdicts)
    judged = Judged(at.astimezone(zone).date(), at)
    changes = Changes(by=caller.name, at=at)
    await _apply(session, [(receipt, decided, judged)], changes, caller=caller)
    await record(session, changes)


async def deem(session: AsyncSession, *, at: datetime) -> int:
    """Accept what nobody judged in time, oldest first; return how many receipts were looked at.

    The day is found anew where it was provisional: holidays announced since then may have moved
    it. Acceptance counts from the end of the period, however late this runs.
    """
    zone = settings().calendar
    today = at.astimezone(zone).date()
    late = (Row.state == "waiting", Row.inspection_ends_on < today)
    first = select(Row.id).where(*late).order_by(Row.inspection_ends_on, Row.id)
    ids = (await session.scalars(first.limit(STEP_RECEIPTS_MAX))).all()
    if not ids:
        return 0
    chosen = select(Row).where(holding.among(Row.id, ids), *late)
    held = await holding.receipts(session, chosen, caller=None)
    changes = Changes(by="", at=at)
    over = []
    for receipt in map(_found_anew, held.values()):
        if not is_over(receipt.inspection_ends_on, at, zone):
            changes.judged.append(_state(receipt, waits=True))
            continue
        ends_on = receipt.inspection_ends_on
        judged = Judged(ends_on, end_of(ends_on, zone), PLATFORM, deemed=True)
        over.append((receipt, accept_all(receipt), judged))
    await _apply(session, over, changes, caller=None)
    await record(session, changes)
    return len(ids)


def _found_anew(receipt: Receipt) -> Receipt:
    if not receipt.provisional:
        return receipt
    ends_on, provisional = inspection(receipt.delivered_on, receipt.working_days)
    return replace(receipt, inspection_ends_on=ends_on, provisional=provisional)


async def keep_deeming(sessions: Sessions, stop: asyncio.Event) -> None:
    """Accept what nobody judged in time, now and every minute: also what fell due in downtime."""
    while not stop.is_set():
        try:
            count = STEP_RECEIPTS_MAX
            while count == STEP_RECEIPTS_MAX and not stop.is_set():
                async with transaction(sessions) as session:
                    count = await deem(session, at=utc_now())
        except UNAVAILABLE as error:
            logger.info("deemed acceptance waits for the database: %r", error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY_S)


async def _apply(
    session: AsyncSession,
    judgements: Sequence[tuple[Receipt, Sequence[Verdict], Judged]],
    changes: Changes,
    *,
    caller: Caller | None,
) -> None:
    """Count verdicts on the schedule lines, and add them to what is written."""
    lines = {line.id: line for receipt, _, _ in judgements for line in receipt.lines.values()}
    ids = {line.schedule_line_id for line in lines.values() if line.schedule_line_id}
    before = await holding.goods(session, ids, caller=caller)
    after = dict(before)
    for receipt, verdicts, judged in judgements:
        for verdict in verdicts:
            line = lines[verdict.receipt_line_id]
            lines[line.id] = replace(
                line,
                accepted=line.accepted + verdict.accepted,
                rejected=line.rejected + verdict.rejected,
            )
            if line.schedule_line_id:
                of = after[line.schedule_line_id]
                tally = of.tally.judge(accepted=verdict.accepted, rejected=verdict.rejected)
                after[of.id] = replace(of, tally=tally)
        _note(changes, receipt, verdicts, lines)
        write_acceptance(changes, receipt, verdicts, judged)
    changes.count(before, after)


def _note(
    changes: Changes,
    receipt: Receipt,
    verdicts: Sequence[Verdict],
    lines: Mapping[UUID, ReceiptLine],
) -> None:
    waits = any(lines[id_].waiting for id_ in receipt.lines)
    changes.judged.append(_state(receipt, waits=waits))
    for id_ in dict.fromkeys(verdict.receipt_line_id for verdict in verdicts):
        line = lines[id_]
        judged = {"id": id_, "accepted": line.accepted, "rejected": line.rejected}
        changes.lines_judged.append(judged)


def _state(receipt: Receipt, *, waits: bool) -> dict[str, object]:
    return {
        "id": receipt.id,
        "state": "waiting" if waits else "judged",
        "inspection_ends_on": receipt.inspection_ends_on,
        "provisional": receipt.provisional,
    }


def write_acceptance(
    changes: Changes, receipt: Receipt, verdicts: Sequence[Verdict], judged: Judged
) -> None:
    """Add verdicts on a receipt to what is written, and announce those on ordered goods."""
    acceptance_id = uuid7()
    parties = receipt.buyer_id, receipt.supplier_id
    owners = {"buyer_id": receipt.buyer_id, "supplier_id": receipt.supplier_id}
    when = {"accepted_on": judged.accepted_on, "occurred_at": judged.occurred_at}
    changes.acceptances.append(
        {"id": acceptance_id, "receipt_id": receipt.id, "deemed": judged.deemed, **owners, **when}
    )
    changes.acceptance_lines += [
        {"id": uuid7(), "acceptance_id": acceptance_id, **verdict._asdict(), **owners}
        for verdict in verdicts
    ]
    rejected = [verdict.reason for verdict in verdicts if verdict.rejected and verdict.reason]
    kinds = {
        EntryKind.DEEMED_ACCEPTED if judged.deemed else EntryKind.ACCEPTED: any(
            verdict.accepted for verdict in verdicts
        ),
        EntryKind.REJECTED: bool(rejected),
    }
    for kind, happened in kinds.items():
        if happened:
            changes.tell(
                kind,
                parties=parties,
                side=judged.side,
                occurred_at=judged.occurred_at,
                shipment_id=receipt.shipment_id,
                receipt_id=receipt.id,
                text="; ".join(dict.fromkeys(rejected)) if kind is EntryKind.REJECTED else None,
            )
    changes.announce(_accepted(changes, receipt, verdicts, judged, acceptance_id))


def _accepted(
    changes: Changes,
    receipt: Receipt,
    verdicts: Sequence[Verdict],
    judged: Judged,
    acceptance_id: UUID,
) -> GoodsAccepted:
    lines = []
    for id_, accepted, rejected, reason in verdicts:
        line = receipt.lines[id_]
        assert line.order_id
        assert line.schedule_line_id  # a wrong item waits for no verdict
        lines.append(
            AcceptedLine(
                receipt_line_id=id_,
                order_id=line.order_id,
                schedule_line_id=line.schedule_line_id,
                accepted=accepted,
                rejected=rejected,
                reason=reason,
            )
        )
    return GoodsAccepted(
        acceptance_id=acceptance_id,
        receipt_id=receipt.id,
        number=receipt.number,
        buyer_id=receipt.buyer_id,
        supplier_id=receipt.supplier_id,
        lines=lines,
        deemed=judged.deemed,
        delivered_on=receipt.delivered_on,
        inspection_ends_on=receipt.inspection_ends_on,
        accepted_on=judged.accepted_on,
        provisional=receipt.provisional,
        occurred_at=judged.occurred_at,
        recorded_at=changes.at,
        imported=changes.imported,
    )
