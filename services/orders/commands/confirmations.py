"""Confirm schedule lines: one is a batch of one."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from services.orders.domain.lights import State, turns
from services.orders.domain.schedule_lines import (
    Confirmation,
    Held,
    Outcome,
    Promise,
    ScheduleLine,
    judge,
)
from services.orders.models import Order
from services.orders.models import ScheduleLine as Row
from shared.auth import Caller
from shared.database import statement
from shared.events import published
from shared.problem import Problem
from shared.trace import traceparent

CONFIRM_LINES = statement("services.orders.commands", "confirm_lines.sql")


class Confirmed(NamedTuple):
    """A schedule line that is promised now, whether it was before, and what holds the rest."""

    schedule_line_id: UUID
    new: bool
    rest_id: UUID | None = None


async def confirm(
    session: AsyncSession,
    *,
    caller: Caller,
    confirmations: Sequence[Confirmation],
    at: datetime,
    history: Sequence[datetime] | None = None,
) -> list[Confirmed | Problem]:
    """Promise schedule lines in turn and announce each; return what became of each.

    A part that is not promised becomes a schedule line of its own. What was promised so before
    is left alone; what was promised otherwise is refused. `history` tells when each was promised
    and marks them as imported.
    """
    ids = {confirmation.schedule_line_id for confirmation in confirmations}
    rows = await hold(session, caller, ids)
    held = {id_: Held(row.supplier_id, as_line(row)) for id_, row in rows.items()}
    judged = judge(held, confirmations, supplier_id=caller.organization_id)
    new = {
        n: (said.schedule_line_id, outcome)
        for n, (said, outcome) in enumerate(zip(confirmations, judged, strict=True))
        if isinstance(outcome, Outcome)
    }
    rests: dict[int, UUID] = {n: uuid7() for n, (_, outcome) in new.items() if outcome.rest}
    if new:
        sequences = await _next_sequences(session, rows, {n: new[n][0] for n in rests})
        promised = [
            _promised(id_, outcome, rests.get(n), sequences.get(n), history[n] if history else at)
            for n, (id_, outcome) in new.items()
        ]
        columns = zip(*promised, strict=True)
        given: dict[str, Any] = {f"said_{n}": list(column) for n, column in enumerate(columns)}
        given |= {"by": caller.name, "user_id": caller.user_id, "client_id": caller.client_id}
        given |= {"at": at, "imported": history is not None, "trace": traceparent()}
        await session.execute(CONFIRM_LINES, given)
        published(session)
    return [
        outcome
        if isinstance(outcome, Problem)
        else Confirmed(said.schedule_line_id, isinstance(outcome, Outcome), rests.get(n))
        for n, (said, outcome) in enumerate(zip(confirmations, judged, strict=True))
    ]


def _promised(
    id_: UUID,
    outcome: Outcome,
    rest_id: UUID | None,
    sequence: int | None,
    occurred_at: datetime,
) -> tuple[Any, ...]:
    line, rest = outcome
    assert line.promised_on
    turning = turns(line.promised_on, started=False, outlook=None)
    promise = line.quantity, line.amount_minor, line.promised_on
    left = (rest.quantity, rest.amount_minor) if rest else (None, None)
    lights = turning.at_risk_from, turning.late_from
    return id_, *promise, *lights, rest_id, sequence, *left, occurred_at


async def hold(session: AsyncSession, caller: Caller, ids: Iterable[UUID]) -> Mapping[UUID, Any]:
    """Lock the orders of schedule lines, by id, and return the lines that the caller may see.

    Who changes what two sides agree on holds the order; who records progress, the line alone.
    """
    party = caller.organization_id
    asked = Row.id == any_(literal(list(ids), ARRAY(Uuid)))
    mine = or_(Row.buyer_id == party, Row.supplier_id == party)
    concerned = select(Row.order_id).where(asked, mine)
    orders = select(Order.id).where(Order.id.in_(concerned)).order_by(Order.id)
    await session.execute(orders.with_for_update(key_share=True))
    columns = (
        *(Row.id, Row.line_id, Row.supplier_id, Row.state, Row.quantity, Row.amount_minor),
        *(Row.due_on, Row.promised_on, Row.first_promised_on, Row.first_promised_quantity),
        *(Row.good, Row.open_change_id),
    )
    rows = await session.execute(select(*columns).where(asked, mine))
    return {row.id: row for row in rows}


def as_line(row: Any) -> ScheduleLine:  # noqa: ANN401  a row, or an entity
    """Read a schedule line in the words of its rules."""
    first = None
    if row.first_promised_on:
        first = Promise(row.first_promised_quantity, row.first_promised_on)
    return ScheduleLine(
        state=State(row.state),
        quantity=row.quantity,
        amount_minor=row.amount_minor,
        due_on=row.due_on,
        promised_on=row.promised_on,
        first=first,
        good=row.good,
        open_change=row.open_change_id is not None,
    )


async def _next_sequences(
    session: AsyncSession, rows: Mapping[UUID, Any], splits: Mapping[int, UUID]
) -> dict[int, int]:
    """Return the next free sequence on its line for each schedule line that a split creates."""
    line_of = {n: rows[id_].line_id for n, id_ in splits.items()}
    lines = literal(list(set(line_of.values())), ARRAY(Uuid))
    last = select(Row.line_id, func.max(Row.sequence)).where(Row.line_id == any_(lines))
    counted: Counter[UUID] = Counter()
    if line_of:
        counted.update(dict((await session.execute(last.group_by(Row.line_id))).all()))
    sequences = {}
    for n, line_id in line_of.items():
        counted[line_id] += 1
        sequences[n] = counted[line_id]
    return sequences
