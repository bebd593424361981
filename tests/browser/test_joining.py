"""From the link of an invitation to the first confirmed order line, on a phone."""

import re
import time

import pytest
from playwright.sync_api import Frame, Page, expect

from contracts.scopes import Role
from tests.browser.conftest import Open, Watch
from tests.browser.stage import PASSWORD, Company, Stage

SCREENS_MAX, SECONDS_MAX = 12, 300


@pytest.fixture(scope="module")
def inviting(stage: Stage) -> Company:
    """Return a buyer who lets suppliers in."""
    return stage.company(
        "东海汽车制造有限公司", {"钱采购": [Role.BUYER_PROCUREMENT, Role.ORGANIZATION_ADMIN]}
    )


class Screens:
    """The screens that somebody is led through, each counted once."""

    def __init__(self, page: Page) -> None:
        self.seen: list[str] = []
        self.began = time.monotonic()
        page.on("framenavigated", self._note)

    def _note(self, frame: Frame) -> None:
        path = re.sub(r"[?#].*", "", frame.url)
        if not self.seen or self.seen[-1] != path:
            self.seen.append(path)


def invited(stage: Stage, buyer: Company, name: str) -> str:
    """Invite a company and return the link that it gets."""
    body = {"name": name, "phone": f"138{int(time.time() * 10) % 10**8:08}", "note": "转向节项目"}
    answer = stage.call(buyer.token, "POST", "onboarding/v1/invitations", body)
    return str(answer["link"])


