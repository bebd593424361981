"""A story in which everything occurs that the platform is for; whoever needs rows tells it."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import date, timedelta
from graphlib import TopologicalSorter
from hashlib import sha256
from html.parser import HTMLParser
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qs, urlsplit

from httpx2 import Response
from uuid_utils.compat import uuid7

from contracts.scopes import Role
from lianqiao.contracts import found_services
from services.identity import commands as identity
from shared.database import transaction, utc_now
from tests.world import Party, World

WHISPERED = "Rhubarb"  # stands in every text that the first buyer and the supplier exchange
DUE = date(2199, 6, 1)
KEY = {
    "kty": "EC",
    "crv": "P-256",
    "kid": "first",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
}
PROVES: list[dict[str, Any]] = [  # how programs prove who they are
    {},
    {},
    {"auth_method": "private_key_jwt", "jwks": {"keys": [KEY]}},
]
PASSWORD = "correct horse battery 7"  # noqa: S105  nobody's
PORTAL_KEY, VERIFIER = "s" * 32, "v" * 43
SIGNED_IN = "http://localhost:8000/signed-in"


@dataclass(frozen=True)
class Cast:
    """Two buyers who share a supplier, and a supplier who works for one of them."""

    operator: Party
    buyer: Party
    supplier: Party
    other_buyer: Party
    other_supplier: Party

    @property
    def outsiders(self) -> tuple[Party, Party]:
        """Who has no part in what happens between the first buyer and the supplier."""
        return self.other_buyer, self.other_supplier


def an_order(number: str, supplier: Party, *, lines: int = 4) -> dict[str, Any]:
    """Return an order of some lines, each wanted in two parts."""
    return {
        "number": number,
        "supplier_id": str(supplier.id),
        "currency": "CNY",
        "incoterm": "DAP",
        "incoterm_place": f"{number} place",
        "lines": [
            {
                "position": 10 * (place + 1),
                "item_number": f"{number}-{place}",
                "item_name": f"{number} housing {place}",
                "unit": "C62",
                "price": "12.50",
                "plant": f"{number}-plant",
                "schedule_lines": [
                    {"quantity": "10", "due_on": f"{DUE + timedelta(days=7 * part)}"}
                    for part in range(2)
                ],
            }
            for place in range(lines)
        ],
    }


async def tell(world: World) -> Cast:
    """Let four organizations meet, order, confirm, report, change and talk."""
    cast = await meet(world)
    for buyer, supplier, number in (
        (cast.buyer, cast.supplier, WHISPERED),
        (cast.other_buyer, cast.supplier, "Gamma"),
        (cast.other_buyer, cast.other_supplier, "Delta"),
    ):
        await trade(world, buyer, supplier, number)
    await world.settle()
    for chapter in chapters():
        await chapter.tell(world, cast)
        await world.settle()
    return cast


def chapters() -> list[Any]:
    """Return what later services add to the story, in order: `tests/<service>/story.py`.

    A chapter has `tell(world, cast)`, and in `AFTER` the services whose chapters come first.
    """
    names = [name for name in found_services() if find_spec(f"tests.{name}.story")]
    found = {name: import_module(f"tests.{name}.story") for name in names}
    order = TopologicalSorter({name: getattr(part, "AFTER", ()) for name, part in found.items()})
    return [found[name] for name in order.static_order() if name in found]


async def meet(world: World) -> Cast:
    """Register organizations with their people and programs, and bring them together."""
    operator = Party(identity.OPERATOR_ID, "Operator")
    async with transaction(world.stores["identity"].system) as session:
        await identity.ensure_signing_key(session, at=utc_now())
        await identity.ensure_operator(session, name="Lianqiao", at=utc_now())
        await identity.ensure_portal_client(
            session, redirect_uris=[SIGNED_IN], secret=PORTAL_KEY, at=utc_now()
        )
    names = "Alpha Cars", "Beta Metal", "Gamma Buses", "Delta Tools"
    buyer, supplier, other_buyer, other_supplier = (Party(uuid7(), name) for name in names)
    cast = Cast(operator, buyer, supplier, other_buyer, other_supplier)
    for party in (buyer, supplier, other_buyer, other_supplier):
        await move_in(world, operator, party)
    await world.settle()
    partners = [(buyer, supplier), (other_buyer, supplier), (other_buyer, other_supplier)]
    for one, other in partners:
        await world.act(one, "POST", "onboarding/relationships", {"supplier_id": str(other.id)})
    await world.settle()
    for one, other in partners:
        found = await world.act(other, "GET", "onboarding/relationships")
        [met] = [r for r in found["items"] if r["buyer_id"] == str(one.id)]
        await world.act(other, "POST", f"onboarding/relationships/{met['id']}/acceptance", {})
    for one, other in ((buyer, other_supplier), (supplier, other_supplier)):  # not answered yet
        await world.act(one, "POST", "onboarding/relationships", {"supplier_id": str(other.id)})
    await world.settle()
    return cast


async def move_in(world: World, operator: Party, party: Party) -> None:
    """Register an organization that has people, an invitation and a program."""
    organization = {"id": str(party.id), "name": party.name, "identifiers": {"duns": party.name}}
    await world.act(
        operator, "POST", "identity/organizations/bulk", {"organizations": [organization]}
    )
    word = party.name.split()[0].lower()
    people = f"{word}.owner@example.com", f"{word}.clerk@example.com"
    async with transaction(world.stores["identity"].system) as session:
        for email in people:
            await identity.ensure_person(
                session,
                email=email,
                name=f"{word} person",
                language="zh",
                password=PASSWORD,
                memberships={party.id: [Role.ORGANIZATION_ADMIN]},
                at=utc_now(),
            )
    for email in people:
        await sign_in(world, email)
    for place in range(3):
        invited = {
            "email": f"{word}{place}@example.com",
            "name": f"{word} colleague {place}",
            "roles": ["buyer.procurement"],
        }
        await world.act(party, "POST", "identity/invitations", invited)
        program = {"name": f"{word} program {place}", "scopes": ["orders:read"]} | PROVES[place]
        await world.act(party, "POST", "identity/clients", program)


class Page(HTMLParser):
    """The fields of a page's form, with what stands in them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and (name := found.get("name")):
            self.fields[name] = found.get("value") or ""


