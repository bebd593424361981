"""Whatever is accepted, invoiced, decided, given back and paid: plain counting has equal books.

The model keeps one list of claims and shares no code with the service. A step is a batch of up
to `BATCH_MAX` operations; LIANQIAO_OPERATIONS says how many there are to be in all.
"""

import asyncio
import os
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any, ClassVar, TypeVar
from uuid import UUID

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

from contracts.onboarding import Terms
from contracts.settlement import InvoiceMatched, PaymentMade
from contracts.values import Money
from services.settlement.commands import invoices, payments
from services.settlement.commands.credits import credit
from services.settlement.commands.decisions import Decided, Decision, resolve
from services.settlement.commands.recording import Circumstances
from services.settlement.domain.invoices import InvoiceAsked, LineAsked
from services.settlement.domain.paying import Asked
from services.settlement.schemas.invoices import CreditNoteIn
from shared.auth import Caller
from shared.database import Store, transaction, utc_now
from shared.problem import Problem
from tests.conftest import Stores
from tests.settlement.factories import (
    Trade,
    announced,
    balances,
    hear,
    person,
    rows,
    violations,
)

OPERATIONS = int(os.environ.get("LIANQIAO_OPERATIONS", "1500"))
STEPS, BATCH_MAX = 20, 60
PERCENT, AMOUNT_MINOR = 5, 200  # tolerated: of a line's value, and on an invoice in all
PRICES = 100, 250  # minor units per piece, of two lines of a thousand pieces
DAY = date(2026, 11, 2)
T = TypeVar("T")


def share(amount: int, part: int, whole: int) -> int:
    """Return a part of an amount, rounded half up."""
    return (2 * amount * part + whole) // (2 * whole)


@dataclass
class Claim:
    """An invoice of one line, and what became of it."""

    line: int
    unmatched: int
    unmatched_minor: int
    worth: int = 0  # of what is matched, at the order's price
    matched: int = 0
    undisputed: int = 0
    price: int = 0  # disputed
    withdrawn: int = 0
    credited: int = 0
    paid: int = 0
    exception: bool = False
    rejected: bool = False
    released: bool = False
    id: UUID | None = None
    line_id: UUID | None = None

    @property
    def disputed(self) -> int:
        return self.unmatched_minor + self.price

    @property
    def open(self) -> int:
        return self.undisputed - self.credited - self.paid


@dataclass
class Books:
    """What is accepted of two lines, and who claims it, by plain counting."""

    known: bool
    accepted: list[int] = field(default_factory=lambda: [0, 0])
    claims: list[Claim] = field(default_factory=list)
    references: dict[str, tuple[int, int | None]] = field(default_factory=dict)

    def free(self, line: int) -> int:
        """Return what is accepted and not claimed."""
        held = (c.matched for c in self.claims if c.line == line and not c.released)
        return self.accepted[line] * self.known - sum(held)

    def match(self, claim: Claim, *, bears: int) -> None:
        """Match what of a claim is unmatched with what is free."""
        part = min(claim.unmatched, self.free(claim.line))
        asked = share(claim.unmatched_minor, part, claim.unmatched)
        value = part * PRICES[claim.line]
        by = asked - value
        fits = not part or (abs(by) * 100 <= value * PERCENT and abs(by) <= bears)
        above = by if by > 0 and not fits else 0
        claim.unmatched -= part
        claim.unmatched_minor -= asked
        claim.undisputed += asked - above
        claim.price += above
        claim.matched += part
        claim.worth += value
        claim.exception = not fits or claim.unmatched > 0 or claim.disputed > 0

    def match_waiting(self, line: int) -> None:
        """Match claims that wait, the earliest first."""
        for claim in self.claims:
            waits = claim.line == line and claim.unmatched and not claim.rejected
            if waits and self.free(line):
                used = 0 if claim.price else abs(claim.undisputed - claim.worth)
                self.match(claim, bears=max(AMOUNT_MINOR - used, 0))

    def give_back(self, claim: Claim, amount: int) -> bool:
        """Give back what is disputed first: what nothing stands behind, then the price."""
        left = claim.disputed + claim.open
        if amount > left or not left:
            return False
        unmatched = min(amount, claim.unmatched_minor)
        price = min(amount - unmatched, claim.price)
        claim.unmatched_minor -= unmatched
        claim.price -= price
        claim.withdrawn += unmatched + price
        claim.credited += amount - unmatched - price
        if not claim.unmatched_minor:
            claim.unmatched = 0
        if not claim.disputed:
            claim.exception = False
            if claim.credited == claim.undisputed and not claim.paid:
                claim.released = True
                self.match_waiting(claim.line)
        return True

    def accounts(self) -> dict[str, int]:
        """Return what must stand on each account."""
        bought = sum(a * p for a, p in zip(self.accepted, PRICES, strict=True)) * self.known
        live = [c for c in self.claims if not c.released]
        sums = {
            "purchases": bought,
            "received_not_invoiced": sum(c.worth for c in live) - bought,
            "payable": -sum(c.open for c in self.claims),
            "disputed": -sum(c.disputed for c in self.claims),
            "in_question": sum(c.disputed for c in self.claims),
            "paid": -sum(c.paid for c in self.claims),
            "price_difference": sum(c.undisputed - c.credited - c.worth for c in live),
        }
        assert sum(sums.values()) == 0
        return {name: amount for name, amount in sums.items() if amount}


