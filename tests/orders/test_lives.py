"""The life of schedule lines on the real database, against a model that knows no code of ours."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import Engine

from tests.conftest import SignIn, Stores
from tests.orders.conftest import violations
from tests.orders.factories import Pair, WorkOrder, a_pair, in_days, told

T = TypeVar("T")
parts = st.integers(1, 12)
horizon = st.integers(1, 40)


@dataclass
class Part:
    """What a schedule line should be."""

    id: str
    quantity: int
    due: str
    state: str = "unconfirmed"
    promised: str | None = None
    first: tuple[int, str] | None = None
    good: int = 0
    wish: dict[str, Any] | None = None  # the open change

    @property
    def over(self) -> bool:
        return self.state == "cancelled" or (
            self.state == "confirmed" and self.good >= self.quantity
        )


class Lives(RuleBasedStateMachine):
    """Say anything at any time, and compare what became of it with the model."""

    stores: Stores
    sign_in: SignIn
    superuser: Engine
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.pair: Pair = self.wait(a_pair(self.stores, self.sign_in))
        line = self.wait(self.pair.line("12"))
        self.order_id, self.line = line["order_id"], line
        self.parts = [Part(line["id"], 12, line["due_on"])]
        self.works: dict[str, WorkOrder] = {}

    def wait(self, doing: Awaitable[T]) -> T:
        return asyncio.run_coroutine_threadsafe(_awaited(doing), self.loop).result()

    def post(self, side: str, address: str, body: dict[str, Any]) -> dict[str, Any]:
        client = getattr(self.pair, side)
        answer = self.wait(client.post(address, json=body))
        assert answer.status_code < 500, answer.text
        return dict(answer.json()) | {"ok": answer.is_success}

    def pick(self, n: int) -> Part:
        return self.parts[n % len(self.parts)]

    def left_over(self, part: Part, quantity: int, state: str) -> None:
        """Put what a smaller quantity leaves on a part of its own, with the id it was given."""
        rest, part.quantity = part.quantity - quantity, quantity
        if rest:
            order = self.wait(self.pair.buyer.get(f"orders/{self.order_id}")).json()
            seen = {known.id for known in self.parts}
            rows = order["lines"][0]["schedule_lines"]
            [new] = [row["id"] for row in rows if row["id"] not in seen]
            self.parts.append(Part(new, rest, part.due, state))

    @rule(n=parts, quantity=parts, days=horizon)
    def confirm(self, n: int, quantity: int, days: int) -> None:
        part, day = self.pick(n), in_days(days)
        body = {"quantity": str(quantity), "promised_on": day}
        said = self.post("supplier", f"schedule-lines/{part.id}/confirmation", body)
        repeated = part.first and (quantity, day) in (
            part.first,
            (part.quantity, part.promised or part.due),
        )
        allowed = part.state == "unconfirmed" and not part.wish and quantity <= part.quantity
        assert said["ok"] == bool(repeated or (allowed and part.first is None))
        if said["ok"] and not repeated:
            due = part.due
            self.left_over(part, quantity, "unconfirmed")
            part.state, part.promised, part.first, part.due = "confirmed", day, (quantity, day), due

    @rule(n=parts, side=st.sampled_from(["buyer", "supplier"]), quantity=parts, days=horizon)
    def reschedule(self, n: int, side: str, quantity: int, days: int) -> None:
        part, day = self.pick(n), in_days(days)
        body = {"kind": "reschedule", "quantity": str(quantity), "promised_on": day, "reason": "r"}
        said = self.post(side, f"schedule-lines/{part.id}/changes", body)
        allowed = (
            not (part.over or part.wish)
            and (quantity, day) != (part.quantity, part.promised or part.due)
            and part.good <= quantity <= part.quantity
        )
        assert said["ok"] == allowed
        if allowed:
            self.wished(part, said, side)

    @rule(n=parts, side=st.sampled_from(["buyer", "supplier"]))
    def cancel(self, n: int, side: str) -> None:
        part = self.pick(n)
        body = {"kind": "cancel", "reason": "r"}
        said = self.post(side, f"schedule-lines/{part.id}/changes", body)
        assert said["ok"] == (not (part.over or part.wish))
        if said["ok"]:
            self.wished(part, said, side)

    def wished(self, part: Part, said: dict[str, Any], side: str) -> None:
        at_once = side == "buyer" and part.state == "unconfirmed"
        assert said["state"] == ("agreed" if at_once else "open")
        if at_once:
            self.holds(part, said)
        else:
            part.wish = said

    def holds(self, part: Part, wish: dict[str, Any]) -> None:
        if wish["kind"] == "cancel":
            part.state = "cancelled"
            return
        quantity, day = int(wish["quantity"]), wish["promised_on"]
        buyers = wish["proposed_by"] == "buyer"
        self.left_over(part, quantity, "cancelled" if buyers else "unconfirmed")
        if buyers:
            part.due = day
        if part.state == "confirmed" or not buyers:
            part.state, part.promised = "confirmed", day
            part.first = part.first or (quantity, day)

    @precondition(lambda self: any(part.wish for part in self.parts))
    @rule(n=parts, agree=st.booleans(), by_other=st.booleans())
    def decide(self, n: int, agree: bool, by_other: bool) -> None:
        waiting = [part for part in self.parts if part.wish]
        part = waiting[n % len(waiting)]
        wish = part.wish
        assert wish
        other = "supplier" if wish["proposed_by"] == "buyer" else "buyer"
        side = other if by_other else wish["proposed_by"]
        said = self.post(side, f"changes/{wish['id']}/decision", {"agree": agree})
        outrun = part.over or (wish["kind"] != "cancel" and int(wish["quantity"]) < part.good)
        assert said["ok"] == (by_other and not (agree and outrun))
        if said["ok"]:
            part.wish = None
            if agree:
                self.holds(part, wish)

    @precondition(lambda self: any(part.wish for part in self.parts))
    @rule(n=parts)
    def withdraw(self, n: int) -> None:
        waiting = [part for part in self.parts if part.wish]
        part = waiting[n % len(waiting)]
        assert part.wish
        said = self.post(part.wish["proposed_by"], f"changes/{part.wish['id']}/withdrawal", {})
        assert said["ok"]
        part.wish = None

    @precondition(lambda self: any(part.state == "confirmed" for part in self.parts))
    @rule(n=parts, good=parts)
    def make(self, n: int, good: int) -> None:
        """Let production report; it allows no more than was promised."""
        promised = [part for part in self.parts if part.state == "confirmed"]
        part = promised[n % len(promised)]
        good = min(good, part.quantity - part.good)
        if good <= 0:
            return
        about = self.line | {"id": part.id, "quantity": str(part.quantity)}
        work = self.works.setdefault(part.id, WorkOrder(about))
        self.wait(told(self.stores, work.reported(good)))
        part.good += good

    @invariant()
    def the_order_book_is_as_the_model_has_it(self) -> None:
        order = self.wait(self.pair.supplier.get(f"orders/{self.order_id}")).json()
        rows = {row["id"]: row for row in order["lines"][0]["schedule_lines"]}
        assert set(rows) == {part.id for part in self.parts}
        for part in self.parts:
            row = rows[part.id]
            first = row["first_promised_quantity"] and (
                int(row["first_promised_quantity"]),
                row["first_promised_on"],
            )
            assert (row["state"], row["quantity"], row["due_on"], row["promised_on"], first) == (
                *(part.state, str(part.quantity), part.due, part.promised, part.first),
            )
            assert (row["good"], bool(row["open_change"])) == (str(part.good), bool(part.wish))
        assert sum(part.quantity for part in self.parts) == 12

    def teardown(self) -> None:
        assert violations(self.superuser) == {}


async def _awaited(doing: Awaitable[T]) -> T:
    return await doing


async def test_schedule_lines_live_as_the_model_says(
    stores: Stores, sign_in: SignIn, superuser: Engine
) -> None:
    loop = asyncio.get_running_loop()
    here = {"stores": stores, "superuser": superuser, "loop": loop}
    here |= {"sign_in": staticmethod(sign_in)}
    machine: Any = type("LivesHere", (Lives,), here)
    machine.TestCase.settings = settings(
        max_examples=12,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(machine.TestCase("runTest").runTest)
