"""What each party does on its own pages, from an invitation to a release; links are followed."""

import re
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

from playwright.sync_api import Locator, Page, expect

from tests.browser.stage import PASSWORD, TODAY

PROMPT = 0.3  # seconds between two looks at a page that others bring about


class Deal(NamedTuple):
    """What is ordered, and what becomes of it."""

    order: str
    invoice: str
    quantity: int
    price: str
    worth: str  # as the pages write it


class Screens:
    """The screens that somebody sees: each page with its question, once while it stays."""

    def __init__(self, page: Page) -> None:
        self.seen: list[str] = []
        self.began = time.monotonic()
        page.expose_function("sawScreen", self._note)
        page.add_init_script(
            """addEventListener("DOMContentLoaded", () => {
                if (document.querySelector("h1")) window.sawScreen(
                    `${location.pathname} ${document.querySelector("h1").innerText}`);
            })"""
        )

    def _note(self, seen: str) -> None:
        if not self.seen or self.seen[-1] != seen:
            self.seen.append(seen)

    @property
    def seconds(self) -> float:
        """Return how long ago the first was opened."""
        return time.monotonic() - self.began


def until_there(page: Page, look: Callable[[], Locator], *, within_s: float = 60) -> Locator:
    """Load the page anew until what others do has arrived on it."""
    deadline = time.monotonic() + within_s
    while not (found := look()).count():
        assert time.monotonic() < deadline, f"{page.url} never shows it"
        page.wait_for_timeout(PROMPT * 1_000)
        page.reload()
    return found


def told(page: Page, words: str) -> None:
    """Read what the form before has done."""
    expect(page.locator("#flash .note.is-ok")).to_contain_text(words)


def go(page: Page, path: str) -> None:
    """Follow the link in the main navigation."""
    page.locator(f"nav a[href^='{path}']:visible").first.click()
    page.wait_for_url(f"**{path}*")


# ---- joining


def invite(desk: Page, company: str, email: str) -> str:
    """Invite a company, and return the link as the page shows it."""
    go(desk, "/suppliers")
    desk.locator("a[href='/suppliers/invitations/new']").first.click()
    desk.fill("#name", company)
    desk.fill("#email", email)
    desk.fill("#note", "转向节项目，期待合作")
    desk.click("main button.btn-primary")
    return desk.locator("#invitation-link").inner_text()


def open_the_letter(phone: Page, company: str, email: str, link: str) -> None:
    """Find the invitation in the mailbox and open its link."""
    phone.goto("/mailbox")
    phone.click("a[href='/join/mailbox']")
    letter = phone.locator("article", has_text=email)
    expect(letter).to_have_count(1)
    expect(letter).to_contain_text(company)
    letter.locator("a", has_text=link).click()


def register(phone: Page, code: str, email: str) -> None:
    """Type the code, and register the company with its first person."""
    phone.fill("[name=uscc]", code)
    phone.click("main button[type=submit]")
    expect(phone.locator("main")).to_contain_text(code)
    expect(phone.locator("[name=email]")).to_have_value(email)  # from the invitation
    expect(phone.locator("[name=organization]")).not_to_have_value("")
    phone.fill("[name=name]", "周岚")
    phone.fill("[name=password]", PASSWORD)
    phone.click("main button[type=submit]")


def apply(phone: Page, buyer: str) -> None:
    """Accept the invitation, answer one question per screen, look through all and send it."""
    expect(phone.locator("h1")).to_contain_text(buyer)
    phone.click(".thumb button")
    expect(phone.locator("[name=region]:checked")).to_have_value("330110")  # from the code
    phone.fill("#industry-q", "C3670")
    phone.locator("#industry-choices label", has_text="C3670").click()
    phone.click(".thumb button")
    phone.click(".big-choices label:has([value=small])")
    phone.click(".thumb button")
    phone.fill("[name='contact.phone']", "138 1234 5678")
    phone.click(".thumb button")
    phone.fill("[name='bank.name']", "工商银行杭州余杭支行")
    phone.fill("[name='bank.account']", "6222 0000 1111 2222")
    phone.click(".thumb button")
    expect(phone.locator("main")).to_contain_text("2222")
    phone.click(".thumb button")
    told(phone, "已提交")


