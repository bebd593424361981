"""Every page, in both languages, both themes and both widths: nothing broken, nothing too heavy."""

import os
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from contracts.scopes import Role
from tests.browser.conftest import DESK, PHONE, Open, Watch, sign_in
from tests.browser.stage import LONG, Company, Stage

AXE = Path("node_modules/axe-core/axe.min.js")
FIRST_LOAD_BYTES_MAX = 200_000
SCREENSHOTS = os.environ.get("LIANQIAO_SCREENSHOTS")  # a folder, for whoever wants to look

BUYER = (
    "/",
    "/orders",
    "/orders?side=buyer&view=all&q=nothing+like+this",
    "/orders/new",
    "/orders/upload",
    "/answers",
    "/relationships",
    "/administration",
    "/administration/programs",
    "/administration/sessions",
    "/administration/audit",
    "/developers",
    "/orders/{order}",
    "/orders/lines/{line}/change",
)
SUPPLIER = (
    "/",
    "/orders",
    "/confirm",
    "/answers",
    "/reports",
    "/reports/upload",
    "/relationships",
    "/orders/{order}",
    "/orders/lines/{open_line}/confirm",
    "/reports/{work}",
    "/reports/{work}/card",
)
OPERATOR = "/operation", "/operation/organizations"
VARIANTS = [
    pytest.param(phone, language, theme, id=f"{'phone' if phone else 'desk'}-{language}-{theme}")
    for phone, language, theme in (
        (False, "zh", "light"),
        (False, "en", "dark"),
        (True, "zh", "dark"),
        (True, "en", "light"),
    )
]


@pytest.fixture(scope="module")
def scene(stage: Stage, chain: tuple[Company, Company]) -> dict[str, str]:
    """Bring about something of everything: a nine-digit amount, progress, a change, a message."""
    buyer, supplier = chain
    order = stage.order(buyer, supplier, "P-1", lines=7, quantity=200_000, price="642.30")
    work_orders = stage.confirm(supplier, {"lines": order["lines"][:6], "id": order["id"]})
    for n, work in enumerate(work_orders):
        stage.report(supplier, work, 1_000 * (n + 1))
    ids = [part["id"] for line in order["lines"] for part in line["schedule_lines"]]
    change = {"kind": "reschedule", "promised_on": "2027-03-01", "reason": "热处理炉检修"}
    path = f"orders/v1/schedule-lines/{ids[0]}/changes"
    stage.call(supplier.token, "POST", path, change)
    said = {"text": "总装 12-01 上线，能否先送 1,200 件？", "reminder": True}
    stage.call(buyer.token, "POST", f"orders/v1/orders/{order['id']}/messages", said)
    stage.order(buyer, supplier, "P-2", lines=60)
    return {"order": order["id"], "line": ids[1], "open_line": ids[6], "work": work_orders[0]}


