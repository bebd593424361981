"""Every operation answers hostile input in words, stores nothing of it, and stays on its feet."""

import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from tests.conftest import Stores
from tests.hostile.corpus import BODIES, FRAGMENTS, PATHS, QUERIES, TEXTS, headers
from tests.hostile.wire import Answer, Sent, send
from tests.story import Cast, tell
from tests.tenancy.rows import Acquaintance, digests
from tests.walking import JSON, ORGANIZATIONS, Operation, every_operation
from tests.world import Party, World

pytestmark = pytest.mark.timeout(1_800)  # a minute or two, on a machine that does nothing else

PROBLEM = "application/problem+json"
MARK = "f1b8a5d2-hostile"  # stands where the hostile value goes
EVERY = every_operation()


def unrepeated() -> Iterator[Operation]:
    """Yield every operation, and what the kernel gives to all services once."""
    seen = set()
    services = {operation.service for operation in EVERY}
    for operation in EVERY:
        rest = operation.method, operation.path.replace(f"/{operation.service}/", "/*/")
        held_by = {o.service for o in EVERY if f"{o}".replace(o.service, "*") == " ".join(rest)}
        if rest not in seen or held_by != services:
            seen.add(rest)
            yield operation


OPERATIONS = list(unrepeated())


@pytest.fixture
async def world(stores: Stores) -> AsyncIterator[World]:
    """Yield all services."""
    opened = World(stores)
    yield opened
    await opened.close()


class Base:
    """A request that an operation takes, to put one hostile thing into."""

    def __init__(
        self, operation: Operation, *, token: str, ids: Mapping[str, str], partner: Party
    ) -> None:
        self.operation = operation
        self._ids, self._partner = ids, partner
        self.headers = (
            ("authorization", f"Bearer {token}"),
            ("host", "localhost"),
            *((("content-type", next(iter(operation.content))),) if operation.content else ()),
        )
        self.query = operation.query(self.id)
        self.body = operation.body(self.id) if operation.body_schema is not None else None

    def id(self, name: str) -> str:
        """Return an id that is there, or one that nothing has."""
        if name in ORGANIZATIONS:
            return str(self._partner.id)
        return self._ids.get(name, str(uuid4()))

    def request(self, said: str, **changed: Any) -> Sent:  # noqa: ANN401
        """Return the request with something changed."""
        sent = {
            "path": self.operation.url(self.id),
            "query": urlencode(self.query).encode(),
            "headers": self.headers,
            "body": b"" if self.body is None else json.dumps(self.body).encode(),
        }
        return Sent(method=self.operation.method, said=said, **{**sent, **changed})

    def hostile(self) -> Iterator[Sent]:
        """Yield the request with each hostile thing in each place."""
        yield from self._in_body()
        yield from self._in_query()
        yield from self._in_path()
        for name, value in headers(EVERY.index(self.operation)):
            rest = tuple(pair for pair in self.headers if pair[0] != name)
            yield self.request(f"{name}: {value!r}", headers=(*rest, (name, value)))
        yield self.request("two tokens", headers=(*self.headers, self.headers[0]))

    def _in_body(self) -> Iterator[Sent]:
        if not self.operation.content:
            return
        for body in BODIES:
            yield self.request(f"the body {body[:40]!r}", body=body)
        for way, _ in self.operation.fields():
            marked = with_mark(self.operation.body(self.id, full=len(way) > 1), way)
            text = json.dumps(marked)
            assert json.dumps(MARK) in text, f"{self.operation} has no {way}"
            for fragment in FRAGMENTS:
                body = text.replace(json.dumps(MARK), fragment).encode()
                yield self.request(f"{'.'.join(map(str, way))} = {fragment}", body=body)
        yield from self._too_many()

    def _too_many(self) -> Iterator[Sent]:
        """Yield lists of one more than the longest that is taken, and fields nobody asked for."""
        for way, schema in self.operation.fields():
            if schema.get("type") == "array" and way:
                body = deepcopy(self.operation.body(self.id, full=True))
                holder = inside(body, way[:-1])
                holder[way[-1]] = holder[way[-1]] * 5_001
                yield self.request(f"5,001 of {way}", body=json.dumps(body).encode())
            if schema.get("type") == "object" or "properties" in schema:
                body = deepcopy(self.operation.body(self.id, full=True))
                holder = inside(body, way)
                holder |= {"organization_id": str(uuid4()), "\u202e": 1}
                yield self.request(f"unknown fields in {way}", body=json.dumps(body).encode())

    def _in_query(self) -> Iterator[Sent]:
        for query in QUERIES:
            yield self.request(f"the query {query[:60]!r}", query=query)
        for name in self.operation.parameters("query"):
            for text in TEXTS:
                query = urlencode({**self.query, name: text}).encode()
                yield self.request(f"?{name}={text!r}", query=query)

    def _in_path(self) -> Iterator[Sent]:
        for name in self.operation.path_ids:
            for text in PATHS:
                path = self.operation.url(
                    lambda n, name=name, text=text: (  # type: ignore[misc]
                        text if n == name else quote(self.id(n))
                    )
                )
                yield self.request(f"{name} = {text}", path=path)


