"""The pages for suppliers: read by everybody, and walked from a promise to an invoice."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page, expect

from contracts.scopes import Role
from tests.browser import deliveries
from tests.browser.conftest import DESK, PHONE, Open, Watch, sign_in
from tests.browser.stage import LONG, TODAY, Company, Stage
from tests.browser.test_pages import VARIANTS, walk

SUPPLIER = (
    "/",
    "/orders/{order}",
    "/ship",
    "/shipments",
    "/shipments?side=supplier&state=received&q=nothing+like+this",
    "/shipments/{shipment}",
    "/shipments/{planned}",
    "/shipments/{planned}/packages",
    "/owed",
    "/owed?state=overdue",
    "/owed?state=paid",
    "/owed/{payable}",
    "/invoices",
    "/invoices?side=supplier&state=paid",
    "/invoices/new",
    "/invoices/{invoice}",
    "/scorecard",
    "/scorecard/{buyer}/on_time_first",
    "/looks",
    "/application",
    "/relationships",
)
BUYER = (
    "/orders/{order}",
    "/shipments/{shipment}",
    "/owed/{payable}",
    "/invoices/{invoice}",
    "/invoices?side=buyer",
)

Chain = tuple[Company, Company]


@pytest.fixture(scope="module")
def trade(stage: Stage) -> Chain:
    """Return a large buyer and a small supplier with a long name, under signed terms."""
    buyer = stage.company(
        "比邻汽车有限公司",
        {
            "林敏": [
                Role.BUYER_PROCUREMENT,
                Role.BUYER_QUALITY,
                Role.BUYER_FINANCE,
                Role.ORGANIZATION_ADMIN,
            ]
        },
    )
    supplier = stage.company(
        LONG,
        {
            "周岚": [
                Role.SUPPLIER_SALES,
                Role.SUPPLIER_PRODUCTION,
                Role.SUPPLIER_LOGISTICS,
                Role.SUPPLIER_FINANCE,
                Role.ORGANIZATION_ADMIN,
            ]
        },
    )
    deliveries.partners_for_long(stage, buyer, supplier)
    return buyer, supplier


@pytest.fixture(scope="module")
def scene(stage: Stage, trade: Chain) -> dict[str, str]:
    """Bring about something of everything: late lines, an overdue debt, nine digits, a notice."""
    buyer, supplier = trade
    due = TODAY - timedelta(days=3)
    order = stage.order(buyer, supplier, "S-1", lines=7, quantity=200_000, price="642.30", due=due)
    work = stage.confirm(supplier, order)
    for one in work[:3]:
        stage.report(supplier, one, 150_000)
    lines = deliveries.ready(stage, supplier, order)
    shipment = deliveries.announced(stage, supplier, lines[:2], 1_000)
    path = f"logistics/v1/shipments/{shipment['id']}/departure"
    stage.call(supplier.token, "POST", path, {})
    planned = deliveries.announced(stage, supplier, lines[:3], 50)
    deliveries.delivered(stage, buyer, supplier, lines[2:4], 120_000, days_ago=75)
    invoice = deliveries.invoiced(stage, buyer, supplier, "F-1")
    deliveries.delivered(stage, buyer, supplier, lines[4:6], 100)
    [late, *_] = stage.call(
        supplier.token, "GET", "settlement/v1/payables?side=supplier&state=overdue"
    )["items"]
    return {
        "order": order["id"],
        "shipment": shipment["id"],
        "planned": planned["id"],
        "invoice": invoice["id"],
        "payable": late["id"],
        "buyer": str(buyer.id),
    }


@pytest.mark.parametrize(("phone", "language", "theme"), VARIANTS)
def test_all_pages_can_be_read_by_everybody(  # noqa: PLR0913, PLR0917
    browser: Browser,
    stage: Stage,
    trade: Chain,
    scene: dict[str, str],
    watch: Watch,
    phone: bool,
    language: str,
    theme: Any,  # noqa: ANN401
) -> None:
    buyer, supplier = trade
    wrong = []
    for who, email, paths in (
        ("supplier", supplier.people["周岚"], SUPPLIER),
        ("buyer", buyer.people["林敏"], BUYER),
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
        name = f"{who}-supply-{'390' if phone else '1440'}-{language}-{theme}"
        wrong += walk(page, paths, scene, name)
        context.close()
    assert not wrong, "\n".join(wrong)


def test_english_pages_say_nothing_in_chinese(
    visit: Open, trade: Chain, scene: dict[str, str]
) -> None:
    page = visit(trade[1].people["周岚"], language="en")
    own = re.compile(f"{trade[0].name}|{LONG}|中文|转向节|周")
    for path in SUPPLIER:
        page.goto(path.format(**scene))
        words = page.evaluate(
            """() => [...document.querySelectorAll("h1, h2, th, dt, button, label, nav a")]
                .map((e) => e.innerText).filter((t) => /[\\u4e00-\\u9fff]/.test(t))"""
        )
        assert not [text for text in words if not own.search(text)], path


def leave_all(page: Page, name: str) -> None:
    """Pick nothing of a list."""
    while page.locator(f"[name={name}]:checked").count():
        page.locator(f"[name={name}]:checked").first.uncheck()


def a_notice(phone: Page, number: str) -> None:
    """Ship the lines of one order alone, in two packages."""
    phone.goto("/ship")
    leave_all(phone, "line")
    for row in phone.locator("[data-ready-line]", has_text=number).all():
        row.locator("input[type=number]").fill("40")
    expect(phone.locator(".thumb [data-picked-lines]")).to_have_text("· 2")
    phone.click("button[data-for=packages][data-add='1']")
    phone.click(".thumb button")
    expect(phone.locator(".note.is-ok")).to_contain_text("发货通知已生成")


def test_what_is_ready_leaves_and_the_buyer_sees_it_live(
    visit: Open, stage: Stage, trade: Chain
) -> None:
    buyer, supplier = trade
    order = stage.order(buyer, supplier, "S-2", lines=2, quantity=40, due=TODAY)
    stage.confirm(supplier, order)
    deliveries.ready(stage, supplier, order)
    phone = visit(supplier.people["周岚"], "/ship", phone=True)
    a_notice(phone, "S-2")
    expect(phone.locator(".package-list li")).to_have_count(2)
    for paper in ("label", "delivery-note"):
        printed = phone.request.get(f"{phone.url.partition('?')[0]}/{paper}")
        assert printed.ok, paper
        assert printed.body().startswith(b"%PDF"), paper
    desk = visit(buyer.people["林敏"], phone.url.partition("?")[0])
    expect(desk.locator("#shipment-answer")).to_contain_text("尚未发出")
    desk.evaluate("window.stillHere = true")
    phone.click("button:has-text('已发出')")
    expect(phone.locator(".note.is-ok")).to_contain_text("已发出")
    expect(desk.locator("#shipment-answer")).to_contain_text("在途")
    expect(desk.locator("#story")).to_contain_text("周岚")
    assert desk.evaluate("window.stillHere"), "the page was loaded again"
    later = (TODAY + timedelta(days=1)).isoformat()
    phone.fill("#estimated_at", f"{later}T09:30")
    phone.click("button:has-text('告知买方')")
    expect(phone.locator("#shipment-answer")).to_contain_text("09:30")


def test_a_package_is_filled_by_hand_and_a_notice_is_cancelled(
    visit: Open, stage: Stage, trade: Chain
) -> None:
    buyer, supplier = trade
    order = stage.order(buyer, supplier, "S-3", lines=2, quantity=30, due=TODAY)
    stage.confirm(supplier, order)
    lines = deliveries.ready(stage, supplier, order)
    planned = deliveries.announced(stage, supplier, lines, 30)
    desk = visit(supplier.people["周岚"], f"/shipments/{planned['id']}/packages")
    desk.fill("#packages", "3")
    desk.click("button:has-text('平均分装')")
    expect(desk.locator("#in-2-1")).to_have_value("10")
    desk.fill("#in-2-1", "8")
    desk.click(".thumb button")
    expect(desk.locator(".package-list li")).to_have_count(3)
    expect(desk.locator(".package-list")).to_contain_text("× 8")
    desk.click("summary:has-text('不发了')")
    desk.fill("#reason", "车坏了")
    desk.click("button:has-text('取消发货通知')")
    expect(desk.locator("#shipment-answer")).to_contain_text("车坏了")


def test_more_than_is_left_is_said_beside_its_line_and_the_rest_is_kept(
    visit: Open, stage: Stage, trade: Chain, watch: Watch
) -> None:
    watch.expected.append("status of 422")
    buyer, supplier = trade
    order = stage.order(buyer, supplier, "S-4", lines=2, quantity=100, due=TODAY)
    stage.confirm(supplier, order)
    deliveries.ready(stage, supplier, order)
    desk = visit(supplier.people["周岚"], "/ship")
    leave_all(desk, "line")
    first, second = desk.locator("[data-ready-line]", has_text="S-4").all()
    first.locator("input[type=number]").fill("103")  # 2 % may be more
    second.locator("input[type=number]").fill("60")
    second.locator("[placeholder='批号']").fill("L-7")
    desk.click(".ship-how button[type=submit]")
    expect(first.locator(".field-error")).to_contain_text("最多还可发 102")
    expect(first.locator("input[type=number]")).to_have_value("103")
    expect(second.locator("[placeholder='批号']")).to_have_value("L-7")
    leave_all(desk, "line")
    desk.click(".ship-how button[type=submit]")
    expect(desk.locator("[role=alert]")).to_contain_text("勾选")


def test_what_was_accepted_is_invoiced_in_one_click_and_a_part_given_back(
    visit: Open, stage: Stage, trade: Chain, watch: Watch
) -> None:
    watch.expected.append("status of (422|409)")
    buyer, supplier = trade
    order = stage.order(buyer, supplier, "S-5", lines=2, quantity=10, due=TODAY)
    stage.confirm(supplier, order)
    lines = deliveries.ready(stage, supplier, order)
    deliveries.delivered(stage, buyer, supplier, lines, 10)
    phone = visit(supplier.people["周岚"], "/owed?state=uninvoiced", phone=True)
    phone.click(".owed-turn a")
    leave_all(phone, "receipt")
    phone.locator(".claim-list > li", has_text="S-5").locator("[name=receipt]").check()
    expect(phone.locator(".thumb [data-claim-total]")).to_have_text("250.00")
    phone.fill("#number", "F-5")
    phone.click(".thumb button")
    expect(phone.locator(".note.is-ok")).to_contain_text("已提交")
    expect(phone.locator("#invoice-answer")).to_contain_text("匹配")
    phone.locator("#credit #number").fill("F-5-C")
    phone.locator("#credit #amount").fill("50.00")
    phone.locator("#credit #reason").fill("两件返修")
    phone.click("#credit button")
    expect(phone.locator(".note.is-ok")).to_contain_text("红字发票")
    expect(phone.locator("#invoice-answer")).to_contain_text("50.00")
    order = stage.order(buyer, supplier, "S-6", quantity=10, due=TODAY)
    stage.confirm(supplier, order)
    deliveries.delivered(stage, buyer, supplier, deliveries.ready(stage, supplier, order), 10)
    phone.goto("/invoices/new")
    phone.fill("#number", "F-5")
    phone.click(".thumb button")
    expect(phone.locator("#number-error")).to_be_visible()
    expect(phone.locator("#number")).to_have_value("F-5")


def test_each_date_is_explained_with_its_article(
    visit: Open, trade: Chain, scene: dict[str, str]
) -> None:
    page = visit(trade[1].people["周岚"], "/owed?state=overdue")
    card = page.locator(f"#debt-{scene['payable']}")
    expect(card).to_contain_text("逾期")
    expect(card.locator(".progress-picture svg .pp-legal")).to_have_count(1)
    card.locator("a.btn").click()
    expect(page.locator(".clock-grid")).to_contain_text("第 9(2) 条")
    expect(page.locator(".clock-grid")).to_contain_text("第 17 条")
    expect(page.locator(".source")).to_contain_text("不构成法律意见")
    expect(page.locator(".spent-table tbody tr")).not_to_have_count(0)


def test_what_is_owed_leaves_as_a_spreadsheet(
    visit: Open, trade: Chain, scene: dict[str, str]
) -> None:
    assert scene
    page = visit(trade[1].people["周岚"], "/owed?state=overdue")
    with page.expect_download() as download:
        page.click("a:has-text('Excel')")
    sheet = load_workbook(BytesIO(download.value.path().read_bytes())).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][0] == "客户"
    assert len(rows) == 1 + page.locator("li.owed").count()


def test_an_order_shows_how_far_it_has_come_from_promise_to_payment(
    visit: Open, trade: Chain, scene: dict[str, str]
) -> None:
    page = visit(trade[0].people["林敏"], f"/orders/{scene['order']}")
    expect(page.locator(".chain li")).to_have_count(6)
    expect(page.locator(".chain li", has_text="验收合格")).not_to_contain_text("100 %")
    expect(page.locator(".chain-papers")).to_contain_text("F-1")
    expect(page.locator(".chain-papers")).to_contain_text("GR-")


def test_a_figure_leads_to_what_it_counts_and_looks_are_told(
    visit: Open, stage: Stage, trade: Chain, scene: dict[str, str]
) -> None:
    assert scene
    buyer, supplier = trade
    path = f"insights/v1/scorecards/{supplier.id}?side=buyer"
    stage.call(buyer.token, "GET", path)
    page = visit(supplier.people["周岚"], "/looks")
    expect(page.locator("tbody tr").first).to_contain_text(buyer.name)
    page.click(".page-acts a")
    page.locator(".figure-card").first.click()
    expect(page.locator("tbody tr").first).to_contain_text("S-")


def test_pages_without_anything_say_what_will_be_there(visit: Open, stage: Stage) -> None:
    roles = [Role.SUPPLIER_SALES, Role.SUPPLIER_FINANCE, Role.SUPPLIER_LOGISTICS]
    empty = stage.company("空空公司", {"新人": roles})
    page = visit(empty.people["新人"])
    for path, words in (
        ("/ship", "没有待发的货"),
        ("/shipments", "这里没有发货单"),
        ("/owed", "还没有应收款"),
        ("/invoices", "这里没有发票"),
        ("/invoices/new", "都已开票"),
        ("/scorecard", "暂无数据"),
        ("/looks", "还没有人看过"),
    ):
        page.goto(path)
        expect(page.locator(".empty").first).to_contain_text(words)


def test_the_keyboard_is_enough_to_ship(visit: Open, stage: Stage, trade: Chain) -> None:
    buyer, supplier = trade
    order = stage.order(buyer, supplier, "S-7", quantity=5, due=TODAY)
    stage.confirm(supplier, order)
    deliveries.ready(stage, supplier, order)
    page = visit(supplier.people["周岚"], "/ship")
    while page.locator("[name=line]:checked").count():
        page.locator("[name=line]:checked").first.focus()
        page.keyboard.press("Space")
    page.locator("[data-ready-line]", has_text="S-7").locator("input[type=number]").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("5")
    page.focus(".ship-how button[type=submit]")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("这批货在哪里")
