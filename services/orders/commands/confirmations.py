"""Confirm schedule lines: one is a batch of one."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
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
    happened = [at] * len(confirmations) if history is None else history
    new = [
        _document(said.schedule_line_id, outcome, when)
        for said, outcome, when in zip(confirmations, judged, happened, strict=True)
        if isinstance(outcome, Outcome)
    ]
    if new:
        await _write(session, caller, rows, new, at, imported=history is not None)
    rests = {document["line_id"]: document["rest_id"] for document in new}
    return [
        outcome
        if isinstance(outcome, Problem)
        else Confirmed(said.schedule_line_id, new=True, rest_id=rests[said.schedule_line_id])
        if isinstance(outcome, Outcome)
        else Confirmed(said.schedule_line_id, new=False)
        for said, outcome in zip(confirmations, judged, strict=True)
    ]


def _document(id_: UUID, outcome: Outcome, occurred_at: datetime) -> dict[str, Any]:
    """Write a promise down, with what it leaves over under an id of its own."""
    line, rest = outcome
    assert line.promised_on
    turning = turns(line.promised_on, started=False, outlook=None)
    return {
        "line_id": id_,
        "promised": str(line.quantity),
        "worth_minor": line.amount_minor,
        "promised_by": line.promised_on,
        "amber_from": turning.at_risk_from,
        "red_from": turning.late_from,
        "rest_id": uuid7() if rest else None,
        "rest_quantity": str(rest.quantity) if rest else None,
        "rest_minor": rest.amount_minor if rest else None,
        "occurred_at": occurred_at,
    }


async def _write(  # noqa: PLR0913  whose promises, and when
    session: AsyncSession,
    caller: Caller,
    rows: Mapping[UUID, Any],
    promises: Sequence[dict[str, Any]],
    at: datetime,
    *,
    imported: bool,
) -> None:
    split = [promise for promise in promises if promise["rest_id"]]
    await _number(session, [(rows[promise["line_id"]].line_id, promise) for promise in split])
    for turn, promise in enumerate(promises):
        promise["turn"] = turn
    given = {
        "said": orjson.dumps(promises).decode(),
        "by": caller.name,
        "user_id": caller.user_id,
        "client_id": caller.client_id,
        "at": at,
        "imported": imported,
        "trace": traceparent(),
    }
    await session.execute(CONFIRM_LINES, given)
    published(session)


async def _number(session: AsyncSession, splits: Sequence[tuple[UUID, dict[str, Any]]]) -> None:
    """Give each schedule line that a split creates the next free sequence on its line."""
    if not splits:
        return
    lines = literal(list({line_id for line_id, _ in splits}), ARRAY(Uuid))
    last = select(Row.line_id, func.max(Row.sequence)).where(Row.line_id == any_(lines))
    counted = Counter(dict((await session.execute(last.group_by(Row.line_id))).all()))
    for line_id, promise in splits:
        counted[line_id] += 1
        promise["rest_sequence"] = counted[line_id]


async def hold(session: AsyncSession, caller: Caller, ids: Iterable[UUID]) -> Mapping[UUID, Any]:
    """Lock the orders of schedule lines, by id, and return the lines that the caller may see.

    Whoever announces something of an order holds it: events leave in the order of their commits.
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
