"""What people do with the platform, from beginning to end, in their browsers."""

import json
import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4

from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from playwright.sync_api import Download, Page, expect

from contracts.scopes import Role
from shared.database import utc_now
from tests.browser.conftest import Open, Watch, sign_in
from tests.browser.stage import LONG, PASSWORD, TODAY, Company, Stage

Chain = tuple[Company, Company]


def place(page: Page, number: str, *, quantity: str = "120") -> None:
    page.fill("#number", number)
    page.select_option("#supplier_id", label=LONG)
    page.fill("#item_number-0", "ZX-2041")
    page.fill("#item_name-0", "转向节 左前")
    page.fill("#quantity-0", quantity)
    page.fill("#price-0", "642.30")
    page.fill("#due_on-0", str(TODAY + timedelta(days=20)))
    page.click("button:has-text('下订单')")


def confirm(phone: Page, number: str) -> None:
    phone.click(".wants a:has-text('待确认')")
    card = phone.locator(".card-list li", has_text=number)
    card.locator("button:has-text('按要求确认')").click()
    expect(phone.locator(".note.is-ok")).to_contain_text("已确认")


def opened(download: Download) -> Worksheet:
    return load_workbook(BytesIO(download.path().read_bytes())).worksheets[0]


def take_back(phone: Page) -> None:
    phone.click("summary:has-text('撤销')")
    phone.fill("#why", "数错了")
    phone.click(".menu.up button[type=submit]")
    expect(phone.locator(".note.is-ok")).to_contain_text("已撤销")


def test_a_buyer_orders_a_supplier_confirms_and_reports_and_the_buyer_sees_it_live(
    visit: Open, chain: Chain
) -> None:
    buyer, supplier = chain
    desk = visit(buyer.people["林敏"], "/orders/new")
    place(desk, "J-1001")
    expect(desk.locator(".note.is-ok")).to_contain_text("订单已下")
    expect(desk.locator("#turns")).to_contain_text("确认 1 行")

    phone = visit(supplier.people["周岚"], "/", phone=True)
    confirm(phone, "J-1001")

    desk.goto("/orders?side=buyer&view=open&q=J-1001")
    row = desk.locator("tr[data-line]")
    expect(row).to_have_count(1)
    expect(row.locator("[data-column=done]")).to_have_text("0")
    expect(desk.locator("[data-live-state]")).to_be_visible()
    desk.evaluate("window.stillHere = true")

    phone.goto("/reports?q=J-1001")
    phone.click("button[data-add='50']")
    phone.click("button[data-add='rest']")
    expect(phone.locator(".thumb .num")).to_have_text("120")
    phone.fill("#good", "40")
    phone.click(".thumb button")
    expect(phone.locator(".note.is-ok")).to_contain_text("已报工")

    expect(row.locator("[data-column=done]")).to_have_text("40")
    expect(row).to_have_class(re.compile("is-changed"))
    assert desk.evaluate("window.stillHere"), "the page was loaded again"

    take_back(phone)
    expect(row.locator("[data-column=done]")).to_have_text("0")
    row.locator("a.num").click()
    expect(desk.locator("#story")).to_contain_text("撤销报工")
    expect(desk.locator("#story")).not_to_contain_text("刀具")


def test_a_promise_changes_only_when_both_sides_agree_and_the_first_one_stays(
    visit: Open, stage: Stage, chain: Chain
) -> None:
    buyer, supplier = chain
    order = stage.order(buyer, supplier, "J-1002", quantity=80)
    stage.confirm(supplier, order)
    line = order["lines"][0]["schedule_lines"][0]
    later = TODAY + timedelta(days=30)

    phone = visit(supplier.people["周岚"], f"/orders/{order['id']}", phone=True)
    phone.click("tr[data-line] summary")
    phone.click("tr[data-line] a:has-text('提出变更')")
    phone.fill("#promised_on", str(later))
    phone.fill("#reason", "热处理炉检修")
    phone.click("main button.btn-primary")
    expect(phone.locator(".proposal")).to_contain_text("您提出变更")

    desk = visit(buyer.people["林敏"], "/answers")
    waiting = desk.locator(".card-list li", has_text="J-1002")
    expect(waiting).to_contain_text("热处理炉检修")
    waiting.locator("button:has-text('同意')").click()
    expect(desk.locator(".note.is-ok")).to_contain_text("已同意")
    desk.goto(f"/orders/{order['id']}")
    row = desk.locator(f"#line-{line['id']}")
    expect(row.locator("[data-column=first-promised] time")).to_have_attribute(
        "datetime", line["due_on"]
    )
    expect(row.locator("[data-column=promised-now] time")).to_have_attribute("datetime", str(later))
    expect(phone.locator("#story")).to_contain_text("同意变更")  # without a reload