def approve(desk: Page, company: str) -> None:
    """Find the application among what is to be done today, and let the company in."""
    desk.click("a.brand")
    until_there(desk, lambda: desk.locator(".todo a[href='/suppliers/applications']")).click()
    desk.click(f"tbody a:has-text('{company}')")
    desk.fill("#payment_days", "45")
    desk.fill("#vendor_number", "V-7001")
    desk.click("form[action$='/approval'] button.btn-primary")
    told(desk, "已批准")


def sign(phone: Page) -> None:
    """Sign once the page says by itself that one is let in."""
    expect(phone.locator(".agreement-text")).not_to_be_empty()
    expect(phone.locator("main dl")).to_contain_text("45")
    phone.click(".thumb button")
    expect(phone.locator("[data-state^=agreed]")).to_be_visible()


# ---- ordering and making


def place(desk: Page, company: str, deal: Deal) -> None:
    """Order one line, starting from the supplier's own page."""
    go(desk, "/suppliers")
    until_there(desk, lambda: desk.locator(f"tbody a:has-text('{company}')")).click()
    until_there(desk, lambda: desk.locator("a[href^='/orders/new']")).click()
    expect(desk.locator("#supplier_id option:checked")).to_contain_text(company)
    desk.fill("#number", deal.order)
    desk.fill("#item_number-0", "ZX-2041")
    desk.fill("#item_name-0", "转向节 左前")
    desk.fill("#quantity-0", str(deal.quantity))
    desk.fill("#price-0", deal.price)
    desk.fill("#due_on-0", str(TODAY + timedelta(days=20)))
    expect(desk.locator("[data-total]")).to_contain_text(deal.worth)
    desk.click(".form-actions.end button.btn-primary")
    told(desk, "订单已下")


def confirm_the_first(phone: Page, deal: Deal) -> None:
    """Promise the first line in one tap; the page has said by itself that it is there."""
    card = phone.locator(".card-list li", has_text=deal.order)
    card.locator("form[action$='/confirm'] button").click()
    told(phone, "已确认")


def report_all(phone: Page, deal: Deal) -> None:
    """Report the whole line as made."""
    go(phone, "/reports")
    until_there(phone, lambda: phone.locator(".work-list a", has_text=deal.order)).click()
    phone.click("button[data-add=rest]")
    expect(phone.locator(".thumb .num")).to_have_text(str(deal.quantity))
    phone.click(".thumb button")
    told(phone, "已报工")
    expect(phone.locator(".note.is-ok", has_text="已全部完工")).to_be_visible()


# ---- delivering


def ship_all(phone: Page, deal: Deal) -> str:
    """Ship the line in one package, label it, and return the number on the label."""
    go(phone, "/ship")
    line = until_there(phone, lambda: phone.locator("[data-ready-line]", has_text=deal.order))
    expect(line.locator("input[type=number]")).to_have_value(str(deal.quantity))
    line.locator("[name=line]").check()
    phone.click(".thumb button")
    told(phone, "发货通知已生成")
    label = phone.request.get(str(phone.locator("a[href$='/label']").get_attribute("href")))
    assert label.ok
    assert label.body().startswith(b"%PDF")
    number = phone.locator("[title=SSCC]").inner_text()
    phone.click("form[action$='/departure'] button")
    told(phone, "已发出")
    return number


def scan_and_count(phone: Page, number: str) -> None:
    """Scan the label with a keyboard scanner, and count what it announces."""
    go(phone, "/receiving")
    phone.evaluate("document.activeElement.blur()")
    phone.keyboard.type(f"00{number}")
    phone.keyboard.press("Enter")
    expect(phone.locator("h1")).to_have_text("和通知的一样吗？")
    phone.click("[data-count-all]")
    phone.click(".thumb button")
    told(phone, "收货已登记")


def accept(phone: Page, deal: Deal) -> str:
    """Accept all that was counted, and return the receipt's number."""
    phone.click("#judge-form button.btn-primary")
    told(phone, "已验收")
    expect(phone.locator(".judge-counts .is-ok")).to_contain_text(str(deal.quantity))
    return phone.locator(".crumbs .num").inner_text()


# ---- settling


