"""One order from an invitation to a regulator's release, by everybody's pages alone."""

import time

import pytest
from playwright.sync_api import Page, expect

from contracts.scopes import Role
from services.insights.domain.figures import month_after
from tests.browser import whole_chain as people
from tests.browser.conftest import Open, Watch
from tests.browser.stage import TODAY, Company, Stage
from tests.browser.test_joining import SCREENS_MAX, SECONDS_MAX, a_code
from tests.browser.whole_chain import Deal, Screens

COMPANY = "杭州明岚精密机械有限公司"
DEAL = Deal("CG-2026-0801", "26330000000801", 120, "1200.50", "144,060.00")
THIS_MONTH = TODAY.replace(day=1)
MONTH = month_after(THIS_MONTH, months=-2)  # others publish the last one


@pytest.fixture(scope="module")
def buyer(stage: Stage) -> Company:
    """Return a core enterprise with people for every task, three of them in finance."""
    return stage.company(
        "东海汽车制造有限公司",
        {
            "钱采购": [Role.BUYER_PROCUREMENT],
            "马师傅": [Role.BUYER_QUALITY],
            "孙静": [Role.BUYER_FINANCE],
            "李会计": [Role.BUYER_FINANCE],
            "吴总监": [Role.BUYER_FINANCE],
        },
    )


@pytest.fixture(scope="module")
def regulator(stage: Stage) -> str:
    """Return the e-mail of somebody who may look at what is published."""
    authority = stage.company("省经济和信息化厅", {})
    return stage.person(authority.id, "监管员", [Role.REGULATOR_VIEWER])


def join_and_confirm(visit: Open, buyer: Company, email: str) -> tuple[Page, Page]:
    """Go from the invitation to the first confirmed line; what the supplier sees is counted."""
    desk = visit(buyer.people["钱采购"])
    link = people.invite(desk, COMPANY, email)
    phone = visit(None, "/mailbox", phone=True)
    screens = Screens(phone)
    people.open_the_letter(phone, COMPANY, email, link)
    expect(phone.locator("main")).to_contain_text(buyer.name)
    screens.seen.clear()  # the mailbox is not ours
    screens.seen.append(link)
    people.register(phone, a_code(8801), email)
    people.apply(phone, buyer.name)
    people.approve(desk, COMPANY)
    people.sign(phone)
    people.place(desk, COMPANY, DEAL)
    people.confirm_the_first(phone, DEAL)
    assert len(screens.seen) <= SCREENS_MAX, screens.seen
    assert screens.seconds < SECONDS_MAX
    return desk, phone


@pytest.mark.timeout(900)  # nine people, one after another
def test_an_order_goes_from_an_invitation_to_a_release_on_pages_alone(
    visit: Open, stage: Stage, buyer: Company, regulator: str, watch: Watch
) -> None:
    email = f"{time.time_ns()}@example.com"
    watch.expected.append("status of (409|422)")  # the month is not over
    desk, phone = join_and_confirm(visit, buyer, email)
    people.report_all(phone, DEAL)
    label = people.ship_all(phone, DEAL)
    receiver = visit(buyer.people["马师傅"], phone=True)
    people.scan_and_count(receiver, label)
    receipt = people.accept(receiver, DEAL)
    address = people.invoice(phone, DEAL, receipt)
    settle(visit, buyer)
    theirs, ours = (people.see_it_paid(page, DEAL, address) for page in (phone, desk))
    assert theirs == ours
    release(visit, stage, buyer, regulator)


def settle(visit: Open, buyer: Company) -> None:
    """Propose the payment, have two others approve it, and pay."""
    proposal = people.match_and_propose(visit(buyer.people["孙静"]), DEAL)
    for name in ("李会计", "吴总监"):
        desk = visit(buyer.people[name])
        people.approve_payment(desk, DEAL)
        assert desk.url.partition("?")[0] == proposal
    people.pay(desk, DEAL, f"ICBC-{time.time_ns()}")


def release(visit: Open, stage: Stage, buyer: Company, regulator: str) -> None:
    """Publish the month; one supplier's figure stays out of it, and the operator sees why."""
    desk = visit(stage.operator_email)
    people.preview(desk, THIS_MONTH)
    expect(desk.locator("[role=alert]")).to_contain_text("尚未结束")
    long_ago(stage, buyer)
    people.preview(desk, MONTH)
    expect(desk.locator("main .chip").first).to_contain_text("审计通过", timeout=120_000)
    table = desk.locator("details", has_text="订货金额")
    table.locator("summary").click()
    expect(table.locator("tr", has_text="330000").first).to_contain_text("不足 3 个企业集团")
    people.publish(desk, MONTH)
    viewer = visit(regulator)
    people.look_up(viewer, MONTH)
    desk.locator("tr", has_text=f"{MONTH:%Y-%m}").locator("a[href$='/looks']").click()
    expect(desk.locator("tbody")).to_contain_text("省经济和信息化厅")


def long_ago(stage: Stage, buyer: Company) -> None:
    """Date what insights counted of this buyer back: a month is published once it is over."""
    back = "month = month - interval '2 months' WHERE buyer_id = %(id)s"
    for table in "months", "month_amounts":
        stage.sql(f"UPDATE insights.{table} SET {back}", id=buyer.id)  # noqa: S608