def test_a_part_is_confirmed_and_the_rest_waits(visit: Open, stage: Stage, chain: Chain) -> None:
    buyer, supplier = chain
    order = stage.order(buyer, supplier, "J-1003", quantity=100)
    line = order["lines"][0]["schedule_lines"][0]["id"]
    phone = visit(supplier.people["周岚"], f"/orders/lines/{line}/confirm", phone=True)
    phone.click("button[data-for=quantity][data-add='-10']")
    expect(phone.locator(".thumb .num")).to_have_text("90")
    phone.click(".thumb button")
    expect(phone.locator(".note.is-ok")).to_contain_text("部分确认")
    expect(phone.locator("tr[data-line]")).to_have_count(2)


def test_what_was_typed_is_kept_and_the_error_stands_beside_its_field(
    visit: Open, stage: Stage, chain: Chain, watch: Watch
) -> None:
    buyer, supplier = chain
    stage.order(buyer, supplier, "J-1004")
    watch.expected.append("status of (422|409)")
    page = visit(buyer.people["林敏"], "/orders/new")
    place(page, "J-1005", quantity="many")
    expect(page.locator("#quantity-0-error")).to_contain_text("数量要大于 0")
    expect(page.locator("#item_name-0")).to_have_value("转向节 左前")
    page.fill("#quantity-0", "10")
    page.fill("#number", "J-1004")
    page.click("button:has-text('下订单')")
    expect(page.locator("[role=alert]")).to_contain_text("该订单号已被使用")


def test_orders_come_from_a_spreadsheet_after_a_preview(
    visit: Open, chain: Chain, tmp_path: Path
) -> None:
    buyer, _supplier = chain
    page = visit(buyer.people["林敏"], "/orders/upload")
    with page.expect_download() as download:
        page.click("a:has-text('空白模板')")
    heads = [cell.value for cell in opened(download.value)[1]]
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(heads)
    due = TODAY + timedelta(days=25)
    for number, supplier, quantity in (
        ("J-2001", LONG, 5),
        ("J-2001", LONG, 6),
        ("J-2002", "谁", 7),
    ):
        given = {
            "订单号": number,
            "供应商": supplier,
            "物料号": "ZX-1",
            "物料名称": "垫片",
            "数量": quantity,
            "单位": "件",
            "单价": 1.5,
            "交期": due,
        }
        sheet.append([given.get(str(head)) for head in heads])
    book.save(tmp_path / "orders.xlsx")
    page.set_input_files("#file", tmp_path / "orders.xlsx")
    page.click("button:has-text('预览')")
    expect(page.locator("main")).to_contain_text("“谁”不是合作中的供应商")
    page.click("button:has-text('下 1 张订单')")
    expect(page.locator(".note.is-ok")).to_contain_text("已全部下达")
    page.goto("/orders?side=buyer&view=all&q=J-2001")
    expect(page.locator("tr[data-line]")).to_have_count(2)


def test_the_list_leaves_as_it_is_seen(visit: Open, stage: Stage, chain: Chain) -> None:
    buyer, supplier = chain
    stage.order(buyer, supplier, "J-1006", lines=3, quantity=7)
    page = visit(buyer.people["林敏"], "/orders?side=buyer&view=all&q=J-1006")
    page.click("summary:has-text('列')")
    page.uncheck("[data-column-choice][value=partner]")
    expect(page.locator("tbody [data-column=partner]").first).to_be_hidden()
    with page.expect_download() as download:
        page.click("a:has-text('导出 Excel')")
    sheet = opened(download.value)
    heads = [cell.value for cell in sheet[1]]
    assert "供应商" not in heads
    assert sheet.max_row == 4
    assert {sheet.cell(n, 1).value for n in (2, 3, 4)} == {"J-1006"}
    page.reload()
    expect(page.locator("tbody [data-column=partner]").first).to_be_hidden()