def judge(page: Page, path: str) -> list[str]:
    """Return what is wrong with a page: what readers with a screen reader, or a phone, meet."""
    wrong = []
    width = page.viewport_size["width"] if page.viewport_size else 0
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        wrong.append(f"{path} is {wide} wide on {width}")
    page.add_script_tag(content=AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    for violation in found["violations"]:
        if violation["impact"] in {"serious", "critical"}:
            nodes = [node["html"][:160] for node in violation["nodes"][:3]]
            wrong.append(f"{path} {violation['id']} {nodes}")
    return wrong


def walk(page: Page, paths: tuple[str, ...], scene: dict[str, str], name: str) -> list[str]:
    wrong = []
    for path in paths:
        address = path.format(**scene)
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, f"{address}: {answer.status}"
        page.wait_for_load_state("load")
        page.wait_for_timeout(250)
        if SCREENSHOTS:
            shot = re.sub(r"\W+", "-", path.split("?")[0]).strip("-") or "home"
            page.screenshot(path=Path(SCREENSHOTS) / f"{name}-{shot}.png", full_page=True)
        wrong += judge(page, path)
    return wrong


@pytest.mark.parametrize(("phone", "language", "theme"), VARIANTS)
def test_all_pages_can_be_read_by_everybody(  # noqa: PLR0913, PLR0917
    browser: Browser,
    stage: Stage,
    chain: tuple[Company, Company],
    scene: dict[str, str],
    watch: Watch,
    phone: bool,
    language: str,
    theme: Any,  # noqa: ANN401
) -> None:
    buyer, supplier = chain
    wrong = []
    for who, email, paths in (
        ("buyer", buyer.people["赵立群"], BUYER),
        ("supplier", supplier.people["周岚"], SUPPLIER),
        ("operator", stage.operator_email, OPERATOR),
    ):
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
        name = f"{who}-{'390' if phone else '1440'}-{language}-{theme}"
        wrong += walk(page, paths, scene, name)
        context.close()
    assert not wrong, "\n".join(wrong)


def _note(loaded: list[int], event: dict[str, Any]) -> None:
    loaded.append(event["encodedDataLength"])


def test_first_loads_are_light(
    visit: Open, chain: tuple[Company, Company], scene: dict[str, str]
) -> None:
    buyer, _supplier = chain
    page = visit(buyer.people["林敏"])
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    weights: dict[str, int] = {}
    for path in ("/", "/orders?side=buyer&view=all", f"/orders/{scene['order']}"):
        loaded: list[int] = []
        note = partial(_note, loaded)
        session.on("Network.loadingFinished", note)
        page.goto(path)
        page.wait_for_timeout(500)
        session.remove_listener("Network.loadingFinished", note)
        weights[path] = int(sum(loaded))
    assert all(0 < weight < FIRST_LOAD_BYTES_MAX for weight in weights.values()), weights


def test_nothing_of_chinese_is_left_in_english_pages(
    visit: Open, chain: tuple[Company, Company]
) -> None:
    buyer, _supplier = chain
    page = visit(buyer.people["赵立群"], language="en")
    for path in ("/", "/orders", "/orders/new", "/relationships", "/administration/programs"):
        page.goto(path)
        words = page.evaluate(
            """() => [...document.querySelectorAll("h1, h2, th, button, label, nav a:not(.tool)")]
                .map((e) => e.innerText).filter((t) => /[\\u4e00-\\u9fff]/.test(t))"""
        )
        own = re.compile(f"{buyer.name}|{LONG}|中文|公司|转向节|P-|J-|林|赵")
        assert not [text for text in words if not own.search(text)]


def test_the_keyboard_is_enough(
    visit: Open, chain: tuple[Company, Company], scene: dict[str, str]
) -> None:
    assert scene
    buyer, _supplier = chain
    page = visit(buyer.people["林敏"], "/orders?side=buyer&view=all")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-to-main")).to_be_focused()
    page.keyboard.press("Enter")
    page.focus("summary:has-text('筛选')")
    page.keyboard.press("Enter")
    expect(page.locator("#filter-q")).to_be_visible()
    page.focus("#filter-q")
    page.keyboard.type("P-1")
    page.keyboard.press("Enter")
    expect(page.locator("tr[data-line]")).to_have_count(7)
    page.focus("[data-pick] >> nth=0")
    page.keyboard.press("Space")
    expect(page.locator("[data-bulk]")).to_be_visible()
    page.focus("summary:has-text('列')")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("details.menu[open]")).to_have_count(0)


def test_a_long_list_goes_on(
    visit: Open, chain: tuple[Company, Company], scene: dict[str, str]
) -> None:
    assert scene
    buyer, _supplier = chain
    page = visit(buyer.people["林敏"], "/orders?side=buyer&view=all&q=P-2")
    expect(page.locator("tr[data-line]")).to_have_count(50)
    page.click("#more a")
    expect(page.locator("tr[data-line]")).to_have_count(60)
    expect(page.locator(".progress-picture svg")).to_have_count(60)


def test_a_page_without_rows_offers_the_first_step(visit: Open, stage: Stage) -> None:
    empty = stage.company("空公司", {"新人": [Role.BUYER_PROCUREMENT, Role.SUPPLIER_SALES]})
    page = visit(empty.people["新人"])
    expect(page.locator(".empty").first).to_contain_text("还没有订单")
    page.goto("/orders?side=buyer&view=all")
    expect(page.locator(".empty a").first).to_be_visible()
    page.goto("/confirm")
    expect(page.locator(".empty")).to_contain_text("没有待确认")


def test_a_stranger_s_order_is_a_page_that_says_so(
    visit: Open, stage: Stage, scene: dict[str, str], watch: Watch
) -> None:
    watch.expected.append("status of 404")
    other = stage.company("别家", {"外人": [Role.BUYER_PROCUREMENT]})
    page = visit(other.people["外人"])
    page.goto(f"/orders/{scene['order']}")
    expect(page.locator("h1")).to_have_text("这里什么也没有")
    page.goto("/no/such/page")
    expect(page.locator("h1")).to_have_text("这里什么也没有")
