"""The pages of buyers, receivers, finance, regulators and the operator, read by everybody."""

from functools import partial
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from contracts.scopes import Role
from tests.browser import goods
from tests.browser.conftest import DESK, PHONE, Open, Watch, sign_in
from tests.browser.stage import ALL, LONG, TODAY, Company, Robot, Stage
from tests.browser.test_pages import VARIANTS, _note, walk

BUYING = [Role.BUYER_PROCUREMENT, Role.BUYER_FINANCE, Role.BUYER_QUALITY]
SELLING = [Role.SUPPLIER_SALES, Role.SUPPLIER_FINANCE, Role.SUPPLIER_LOGISTICS]
BUYER = (
    "/",
    "/suppliers",
    "/suppliers?q=nothing+like+this",
    "/suppliers/{supplier}",
    "/suppliers/{supplier}/figures/on_time_first",
    "/suppliers/{supplier}/figures/payment_days",
    "/suppliers/invitations",
    "/suppliers/invitations?state=withdrawn",
    "/suppliers/invitations/new",
    "/suppliers/invitations/upload",
    "/suppliers/applications",
    "/suppliers/applications?state=all",
    "/suppliers/applications/{application}",
    "/arrivals",
    "/arrivals?on=2030-01-01",
    "/receiving",
    "/receiving?code={order_number}",
    "/receiving/shipments/{shipment}",
    "/receipts",
    "/receipts?state=all",
    "/receipts/{receipt}",
    "/receipts/{judged}",
    "/compliance",
    "/compliance?days=90",
    "/matching",
    "/matching?state=all",
    "/matching/{invoice}",
    "/statements",
    "/statements/{statement}",
    "/payments",
    "/payments?before={later}",
    "/payments/proposals/{proposal}",
)
SUPPLIER = "/receipts", "/receipts/{receipt}", "/statements", "/statements/{statement}"
REGULATOR = "/regulation", "/regulation/releases", "/regulation/method"
OPERATOR = ("/operation/releases",)

Trade = tuple[Company, Company]


@pytest.fixture(scope="module")
def trade(stage: Stage) -> Trade:
    """Return a buyer and a supplier with a long name, each with people for every task."""
    buyer = stage.company("启元商用车有限公司", {"林敏": BUYING, "钱会计": BUYING})
    supplier = stage.company(LONG, {"周岚": SELLING})
    stage.partners(buyer, supplier)
    return buyer, supplier


def order(stage: Stage, trade: Trade, number: str, **said: Any) -> dict[str, Any]:  # noqa: ANN401
    """Place an order and have it promised."""
    buyer, supplier = trade
    placed = stage.order(buyer, supplier, number, **said)
    stage.confirm(supplier, placed)
    return placed


def applicant(stage: Stage, buyer: Company, name: str) -> tuple[Robot, str]:
    """Let a company answer an invitation and fill in its application, over the API."""
    invited = {"name": name, "email": f"{UUID(int=hash(name) % 2**128).hex[:10]}@example.com"}
    sent = stage.call(buyer.token, "POST", "onboarding/v1/invitations", invited)
    company = stage.company(name, {})
    scopes = [*ALL, "identity:administer"]
    client = {"organization_id": str(company.id), "name": "setting up", "scopes": scopes}
    made = stage.call(stage.operator, "POST", "identity/v1/clients/bulk", {"clients": [client]})
    known = made["results"][0]
    robot = Robot(known["client_id"], known["client_secret"], " ".join(scopes))
    heard = "SELECT count(*) FROM onboarding.organizations WHERE id = %(id)s"
    stage.until(lambda: stage.sql(heard, id=company.id) == [(1,)])
    secret = {"secret": sent["link"].rsplit("/", 1)[1]}
    begun = stage.call(robot, "POST", "onboarding/v1/invitations/acceptance", secret)
    profile = {
        "region": "350100",
        "industry": "C3670",
        "size": "small",
        "contact": {"name": "吴总", "phone": "13800138000", "email": "wu@example.com"},
        "bank": {"name": "中国工商银行福州分行", "account": "6222000011112222", "holder": name},
    }
    stage.call(robot, "PUT", "onboarding/v1/profile", profile)
    stage.call(robot, "POST", f"onboarding/v1/applications/{begun['id']}/submission", {})
    return robot, begun["id"]


@pytest.fixture(scope="module")
def scene(stage: Stage, trade: Trade) -> dict[str, str]:
    """Bring about something of everything that these pages show."""
    buyer, supplier = trade
    placed = [order(stage, trade, f"B-{n}", lines=3, quantity=200_000) for n in range(4)]
    shipped = [goods.ship(stage, buyer, supplier, one) for one in placed[:3]]
    waiting = goods.receive(stage, buyer, shipped[0], short=2, damaged=3)
    judged = goods.receive(stage, buyer, shipped[1])
    goods.accept(stage, buyer, judged)
    invoiced = goods.invoice(stage, buyer, supplier, placed[1], "FP-B-1", more=2)
    opened = {"counterparty_id": str(supplier.id), "month": f"{TODAY:%Y-%m}", "side": "buyer"}
    statement = stage.call(buyer.token, "POST", "settlement/v1/statements", opened)
    wanted = {"due_before": "2027-12-31"}
    proposal = stage.call(buyer.token, "POST", "settlement/v1/proposals", wanted)
    _robot, application = applicant(stage, buyer, "嘉禾压铸有限公司")
    return {
        "supplier": str(supplier.id),
        "application": application,
        "order_number": "B-3",
        "shipment": shipped[2]["id"],
        "receipt": waiting["id"],
        "judged": judged["id"],
        "invoice": invoiced["id"],
        "statement": statement["id"],
        "proposal": proposal["id"],
        "later": "2027-12-31",
    }