ASKED = {
    "response_type": "code",
    "client_id": str(identity.PORTAL_ID),
    "redirect_uri": SIGNED_IN,
    "scope": "openid identity:administer",
    "state": "x",
    "code_challenge": urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode()[:43],
    "code_challenge_method": "S256",
}


async def sign_in(world: World, email: str) -> dict[str, str]:
    """Sign a person in and let the portal act for them; return the browser's cookies."""
    cookies: dict[str, str] = {}

    async def browse(method: str, path: str, **sent: Any) -> Response:  # noqa: ANN401
        jar = "; ".join(f"{name}={value}" for name, value in cookies.items())
        answer = await world.send("identity", method, path, headers={"Cookie": jar}, **sent)
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            cookies[name] = value
        return answer

    page = await browse("GET", "/sign-in")
    filled = Page(page.text).fields | {"email": email, "password": PASSWORD}
    signed_in = await browse("POST", "/sign-in", data=filled)
    assert signed_in.status_code == 303, signed_in.text
    granted = await browse("GET", "/oauth/authorize", params=ASKED)
    code = parse_qs(urlsplit(granted.headers["location"]).query)["code"][0]
    redeemed = await world.send(
        "identity",
        "POST",
        "/oauth/token",
        auth=(str(identity.PORTAL_ID), PORTAL_KEY),
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": SIGNED_IN,
            "code_verifier": VERIFIER,
        },
    )
    assert redeemed.is_success, redeemed.text
    return cookies


async def trade(world: World, buyer: Party, supplier: Party, number: str) -> None:
    """Let a buyer order, its supplier confirm, report and propose, and both talk."""
    items = [{"number": f"{number}-item", "name": f"{number} item", "unit": "C62"}]
    await world.act(buyer, "POST", "orders/items/bulk", {"items": items})
    order = await world.act(buyer, "POST", "orders/orders", an_order(number, supplier))
    ids = [part["id"] for line in order["lines"] for part in line["schedule_lines"]]
    for schedule_line_id in ids[:-3]:
        confirm = f"orders/schedule-lines/{schedule_line_id}/confirmation"
        await world.act(supplier, "POST", confirm, {})
    await world.settle()
    for party, word in ((buyer, "asks"), (supplier, "answers")):
        said = {"text": f"{number} {word}", "schedule_line_id": ids[0]}
        await world.act(party, "POST", f"orders/orders/{order['id']}/messages", said)
    later = {"kind": "reschedule", "promised_on": f"{DUE + timedelta(days=30)}", "reason": number}
    for schedule_line_id, party in ((ids[0], buyer), (ids[1], supplier), (ids[2], supplier)):
        await world.act(party, "POST", f"orders/schedule-lines/{schedule_line_id}/changes", later)
    await produce(world, supplier, order["id"], number)
    await world.settle()


async def produce(world: World, supplier: Party, order_id: str, number: str) -> None:
    """Let a supplier report on two of an order's work orders, and take one report back."""
    found = await world.act(supplier, "GET", f"production/work-orders?order_id={order_id}")
    first, second, *_ = (work_order["id"] for work_order in found["items"])
    steps = {"operations": [{"name": f"{number} cutting"}, {"name": f"{number} grinding"}]}
    await world.act(supplier, "PUT", f"production/work-orders/{first}/operations", steps)
    made = {}
    for work_order_id, good in ((first, "4"), (first, "1"), (second, "3")):
        report = {"operation": 1, "good": good, "scrapped": "1", "scrap_reason": f"{number} burr"}
        made = await world.act(
            supplier, "POST", f"production/work-orders/{work_order_id}/reports", report
        )
    wrong = {"reason": f"{number} miscounted"}
    await world.act(supplier, "POST", f"production/reports/{made['report_id']}/reversal", wrong)