def test_a_filter_is_kept_as_a_tab(visit: Open, stage: Stage, chain: Chain) -> None:
    buyer, supplier = chain
    stage.order(buyer, supplier, "J-1007")
    page = visit(buyer.people["林敏"], "/orders?side=buyer&view=all&q=J-1007")
    page.click("summary:has-text('存为标签')")
    page.fill("#view-name", "转向节")
    page.click("form[action='/orders/views'] button")
    page.goto("/orders")
    page.click(".tabs a:has-text('转向节')")
    expect(page.locator("tr[data-line]")).to_have_count(1)


def test_a_lost_connection_is_shown_and_caught_up(
    visit: Open, stage: Stage, chain: Chain, watch: Watch
) -> None:
    buyer, supplier = chain
    order = stage.order(buyer, supplier, "J-1008", quantity=60)
    [work] = stage.confirm(supplier, order)
    watch.expected.append("ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|Failed to fetch")
    page = visit(buyer.people["林敏"], "/orders?side=buyer&view=all&q=J-1008")
    expect(page.locator("[data-live-state]")).to_be_visible()
    page.context.set_offline(True)
    expect(page.locator(".offline-bar")).to_be_visible()
    stage.report(supplier, work, 25)
    page.context.set_offline(False)
    expect(page.locator(".offline-bar")).to_be_hidden()
    expect(page.locator("tr[data-line] [data-column=done]")).to_have_text("25")


def test_what_is_new_elsewhere_is_offered_and_nothing_moves(
    visit: Open, stage: Stage, chain: Chain
) -> None:
    buyer, supplier = chain
    stage.order(buyer, supplier, "J-1009")
    page = visit(buyer.people["林敏"], "/orders?side=buyer&view=all&sort=due")
    expect(page.locator("[data-live-state]")).to_be_visible()
    before = page.locator("tr[data-line]").count()
    stage.order(buyer, supplier, "J-1010")
    expect(page.locator("[data-news]")).to_contain_text("新变化")
    assert page.locator("tr[data-line]").count() == before


def test_an_administrator_invites_a_colleague_who_joins_through_the_mailbox(
    visit: Open, chain: Chain
) -> None:
    buyer, _supplier = chain
    page = visit(buyer.people["赵立群"], "/administration")
    email = f"{uuid4().hex[:8]}@example.com"
    page.fill("#name", "新同事")
    page.fill("#email", email)
    page.check("aside input[value='buyer.procurement']")
    page.click("button:has-text('发出邀请')")
    expect(page.locator("table")).to_contain_text(email)
    colleague = visit(None, "/mailbox")
    letter = colleague.locator("main", has_text=email)
    link = letter.locator("a[href*='/invitations/']").first
    colleague.goto(str(link.get_attribute("href")))
    for box in colleague.locator("input[type=password]").all():
        box.fill(PASSWORD)
    colleague.click("main button.btn-primary[type=submit]")
    colleague.wait_for_load_state()
    if not colleague.locator("header .face").count():
        colleague.goto("/")
    if colleague.locator("[name=email]").count():
        sign_in(colleague, email)
    expect(colleague.locator("header .face")).to_be_visible()
    colleague.goto("/orders")
    expect(colleague.locator("h1")).to_have_text("哪些会延误？")
    page.goto("/administration/audit")
    expect(page.locator("table")).to_contain_text("邀请")


def test_a_secret_is_shown_once(visit: Open, chain: Chain) -> None:
    buyer, _supplier = chain
    page = visit(buyer.people["赵立群"], "/administration/programs")
    page.fill("#name", f"ERP {uuid4().hex[:6]}")
    page.check("aside input[value='orders:read']")
    page.click("aside button:has-text('登记')")
    secret = page.locator("#fresh-secret").inner_text()
    assert len(secret) >= 32
    page.goto("/administration/programs")
    assert secret not in page.content()


