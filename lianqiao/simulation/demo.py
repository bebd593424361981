"""The demo chain: what `lianqiao up` loads on its first start, and who may sign in to it."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import NamedTuple
from uuid import UUID

from contracts.scopes import Role
from lianqiao import installation
from lianqiao.client import Credentials, Reach
from lianqiao.installation import Operator
from lianqiao.progress import told_in_lines
from lianqiao.serving import stores_of
from lianqiao.simulation.arrivals import play_arrivals
from lianqiao.simulation.chain import APPLICANT, FORGE, MAKER, REGULATOR, SUPPLIERS, Company
from lianqiao.simulation.deals import play_deals
from lianqiao.simulation.joining import play_joining, play_releases
from lianqiao.simulation.money import play_money
from lianqiao.simulation.plan import Plan, draw_plan
from lianqiao.simulation.play import Stage, play
from lianqiao.simulation.scenes import play_scenes
from services.identity import commands as identity
from shared.database import transaction, utc_now
from shared.settings import settings

SEED, SUPPLIER_COUNT, LINE_COUNT, MONTHS = 7, len(SUPPLIERS), 60, 4
PLATFORM = "Lianqiao"


class SignIn(NamedTuple):
    """Somebody who may sign in to the demo."""

    organization: str
    person: str
    role: str
    email: str
    password: str


class Person(NamedTuple):
    name: str
    email: str
    does: str
    works_for: dict[Company | None, list[Role]]  # None: the platform's operator


HONGYUAN, YUNLING = SUPPLIERS[0], SUPPLIERS[1]
PEOPLE = (
    Person(
        "林敏", "lin.min@bilin.example", "buyer: procurement", {MAKER: [Role.BUYER_PROCUREMENT]}
    ),
    Person(
        "赵立群",
        "zhao.liqun@bilin.example",
        "buyer: administrator",
        {MAKER: [Role.ORGANIZATION_ADMIN, Role.BUYER_PROCUREMENT]},
    ),
    Person("孙静", "sun.jing@bilin.example", "buyer: finance", {MAKER: [Role.BUYER_FINANCE]}),
    Person(
        "钱进",
        "qian.jin@bilin.example",
        "buyer: finance, approves as the second",
        {MAKER: [Role.BUYER_FINANCE]},
    ),
    Person(
        "吴强",
        "wu.qiang@bilin.example",
        "buyer: receives and inspects (phone)",
        {MAKER: [Role.BUYER_QUALITY]},
    ),
    Person(
        "周岚",
        "zhou.lan@hongyuan.example",
        "supplier: sales, and buyer of its own supplier",
        {HONGYUAN: [Role.SUPPLIER_SALES, Role.SUPPLIER_PRODUCTION, Role.BUYER_PROCUREMENT]},
    ),
    Person(
        "王师傅",
        "wang@hongyuan.example",
        "supplier: production (phone)",
        {HONGYUAN: [Role.SUPPLIER_PRODUCTION]},
    ),
    Person(
        "段云霞",
        "duan.yunxia@yunling.example",
        "supplier: owner, sells and administers",
        {YUNLING: [Role.SUPPLIER_SALES, Role.SUPPLIER_PRODUCTION, Role.ORGANIZATION_ADMIN]},
    ),
    Person(
        "陈涛",
        "chen.tao@tieniu.example",
        "works for two suppliers, and switches",
        {
            FORGE: [Role.SUPPLIER_SALES, Role.SUPPLIER_PRODUCTION],
            SUPPLIERS[10]: [Role.SUPPLIER_SALES, Role.SUPPLIER_PRODUCTION],
        },
    ),
    Person(
        "郑晓",
        "zheng.xiao@jinhui.example",
        "applies as a supplier",
        {APPLICANT: [Role.ORGANIZATION_ADMIN, Role.SUPPLIER_SALES]},
    ),
    Person(
        "顾问之",
        "gu.wenzhi@regulator.example",
        "regulator",
        {REGULATOR: [Role.REGULATOR_VIEWER]},
    ),
    Person(
        "何运", "operator@lianqiao.example", "platform operator", {None: [Role.PLATFORM_OPERATOR]}
    ),
)


def load_demo(
    operator: Operator, *, password: Callable[[str], str], say: Callable[[str], None]
) -> list[SignIn]:
    """Play the demo chain on a running platform; return who may sign in to it.

    `password` returns the password of an address, the same each time. Called again it adds
    nothing: an interrupted load is gone on with, around the day on which it began.
    """
    credentials = Credentials(operator.client_id, operator.secret)
    reach = Reach(operator.issuer, credentials, operator.certificate)
    plan = kept_plan(seed=SEED, supplier_count=SUPPLIER_COUNT, line_count=LINE_COUNT, months=MONTHS)

    async def run() -> list[SignIn]:
        async with reach.reached() as platform:
            stage = Stage(platform, SEED, told_in_lines(say))
            await play(plan, stage)
            await play_deals(plan.deals, stage)
            await play_scenes(plan, stage)
            await play_arrivals(plan, stage)
            await play_joining(stage)
            await play_money(plan, stage)
            await play_releases(plan, stage)
            companies = [*plan.companies, APPLICANT, REGULATOR]
            ids = {company: stage.party(company).id for company in companies}
            return await _let_in(ids, password)

    return asyncio.run(run())


def kept_plan(*, seed: int, supplier_count: int, line_count: int, months: int = 0) -> Plan:
    """Draw the plan of a seed around the moment at which it was first asked for here."""
    name = f"{seed} {supplier_count} {line_count}"
    known = installation.kept("simulations")
    if name not in known:
        known[name] = utc_now().isoformat()
        installation.keep("simulations", known)
    return draw_plan(
        Random(seed),  # noqa: S311  a story, not a secret
        now=datetime.fromisoformat(known[name]),
        zone=settings().calendar,
        supplier_count=supplier_count,
        line_count=line_count,
        months=months,
    )


async def _let_in(ids: dict[Company, UUID], password: Callable[[str], str]) -> list[SignIn]:
    """Give the demo's people their sign-ins, as only this machine's own program may."""
    found = []
    async with stores_of(["identity"]) as stores:
        for person in PEOPLE:
            async with transaction(stores["identity"].system) as session:
                words = password(person.email)
                await identity.ensure_person(
                    session,
                    email=person.email,
                    name=person.name,
                    language="zh",
                    password=words,
                    memberships={
                        ids[company] if company else identity.OPERATOR_ID: roles
                        for company, roles in person.works_for.items()
                    },
                    at=utc_now(),
                )
            names = [company.name if company else PLATFORM for company in person.works_for]
            found.append(SignIn("、".join(names), person.name, person.does, person.email, words))
    return found