@pytest.fixture(scope="module")
def regulator(stage: Stage) -> str:
    """Return the e-mail of somebody who may look at what is published."""
    authority = stage.company("省工业和信息化厅", {})
    return stage.person(authority.id, "监管员", [Role.REGULATOR_VIEWER])


@pytest.fixture(scope="module")
def readers(stage: Stage, trade: Trade, regulator: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Say who reads which pages."""
    buyer, supplier = trade
    return {
        "receiving": (buyer.people["林敏"], BUYER[:22]),
        "paying": (buyer.people["林敏"], BUYER[22:]),
        "selling": (supplier.people["周岚"], SUPPLIER),
        "regulator": (regulator, REGULATOR),
        "operator": (stage.operator_email, OPERATOR),
    }


@pytest.mark.parametrize("who", ["receiving", "paying", "selling", "regulator", "operator"])
@pytest.mark.parametrize(("phone", "language", "theme"), VARIANTS)
def test_all_pages_of_the_buyer_can_be_read_by_everybody(  # noqa: PLR0913, PLR0917
    browser: Browser,
    stage: Stage,
    scene: dict[str, str],
    readers: dict[str, tuple[str, tuple[str, ...]]],
    watch: Watch,
    who: str,
    phone: bool,
    language: str,
    theme: Any,  # noqa: ANN401
) -> None:
    email, paths = readers[who]
    context = browser.new_context(
        viewport=PHONE if phone else DESK,  # type: ignore[arg-type]
        color_scheme=theme,
        locale="zh-CN" if language == "zh" else "en-US",
        base_url=stage.address,
        bypass_csp=True,  # axe is put into the page by the test
    )
    page = context.new_page()
    watch.listen(page)
    page.goto("/")
    sign_in(page, email)
    wrong = walk(page, paths, scene, f"{who}-{'390' if phone else '1440'}-{language}-{theme}")
    context.close()
    assert not wrong, "\n".join(wrong)


def test_pages_without_charts_are_light(visit: Open, trade: Trade, scene: dict[str, str]) -> None:
    buyer, _supplier = trade
    page = visit(buyer.people["林敏"])
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    weights: dict[str, int] = {}
    for path in (
        "/suppliers",
        "/receiving",
        f"/receipts/{scene['receipt']}",
        "/compliance?days=90",
    ):
        loaded: list[int] = []
        note = partial(_note, loaded)
        session.on("Network.loadingFinished", note)
        page.goto(path)
        page.wait_for_timeout(500)
        session.remove_listener("Network.loadingFinished", note)
        weights[path] = int(sum(loaded))
    assert all(0 < weight < 200_000 for weight in weights.values()), weights


def test_pages_without_anything_say_what_will_be_there(visit: Open, stage: Stage) -> None:
    empty = stage.company("空买方", {"新人": BUYING})
    page = visit(empty.people["新人"])
    for path in (
        "/suppliers",
        "/suppliers/invitations",
        "/suppliers/applications",
        "/arrivals",
        "/receipts",
        "/compliance",
        "/matching",
        "/statements",
    ):
        page.goto(path)
        expect(page.locator(".empty").first, path).to_be_visible()


def test_strangers_find_nothing(
    visit: Open, stage: Stage, scene: dict[str, str], watch: Watch
) -> None:
    watch.expected.append("status of 404")
    other = stage.company("别的买方", {"外人": BUYING})
    page = visit(other.people["外人"])
    for path in (
        f"/receipts/{scene['receipt']}",
        f"/matching/{scene['invoice']}",
        f"/statements/{scene['statement']}",
        f"/payments/proposals/{scene['proposal']}",
        f"/suppliers/applications/{scene['application']}",
        f"/suppliers/{scene['supplier']}",
        f"/receiving/shipments/{scene['shipment']}",
    ):
        page.goto(path)
        expect(page.locator("h1"), path).to_have_text("这里什么也没有")


def _english(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("h1, h2, th, button, label, dt, .tabs a")]
            .map((e) => e.innerText).filter((t) => /[\\u4e00-\\u9fff]/.test(t))"""
    )
    return found


def test_nothing_of_chinese_is_left_in_english(
    visit: Open, trade: Trade, scene: dict[str, str]
) -> None:
    buyer, _supplier = trade
    page = visit(buyer.people["林敏"], language="en")
    own = LONG, "嘉禾", "转向节", "启元", "中文"
    for path in BUYER:
        page.goto(path.format(**scene))
        left = [text for text in _english(page) if not any(name in text for name in own)]
        assert not left, (path, left)