class Machine(RuleBasedStateMachine):
    """Drive the commands on the database, and compare with the books after every step."""

    store: ClassVar[Store]
    loop: ClassVar[asyncio.AbstractEventLoop]
    count: ClassVar[int] = 0

    def done(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(120)

    @initialize(late=st.booleans())
    def begin(self, late: bool) -> None:
        terms = Terms(
            price_tolerance_percent=Decimal(PERCENT),
            amount_tolerance=Money.of(AMOUNT_MINOR, "CNY"),
        )
        self.trade = Trade(lines=[("1000", "1000.00"), ("1000", "2500.00")], terms=terms)
        self.buyer, self.supplier = person(self.trade.buyer_id), person(self.trade.supplier_id)
        self.books, self.numbers, self.payments = Books(known=not late), 0, 0
        events = [self.trade.met()] + ([] if late else [self.trade.placed()])
        self.done(hear(self.store, *events))

    @precondition(lambda self: not self.books.known)
    @rule()
    def hear_of_the_order(self) -> None:
        self.done(hear(self.store, self.trade.placed()))
        self.books.known = True

    @rule(seed=st.integers(0, 2**32), size=st.integers(1, BATCH_MAX), line=st.integers(0, 1))
    def accept(self, seed: int, size: int, line: int) -> None:
        chance = Random(seed)
        quantities = [chance.randint(1, 6) for _ in range(size)]
        receipt = self.trade.received(*map(str, quantities), line=line)
        self.done(hear(self.store, receipt, self.trade.accepted(receipt)))
        self.books.accepted[line] += sum(quantities)
        if self.books.known:
            self.books.match_waiting(line)
        Machine.count += size

    @rule(seed=st.integers(0, 2**32), size=st.integers(1, BATCH_MAX))
    def invoice(self, seed: int, size: int) -> None:
        chance, asked = Random(seed), []
        for _ in range(size):
            line, quantity = chance.randint(0, 1), chance.randint(1, 12)
            by = chance.choice([0, 0, 0, 2, -2, 5, 40, -40])
            asked.append((line, quantity, quantity * (PRICES[line] + by)))
        outcomes = self.done(self._invoice(asked))
        for (line, quantity, amount), outcome in zip(asked, outcomes, strict=True):
            if not self.books.known:
                assert isinstance(outcome, Problem)
                continue
            assert isinstance(outcome, invoices.Submitted), outcome
            claim = Claim(line, quantity, amount, id=outcome.invoice_id)
            self.books.match(claim, bears=AMOUNT_MINOR)
            self.books.claims.append(claim)
        Machine.count += size

    async def _invoice(self, asked: list[tuple[int, int, int]]) -> list[Any]:
        written = []
        for line, quantity, amount in asked:
            self.numbers += 1
            said = LineAsked(
                order_number=self.trade.number,
                position=10 * (line + 1),
                quantity=Decimal(quantity),
                amount=Decimal(amount) / 100,
            )
            parties = self.trade.buyer_id, self.trade.supplier_id
            written.append(InvoiceAsked(f"INV-{self.numbers}", *parties, DAY, (said,)))
        async with transaction(self.store.app, actor=self.supplier.organization_id) as session:
            under = invoices.Circumstances(self.supplier, utc_now())
            return list(await invoices.submit(session, written, under=under))

    @precondition(lambda self: self.books.claims)
    @rule(seed=st.integers(0, 2**32), size=st.integers(1, BATCH_MAX))
    def pay(self, seed: int, size: int) -> None:
        chance, asked = Random(seed), []
        for _ in range(size):
            place = chance.randrange(len(self.books.claims))
            known = list(self.books.references)
            if known and chance.random() < 0.2:
                reference = chance.choice(known)
                place = chance.choice([place, self.books.references[reference][0]])
                amount = self.books.references[reference][1]
            else:
                self.payments += 1
                reference = f"B-{self.payments}"
                amount = chance.choice([None, chance.randint(1, 900)])
            asked.append((reference, place, amount))
        outcomes = self.done(self._pay(asked))
        for (reference, place, amount), outcome in zip(asked, outcomes, strict=True):
            self._paid(reference, place, amount, outcome)
        Machine.count += size

    def _paid(self, reference: str, place: int, amount: int | None, outcome: Any) -> None:  # noqa: ANN401
        claim = self.books.claims[place]
        if reference in self.books.references:
            same = self.books.references[reference] == (place, amount)
            assert isinstance(outcome, payments.Paid) == same, outcome
            assert not same or not outcome.new
            return
        whole = claim.open if amount is None else amount
        if not claim.open or whole > claim.open:
            assert isinstance(outcome, Problem), (claim, amount)
            return
        assert isinstance(outcome, payments.Paid), outcome
        assert outcome.new
        claim.paid += whole
        self.books.references[reference] = place, amount

    async def _pay(self, asked: list[tuple[str, int, int | None]]) -> list[Any]:
        said = [
            Asked(
                DAY,
                reference,
                invoice_id=self.books.claims[place].id,
                amount=None if amount is None else Decimal(amount) / 100,
            )
            for reference, place, amount in asked
        ]
        async with transaction(self.store.app, actor=self.buyer.organization_id) as session:
            under = Circumstances(self.buyer, utc_now())
            return list(await payments.pay(session, said, under=under))

    @precondition(lambda self: self.books.claims)
    @rule(data=st.data(), accepts=st.booleans())
    def decide(self, data: st.DataObject, accepts: bool) -> None:
        claim = data.draw(st.sampled_from(self.books.claims))
        done = self.done(self._tried(self.buyer, self._decide(claim, accepts)))
        Machine.count += 1
        if not claim.exception or (accepts and claim.unmatched and not claim.price):
            assert not done, claim
            return
        assert done, claim
        claim.rejected = not accepts
        if accepts:
            claim.undisputed += claim.price
            claim.price = 0
            claim.exception = claim.unmatched > 0

    def _decide(self, claim: Claim, accepts: bool) -> Any:  # noqa: ANN401
        async def act(session: Any) -> None:  # noqa: ANN401
            decision = Decision.ACCEPT if accepts else Decision.REJECT
            assert claim.id
            line_id = await self._line_of(claim.id)
            said = [Decided(line_id, decision)]
            await resolve(session, claim.id, caller=self.buyer, decisions=said, at=utc_now())

        return act

    async def _line_of(self, invoice_id: UUID) -> UUID:
        query = f"SELECT id FROM invoice_lines WHERE invoice_id = '{invoice_id}'"  # noqa: S608
        found: UUID = (await rows(self.store, query))[0][0]
        return found

    @precondition(lambda self: self.books.claims)
    @rule(data=st.data(), amount=st.one_of(st.none(), st.integers(1, 900)))
    def give_back(self, data: st.DataObject, amount: int | None) -> None:
        claim = data.draw(st.sampled_from(self.books.claims))
        self.numbers += 1
        note = CreditNoteIn(
            invoice_id=claim.id,
            number=f"CN-{self.numbers}",
            reason="agreed",
            amount=None if amount is None else str(Decimal(amount) / 100),
        )

        async def act(session: Any) -> None:  # noqa: ANN401
            await credit(session, note, caller=self.supplier, at=utc_now())

        done = self.done(self._tried(self.supplier, act))
        whole = claim.disputed + claim.open if amount is None else amount
        assert done == self.books.give_back(claim, whole), (claim, amount)
        Machine.count += 1

    async def _tried(self, caller: Caller, act: Any) -> bool:  # noqa: ANN401
        try:
            async with transaction(self.store.app, actor=caller.organization_id) as session:
                await act(session)
        except Problem:
            return False
        return True

    @invariant()
    def the_books_agree(self) -> None:
        if not hasattr(self, "books"):
            return
        of = f"'{self.trade.buyer_id}'"
        assert self.done(balances(self.store, of)) == self.books.accounts()
        query = (
            "SELECT id, undisputed_minor, disputed_minor, withdrawn_minor, credited_minor,"  # noqa: S608
            f" paid_minor, verdict = 'exception' FROM invoices WHERE buyer_id = {of} ORDER BY id"
        )
        assert [tuple(row) for row in self.done(rows(self.store, query))] == [
            (c.id, c.undisputed, c.disputed, c.withdrawn, c.credited, c.paid, c.exception)
            for c in self.books.claims
        ]

    def teardown(self) -> None:
        """Read nothing but the events: they must tell the same story."""
        if not hasattr(self, "books"):
            return
        assert self.done(violations(self.store)) == {}
        events = self.done(announced(self.store))
        mine = [e for e in events if getattr(e, "buyer_id", None) == self.trade.buyer_id]
        paid = [e for e in mine if isinstance(e, PaymentMade)]
        assert len(paid) == len(self.books.references)
        assert sum(e.amount.amount_minor for e in paid) == sum(c.paid for c in self.books.claims)
        last = {e.invoice_id: e for e in mine if isinstance(e, InvoiceMatched)}
        assert {
            id_: (e.payable.amount_minor, e.disputed.amount_minor) for id_, e in last.items()
        } == {c.id: (c.undisputed - c.credited, c.disputed) for c in self.books.claims}


async def test_money_is_conserved(stores: Stores) -> None:
    Machine.store, Machine.loop, Machine.count = (
        stores["settlement"],
        asyncio.get_running_loop(),
        0,
    )
    often = settings(
        max_examples=max(OPERATIONS // (STEPS * 15), 1),
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    while Machine.count < OPERATIONS:
        await asyncio.to_thread(run_state_machine_as_test, Machine, settings=often)
