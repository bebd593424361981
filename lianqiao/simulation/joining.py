"""Who asks to come in on the day of the story, and what the regulator reads."""

import asyncio
import time
from datetime import date, timedelta
from uuid import UUID

from pydantic import BaseModel

from contracts.scopes import Scope
from lianqiao.client import Api, Platform, PlatformError
from lianqiao.parties import Party, register
from lianqiao.simulation.chain import APPLICANT, MAKER, OTHER_MAKERS, REGULATOR
from lianqiao.simulation.deals import happens
from lianqiao.simulation.plan import Plan
from lianqiao.simulation.play import HEARD_WITHIN_S_MAX, REST_S, Stage

INVITATIONS = "/api/onboarding/v1/invitations"
APPLICATIONS = "/api/onboarding/v1/applications"
PREVIEWS, RELEASES = "/api/insights/v1/previews", "/api/insights/v1/releases"
WAIVERS = "/api/insights/v1/waivers"
APPLIES = frozenset({Scope.IDENTITY_ADMINISTER, Scope.ONBOARDING_READ, Scope.ONBOARDING_WRITE})
RELEASED_MONTHS = 3


async def play_joining(stage: Stage) -> None:
    """Invite two companies; one of them fills in its application and submits it."""
    buyer = stage.api(MAKER)
    for name, contact in (("南岭密封件有限公司", "13800001234"), (APPLICANT.name, "13900005678")):
        asked = {"name": name, "phone": contact, "note": "欢迎加入，有问题打采购电话。"}
        invited = await happens(stage, buyer, INVITATIONS, asked)
    me = Party(stage.party(APPLICANT).id, APPLICANT.name, APPLIES, APPLICANT.contact, _code())
    looks = Party(stage.party(REGULATOR).id, REGULATOR.name, frozenset(), REGULATOR.contact)
    registered = await register(stage.platform, [me], told=stage.told)
    await register_without_client(stage.platform, looks)
    api = registered.apis[me.id]
    profile = {
        "region": APPLICANT.region,
        "industry": APPLICANT.industry,
        "size": APPLICANT.size.value,
        "contact": {"name": APPLICANT.contact, "phone": "13900005678"},
        "bank": {
            "name": "中国农业银行宁波鄞州支行",
            "account": "6228480012345678901",
            "holder": APPLICANT.name,
        },
    }
    if invited:
        await api.put("/api/onboarding/v1/profile", profile)
        secret = {"secret": invited["link"].rpartition("/")[2]}
        application = await happens(stage, api, f"{INVITATIONS}/acceptance", secret)
        if application:
            await happens(stage, api, f"{APPLICATIONS}/{application['id']}/submission", {})
    stage.told("an application waits", 1, 1)


def _code() -> dict[str, str]:
    return {"uscc": APPLICANT.uscc}


async def register_without_client(platform: Platform, party: Party) -> None:
    """Register an organization of people alone."""
    operator = platform.as_operator({Scope.IDENTITY_OPERATE})
    organization = {"id": str(party.id), "name": party.name, "identifiers": party.identifiers}
    path = "/api/identity/v1/organizations/bulk"
    [result] = await operator.batch(path, "organizations", [organization])
    if result.problem:
        raise PlatformError(f"{result.problem.title}: {result.problem.detail}")


class _Preview(BaseModel):
    id: UUID
    state: str
    reason: str | None = None


async def play_releases(plan: Plan, stage: Stage) -> None:
    """Let the core firms waive, and the operator publish the last months one after the other."""
    for maker in (MAKER, *OTHER_MAKERS):
        await happens(stage, stage.api(maker), WAIVERS, {"given": True})
    operator = stage.platform.as_operator({Scope.INSIGHTS_OPERATE})
    first = plan.now.date().replace(day=1)
    months: list[date] = []
    for _ in range(RELEASED_MONTHS):
        first = (first - timedelta(days=1)).replace(day=1)
        months.insert(0, first)
    for turn, month in enumerate(months):
        asked = await happens(stage, operator, PREVIEWS, {"month": str(month)})
        if asked:
            preview = await _worked_out(operator, UUID(asked["id"]))
            if preview.state == "passed":
                await happens(stage, operator, RELEASES, {"preview_id": str(preview.id)})
        stage.told("months are published", turn + 1, len(months))


async def _worked_out(operator: Api, id_: UUID) -> _Preview:
    deadline = time.monotonic() + HEARD_WITHIN_S_MAX
    while True:
        preview = await operator.get(f"{PREVIEWS}/{id_}", _Preview)
        if preview.state not in ("waiting", "running") or time.monotonic() > deadline:
            return preview
        await asyncio.sleep(REST_S)
