"""A buyer and companies that want to supply it, for onboarding's tests."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from httpx2 import ASGITransport, AsyncClient, Response
from sqlalchemy import text
from uuid_utils.compat import uuid7

from contracts.event import Envelope, Event
from contracts.identity import OrganizationRegistered
from contracts.scopes import Scope
from services.onboarding.handlers import handlers
from services.onboarding.main import service
from services.onboarding.queries import CHECKS
from shared.app import create_app
from shared.database import transaction, utc_now
from shared.events import Message
from shared.inbox import receive
from shared.uscc import check_character, inner_check_character
from tests.conftest import SignIn, Stores
from tests.network import relayed

ALL = Scope.ONBOARDING_READ, Scope.ONBOARDING_WRITE
ADMINISTRATOR = *ALL, Scope.IDENTITY_ADMINISTER
PROFILE: dict[str, Any] = {
    "industry": "3670",
    "size": "small",
    "contact": {"name": "赵强", "phone": "138-0000 1234", "email": "zhao@example.com"},
    "bank": {"name": "工商银行芜湖支行", "account": "6222 0000 1111 2222", "holder": "宏远精密"},
}
TERMS: dict[str, Any] = {
    "payment_days": 45,
    "payment_from": "delivery",
    "quantity_tolerance_percent": "2.5",
    "amount_tolerance": {"amount": "10.00", "currency": "CNY"},
    "pledged_60_days": True,
}


def a_code(number: int, *, region: str = "340603", inner_holds: bool = True) -> str:
    """Return a credit code of nobody, another for each number."""
    first = f"MA{number:06}"
    last = inner_check_character(first)
    if not inner_holds:
        last = "1" if last != "1" else "2"
    body = f"91{region}{first}{last}"
    return body + check_character(body)


@dataclass
class Company:
    """An organization whose administrator has signed in."""

    id: UUID
    name: str
    uscc: str
    api: AsyncClient

    async def do(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:  # noqa: ANN401
        """Do something, and return what is answered."""
        answer = await self.api.request(method, path, json=body)
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def refused(self, method: str, path: str, body: Any = None) -> str:  # noqa: ANN401
        """Try something that must be refused, and return the problem's type."""
        answer = await self.api.request(method, path, json=body)
        assert answer.status_code >= 400, answer.text
        return str(answer.json()["type"]).removeprefix("/problems/")


class Door:
    """The service with companies before it."""

    def __init__(self, stores: Stores, sign_in: SignIn) -> None:
        self.stores, self._sign_in, self._count = stores, sign_in, 0
        self.app = create_app(service, store=stores["onboarding"], verify=lambda _: None)

    async def company(self, name: str, *, heard: bool = True) -> Company:
        """Let a company come, of which onboarding has heard."""
        self._count += 1
        found = Company(
            uuid4(),
            name,
            a_code(self._count),
            AsyncClient(),
        )
        found.api = self._sign_in("onboarding", found.id, *ADMINISTRATOR, name=f"{name}的林")
        if heard:
            await self.hear(found)
        return found

    async def hear(self, company: Company) -> None:
        """Let onboarding hear of a company, twice as Kafka may tell it."""
        event = OrganizationRegistered(
            organization_id=company.id,
            name=company.name,
            identifiers={"uscc": company.uscc},
            registered_at=utc_now(),
        )
        body = Envelope.seal(event, id=uuid7(), time=utc_now()).model_dump_json().encode()
        message = Message(event.topic(), event.subject, body)
        system = self.stores["onboarding"].system
        await receive(handlers, system, [message, message], back_off_s=())

    async def announced(self) -> list[Event]:
        """Return what was announced since the last time."""
        messages = await relayed(self.stores["onboarding"])
        events = [Envelope.model_validate_json(message.body).open() for message in messages]
        return [event for event in events if event]

    async def page(self, method: str, path: str, **sent: Any) -> Response:  # noqa: ANN401
        """Open a page as somebody who has not signed in."""
        transport = ASGITransport(self.app, raise_app_exceptions=False)
        english = {"accept-language": "en"}
        async with AsyncClient(
            transport=transport, base_url="http://localhost", headers=english
        ) as browser:
            return await browser.request(method, path, **sent)

    async def rows(self, query: str) -> list[Any]:
        """Read rows as the system."""
        async with transaction(self.stores["onboarding"].system) as session:
            return list((await session.execute(text(query))).all())

    async def violations(self) -> list[Any]:
        """Return what breaks an invariant."""
        return [row for query in CHECKS.values() for row in await self.rows(query)]


def secret_of(link: str) -> dict[str, str]:
    """Return the body that accepts a link."""
    return {"secret": link.rpartition("/")[2]}


async def invited(buyer: Company, **changed: Any) -> Any:  # noqa: ANN401
    """Invite somebody, by an e-mail address of its own."""
    asked = {"name": "宏远精密", "email": f"{uuid4().hex[:8]}@example.com"} | changed
    return await buyer.do("POST", "invitations", asked, expect=201)


async def begun(buyer: Company, supplier: Company) -> str:
    """Let a supplier accept an invitation; return its application's path."""
    link = (await invited(buyer))["link"]
    found = await supplier.do("POST", "invitations/acceptance", secret_of(link))
    return f"applications/{found['id']}"


async def submitted(buyer: Company, supplier: Company) -> str:
    """Let a supplier apply with a whole profile."""
    path = await begun(buyer, supplier)
    await supplier.do("PUT", "profile", PROFILE)
    await supplier.do("POST", f"{path}/submission")
    return path


async def agreed(buyer: Company, supplier: Company, **changed: Any) -> Any:  # noqa: ANN401
    """Go all the way; return the application."""
    path = await submitted(buyer, supplier)
    await buyer.do("POST", f"{path}/approval", {"terms": TERMS | changed})
    read = await supplier.do("GET", f"{path}/agreement")
    body = {"sha256": read["sha256"]}
    return await supplier.do("POST", f"{path}/agreement/acceptance", body)
