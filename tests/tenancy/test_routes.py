"""Whatever is asked of whatever route: nobody reads, changes or even notices what others have."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import Response
from sqlalchemy import Engine, text

from contracts.scopes import Scope
from shared.events import Message
from shared.inbox import receive
from tests.story import WHISPERED, Cast
from tests.tenancy.rows import Acquaintance, digests, tables, visible_ids
from tests.walking import JSON, ORGANIZATIONS, VALUES, Operation, every_operation
from tests.world import Party, World

pytestmark = pytest.mark.timeout(1_800)  # every route, twice: minutes on a busy machine

OPERATIONS = every_operation()
ORDER = "GET", "PUT", "POST", "PATCH", "DELETE"  # what takes away comes last
FED = {*range(200, 300), 409}  # a conflict with what there is comes after all other refusals
LAST = "replay"  # what waits behind a letter can be applied once that is discarded
PLACE = UUID(int=7)  # stands for the id that is tried
UUID7 = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
TRIES_MAX = 8


class Walker:
    """Sends requests as a party, with ids put in where they belong."""

    def __init__(self, world: World, operation: Operation, party: Party, partner: Party) -> None:
        self._world, self._operation, self._partner = world, operation, partner
        self._token = world.token(party)

    async def try_ids(
        self, in_path: Mapping[str, str], elsewhere: Mapping[str, str], *, full: bool = False
    ) -> Response:
        """Send the operation with some ids in its path and others in its query and body."""

        def other(name: str) -> str:
            return str(self._partner.id) if name in ORGANIZATIONS else elsewhere.get(name, new())

        sent: dict[str, Any] = {"params": self._operation.query(other)}
        if self._operation.body_schema is not None:
            sent["json"] = self._operation.body(other, full=full)
        elif self._operation.content:
            sent |= await self._file()
        for name in elsewhere:
            if name in self._operation.parameters("query"):
                sent["params"][name] = elsewhere[name]
        url = self._operation.url(lambda name: in_path[name])
        return await self._world.send(
            self._operation.service, self._operation.method, url, token=self._token, **sent
        )

    async def _file(self) -> dict[str, Any]:
        """Send back the file that the same address hands out."""
        service, path = self._operation.service, self._operation.path
        handed_out = await self._world.send(service, "GET", path, token=self._token)
        [kind] = self._operation.content
        return {"content": handed_out.content, "headers": {"Content-Type": kind}}


def new() -> str:
    return str(uuid4())


def masked(answer: Response, *ids: str) -> tuple[int, str]:
    """Return an answer without what differs between any two requests."""
    said = answer.text
    for one in ids:
        said = said.replace(one, str(PLACE))
    for varying in (r'"trace_id": ?"[0-9a-f]+"', UUID7, r"walked [0-9a-f]{8}"):
        said = re.sub(varying, "", said)
    return answer.status_code, said


def hidden(
    all_of: Mapping[str, Sequence[str]], seen: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Return for each name an id that one party knows and another does not."""
    return {
        name: others[0]
        for name, ids in all_of.items()
        if (others := [one for one in ids if one not in seen[name]])
    }


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
async def test_a_door_opens_to_its_scope_alone(operation: Operation, world: World) -> None:
    party = Party(uuid4(), "Anybody")
    body = {"json": operation.body(lambda _: new())} if operation.body_schema is not None else {}
    url = operation.url(lambda _: new())

    async def answered(token: str | None) -> int:
        sent = await world.send(operation.service, operation.method, url, token=token, **body)
        return sent.status_code

    if not operation.described.get("security"):
        assert await answered(None) < 400
        return
    assert await answered(None) == 401
    assert await answered("forged") == 401
    if any(operation.scopes):
        assert await answered(world.token(party, *operation.lacking)) == 403


async def test_what_is_foreign_is_not_there(world: World, cast: Cast, superuser: Engine) -> None:
    found = await trespasses(world, cast, superuser, Acquaintance(world))
    assert not found, "\n".join(found)


async def trespasses(
    world: World, cast: Cast, superuser: Engine, acquaintance: Acquaintance
) -> list[str]:
    """Try every id of the first buyer on every route, as everybody who has no part in it."""
    found = []
    for operation in OPERATIONS:
        if operation.is_the_operators:
            continue
        for outsider in cast.outsiders:
            before = digests(superuser)
            found += [
                f"{operation}: {why}"
                for why in await tried(world, cast, operation, outsider, acquaintance)
            ]
            changed = {
                name for name, digest in digests(superuser).items() if digest != before[name]
            }
            found += [f"{operation} changed {name}" for name in sorted(changed)]
    return found


