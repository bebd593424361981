"""What two services must agree on once all events have arrived, since one tells the other.

Each side is SQL whose rows are compared as sets of texts: what only one side has is a violation.
"""

import asyncio
import time
from typing import NamedTuple

from sqlalchemy import text

from shared.database import Store, transaction

ARRIVED_WITHIN_S = 10.0  # a difference that lasts longer is no event on its way
LOOKED_AGAIN_EVERY_S = 0.5

Rows = set[tuple[str, ...]]


class Agreement(NamedTuple):
    """What one service says, and what another has heard it say."""

    name: str
    teller: str
    told: str
    hearer: str
    heard: str


AGREEMENTS = (
    Agreement(
        "onboarding knows every organization of identity",
        "identity",
        "SELECT id FROM organizations",
        "onboarding",
        "SELECT id FROM organizations",
    ),
    Agreement(
        "orders knows every relationship as onboarding has it",
        "onboarding",
        "SELECT buyer_id, supplier_id, state FROM relationships",
        "orders",
        "SELECT buyer_id, supplier_id, state FROM relationships",
    ),
    Agreement(
        "orders knows every work order, and what it has completed, as production has it",
        "production",
        "SELECT schedule_line_id, id, trim_scale(completed) FROM work_orders",
        "orders",
        "SELECT id, work_order_id, trim_scale(good) FROM schedule_lines "
        "WHERE work_order_id IS NOT NULL",
    ),
    Agreement(
        "production has one work order for every schedule line that was ever confirmed",
        "orders",
        "SELECT DISTINCT schedule_line_id FROM promises",
        "production",
        "SELECT schedule_line_id FROM work_orders",
    ),
    Agreement(
        "insights counts every order, to its amount, as orders has it",
        "orders",
        "SELECT id, currency, amount_minor FROM orders",
        "insights",
        "SELECT order_id, currency, amount_minor FROM orders",
    ),
    Agreement(
        "insights knows every relationship as onboarding has it",
        "onboarding",
        "SELECT buyer_id, supplier_id, state FROM relationships",
        "insights",
        "SELECT buyer_id, supplier_id, state FROM relationships",
    ),
)


async def differences(agreement: Agreement, stores: dict[str, Store]) -> list[str]:
    """Return what one side has and the other lacks, after events have had time to arrive."""
    deadline = time.monotonic() + ARRIVED_WITHIN_S
    while True:
        told = await _rows(stores[agreement.teller], agreement.told)
        heard = await _rows(stores[agreement.hearer], agreement.heard)
        if told == heard or time.monotonic() > deadline:
            only_told = [f"only {agreement.teller} has {', '.join(row)}" for row in told - heard]
            only_heard = [f"only {agreement.hearer} has {', '.join(row)}" for row in heard - told]
            return sorted(only_told + only_heard)
        await asyncio.sleep(LOOKED_AGAIN_EVERY_S)


async def _rows(store: Store, statement: str) -> Rows:
    async with transaction(store.system) as session:
        await session.execute(text("SET TRANSACTION READ ONLY"))
        return {tuple(map(str, row)) for row in await session.execute(text(statement))}
