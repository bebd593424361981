"""Take in receipts of the past; nobody has to judge them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Text, any_, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.logistics.commands import holding, numbers
from services.logistics.commands.acceptances import Judged, write_acceptance
from services.logistics.commands.numbers import Numbered
from services.logistics.commands.receipts import Placement, circumstances, placed, write_receipt
from services.logistics.commands.recording import Changes, record
from services.logistics.domain.acceptances import Receipt, ReceiptLine, Verdict
from services.logistics.domain.history import PastReceipt, receive_past
from services.logistics.domain.receipts import Received
from services.logistics.models import ScheduleLine
from shared.auth import Caller
from shared.problem import Problem


async def import_receipts(
    session: AsyncSession, *, caller: Caller, asked: Sequence[PastReceipt], at: datetime
) -> list[Placement | Problem]:
    """Take in receipts of the past in turn and announce each; return what became of each.

    Those with quantities count as received without a notice and, where they say so, as accepted on
    the day of delivery. Refused are orders that were not heard of here yet: send them again.
    """
    me = caller.organization_id
    orders = literal(list({one.order_number for one in asked}), ARRAY(Text))
    mine = ScheduleLine.buyer_id == me, ScheduleLine.order_number == any_(orders)
    ids = (await session.scalars(select(ScheduleLine.id).where(*mine))).all()
    before = await holding.goods(session, ids, caller=caller)
    after = dict(before)
    known = await numbers.known(session, me, Numbered.RECEIPTS, [one.number for one in asked])
    under = await circumstances(session, caller, at)
    judged = receive_past(asked, after, known=known, under=under)
    changes = Changes(by=caller.name, at=at, imported=True)
    for past, outcome in zip(asked, judged, strict=True):
        if isinstance(outcome, Received):
            write_receipt(changes, outcome, me)
            if past.accepted and outcome.lines:
                _accept(changes, outcome, me)
    if changes.receipts:
        changes.count(before, after)
        await record(session, changes)
    return [placed(outcome) for outcome in judged]


def _accept(changes: Changes, received: Received, buyer_id: UUID) -> None:
    """Write that all of a receipt was accepted when it came."""
    lines = {
        line.id: ReceiptLine(line.id, line.goods.id, line.goods.order_id, line.received)
        for line in received.lines
        if line.goods
    }
    receipt = Receipt(
        id=received.asked.id,
        number=received.asked.number,
        buyer_id=buyer_id,
        supplier_id=received.supplier_id,
        shipment_id=None,
        delivered_on=received.delivered_on,
        inspection_ends_on=received.inspection.ends_on,
        working_days=received.working_days,
        provisional=received.inspection.provisional,
        lines=lines,
    )
    verdicts = [Verdict(line.id, line.received) for line in lines.values()]
    judged = Judged(received.delivered_on, received.asked.received_at)
    write_acceptance(changes, receipt, verdicts, judged)
