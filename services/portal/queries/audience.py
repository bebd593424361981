"""Who watches: events are passed on to the pages of the organizations that are party to them."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.event import Event
from contracts.identity import OrganizationSuspended
from contracts.onboarding import RelationshipChanged, RelationshipState
from shared.events import Message

WAITING_MAX = 500  # events a slow page may be behind; then it is told to load again
HEARTBEAT_S = 15.0
WATCH_S = 300.0  # then the browser connects again, and shows that it is still signed in
CATCH_UP = "catch-up"
BARRED = "orders.", "production.", "logistics."  # whose rows a suspended supplier does not see


def _type_of(contract: type[Event]) -> str:
    return next(name for name, known in Event.catalogue.items() if known is contract)


CHANGED, STOPPED = _type_of(RelationshipChanged), _type_of(OrganizationSuspended)


class _Heard(BaseModel):
    """What the portal needs of any event that has parties."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    buyer_id: UUID
    supplier_id: UUID
    order_id: UUID | None = None
    schedule_line_id: UUID | None = None
    work_order_id: UUID | None = None
    relationship_id: UUID | None = None
    application_id: UUID | None = None
    shipment_id: UUID | None = None
    receipt_id: UUID | None = None
    statement_id: UUID | None = None
    invoice_id: UUID | None = None
    payable_id: UUID | None = None
    payment_id: UUID | None = None
    state: str | None = None
    suspended_by: str | None = None


class _Stopped(BaseModel):
    """What the portal needs of an organization's suspension."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    organization_id: UUID


class _Suspension(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    type: str
    heard: _Stopped = Field(alias="data")


class _Letter(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    type: str
    heard: _Heard = Field(alias="data")


@dataclass(eq=False)
class _Page:
    waiting: "asyncio.Queue[str]"
    barred_by: frozenset[UUID] = frozenset()
    missed: bool = False
    over: bool = False

    def all_waiting(self, first: str) -> Iterator[str]:
        """Take what waits behind the first, too: sent one by one, a busy hour would pile up."""
        if first:
            yield first
        with suppress(asyncio.QueueEmpty):
            while True:
                if text := self.waiting.get_nowait():
                    yield text


class Audience:
    """The pages that are open in this process, by organization."""

    def __init__(self) -> None:
        self._pages: dict[UUID, set[_Page]] = defaultdict(set)
        self._let_go: dict[UUID, float] = {}  # when; its pages are asked again who they are
        self._over = False

    async def deliver(self, messages: Sequence[Message]) -> None:
        """Pass events on to their parties' pages; none at all means that some may be missing.

        Whoever is suspended, or barred by a buyer, is let go: a page that comes back is judged
        anew.
        """
        if not messages:
            for pages in self._pages.values():
                for page in pages:
                    page.missed = True
                    _put(page, "")
        for message in messages:
            if message.topic == OrganizationSuspended.topic():
                self._let_go_of(_suspended(message))
            elif letter := _read(message):
                self._tell(letter)
                if letter.type == CHANGED:
                    self._let_go_of(_barred(letter.heard))

    def _let_go_of(self, organization_id: UUID | None) -> None:
        if organization_id is None:
            return
        now = asyncio.get_running_loop().time()
        self._let_go = {one: at for one, at in self._let_go.items() if at > now - WATCH_S}
        self._let_go[organization_id] = now
        for page in self._pages.get(organization_id, ()):
            page.over = True
            _put(page, "")

    def _tell(self, letter: _Letter) -> None:
        parties = {letter.heard.buyer_id, letter.heard.supplier_id}
        pages = [page for party in parties for page in self._pages.get(party, ())]
        if not pages:  # of most events: then there is nothing to write
            return
        untold = {"buyer_id", "supplier_id", "state", "suspended_by"}
        known = letter.heard.model_dump(mode="json", exclude=untold, exclude_none=True)
        text = json.dumps({"type": letter.type, **known})
        barred = letter.type.startswith(BARRED)
        for page in pages:
            if not (barred and letter.heard.buyer_id in page.barred_by):
                _put(page, text)

    @contextmanager
    def _watching(self, organization_id: UUID, barred_by: Collection[UUID]) -> Iterator[_Page]:
        page = _Page(asyncio.Queue(WAITING_MAX), frozenset(barred_by))
        self._pages[organization_id].add(page)
        try:
            yield page
        finally:
            self._pages[organization_id].discard(page)
            if not self._pages[organization_id]:
                del self._pages[organization_id]

    async def stream(
        self,
        organization_id: UUID,
        *,
        barred_by: Collection[UUID] = (),
        known_at: float | None = None,
    ) -> AsyncIterator[str]:
        """Yield what concerns an organization, as server-sent events, for a while.

        Of the buyers that suspended it as their supplier it hears nothing but what is owed. That
        was known at a moment of the loop's clock: what was heard since ends the stream at once.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + WATCH_S
        with self._watching(organization_id, barred_by) as page:
            let_go = self._let_go.get(organization_id)
            page.over = known_at is not None and let_go is not None and let_go >= known_at
            yield "retry: 2000\nevent: hello\ndata: {}\n\n"
            while not (self._over or page.over) and (left := until - loop.time()) > 0:
                try:
                    first = await asyncio.wait_for(page.waiting.get(), min(left, HEARTBEAT_S))
                except TimeoutError:
                    yield "event: beat\ndata: {}\n\n"
                    continue
                said = [f"event: change\ndata: {text}\n\n" for text in page.all_waiting(first)]
                if page.missed:
                    page.missed = False
                    said.insert(0, f"event: {CATCH_UP}\ndata: {{}}\n\n")
                if said:
                    yield "".join(said)

    async def hang_up(self, stop: asyncio.Event) -> None:
        """End all streams when the process is told to stop."""
        await stop.wait()
        self._over = True
        for pages in self._pages.values():
            for page in pages:
                _put(page, "")


def _barred(heard: _Heard) -> UUID | None:
    """Return the supplier that a buyer has just barred."""
    suspended = heard.state == RelationshipState.SUSPENDED and heard.suspended_by == "buyer"
    return heard.supplier_id if suspended else None


def _suspended(message: Message) -> UUID | None:
    """Return the organization that was stopped, where a message says so."""
    try:
        told = _Suspension.model_validate_json(message.body)
    except ValidationError:
        return None
    return told.heard.organization_id if told.type == STOPPED else None


def _put(page: _Page, text: str) -> None:
    try:
        page.waiting.put_nowait(text)
    except asyncio.QueueFull:
        page.missed = True


def _read(message: Message) -> _Letter | None:
    try:
        return _Letter.model_validate_json(message.body)
    except ValidationError:  # an event without parties, or none at all
        return None