def names_tried(operation: Operation) -> set[str]:
    """Return under which names an operation takes ids of things."""
    return {*operation.path_ids, *operation.body_ids()} - ORGANIZATIONS - {"id"}


async def tried(
    world: World,
    cast: Cast,
    operation: Operation,
    outsider: Party,
    acquaintance: Acquaintance,
) -> list[str]:
    """Compare how a route answers to a foreign id and to one that nothing has."""
    names = names_tried(operation)
    theirs = await acquaintance.ids(operation.service, names, cast.buyer)
    mine = await acquaintance.ids(operation.service, names, outsider)
    foreign = hidden(theirs, mine)
    walker, found = Walker(world, operation, outsider, cast.supplier), []
    if missing := set(operation.path_ids) - set(foreign) - ORGANIZATIONS:
        return [f"the story has no {missing} to try"]
    if operation.path_ids:
        there = {name: foreign.get(name, str(cast.buyer.id)) for name in operation.path_ids}
        nowhere = {name: new() for name in there}
        answers = [
            await walker.try_ids(ids, {}, full=full)
            for ids in (there, nowhere)
            for full in (False, True)
        ]
        if len({masked(answer, *there.values(), *nowhere.values()) for answer in answers}) > 1:
            found.append(f"a foreign id is told from a missing one: {answers[0].text}")
        if any(answer.status_code != 404 for answer in answers):
            found.append(f"a foreign id answers {answers[0].status_code}: {answers[0].text}")
    elsewhere = {name: one for name, one in foreign.items() if name in operation.body_ids()}
    if elsewhere:
        own = {name: mine[name][0] if mine.get(name) else new() for name in operation.path_ids}
        nothing = {name: new() for name in elsewhere}
        one = await walker.try_ids(own, elsewhere, full=True)
        two = await walker.try_ids(own, nothing, full=True)
        ids = *elsewhere.values(), *nothing.values()
        if masked(one, *ids) != masked(two, *ids):
            found.append(f"a foreign id in the body is told from a missing one: {one.text}")
    return found


@pytest.fixture
def unprotected(superuser: Engine, database_url: str) -> Iterator[Callable[[], None]]:
    """Yield what switches the row policies of all services off; they are on again afterwards."""
    assert database_url
    protected = "SELECT oid::regclass::text FROM pg_class WHERE relrowsecurity ORDER BY 1"
    with superuser.connect() as connection:
        names = list(connection.scalars(text(protected)))

    def switch(way: str) -> None:
        with superuser.begin() as connection:
            for name in names:
                connection.execute(text(f"ALTER TABLE {name} {way} ROW LEVEL SECURITY"))

    yield lambda: switch("DISABLE")
    switch("ENABLE")


async def acquainted(world: World, cast: Cast) -> Acquaintance:
    """Return who can see what, looked up while all is as it should be."""
    acquaintance = Acquaintance(world)
    for operation in OPERATIONS:
        for party in (cast.buyer, *cast.outsiders):
            await acquaintance.ids(operation.service, names_tried(operation), party)
    return acquaintance


async def test_the_queries_hold_without_the_row_policies(
    world: World, cast: Cast, superuser: Engine, unprotected: Callable[[], None]
) -> None:
    """There are two walls; that the other stands alone too is seen in `test_rows`."""
    acquaintance = await acquainted(world, cast)
    unprotected()
    found = await trespasses(world, cast, superuser, acquaintance)
    assert not found, "\n".join(found)