def a_code(n: int) -> str:
    """Return a valid unified social credit code of a company (GB 32100-2015)."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    organization = f"MA2B{n:04}"
    weighed = sum(
        (ord(c) - 48 if c.isdigit() else ord(c) - 55) * weight
        for c, weight in zip(organization, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)
    )
    check = 11 - weighed % 11
    body = f"91330110{organization}{'X' if check == 10 else '0' if check == 11 else check}"
    total = sum(alphabet.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + alphabet[(31 - total % 31) % 31]


def enter(page: Page, code: str, name: str, email: str) -> None:
    """Type the code, and register the company with its first person."""
    page.fill("[name=uscc]", code)
    page.click("main button[type=submit]")
    page.fill("[name=organization]", name)
    page.fill("[name=name]", "周岚")
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")


def fill_in(page: Page) -> None:
    """Answer each screen of the application."""
    expect(page.locator("h1")).to_contain_text("在哪里")
    expect(page.locator("[name=region]:checked")).to_have_value("330110")  # from the code
    page.fill("#industry-q", "C3670")
    page.locator("#industry-choices label", has_text="C3670").click()
    page.click(".thumb button")
    expect(page.locator("h1")).to_contain_text("规模")
    page.locator(".big-choices label", has_text="小型").click()
    page.click(".thumb button")
    expect(page.locator("[name='contact.name']")).to_have_value("周岚")
    page.fill("[name='contact.phone']", "138 1234 5678")
    page.click(".thumb button")
    expect(page.locator("[name='bank.holder']")).not_to_have_value("")
    page.fill("[name='bank.name']", "工商银行杭州余杭支行")
    page.fill("[name='bank.account']", "6222 0000 1111 2222")
    page.click(".thumb button")


def approve(stage: Stage, buyer: Company) -> str:
    """Let in whoever waits, as the buyer, and return the supplier."""
    path = "onboarding/v1/applications?side=buyer&state=submitted"
    waiting = stage.call(buyer.token, "GET", path)["items"]
    assert len(waiting) == 1
    address = f"onboarding/v1/applications/{waiting[0]['id']}/approval"
    stage.call(buyer.token, "POST", address, {"terms": {"payment_days": 60}})
    return str(waiting[0]["supplier_id"])


def test_a_supplier_is_in_and_confirms_within_twelve_screens(
    visit: Open, stage: Stage, inviting: Company
) -> None:
    link = invited(stage, inviting, "杭州明岚精密机械有限公司")
    phone = visit(None, link, phone=True)
    screens = Screens(phone)
    screens.seen.append(link)
    expect(phone.locator("main")).to_contain_text(inviting.name)
    enter(phone, a_code(1), "杭州明岚精密机械有限公司", f"{time.time_ns()}@example.com")
    expect(phone.locator("h1")).to_contain_text(inviting.name)
    phone.click(".thumb button")
    fill_in(phone)
    expect(phone.locator("h1")).to_contain_text("都对吗")
    expect(phone.locator("main")).to_contain_text("2222")
    expect(phone.locator("main")).not_to_contain_text("6222")
    phone.click(".thumb button")
    expect(phone.locator(".note.is-ok")).to_contain_text("已提交")

    supplier_id = approve(stage, inviting)
    expect(phone.locator(".agreement-text")).not_to_be_empty()  # the page changes by itself
    phone.click(".thumb button")
    expect(phone.locator("h1")).to_contain_text("已入驻")

    partner = Company(type(inviting.id)(supplier_id), "", inviting.token)
    stage.until(lambda: _orders_know(stage, inviting, supplier_id))
    stage.order(inviting, partner, "W-1", quantity=120)
    phone.locator(".card-list button", has_text="按要求确认").first.click()
    expect(phone.locator(".note.is-ok")).to_contain_text("已确认")
    steps = [path for path in screens.seen if not re.search("session|oauth|signed-in|blank", path)]
    assert len(steps) <= SCREENS_MAX, steps
    assert time.monotonic() - screens.began < SECONDS_MAX


def _orders_know(stage: Stage, buyer: Company, supplier_id: str) -> bool:
    path = "orders/v1/relationships?limit=200"
    known = stage.call(buyer.token, "GET", path)["items"]
    return any(one["supplier_id"] == supplier_id for one in known)


def test_a_wrong_field_is_said_beside_it_and_nothing_typed_is_lost(
    visit: Open, stage: Stage, inviting: Company, watch: Watch
) -> None:
    watch.expected.append("status of (422|409|404)")
    link = invited(stage, inviting, "宁波永固紧固件厂")
    phone = visit(None, link, phone=True)
    phone.fill("[name=uscc]", a_code(2)[:-1] + "I")
    phone.click("main button[type=submit]")
    expect(phone.locator(".field-error")).to_be_visible()
    enter(phone, a_code(2), "宁波永固紧固件厂", f"{time.time_ns()}@example.com")
    phone.click(".thumb button")
    phone.click(".thumb button")  # nothing chosen of the industries
    expect(phone.locator("#industry-error")).to_contain_text("选择行业")
    phone.fill("#industry-q", "紧固件")
    phone.locator("#industry-choices label", has_text="紧固件").first.click()
    phone.click(".thumb button")
    phone.locator(".big-choices label", has_text="微型").click()
    phone.click(".thumb button")
    phone.fill("[name='contact.name']", "吴厂长")
    phone.fill("[name='contact.phone']", "abc")
    phone.click(".thumb button")
    expect(phone.locator("[id='contact.phone-error']")).to_contain_text("138")
    expect(phone.locator("[name='contact.name']")).to_have_value("吴厂长")
    expect(phone.locator("[name='contact.phone']")).to_have_value("abc")
    phone.fill("[name='contact.phone']", "0574 8888 1234")
    phone.click("button:has-text('稍后再填')")
    expect(phone.locator("h1")).to_contain_text("还缺什么")
    phone.goto("/")
    expect(phone.locator(".turn-bar").first).to_contain_text(inviting.name)
    phone.locator(".turn-bar a.btn").first.click()
    phone.click(".thumb a")
    expect(phone.locator("h1")).to_contain_text("货款付到哪里")  # where it was left


def test_who_is_here_already_joins_another_buyer_without_a_second_form(
    visit: Open, stage: Stage, inviting: Company, watch: Watch
) -> None:
    email = f"{time.time_ns()}@example.com"
    phone = visit(None, invited(stage, inviting, "苏州恒达铸造"), phone=True)
    enter(phone, a_code(3), "苏州恒达铸造", email)
    phone.click(".thumb button")
    fill_in(phone)
    phone.click(".thumb button")
    expect(phone.locator(".note.is-ok")).to_contain_text("已提交")
    other = stage.company("北岭客车有限公司", {"孙采购": [Role.BUYER_PROCUREMENT]})
    phone.goto(invited(stage, other, "苏州恒达铸造"))
    phone.fill("[name=uscc]", a_code(3))
    phone.click("main button[type=submit]")
    expect(phone.locator("h1")).to_contain_text(other.name)  # no second sign-in
    phone.click(".thumb button")
    expect(phone.locator("h1")).to_contain_text("都对吗")  # no second form
    phone.click(".thumb button")
    expect(phone.locator(".note.is-ok")).to_contain_text("已提交")
    worker = stage.company("别家", {"工人": [Role.SUPPLIER_PRODUCTION]})
    stranger = visit(worker.people["工人"])
    watch.expected.append("status of 403")
    stranger.goto("/application?invitation=nothing")
    expect(stranger.locator("h1")).to_contain_text("没有这项权限")


def test_what_the_buyer_marks_stands_beside_the_field(
    visit: Open, stage: Stage, inviting: Company
) -> None:
    phone = visit(None, invited(stage, inviting, "无锡新光电镀"), phone=True)
    enter(phone, a_code(4), "无锡新光电镀", f"{time.time_ns()}@example.com")
    phone.click(".thumb button")
    fill_in(phone)
    phone.click(".thumb button")
    expect(phone.locator(".note.is-ok")).to_contain_text("已提交")
    path = "onboarding/v1/applications?side=buyer&state=submitted&limit=200"
    mine = phone.url.partition("/application/")[2].partition("?")[0]
    assert mine in {one["id"] for one in stage.call(inviting.token, "GET", path)["items"]}
    said = {"fields": [{"field": "bank.account", "note": "账号与户名不符"}]}
    stage.call(inviting.token, "POST", f"onboarding/v1/applications/{mine}/changes", said)
    expect(phone.locator(".answered.has-note")).to_contain_text("账号与户名不符")
    phone.locator(".answered.has-note a").click()
    expect(phone.locator("[id='bank.account-note']")).to_contain_text("账号与户名不符")
    phone.fill("[name='bank.account']", "6222 0000 1111 3333")
    phone.click(".thumb button")
    expect(phone.locator("main")).to_contain_text("3333")
    phone.click(".thumb button")
    expect(phone.locator(".note.is-ok")).to_contain_text("已提交")
