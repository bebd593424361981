"""Pages, forms and OAuth's own routes answer hostile input with words, never with a defect."""

import re
from collections.abc import AsyncIterator, Iterator
from importlib.resources import files
from urllib.parse import quote, urlencode

import pytest

from lianqiao.contracts import found_services
from shared.web.csrf import FIELD, csrf_token
from tests.conftest import Stores
from tests.hostile.corpus import BODIES, PATHS, QUERIES, TEXTS, headers
from tests.hostile.wire import Sent, send
from tests.story import tell
from tests.tenancy.rows import plural, visible_ids
from tests.visiting import Visitor, pages
from tests.world import Party, World

pytestmark = pytest.mark.timeout(1_800)

FORM = "application/x-www-form-urlencoded"
PARAMETER = re.compile(r"{(\w+)(?::path)?}")
NAME = re.compile(r"""\bname="(\w+)\"""")
STREAMS = {"/live"}


@pytest.fixture
async def world(stores: Stores) -> AsyncIterator[World]:
    """Yield all services."""
    opened = World(stores)
    yield opened
    await opened.close()


def field_names(service: str) -> list[str]:
    """Return every name under which a form of a service's pages sends something."""
    folders = [files(f"services.{service}"), files("shared.web")]
    found: set[str] = set()
    for folder in folders:
        templates = [folder.joinpath("templates")]
        while templates:
            place = templates.pop()
            if place.is_dir():
                templates += place.iterdir()
            elif place.is_file():
                found.update(NAME.findall(place.read_text()))
    return sorted(found - {FIELD, "viewport"})


class Address:
    """A page of a service, with ids that are there where it wants some."""

    def __init__(self, method: str, path: str, known: dict[str, str], visitor: Visitor) -> None:
        self.method, self.path, self._known = method, path, known
        self.headers = tuple((k.lower(), v) for k, v in visitor.headers.items())
        self.headers += (("host", "localhost:8000"),)
        self.csrf = csrf_token(visitor.cookie)

    def url(self, **odd: str) -> str:
        """Return the address, with what is odd put in."""
        return PARAMETER.sub(lambda m: odd.get(m[1]) or self._known.get(m[1], "x"), self.path)

    def sent(self, said: str, url: str, query: bytes = b"", body: bytes = b"") -> Sent:
        headers = self.headers + ((("content-type", FORM),) if self.method == "POST" else ())
        return Sent(self.method, url, query, headers, body, said)

    def hostile(self, names: list[str], turn: int) -> Iterator[Sent]:
        """Yield requests with a hostile thing in each place."""
        for name in PARAMETER.findall(self.path):
            for text in PATHS:
                yield self.sent(f"{name} = {text}", self.url(**{name: text}))
        for query in QUERIES:
            yield self.sent(f"?{query[:60]!r}", self.url(), query)
        for text in TEXTS:
            filled = urlencode(dict.fromkeys(names, text), errors="surrogatepass")
            yield self.sent(f"all = {text!r}", self.url(), filled.encode())
            if self.method == "POST":
                form = urlencode({FIELD: self.csrf}) + "&" + filled
                yield self.sent(f"form of {text!r}", self.url(), body=form.encode())
        if self.method == "POST":
            for body in BODIES:
                signed = urlencode({FIELD: self.csrf}).encode() + b"&" + body
                yield self.sent(f"a form {body[:40]!r}", self.url(), body=signed)
                yield self.sent(f"a body {body[:40]!r}", self.url(), body=body)
        for name, value in headers(turn):
            rest = tuple(pair for pair in self.headers if pair[0] != name)
            said = f"{name}: {value!r}"
            yield Sent(self.method, self.url(), headers=(*rest, (name, value)), said=said)


async def known_ids(world: World, party: Party, path: str) -> dict[str, str]:
    """Return for each place of an address an id that the party sees, where there is one."""
    found = {}
    for name in PARAMETER.findall(path):
        for table in (plural(name), f"schedule_{plural(name)}"):
            for store in world.stores.values():
                if ids := await visible_ids(store, table, party):
                    found[name] = quote(ids[-1])
    return found


@pytest.mark.parametrize("service", [name for name, one in found_services().items() if one.edge])
async def test_pages_answer_whatever_they_are_sent(service: str, world: World) -> None:
    cast = await tell(world)
    names, found, count = field_names(service), [], 0
    visitors = {p: await Visitor.arrive(world, p) for p in (cast.buyer, cast.supplier)}
    for turn, (method, path) in enumerate(pages(world, service)):
        if path in STREAMS:
            continue
        for party in (cast.buyer, cast.supplier)[: 1 + ("{" in path)]:
            known = await known_ids(world, party, path)
            address = Address(method, path, known, visitors[party])
            for request in address.hostile(names, turn):
                answer = await send(world.apps[service], request)
                count += 1
                if answer.status >= 500 or answer.status < 200:
                    found.append(f"{request}: {answer.status}")
                if any("\n" in value for value in answer.headers.values()):
                    found.append(f"{request}: splits a header")
    assert not found, f"{len(found)} of {count}:\n" + "\n".join(found[:60])
    assert count > 500