def inside(body: Any, way: Iterable[str | int]) -> Any:  # noqa: ANN401
    """Return what stands at the end of a way."""
    for step in way:
        body = body[step]
    return body


def with_mark(body: Any, way: tuple[str | int, ...]) -> Any:  # noqa: ANN401
    """Return a body in which the mark stands at the end of a way."""
    if not way:
        return MARK
    body = deepcopy(body)
    inside(body, way[:-1])[way[-1]] = MARK
    return body


def no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def wrong(request: Sent, answer: Answer) -> str | None:
    """Say what is wrong with an answer, if anything is."""
    if answer.status >= 500 or answer.status < 200:
        return f"{answer.status} {answer.body[:200]!r}"
    if answer.kind in (PROBLEM, JSON) and answer.status != 204:
        try:
            found = json.loads(answer.body, parse_constant=no_constant)
        except ValueError as error:
            return f"is no JSON: {error}"
        if answer.status >= 400 and not {"type", "title", "status", "detail"} <= set(found):
            return f"is no problem: {found}"
    if answer.status >= 400:
        if answer.kind != PROBLEM and request.method != "HEAD":
            return f"{answer.status} as {answer.kind}"
        if not re.fullmatch(r"[\x20-\x7e]*", "".join(answer.headers.values())):
            return "repeats the input in a header"
    return None


async def base_of(
    world: World, cast: Cast, operation: Operation, acquaintance: Acquaintance
) -> Base:
    """Return a request of somebody who has what the operation is about."""
    names = {*operation.path_ids, *operation.body_ids()}
    found: list[Base] = []
    for party, partner in (
        (cast.buyer, cast.supplier),
        (cast.supplier, cast.buyer),
        (cast.operator, cast.supplier),
    ):
        mine = await acquaintance.ids(operation.service, names, party)
        ids = {name: own[-1] for name, own in mine.items() if own}
        base = Base(operation, token=world.token(party), ids=ids, partner=partner)
        found.append(base)
        answer = await send(world.apps[operation.service], base.request("nothing"))
        if answer.status not in (403, 404):
            return base
    return found[0]


@pytest.mark.parametrize("service", sorted({operation.service for operation in OPERATIONS}))
async def test_hostile_input_is_answered_and_never_stored(
    service: str, world: World, superuser: Engine
) -> None:
    cast = await tell(world)
    acquaintance, found, count = Acquaintance(world), [], 0
    for operation in (one for one in OPERATIONS if one.service == service):
        base = await base_of(world, cast, operation, acquaintance)
        refused = []
        before = digests(superuser)
        for request in base.hostile():
            answer = await send(world.apps[service], request)
            count += 1
            if said := wrong(request, answer):
                found.append(f"{request}: {said}")
            if answer.status >= 400:
                refused.append(request)
        found += await stored(world, superuser, service, refused, before)
    assert not found, f"{len(found)} of {count}:\n" + "\n".join(found[:60])


async def stored(
    world: World, superuser: Engine, service: str, refused: list[Sent], before: dict[str, str]
) -> list[str]:
    """Say what refused requests left behind; sent again where accepted ones hid that."""
    if digests(superuser) == before:
        return []
    while True:
        before = digests(superuser)
        accepted = {r for r in refused if (await send(world.apps[service], r)).status < 400}
        after = digests(superuser)
        changed = {name for name, digest in after.items() if digest != before[name]}
        if not changed:
            return []
        if not accepted:
            return [
                f"{refused[0].method} {refused[0].path}: refused, and changed {sorted(changed)}"
            ]
        refused = [request for request in refused if request not in accepted]
