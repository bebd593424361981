"""Whatever is reported, taken back and agreed on: a model that shares no code has equal books."""

import asyncio
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any, ClassVar, TypeVar
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text
from uuid_utils.compat import uuid7

from contracts.event import Envelope
from contracts.production import ProgressReported, WorkOrderCompleted, WorkOrderOpened
from services.production import commands
from services.production.domain.reports import Circumstances, Made, Recorded
from services.production.models import WorkOrder
from services.production.queries import CHECKS
from shared.auth import Caller
from shared.database import Store, transaction
from shared.problem import Problem
from shared.settings import settings as platform
from tests.conftest import Stores
from tests.network import relayed
from tests.production import factories
from tests.production.factories import NOW

ME = Caller(uuid4(), frozenset(), name="Li Wei")
UNDER = Circumstances(ME.organization_id, NOW, platform().calendar)
QUANTITIES = st.integers(0, 7)
BATCHES = st.lists(st.tuples(st.integers(1, 4), QUANTITIES, QUANTITIES), min_size=1, max_size=4)
T = TypeVar("T")


class Books:
    """One work order by plain counting: the reports that stand, and what they add up to."""

    def __init__(self, agreed: int, operations: int) -> None:
        self.agreed, self.operations, self.cancelled = agreed, operations, False
        self.standing: dict[UUID, tuple[int, int, int]] = {}
        self.completions = 0
        self.told_as_complete = False

    def good(self, operation: int) -> int:
        return sum(good for at, good, _ in self.standing.values() if at == operation)

    def scrapped(self, operation: int) -> int:
        return sum(scrapped for at, _, scrapped in self.standing.values() if at == operation)

    def used(self, operation: int) -> int:
        return self.good(operation) + self.scrapped(operation)

    def takes(self, operation: int, good: int, scrapped: int) -> bool:
        if self.cancelled or operation > self.operations or good + scrapped == 0:
            return False
        if operation > 1 and self.used(operation) + good + scrapped > self.good(operation - 1):
            return False
        later = sum(self.scrapped(number) for number in range(2, self.operations + 1))
        if operation == 1 and good and self.good(1) + good > self.agreed + later:
            return False
        last = operation == self.operations
        return not (last and good and self.good(operation) + good > self.agreed)

    def gives_back(self, report_id: UUID) -> bool:
        if report_id not in self.standing:
            return False
        operation, good, _ = self.standing[report_id]
        return self.good(operation) - good >= self.used(operation + 1)

    def note(self) -> None:
        complete = not self.cancelled and self.good(self.operations) >= self.agreed
        self.completions += complete and not self.told_as_complete
        self.told_as_complete = complete


class Machine(RuleBasedStateMachine):
    """Drive the commands on the database, and compare with the books after every step."""

    store: ClassVar[Store]
    loop: ClassVar[asyncio.AbstractEventLoop]

    def done(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    @initialize(agreed=st.integers(1, 12), operations=st.integers(1, 3))
    def open(self, agreed: int, operations: int) -> None:
        names = tuple(f"operation {number}" for number in range(1, operations + 1))
        opening = factories.work_order(
            self.store,
            operations=names,
            supplier_id=ME.organization_id,
            quantity=Decimal(agreed),
        )
        self.order = self.done(opening)
        self.books = Books(agreed, operations)
        self.known: list[UUID] = []

    @rule(batch=BATCHES)
    def report(self, batch: list[tuple[int, int, int]]) -> None:
        made = [
            Made(uuid7(), self.order.id, operation, Decimal(good), Decimal(scrapped), NOW)
            for operation, good, scrapped in batch
        ]
        outcomes = self.done(self._report(made))
        for one, told, outcome in zip(made, batch, outcomes, strict=True):
            assert isinstance(outcome, Recorded) == self.books.takes(*told), (told, outcome)
            if isinstance(outcome, Recorded):
                self.books.standing[one.report_id] = told
                self.known.append(one.report_id)
                self.books.note()

    async def _report(self, made: list[Made]) -> Any:  # noqa: ANN401
        async with transaction(self.store.app, actor=ME.organization_id) as session:
            return await commands.report_progress(session, made, by=ME, under=UNDER)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        report_id = data.draw(st.sampled_from(self.known))
        taken = self.done(self._take_back(report_id))
        assert taken == self.books.gives_back(report_id)
        if taken:
            del self.books.standing[report_id]
            self.books.note()

    async def _take_back(self, report_id: UUID) -> bool:
        try:
            async with transaction(self.store.app, actor=ME.organization_id) as session:
                await commands.reverse_report(
                    session, report_id, by=ME, reason="miscounted", under=UNDER
                )
        except Problem:
            return False
        return True

    @rule(quantity=st.integers(1, 12))
    def agree(self, quantity: int) -> None:
        self.done(self._change(quantity=Decimal(quantity)))
        if not self.books.cancelled:
            self.books.agreed = quantity
            self.books.note()

    @precondition(lambda self: len(self.known) > 5)
    @rule()
    def cancel(self) -> None:
        self.done(self._change(kind="cancel", quantity=Decimal(0), promised_on=None))
        self.books.cancelled = True
        self.books.told_as_complete = False

    async def _change(self, **given: Any) -> None:  # noqa: ANN401
        async with transaction(self.store.system) as session:
            await commands.apply_change(session, factories.changed(self.order, **given), at=NOW)

    @invariant()
    def the_books_agree(self) -> None:
        if not hasattr(self, "order"):
            return
        state = self.done(self._state())
        books, numbers = self.books, range(1, self.books.operations + 1)
        assert state.good == [books.good(number) for number in numbers]
        assert state.scrapped == [books.scrapped(number) for number in numbers]
        assert state.reports == len(books.standing)
        assert state.completed == books.good(books.operations)
        assert state.ordered == max(books.agreed, state.completed)
        complete = state.completed >= books.agreed
        assert state.status == (
            "cancelled" if books.cancelled else "completed" if complete else "open"
        )

    async def _state(self) -> WorkOrder:
        async with transaction(self.store.system) as session:
            return await session.get_one(WorkOrder, self.order.id)

    async def _violations(self) -> dict[str, Any]:
        async with transaction(self.store.system) as session:
            found = {name: (await session.execute(text(sql))).all() for name, sql in CHECKS.items()}
        return {name: rows for name, rows in found.items() if rows}

    def teardown(self) -> None:
        """Read nothing but the events: they must tell the same story."""
        if not hasattr(self, "order"):
            return
        assert self.done(self._violations()) == {}
        sent = [Envelope.model_validate_json(m.body).open() for m in self.done(relayed(self.store))]
        events: list[Any] = [e for e in sent if e and e.subject == str(self.order.id)]
        assert [e.revision for e in events] == [*range(2, len(events) + 2)]
        told = [e for e in events if isinstance(e, ProgressReported)]
        for number in range(1, self.books.operations + 1):
            sums = sum(e.good for e in told if e.operation == number)
            assert sums == self.books.good(number)
        if told:
            assert [o.good for o in told[-1].operations] == [
                self.books.good(number) for number in range(1, self.books.operations + 1)
            ]
        assert sum(isinstance(e, WorkOrderCompleted) for e in events) == self.books.completions
        assert not any(isinstance(e, WorkOrderOpened) for e in events)


async def test_reports_and_reversals_keep_the_books(stores: Stores) -> None:
    Machine.store, Machine.loop = stores["production"], asyncio.get_running_loop()
    quick = settings(
        max_examples=15,
        stateful_step_count=18,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_state_machine_as_test, Machine, settings=quick)