def invoice(phone: Page, deal: Deal, receipt: str) -> str:
    """Invoice in one click what was accepted, and return the invoice's address."""
    go(phone, "/owed")
    until_there(phone, lambda: phone.locator(".owed-turn a")).click()
    expect(phone.locator(".claim-list > li", has_text=receipt)).to_have_count(1)
    expect(phone.locator(".thumb [data-claim-total]")).to_have_text(deal.worth)
    phone.fill("#number", deal.invoice)
    phone.click(".thumb button")
    told(phone, "已提交")
    expect(phone.locator("#invoice-answer")).to_contain_text("匹配")
    return phone.url.partition("?")[0]


def match_and_propose(desk: Page, deal: Deal) -> str:
    """See that order, receipt and invoice agree, propose to pay it, and return the address."""
    go(desk, "/matching")
    desk.click("a[href^='/matching?state=matched']")
    until_there(desk, lambda: desk.locator(f"tbody a:has-text('{deal.invoice}')")).click()
    expect(desk.locator("h1")).to_have_text("订单、收货、发票一致")
    expect(desk.locator(".answer-stats .is-ok")).to_contain_text(deal.worth)
    desk.click("aside a[href^='/payments']")
    expect(desk.locator("tbody tr", has_text=deal.order)).to_contain_text(deal.worth)
    desk.click("form[action='/payments/proposals'] button")
    expect(desk.locator("form[action$='/approval'] button")).to_be_disabled()  # it is his own
    return desk.url.partition("?")[0]


def approve_payment(desk: Page, deal: Deal) -> None:
    """Find the proposal among what is to be done today, and approve it."""
    desk.click("a.brand")
    desk.click(".todo a[href='/payments']")
    desk.click(f"aside a[href^='/payments/proposals/']:has-text('{deal.worth}')")
    desk.click("form[action$='/approval'] button")
    told(desk, "已批准")


def pay(desk: Page, deal: Deal, reference: str) -> None:
    """Record what the bank has done."""
    expect(desk.locator("h1")).to_contain_text("已批准")
    desk.fill("#reference", reference)
    desk.click("form[action$='/payment'] button")
    expect(desk.locator("h1")).to_have_text("已付")
    expect(desk.locator(".order-stats")).to_contain_text(deal.worth)


def see_it_paid(page: Page, deal: Deal, address: str) -> list[str]:
    """Read an order's line and its invoice as one side sees them: all paid, nothing open."""
    page.goto(address)
    expect(page.locator("#invoice-answer .chip").first).to_have_text("已付")
    figures = page.locator("#invoice-answer .stat dd.big").all_inner_texts()
    page.locator("#invoice-lines a.num", has_text=deal.order).click()
    expect(page.locator(".chain li")).to_have_count(6)
    expect(page.locator(".chain li.done")).to_have_count(6)
    stations = [re.sub(r"\s+", " ", text) for text in page.locator(".chain li").all_inner_texts()]
    expect(page.locator(".chain-papers")).to_contain_text(deal.invoice)
    return [*figures, *stations]


# ---- publishing


def preview(desk: Page, month: date) -> None:
    """Have a month's tables worked out."""
    go(desk, "/operation/releases")
    desk.fill("#month", f"{month:%Y-%m}")
    desk.click("form[action$='/previews'] button")


def publish(desk: Page, month: date) -> None:
    """Publish the preview that is shown."""
    expect(desk.locator("main .chip")).to_contain_text("审计通过", timeout=120_000)
    desk.once("dialog", lambda dialog: dialog.accept())
    desk.click("form[action='/operation/releases'] button")
    told(desk, "已发布")
    published = desk.locator("section[aria-labelledby=published] tbody")
    expect(published).to_contain_text(f"{month:%Y-%m}")


def look_up(page: Page, month: date) -> None:
    """Find a month among what is published, and see of a province that it is not in it."""
    go(page, "/regulation/releases")
    row = page.locator("tbody tr", has_text=f"{month:%Y-%m}")
    expect(row.locator(".hash")).to_have_text(re.compile("^[0-9a-f]{64}$"))
    row.locator("th a").click()
    page.click(".indicator-tabs a[href*='table=ordered_amount']")
    expect(page.locator(".tile", has_text="浙江").first).to_contain_text("不公布")
    expect(page.locator("main")).to_contain_text("每格至少 3 个企业集团")
    go(page, "/regulation/method")
    expect(page.locator(".method-text").first).to_contain_text("订货金额")