def test_an_operator_replays_what_waits_and_discards_with_a_reason(
    visit: Open, stage: Stage, watch: Watch
) -> None:
    watch.expected.append("status of 409")
    organization = str(uuid4())
    registered = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/identity",
        "type": "identity.organization_registered.v1",
        "subject": organization,
        "time": utc_now().isoformat(),
        "datacontenttype": "application/json",
        "data": {
            "organization_id": organization,
            "name": "死信公司",
            "identifiers": {},
            "registered_at": utc_now().isoformat(),
        },
    }
    plant = (
        "INSERT INTO onboarding.dead_letters (topic, subject, body, reason, arrived_at)"
        " VALUES ('identity', %(subject)s, %(body)s, 'planted', now())"
    )
    stage.sql(plant, subject=organization, body=json.dumps(registered).encode())
    stage.sql(plant, subject="broken", body=b"{}")
    page = visit(stage.operator_email, "/operation")
    sound = page.locator(".letters li", has_text=organization)
    sound.locator("button:has-text('重放')").click()
    expect(page.locator(".note.is-ok")).to_contain_text("已重放")
    broken = page.locator(".letters li", has_text="broken")
    broken.locator("summary:has-text('丢弃')").click()
    broken.locator("input[name=reason]").fill("测试")
    broken.locator("button:has-text('确认丢弃')").click()
    expect(page.locator(".note.is-ok")).to_contain_text("已丢弃")
    expect(page.locator(".letters")).to_have_count(0)
    kept = stage.sql("SELECT count(*) FROM onboarding.dead_letters")
    assert kept == [(0,)]


def test_a_buyer_proposes_and_a_supplier_accepts(visit: Open, stage: Stage, chain: Chain) -> None:
    buyer, _supplier = chain
    fresh = stage.company("新供应商有限公司", {"老板": [Role.SUPPLIER_SALES]})
    page = visit(buyer.people["林敏"], "/relationships")
    known = "SELECT count(*) FROM onboarding.organizations WHERE id = %(id)s"
    stage.until(lambda: stage.sql(known, id=fresh.id) == [(1,)])
    page.fill("#supplier_id", str(fresh.id))
    page.fill("#vendor_number", "V-77")
    page.click("button:has-text('提出')")
    expect(page.locator("table")).to_contain_text("新供应商有限公司")
    phone = visit(fresh.people["老板"], "/relationships", phone=True)
    phone.click("button:has-text('接受')")
    expect(phone.locator(".chip.is-ok")).to_have_text("合作中")


def test_one_person_switches_between_organizations(visit: Open, stage: Stage, chain: Chain) -> None:
    buyer, supplier = chain
    email = f"{uuid4().hex[:8]}@example.com"
    memberships: dict[UUID, list[Role]] = {
        buyer.id: [Role.BUYER_PROCUREMENT],
        supplier.id: [Role.SUPPLIER_SALES],
    }
    stage.join(email, "陈涛", memberships)
    page = visit(None, "/orders")
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.btn-primary[type=submit]")
    page.click(f"main :is(button, a):has-text('{buyer.name}')")
    page.wait_for_selector("header .face")
    expect(page.locator(".organization-menu summary")).to_contain_text(buyer.name)
    page.click(".organization-menu summary")
    page.click(f".organization-menu button:has-text('{LONG[:12]}')")
    expect(page.locator(".organization-menu summary")).to_contain_text(LONG[:12])


def test_who_signs_out_is_out_everywhere(visit: Open, chain: Chain) -> None:
    buyer, _supplier = chain
    page = visit(buyer.people["林敏"], "/orders")
    page.click(".face-button")
    page.click("button:has-text('退出登录')")
    page.wait_for_load_state()
    if page.locator("main form button").count():
        page.click("main form button")
    page.goto("/orders")
    expect(page.locator("[name=password]")).to_be_visible()
