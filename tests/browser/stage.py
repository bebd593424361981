"""The real platform in one process, with organizations, people and orders of our own making."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx2
from psycopg import connect
from uuid_utils.compat import uuid7

from contracts.scopes import Role, Scope
from services.identity import commands as identity
from shared.database import Store, open_store, transaction, utc_now

PASSWORD = "Nothing-2-guess-here"  # noqa: S105  of people who exist in tests alone
LONG = (  # sixty characters
    "云岭宏远精密机械制造与表面处理科技（集团）股份有限公司"
    "新能源汽车零部件事业部第二压铸与机加工联合制造分公司东部交付中心一部"
)
TODAY = date.today()  # noqa: DTZ011  the platform's zone is what the browser's tests care for
ALL = [scope.value for scope in Scope if not scope.startswith(("platform", "identity"))]

T = TypeVar("T")


def in_a_loop(work: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine beside Playwright, whose loop owns this thread."""

    async def run() -> T:
        return await work()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(run())).result()


@dataclass
class Robot:
    """A program: what it proves itself with, and the token that it got last."""

    client_id: str
    secret: str
    scope: str
    token: str = ""
    good_until: float = 0.0


@dataclass
class Company:
    """An organization, with a program of its own that may do what its people may."""

    id: UUID
    name: str
    token: Robot
    people: dict[str, str] = field(default_factory=dict)  # e-mail by what somebody is