async def test_the_walk_sees_a_leak(
    world: World, cast: Cast, superuser: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    acquaintance, honest = await acquainted(world, cast), world.token
    leaky = dict.fromkeys(cast.outsiders, cast.buyer)

    def leaking(party: Party, *scopes: Scope) -> str:
        return honest(leaky.get(party, party), *scopes)

    monkeypatch.setattr(world, "token", leaking)
    found = "\n".join(await trespasses(world, cast, superuser, acquaintance))
    walked = [
        one for one in OPERATIONS if set(one.path_ids) - ORGANIZATIONS and not one.is_the_operators
    ]
    missed = {str(one) for one in walked if f"{one}:" not in found}
    assert len(missed) < len(walked) / 4  # some find gone what an earlier one took away
    assert {one.service for one in walked if str(one) not in missed} == {
        one.service for one in walked
    }
    assert WHISPERED in "\n".join(await leaks(world, cast, superuser))


async def test_every_route_can_be_walked(world: World, cast: Cast) -> None:
    """Each route does its work for somebody: otherwise a refusal would prove nothing."""
    unfed = []
    await plant_letters(world)
    for operation in sorted(OPERATIONS, key=lambda o: (LAST in o.path, ORDER.index(o.method))):
        answers = await fed(world, cast, operation)
        if not any(answer.status_code in FED for answer in answers):
            unfed.append(f"{operation}: {[a.text[:200] for a in answers[-3:]]}")
    assert not unfed, "\n".join(unfed)


async def plant_letters(world: World) -> None:
    """Let every service find a message that it cannot read, and one that waits behind it."""
    topic, subject = VALUES["topic"], VALUES["subject"]
    known = {"id": new(), "source": "/planted", "type": "planted.v1", "subject": subject}
    waiting = json.dumps(known | {"specversion": "1.0", "time": "2026-11-22T08:00:00Z", "data": {}})
    planted = [Message(topic, subject, body) for body in (b"not an event", waiting.encode())]
    for name, service in world.services.items():
        await receive(service.handlers, world.stores[name].system, planted)


async def fed(world: World, cast: Cast, operation: Operation) -> list[Response]:
    """Send an operation as everybody who may have a part in it, with ids that they have."""
    names = {*operation.path_ids, *operation.body_ids()}
    answers: list[Response] = []
    for party, partner in (
        (cast.buyer, cast.supplier),
        (cast.supplier, cast.buyer),
        (cast.other_supplier, cast.other_buyer),
        (cast.operator, cast.supplier),
    ):
        mine = await Acquaintance(world).ids(operation.service, names, party)
        walker = Walker(world, operation, party, partner)
        for turn in range(max([1, *map(len, mine.values())])):
            ids = {name: own[-1 - turn % len(own)] for name, own in mine.items() if own}
            ids |= {name: str(partner.id) for name in operation.path_ids if name in ORGANIZATIONS}
            if turn >= TRIES_MAX or set(operation.path_ids) - set(ids):
                break
            for full in (False, True):
                answers.append(await walker.try_ids(ids, ids, full=full))
                if answers[-1].status_code in FED:
                    return answers
    return answers


async def test_lists_show_nothing_foreign(world: World, cast: Cast, superuser: Engine) -> None:
    found = await leaks(world, cast, superuser)
    assert not found, "\n".join(found)


async def leaks(world: World, cast: Cast, superuser: Engine) -> list[str]:
    """Read all that can be read as outsiders, and look for what is not theirs."""
    found = []
    for outsider in cast.outsiders:
        secrets = {WHISPERED, *await foreign_ids(world, cast, outsider, superuser)}
        for operation in OPERATIONS:
            if operation.method == "GET" and not operation.is_the_operators:
                for shown in await everything_read(world, operation, outsider):
                    found += [f"{operation} shows {one}" for one in secrets if one in shown]
    return found


async def foreign_ids(world: World, cast: Cast, outsider: Party, superuser: Engine) -> set[str]:
    """Return the ids of all rows that the first pair can see and an outsider cannot."""
    found: set[str] = set()
    for service, store in world.stores.items():
        for table, columns in tables(superuser, service).items():
            if "id" in columns:
                seen = await visible_ids(store, table, outsider)
                for party in (cast.buyer, cast.supplier):
                    found |= set(await visible_ids(store, table, party)) - set(seen)
    return found - {str(party.id) for party in vars(cast).values()}


async def everything_read(world: World, operation: Operation, party: Party) -> list[str]:
    """Read a route with each value that it lists for a parameter, and each id of the party."""
    mine = await Acquaintance(world).ids(operation.service, set(operation.path_ids), party)
    queries: list[dict[str, Any]] = [{"limit": 200}]
    for name, parameter in operation.parameters("query").items():
        for value in re.findall(r'"enum": (\[[^]]*\])', json.dumps(enums(operation, parameter))):
            queries += [{name: one} for one in json.loads(value)]
    queries.append({"q": WHISPERED})

    def address(turn: int) -> str:
        return operation.url(lambda name: mine[name][turn % len(mine[name])])

    turns = max([1, *map(len, mine.values())]) if all(mine.values()) else 0
    paths = [address(turn) for turn in range(turns)]
    token, read = world.token(party), []
    for path in paths:
        for query in queries:
            answer = await world.send(operation.service, "GET", path, token=token, params=query)
            shown = answer.text if JSON in answer.headers.get("content-type", "") else ""
            read.append(shown.replace(f"q={WHISPERED}", ""))
    return read


def enums(operation: Operation, parameter: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Return a parameter's schema with what it refers to."""
    text = json.dumps(parameter["schema"])
    schemas = operation.document.get("components", {}).get("schemas", {})
    return [json.loads(text), *(schemas[name] for name in schemas if f'/{name}"' in text)]
