"""Whatever is shipped, received and judged: counting single pieces comes to the same figures.

`LIANQIAO_OPERATIONS=10000` runs as many operations; without it a few hundred do.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
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
from sqlalchemy import select
from uuid_utils.compat import uuid7

from contracts.logistics import GoodsAccepted, GoodsReceived, ShipmentDispatched
from contracts.scopes import Scope
from services.logistics.commands import acceptances, journeys, notices, receipts
from services.logistics.domain.acceptances import Verdict
from services.logistics.domain.problems import DeemedAccepted
from services.logistics.domain.receipts import LineCounted, ReceiptAsked
from services.logistics.domain.shipments import LineAsked, ShipmentAsked
from services.logistics.models import NoticeLine, ReceiptLine, ScheduleLine
from shared.auth import Caller
from shared.database import Store, transaction
from shared.problem import Problem
from tests.conftest import Stores
from tests.logistics import factories
from tests.logistics.factories import NOW, Trade, announced, violations

OPERATIONS = int(os.environ.get("LIANQIAO_OPERATIONS", "250"))
STEPS = 25
T = TypeVar("T")
GONE = "cancelled", "missing", "rejected"
FIGURES = (
    *("planned", "shipped", "over", "received", "missing", "accepted", "rejected"),
    *("on_the_way", "waiting"),
)


@dataclass(eq=False)
class Piece:
    """One piece and where it is: planned, way, waiting, accepted, or one of `GONE`."""

    line: UUID
    where: str
    notice: UUID | None = None
    counted: UUID | None = None  # on which line of a receipt
    over: bool = False
    damaged: bool = False
    departed: bool = False


@dataclass
class Books:
    """All pieces that there are; every figure is the number of some of them."""

    ordered: dict[UUID, int] = field(default_factory=dict)
    tolerance: int = 0
    pieces: list[Piece] = field(default_factory=list)

    def some(self, **like: Any) -> list[Piece]:  # noqa: ANN401
        return [p for p in self.pieces if all(getattr(p, k) == v for k, v in like.items())]

    def committed(self, line: UUID) -> int:
        return sum(p.where not in GONE for p in self.some(line=line))

    def takes(self, lines: list[tuple[UUID, int]]) -> bool:
        asked: Counter[UUID] = Counter()
        for line, quantity in lines:
            asked[line] += quantity
        return all(
            self.committed(line) + quantity
            <= Fraction(self.ordered[line] * (100 + self.tolerance), 100)
            for line, quantity in asked.items()
        )

    def figures(self, line: UUID) -> dict[str, int]:
        mine = self.some(line=line)
        came = [p for p in mine if p.counted]
        return {
            "planned": sum(p.where == "planned" for p in mine),
            "shipped": sum(p.departed and not p.over for p in mine),
            "over": sum(p.over for p in mine),
            "received": len(came),
            "missing": sum(p.where == "missing" for p in mine),
            "accepted": sum(p.where == "accepted" for p in came),
            "rejected": sum(p.where == "rejected" for p in came),
            "on_the_way": sum(p.where == "way" for p in mine),
            "waiting": sum(p.where == "waiting" for p in came),
        }


class Machine(RuleBasedStateMachine):
    """Drive the commands on the database, and compare with the books after every step."""

    store: ClassVar[Store]
    loop: ClassVar[asyncio.AbstractEventLoop]
    count: ClassVar[int] = 0

    def done(self, work: Coroutine[Any, Any, T]) -> T:
        Machine.count += 1
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    @initialize(
        ordered=st.lists(st.integers(1, 12), min_size=1, max_size=3),
        tolerance=st.sampled_from([0, 10, 50]),
        days=st.integers(0, 3),
    )
    def order(self, ordered: list[int], tolerance: int, days: int) -> None:
        terms: dict[str, Any] = {
            "quantity_tolerance_percent": tolerance,
            "acceptance_working_days": days,
        }
        trade: Trade = self.done(factories.a_trade(self.store, *ordered, **terms))
        self.trade, self.at = trade, NOW
        self.books = Books(dict(zip(trade.lines, ordered, strict=True)), tolerance)
        scopes = frozenset(Scope)
        self.buyer = Caller(trade.buyer_id, scopes, name="Wang Fang")
        self.supplier = Caller(trade.supplier_id, scopes, name="Li Wei")
        self.shipments: dict[UUID, str] = {}
        self.notices: dict[UUID, list[tuple[UUID, UUID]]] = {}  # by shipment: notice line, line
        self.receipts: dict[UUID, datetime] = {}

    async def _acting(self, caller: Caller, work: Any) -> Any:  # noqa: ANN401
        try:
            async with transaction(self.store.app, actor=caller.organization_id) as session:
                return await work(session)
        except Problem as refusal:
            return refusal

    def _some(self, data: st.DataObject, things: Iterable[T]) -> T:
        """Choose by place: ids are others in each run."""
        listed = list(things)
        return listed[data.draw(st.integers(0, len(listed) - 1))]

    @rule(chosen=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 7)), min_size=1, max_size=3))
    def plan(self, chosen: list[tuple[int, int]]) -> None:
        named = [(self.trade.lines[n % len(self.trade.lines)], q) for n, q in chosen]
        asked = ShipmentAsked(
            id=uuid7(),
            number="",
            buyer_id=self.trade.buyer_id,
            lines=tuple(LineAsked(line, Decimal(quantity)) for line, quantity in named),
        )
        [outcome] = self.done(
            self._acting(
                self.supplier,
                lambda s: notices.announce(s, caller=self.supplier, asked=[asked], at=self.at),
            )
        )
        assert isinstance(outcome, Problem) != self.books.takes(named), outcome
        if isinstance(outcome, Problem):
            return
        self.shipments[asked.id] = "planned"
        ids = self.done(self._notice_lines(asked.id))
        self.notices[asked.id] = [(id_, line) for id_, (line, _) in zip(ids, named, strict=True)]
        for id_, (line, quantity) in zip(ids, named, strict=True):
            self.books.pieces += [Piece(line, "planned", id_) for _ in range(quantity)]

    async def _notice_lines(self, shipment_id: UUID) -> list[UUID]:
        async with transaction(self.store.system) as session:
            asked = select(NoticeLine.id).where(NoticeLine.shipment_id == shipment_id)
            return list(await session.scalars(asked.order_by(NoticeLine.sequence)))

    @precondition(lambda self: self.shipments)
    @rule(data=st.data(), how=st.sampled_from(["depart", "depart", "arrive", "cancel"]))
    def move(self, data: st.DataObject, how: str) -> None:
        shipment_id = self._some(data, self.shipments)
        state = self.shipments[shipment_id]
        given: dict[str, Any] = {"caller": self.supplier, "shipment_id": shipment_id, "at": self.at}
        given |= {"reason": "late"} if how == "cancel" else {"when": None}
        act = getattr(journeys, how)
        outcome = self.done(self._acting(self.supplier, lambda s: act(s, **given)))
        after = {
            ("depart", "planned"): "dispatched",
            ("arrive", "dispatched"): "arrived",
            ("cancel", "planned"): "cancelled",
        }.get((how, state))
        assert isinstance(outcome, Problem) == (after is None), outcome
        if after:
            self.shipments[shipment_id] = after
            self._follow(shipment_id, after)

    def _follow(self, shipment_id: UUID, state: str) -> None:
        for id_, _ in self.notices[shipment_id]:
            for piece in self.books.some(notice=id_, where="planned"):
                piece.where = "way" if state == "dispatched" else "cancelled"
                piece.departed = state == "dispatched"

    @precondition(lambda self: self.shipments)
    @rule(
        data=st.data(),
        counts=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), max_size=3),
        complete=st.booleans(),
        wrong=st.booleans(),
    )
    def receive(
        self, data: st.DataObject, counts: list[tuple[int, int]], *, complete: bool, wrong: bool
    ) -> None:
        shipment_id = self._some(data, self.shipments)
        lines = self.notices[shipment_id]
        named = [(*lines[n % len(lines)], *count) for n, count in enumerate(counts)]
        told = [
            LineCounted(Decimal(came), Decimal(min(hurt, came)), notice_line_id=id_)
            for id_, _, came, hurt in named
        ]
        told += [LineCounted(Decimal(1), item_number="X-1")] if wrong else []
        made = self._receive(told, shipment_id=shipment_id, complete=complete)
        possible = self.shipments[shipment_id] not in ("received", "cancelled")
        assert (made is not None) == possible
        if made is None:
            return
        self._follow(shipment_id, "dispatched")
        self.shipments[shipment_id] = "received" if complete else "arrived"
        ids = [id_ for id_, schedule_line_id in made if schedule_line_id]
        for receipt_line, (notice, line, came, hurt) in zip(ids, named, strict=False):
            way = self.books.some(notice=notice, where="way")[:came]
            more = [
                Piece(line, "", notice, over=True, departed=True) for _ in range(came - len(way))
            ]
            self.books.pieces += more
            self._count([*way, *more], receipt_line, min(hurt, came))
        if complete:
            for notice, _ in lines:
                for piece in self.books.some(notice=notice, where="way"):
                    piece.where = "missing"

    @rule(place=st.integers(0, 2), came=st.integers(1, 9), hurt=st.integers(0, 2))
    def receive_without_notice(self, place: int, came: int, hurt: int) -> None:
        line = self.trade.lines[place % len(self.trade.lines)]
        hurt = min(hurt, came)
        told = LineCounted(Decimal(came), Decimal(hurt), schedule_line_id=line)
        made = self._receive([told])
        assert made
        mine = self.books.some(line=line)
        there = sum(p.where in ("way", "waiting", "accepted") for p in mine)
        expected = max(self.books.ordered[line] - there, 0)
        pieces = [Piece(line, "", over=n >= expected, departed=True) for n in range(came)]
        self.books.pieces += pieces
        self._count(pieces, made[0][0], hurt)

    def _count(self, pieces: list[Piece], receipt_line: UUID, hurt: int) -> None:
        for n, piece in enumerate(pieces):
            piece.where, piece.counted, piece.damaged = "waiting", receipt_line, n < hurt

    def _receive(self, told: list[LineCounted], **given: Any) -> Any:  # noqa: ANN401
        asked = ReceiptAsked(uuid7(), "", tuple(told), self.at, **given)
        [outcome] = self.done(
            self._acting(
                self.buyer,
                lambda s: receipts.receive_goods(s, caller=self.buyer, asked=[asked], at=self.at),
            )
        )
        if isinstance(outcome, Problem):
            return None
        self.receipts[asked.id] = self.at
        return self.done(self._lines(asked.id))

    async def _lines(self, receipt_id: UUID) -> list[tuple[UUID, UUID | None]]:
        async with transaction(self.store.system) as session:
            asked = select(ReceiptLine.id, ReceiptLine.schedule_line_id)
            mine = asked.where(ReceiptLine.receipt_id == receipt_id).order_by(ReceiptLine.sequence)
            return [(id_, of) for id_, of in await session.execute(mine)]

    @precondition(lambda self: self.receipts)
    @rule(data=st.data(), accepted=st.integers(0, 4), rejected=st.integers(0, 2))
    def judge(self, data: st.DataObject, accepted: int, rejected: int) -> None:
        receipt_id = self._some(data, self.receipts)
        lines = [id_ for id_, of in self.done(self._lines(receipt_id)) if of]
        named = self._some(data, [*lines, None]) if lines else None
        verdicts = named and [
            Verdict(named, Decimal(accepted), Decimal(rejected), "bent" if rejected else None)
        ]
        given: dict[str, Any] = {
            "caller": self.buyer,
            "receipt_id": receipt_id,
            "verdicts": verdicts,
        }
        outcome = self.done(
            self._acting(self.buyer, lambda s: acceptances.accept(s, **given, at=self.at))
        )
        waiting = [p for id_ in lines for p in self.books.some(counted=id_, where="waiting")]
        possible = bool(waiting) and not isinstance(outcome, DeemedAccepted)
        mine = [p for p in waiting if p.counted == named]
        if named:
            possible = possible and 0 < accepted + rejected <= len(mine)
        assert isinstance(outcome, Problem) != possible, outcome
        if not possible:
            return
        if named is None:
            self._accept_all(lines)
        else:
            for piece in mine[:accepted]:
                piece.where = "accepted"
            for piece in mine[accepted : accepted + rejected]:
                piece.where = "rejected"

    def _accept_all(self, lines: list[UUID]) -> None:
        """Accept what waits; as many as were noted damaged and are not rejected yet, reject."""
        for id_ in lines:
            mine = self.books.some(counted=id_)
            hurt = sum(p.damaged for p in mine) - sum(p.where == "rejected" for p in mine)
            for piece in [p for p in mine if p.where == "waiting"]:
                piece.where = "rejected" if hurt > 0 else "accepted"
                hurt -= 1

    @rule(days=st.integers(1, 9))
    def wait(self, days: int) -> None:
        """Let time pass, and the job run that accepts what nobody judged in time."""
        self.at += timedelta(days=days)
        before = self.done(self._waiting())
        self.done(self._deem())
        judged = before - self.done(self._waiting())
        for id_ in judged:
            self._accept_all([line for line, of in self.done(self._lines(id_)) if of])

    async def _waiting(self) -> set[UUID]:
        async with transaction(self.store.system) as session:
            mine = ReceiptLine.receipt_id.in_(self.receipts), ReceiptLine.waiting > 0
            return set(await session.scalars(select(ReceiptLine.receipt_id).where(*mine)))

    async def _deem(self) -> None:
        async with transaction(self.store.system) as session:
            await acceptances.deem(session, at=self.at)

    @invariant()
    def the_books_agree(self) -> None:
        if not hasattr(self, "books"):
            return
        for line in self.done(self._schedule_lines()):
            told = {name: int(getattr(line, name)) for name in FIGURES}
            assert told == self.books.figures(line.id)
            assert line.left_to_ship == max(line.quantity - self.books.committed(line.id), 0)

    async def _schedule_lines(self) -> list[ScheduleLine]:
        async with transaction(self.store.system) as session:
            mine = ScheduleLine.id.in_(self.trade.lines)
            return list(await session.scalars(select(ScheduleLine).where(mine)))

    def teardown(self) -> None:
        """Read nothing but the events: they must tell the same story."""
        if not hasattr(self, "books"):
            return
        assert self.done(violations(self.store)) == {}
        events = self.done(announced(self.store, ShipmentDispatched, GoodsReceived, GoodsAccepted))
        told: dict[UUID, Counter[str]] = {line: Counter() for line in self.trade.lines}
        for event in events:
            for line in event.lines:
                if line.schedule_line_id in told:  # time runs out for others, too
                    told[line.schedule_line_id].update(said(event, line))
        for line, figures in told.items():
            of = self.books.figures(line)
            assert [figures[name] for name in ("received", "over", "missing")] == [
                of["received"],
                of["over"],
                of["missing"],
            ]
            assert (figures["accepted"], figures["rejected"]) == (of["accepted"], of["rejected"])
            on_notices = sum(
                p.departed and not p.over and p.notice is not None
                for p in self.books.some(line=line)
            )
            assert figures["shipped"] == on_notices


def said(event: Any, line: Any) -> dict[str, int]:  # noqa: ANN401
    """Return what an event says of a line, by the names of the figures."""
    if isinstance(event, ShipmentDispatched):
        return {"shipped": int(line.quantity)}
    accepted = isinstance(event, GoodsAccepted)
    names = ["accepted", "rejected"] if accepted else ["received", "over", "missing"]
    return {name: int(getattr(line, name)) for name in names}


async def test_every_piece_is_somewhere(stores: Stores) -> None:
    Machine.store, Machine.loop = stores["logistics"], asyncio.get_running_loop()
    often = settings(
        max_examples=max(OPERATIONS // STEPS, 1),
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_state_machine_as_test, Machine, settings=often)