class Stage:
    """The platform, and what a test needs to bring about on it."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address, self.folder = address, folder
        self.running = json.loads((folder / "running.json").read_text())
        self.http = httpx2.Client(base_url=address, timeout=30)
        known = json.loads((folder / "operator.json").read_text())
        wanted = "identity:operate identity:administer onboarding:import platform:read"
        self.operator = Robot(known["client_id"], known["secret"], wanted)
        self.operator_email = self.person(identity.OPERATOR_ID, "何运", [Role.PLATFORM_OPERATOR])

    def _token(self, robot: Robot) -> str:
        if robot.good_until < time.monotonic():
            form = {"grant_type": "client_credentials", "scope": robot.scope}
            proof = robot.client_id, robot.secret
            answer = self.http.post("/oauth/token", data=form, auth=proof)
            assert answer.is_success, answer.text
            robot.token = str(answer.json()["access_token"])
            robot.good_until = time.monotonic() + 120
        return robot.token

    def call(self, robot: Robot, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401
        """Call the public API, as any program could."""
        headers = {"authorization": f"Bearer {self._token(robot)}", "idempotency-key": str(uuid4())}
        answer = self.http.request(method, f"/api/{path}", json=body, headers=headers)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    def company(self, name: str, people: Mapping[str, Sequence[Role]]) -> Company:
        """Register an organization with people, and a program that acts for it."""
        organization_id = uuid7()
        described = {"organizations": [{"id": str(organization_id), "name": name}]}
        self.call(self.operator, "POST", "identity/v1/organizations/bulk", described)
        client = {"organization_id": str(organization_id), "name": "tests", "scopes": ALL}
        registered = self.call(
            self.operator, "POST", "identity/v1/clients/bulk", {"clients": [client]}
        )["results"][0]
        robot = Robot(registered["client_id"], registered["client_secret"], " ".join(ALL))
        emails = {who: self.person(organization_id, who, roles) for who, roles in people.items()}
        return Company(organization_id, name, robot, emails)

    def person(self, organization_id: UUID, name: str, roles: Sequence[Role]) -> str:
        """Let somebody work in an organization, and return the e-mail to sign in with."""
        email = f"{uuid4().hex[:10]}@example.com"
        self.join(email, name, {organization_id: list(roles)})
        return email

    def join(self, email: str, name: str, memberships: Mapping[UUID, list[Role]]) -> None:
        """Give somebody roles in organizations."""

        async def ensure() -> None:
            store: Store = open_store(self.running["LIANQIAO_DATABASE_URL"], service="identity")
            async with transaction(store.system) as session:
                await identity.ensure_person(
                    session,
                    email=email,
                    name=name,
                    language="zh",
                    password=PASSWORD,
                    memberships=dict(memberships),
                    at=utc_now(),
                )
            await store.close()

        in_a_loop(ensure)

    def sql(self, statement: str, **values: Any) -> list[Any]:  # noqa: ANN401
        """Ask the database as its superuser, past all that protects it."""
        url = self.running["LIANQIAO_DATABASE_URL"].replace("postgresql+psycopg", "postgresql")
        with connect(url, autocommit=True) as connection:
            found = connection.execute(statement, values)
            return found.fetchall() if found.description else []

    def partners(self, buyer: Company, *suppliers: Company) -> None:
        """Bring a buyer and suppliers together, and wait until orders knows."""
        met = [
            {"buyer_id": str(buyer.id), "supplier_id": str(one.id), "since": "2026-01-05"}
            for one in suppliers
        ]
        self.until(
            lambda: all(
                result["status"] != "refused"
                for result in self.call(
                    self.operator,
                    "POST",
                    "onboarding/v1/relationships/import",
                    {"relationships": met},
                )["results"]
            )
        )
        known = partial(self.call, buyer.token, "GET", "orders/v1/relationships?limit=200")
        self.until(lambda: len(known()["items"]) >= len(suppliers))

    def until(self, reached: Callable[[], bool], *, within_s: float = 30) -> None:
        """Wait for what events bring about."""

        async def wait() -> None:
            async with asyncio.timeout(within_s):
                while not await asyncio.to_thread(reached):  # noqa: ASYNC110  it asks over HTTP
                    await asyncio.sleep(0.1)

        in_a_loop(wait)

    def order(  # noqa: PLR0913  what an order says
        self,
        buyer: Company,
        supplier: Company,
        number: str,
        *,
        lines: int = 1,
        quantity: int = 100,
        price: str = "12.50",
        due: date | None = None,
    ) -> dict[str, Any]:
        """Place an order over the API."""
        body = {
            "number": number,
            "supplier_id": str(supplier.id),
            "currency": "CNY",
            "incoterm": "DAP",
            "incoterm_place": "一号工厂",
            "lines": [
                {
                    "position": 10 * (n + 1),
                    "item_number": f"ZX-{2041 + n}",
                    "item_name": "转向节 左前",
                    "unit": "C62",
                    "price": price,
                    "schedule_lines": [
                        {
                            "quantity": str(quantity),
                            "due_on": str((due or TODAY + timedelta(days=21)) + timedelta(days=n)),
                        }
                    ],
                }
                for n in range(lines)
            ],
        }
        placed: dict[str, Any] = self.call(buyer.token, "POST", "orders/v1/orders", body)
        return placed

    def confirm(self, supplier: Company, order: Mapping[str, Any], *, days: int = 0) -> list[str]:
        """Promise all lines of an order, and return their work orders."""
        for line in order["lines"]:
            for part in line["schedule_lines"]:
                promised = date.fromisoformat(part["due_on"]) + timedelta(days=days)
                path = f"orders/v1/schedule-lines/{part['id']}/confirmation"
                self.call(supplier.token, "POST", path, {"promised_on": str(promised)})
        path = f"production/v1/work-orders?side=supplier&order_id={order['id']}&limit=200"
        wanted = sum(len(line["schedule_lines"]) for line in order["lines"])
        self.until(lambda: len(self.call(supplier.token, "GET", path)["items"]) == wanted)
        return [work["id"] for work in self.call(supplier.token, "GET", path)["items"]]

    def report(self, supplier: Company, work_order_id: str, good: Decimal | int) -> None:
        """Report good quantity of the first operation."""
        path = f"production/v1/work-orders/{work_order_id}/reports"
        self.call(supplier.token, "POST", path, {"operation": 1, "good": str(good)})
