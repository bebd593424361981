"""Who watches: events are passed on to the pages of the organizations that are party to them."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.events import Message

WAITING_MAX = 500  # events a slow page may be behind; then it is told to load again
HEARTBEAT_S = 15.0
WATCH_S = 300.0  # then the browser connects again, and shows that it is still signed in
CATCH_UP = "catch-up"


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


class _Letter(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    type: str
    heard: _Heard = Field(alias="data")


@dataclass(eq=False)
class _Page:
    waiting: "asyncio.Queue[str]"
    missed: bool = False


class Audience:
    """The pages that are open in this process, by organization."""

    def __init__(self) -> None:
        self._pages: dict[UUID, set[_Page]] = defaultdict(set)
        self._over = False

    async def deliver(self, messages: Sequence[Message]) -> None:
        """Pass events on to their parties' pages; none at all means that some may be missing."""
        if not messages:
            for pages in self._pages.values():
                for page in pages:
                    page.missed = True
                    _put(page, "")
        for message in messages:
            letter = _read(message)
            if letter:
                self._tell(letter)

    def _tell(self, letter: _Letter) -> None:
        parties = {"buyer_id", "supplier_id"}
        known = letter.heard.model_dump(mode="json", exclude=parties, exclude_none=True)
        text = json.dumps({"type": letter.type, **known})
        for party in {letter.heard.buyer_id, letter.heard.supplier_id}:
            for page in self._pages.get(party, ()):
                _put(page, text)

    @contextmanager
    def _watching(self, organization_id: UUID) -> Iterator[_Page]:
        page = _Page(asyncio.Queue(WAITING_MAX))
        self._pages[organization_id].add(page)
        try:
            yield page
        finally:
            self._pages[organization_id].discard(page)
            if not self._pages[organization_id]:
                del self._pages[organization_id]

    async def stream(self, organization_id: UUID) -> AsyncIterator[str]:
        """Yield what concerns an organization, as server-sent events, for a while."""
        loop = asyncio.get_running_loop()
        until = loop.time() + WATCH_S
        with self._watching(organization_id) as page:
            yield "retry: 2000\nevent: hello\ndata: {}\n\n"
            while not self._over and (left := until - loop.time()) > 0:
                try:
                    text = await asyncio.wait_for(page.waiting.get(), min(left, HEARTBEAT_S))
                except TimeoutError:
                    yield "event: beat\ndata: {}\n\n"
                    continue
                if page.missed:
                    page.missed = False
                    yield f"event: {CATCH_UP}\ndata: {{}}\n\n"
                if text:
                    yield f"event: change\ndata: {text}\n\n"

    async def hang_up(self, stop: asyncio.Event) -> None:
        """End all streams when the process is told to stop."""
        await stop.wait()
        self._over = True
        for pages in self._pages.values():
            for page in pages:
                _put(page, "")


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
