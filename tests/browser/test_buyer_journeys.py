"""What buyers, receivers, finance, the operator and regulators do, in a real browser."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import segno
from openpyxl import Workbook
from playwright.sync_api import Browser, Page, expect

from tests.browser import goods
from tests.browser.conftest import CHROMIUM, FLAGS, PHONE, Open, Watch, sign_in
from tests.browser.stage import LONG, TODAY, Stage
from tests.browser.test_buyer_pages import Trade, applicant, order, regulator, trade
from tests.browser.test_journeys import opened

__all__ = ["regulator", "trade"]


def said(page: Page) -> str:
    return page.locator("#flash .note.is-ok").inner_text()


def test_a_buyer_invites_withdraws_and_renews(visit: Open, trade: Trade) -> None:
    buyer, _supplier = trade
    page = visit(buyer.people["林敏"], "/suppliers/invitations/new")
    page.click("main button.btn-primary")
    expect(page.locator("#name:invalid")).to_have_count(1)
    page.fill("#name", "明川热管理有限公司")
    page.fill("#phone", "138 0013 8000")
    page.click("main button.btn-primary")
    link = page.locator("#invitation-link").inner_text()
    assert "/join/" in link
    expect(page.locator(".qr svg")).to_be_visible()
    page.goto("/suppliers/invitations")
    row = page.locator("tr", has_text="明川热管理有限公司")
    expect(row).to_contain_text("已发出")
    assert link not in page.content(), "a link is shown once"
    row.locator("summary").click()
    page.once("dialog", lambda dialog: dialog.accept())
    row.locator("button:has-text('撤回')").click()
    assert "失效" in said(page)
    expect(page.locator("tr", has_text="明川热管理有限公司")).to_contain_text("已撤回")
    page.locator("tr", has_text="明川热管理有限公司").locator("button:has-text('重发')").click()
    assert page.locator("#invitation-link").inner_text() != link


def test_many_are_invited_from_a_spreadsheet_after_a_preview(
    visit: Open, trade: Trade, tmp_path: Path
) -> None:
    buyer, _supplier = trade
    page = visit(buyer.people["林敏"], "/suppliers/invitations/upload")
    with page.expect_download() as download:
        page.click("a:has-text('空白模板')")
    heads = [cell.value for cell in opened(download.value)[1]]
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(heads)
    sheet.append(["甲公司", "a-b-upload@example.com"])
    sheet.append(["乙公司", "no address"])
    book.save(tmp_path / "companies.xlsx")
    page.set_input_files("#file", tmp_path / "companies.xlsx")
    page.click("button:has-text('预览')")
    expect(page.locator("tbody tr", has_text="乙公司").locator(".is-late")).to_be_visible()
    page.click("button:has-text('邀请 1 家')")
    expect(page.locator("tbody tr", has_text="甲公司")).to_contain_text("已邀请")
    page.set_input_files("#file", tmp_path / "companies.xlsx")
    page.click("button:has-text('预览')")
    expect(page.locator("tbody tr", has_text="甲公司")).to_contain_text("已邀请过")


def change_terms_and_suspend(page: Page) -> None:
    expect(page.locator("main")).to_contain_text("45 天")
    page.click("summary:has-text('提出新条款')")
    page.fill("#payment_days", "30")
    page.click("button:has-text('提出')")
    assert "同意前不生效" in said(page)
    page.click("summary:has-text('暂停')")
    page.fill("#reason", "质量整改")
    page.click("form button:has-text('暂停')")
    expect(page.locator("main .chip.is-late").first).to_have_text("已暂停")
    page.click("button:has-text('恢复')")
    expect(page.locator("main .chip.is-late")).to_have_count(0)


def send_back(page: Page) -> None:
    page.click("button:has-text('发出修改要求')")
    expect(page.locator("[role=alert]")).to_contain_text("至少在一项旁")
    bank = page.locator(".review-row", has_text="收款账户")
    bank.locator("summary").click()
    bank.locator("textarea").fill("请上传开户许可证一致的账号")
    page.click("button:has-text('发出修改要求')")
    expect(page.locator(".steps-told")).to_contain_text("开户许可证")


def test_an_application_is_sent_back_then_approved_and_the_supplier_is_in(
    visit: Open, stage: Stage, trade: Trade, watch: Watch
) -> None:
    watch.expected.append("status of 422")
    buyer, _supplier = trade
    robot, application = applicant(stage, buyer, "润泽线束有限公司")
    page = visit(buyer.people["林敏"], "/suppliers/applications")
    page.click("a:has-text('润泽线束有限公司')")
    send_back(page)
    profile = {"bank": {"name": "中国银行", "account": "6217000011112222", "holder": "润泽线束"}}
    stage.call(robot, "PUT", "onboarding/v1/profile", profile)
    stage.call(robot, "POST", f"onboarding/v1/applications/{application}/submission", {})
    page.reload()
    page.fill("#payment_days", "400")
    page.evaluate("document.querySelector('#payment_days').removeAttribute('max')")
    page.click("button:has-text('批准')")
    expect(page.locator("#payment_days-error")).to_contain_text("365")
    page.fill("#payment_days", "45")
    page.fill("#vendor_number", "V-88")
    page.click("button:has-text('批准')")
    assert "已批准" in said(page)
    agreement = stage.call(robot, "GET", f"onboarding/v1/applications/{application}/agreement")
    path = f"onboarding/v1/applications/{application}/agreement/acceptance"
    stage.call(robot, "POST", path, {"sha256": agreement["sha256"]})
    page.goto("/suppliers?q=润泽")
    page.click("tbody a:has-text('润泽线束有限公司')")
    change_terms_and_suspend(page)


def test_a_receiver_scans_counts_and_the_supplier_sees_it(
    visit: Open, stage: Stage, trade: Trade, tmp_path: Path
) -> None:
    buyer, supplier = trade
    placed = order(stage, trade, "C-1", lines=2, quantity=60)
    shipment = goods.ship(stage, buyer, supplier, placed, number="ASN-C-1")
    phone = visit(buyer.people["林敏"], "/receiving", phone=True)
    phone.locator("h1").click()
    phone.evaluate("document.activeElement.blur()")
    sscc = shipment["packages"][0]["sscc"]
    phone.keyboard.type(f"00{sscc}")  # as a keyboard scanner does, wherever the cursor is
    phone.keyboard.press("Enter")
    expect(phone.locator("h1")).to_have_text("和通知的一样吗？")
    phone.click("[data-count-all]")
    expect(phone.locator("[data-count-sum]")).to_contain_text("2 / 2")
    first = phone.locator("[data-count-line]").nth(0)
    first.locator("[data-add='-1']").first.click()
    first.locator("[data-add='-1']").first.click()
    expect(first.locator("[data-count-state]")).to_have_text("少 2")
    first.locator("summary").click()
    first.locator("[data-damaged]").fill("1")
    first.locator("input[name^=note]").fill("外箱进水")
    (tmp_path / "damage.png").write_bytes(_picture())
    first.locator("[data-photo]").set_input_files(tmp_path / "damage.png")
    expect(first.locator("[data-photo-shown]")).to_be_visible()
    phone.click("summary:has-text('单子上没有')")
    phone.fill("#wrong_item-0", "QQ-9")
    phone.fill("#wrong_received-0", "5")
    phone.reload()
    phone.goto(phone.url)
    expect(phone.locator("[data-received]").first).to_have_value("58")  # the draft was kept
    phone.click(".thumb button")
    assert "收货已登记" in said(phone)
    expect(phone.locator(".judge-line").nth(0)).to_contain_text("外箱进水")
    expect(phone.locator(".judge-photo img")).to_have_js_property("complete", True)
    expect(phone.locator(".judge-line", has_text="QQ-9")).to_contain_text("未订购")
    owner = visit(supplier.people["周岚"], urlsplit(phone.url).path, phone=True)
    expect(owner.locator(".judge-line").nth(0)).to_contain_text("外箱进水")
    expect(owner.locator("#judge-form button")).to_have_count(0)


def _picture() -> bytes:
    out = BytesIO()
    segno.make("damage").save(out, kind="png", scale=8)
    return out.getvalue()


def test_what_comes_without_a_notice_is_received_by_its_order(
    visit: Open, stage: Stage, trade: Trade, watch: Watch
) -> None:
    watch.expected.append("status of 404")
    buyer, _supplier = trade
    order(stage, trade, "C-2", quantity=40)
    page = visit(buyer.people["林敏"], "/receiving")
    page.fill("#code", "no such thing")
    page.press("#code", "Enter")
    expect(page.locator("[role=alert]")).to_contain_text("没有与此码对应")
    expect(page.locator("#code")).to_have_value("no such thing")
    page.fill("#code", "C-2")
    page.press("#code", "Enter")
    page.fill("#received-0", "25")
    page.click(".thumb button")
    expect(page.locator(".judge-line")).to_contain_text("25")


def test_goods_are_rejected_with_a_reason_and_the_rest_is_owed(
    visit: Open, stage: Stage, trade: Trade, watch: Watch
) -> None:
    watch.expected.append("status of 422")
    buyer, supplier = trade
    placed = order(stage, trade, "C-3", quantity=50)
    receipt = goods.receive(stage, buyer, goods.ship(stage, buyer, supplier, placed))
    page = visit(buyer.people["林敏"], "/receipts")
    page.goto(f"/receipts/{receipt['id']}")
    page.fill("input[name^=rejected]", "4")
    page.click("button:has-text('登记验收结果')")
    expect(page.locator(".field-error")).to_contain_text("写明原因")
    expect(page.locator("input[name^=rejected]")).to_have_value("4")
    page.fill("input[name^=reason]", "毛刺超差")
    page.click("button:has-text('登记验收结果')")
    expect(page.locator("#receipt-story")).to_contain_text("拒收")
    [due] = goods.owed(stage, buyer, placed)
    assert due["quantity"] == "46"
    page.goto("/compliance?days=90")
    expect(page.locator("tbody tr", has_text="C-3")).to_contain_text("还剩")
    with page.expect_download() as download:
        page.click("a:has-text('导出 Excel')")
    assert opened(download.value).max_row >= 2


def test_finance_decides_what_differs_and_two_people_pay_the_rest(
    visit: Open, stage: Stage, trade: Trade, watch: Watch
) -> None:
    watch.expected.append("status of (409|422)")
    buyer, supplier = trade
    placed = order(stage, trade, "C-4", quantity=90, price="20.00")
    receipt = goods.receive(stage, buyer, goods.ship(stage, buyer, supplier, placed))
    goods.accept(stage, buyer, receipt)
    invoice = goods.invoice(stage, buyer, supplier, placed, "FP-C-4", more=3)
    page = visit(buyer.people["林敏"], "/matching")
    page.click("a:has-text('FP-C-4')")
    expect(page.locator(".match-three .differs").first).to_have_text("93")
    if page.locator("button:has-text('转回我方')").count():
        page.click("button:has-text('转回我方')")
        assert "转交" in said(page)
    page.click("button:has-text('登记处理结果')")
    expect(page.locator("[role=alert]")).to_contain_text("至少对一行")
    page.check("input[value=reject]")
    page.click("button:has-text('登记处理结果')")
    expect(page.locator(".field-error")).to_contain_text("写明原因")
    page.fill("input[name^=reason]", "只收了 90 件")
    page.click("button:has-text('登记处理结果')")
    assert "已决定" in said(page)
    page.goto("/payments?before=2027-12-31")
    expect(page.locator("tbody tr", has_text="C-4")).to_contain_text("1,800.00")
    page.click("button:has-text('提请支付这些')")
    expect(page.locator("button:has-text('批准')")).to_be_disabled()
    other = visit(buyer.people["钱会计"], urlsplit(page.url).path)
    other.click("button:has-text('批准')")
    assert "已批准" in said(other)
    reference = f"ICBC-{invoice['id'][-8:]}"
    other.fill("#reference", reference)
    other.click("button:has-text('登记付款')")
    expect(other.locator("h1")).to_have_text("已付")
    other.goto("/payments")
    row = other.locator("tr", has_text=reference)
    row.locator("summary").click()
    row.locator("input[name=reason]").fill("银行退票")
    row.locator("button:has-text('撤销')").click()
    assert "恢复为应付" in said(other)


def test_both_sides_agree_on_a_month_line_by_line(visit: Open, stage: Stage) -> None:
    buyer = stage.company("对账买方", {"林敏": ["buyer.procurement", "buyer.finance"]})  # type: ignore[list-item]
    supplier = stage.company("对账供应商", {"周岚": ["supplier.sales", "supplier.finance"]})  # type: ignore[list-item]
    stage.partners(buyer, supplier)
    placed = order(stage, (buyer, supplier), "C-5", lines=2, quantity=10)
    receipt = goods.receive(stage, buyer, goods.ship(stage, buyer, supplier, placed))
    goods.accept(stage, buyer, receipt)
    goods.owed(stage, buyer, placed, lines=2)
    page = visit(buyer.people["林敏"], "/statements")
    page.select_option("#counterparty_id", label="对账供应商")
    page.fill("#month", f"{TODAY:%Y-%m}")
    page.click("aside button")
    page.locator("tbody tr").nth(0).locator("button:has-text('同意')").first.click()
    expect(page.locator("tbody tr").nth(0)).to_contain_text("一致")
    page.locator("tbody tr").nth(1).locator("summary").click()
    page.locator("tbody tr").nth(1).locator("textarea").fill("单价不对")
    page.locator("tbody tr").nth(1).locator("button[value=disagree]").click()
    owner = visit(supplier.people["周岚"], urlsplit(page.url).path)
    expect(owner.locator("tbody tr").nth(1)).to_contain_text("单价不对")
    owner.click("button:has-text('确认本月')")
    page.reload()
    page.click("button:has-text('确认本月')")
    expect(page.locator("h1")).to_have_text("已确认并冻结")
    expect(page.locator(".hash")).to_contain_text("SHA-256")


def test_a_month_is_previewed_published_and_looked_at(
    visit: Open, stage: Stage, regulator: str
) -> None:
    page = visit(stage.operator_email, "/operation/releases")
    page.click("button:has-text('预览')")
    expect(page.locator("main .chip")).to_contain_text("审计通过", timeout=90_000)
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("button:has-text('正式发布')")
    assert "已发布" in said(page)
    viewer = visit(regulator, "/")
    expect(viewer.locator("#map-head")).to_be_visible()
    assert urlsplit(viewer.url).path == "/regulation"
    expect(viewer.locator(".tile")).to_have_count(34)
    viewer.click(".indicator-tabs a:has-text('准时足量')")
    expect(viewer.locator("#map-head")).to_contain_text("准时足量")
    viewer.click("summary:has-text('导出本期')")
    with viewer.expect_download() as download:
        viewer.click(".menu-list a:has-text('CSV')")
    assert download.value.path().stat().st_size > 0
    page.click("a:has-text('谁看过')")
    expect(page.locator("tbody")).to_contain_text("省工业和信息化厅")


@pytest.fixture
def camera(browser: Browser, stage: Stage, trade: Trade, tmp_path: Path) -> Iterator[Page]:
    """Hold our label before the camera of a phone that has no decoder of its own."""
    buyer, supplier = trade
    placed = order(stage, trade, "C-6", quantity=30)
    shipment = goods.ship(stage, buyer, supplier, placed, number="ASN-C-6")
    text = f"{stage.address}/receiving?code={shipment['packages'][0]['sscc']}"
    film = tmp_path / "label.y4m"
    film.write_bytes(_film(text))
    flags = [
        *FLAGS,
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    chromium = browser.browser_type.launch(executable_path=str(CHROMIUM), args=flags)
    context = chromium.new_context(
        viewport=PHONE,  # type: ignore[arg-type]
        locale="zh-CN",
        base_url=stage.address,
        permissions=["camera"],
    )
    page = context.new_page()
    page.goto("/receiving")
    sign_in(page, buyer.people["林敏"])
    yield page
    chromium.close()


def _film(text: str) -> bytes:
    """Draw a QR code as a film of a few frames, 640 × 480."""
    matrix = [list(row) for row in segno.make(text, error="m").matrix]
    scale = 400 // len(matrix)
    wide, high = 640, 480
    left, top = (wide - scale * len(matrix)) // 2, (high - scale * len(matrix)) // 2
    luma = bytearray(b"\xeb" * (wide * high))
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                for line in range(scale):
                    begin = (top + y * scale + line) * wide + left + x * scale
                    luma[begin : begin + scale] = b"\x10" * scale
    frame = b"FRAME\n" + bytes(luma) + b"\x80" * (wide * high // 2)
    return b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + frame * 5


def test_the_camera_reads_a_label(camera: Page) -> None:
    scripts = "[...document.scripts].map((script) => script.src).join()"
    assert "decoder" not in camera.evaluate(scripts), "it is loaded where it is needed"
    camera.click("[data-camera-start]")
    expect(camera.locator("h1")).to_have_text("和通知的一样吗？")
    expect(camera.locator("main")).to_contain_text(LONG[:8])
    expect(camera.locator("[data-count-line]")).to_have_count(1)
