"""What all pages share: files, languages, ways of writing, and addresses."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from hypothesis import given
from hypothesis import strategies as st

from contracts.values import Money
from shared.web.csrf import csrf_token, is_csrf_token
from shared.web.formats import Formats
from shared.web.languages import Language
from shared.web.routes import own_path, router
from shared.web.statics import asset

NOW = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
ZH, EN = (Formats(language, SHANGHAI, NOW) for language in Language)


@pytest.fixture
async def browser() -> AsyncClient:
    app = FastAPI()
    app.include_router(router)
    return AsyncClient(transport=ASGITransport(app), base_url="http://localhost")


async def test_a_file_is_kept_for_ever_under_the_name_of_its_content(browser: AsyncClient) -> None:
    answer = await browser.get(asset("lianqiao.css"), headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    known = {"if-none-match": answer.headers["etag"]}
    assert (await browser.get("/static/lianqiao.css", headers=known)).status_code == 304
    old = await browser.get("/static/lianqiao.css?v=old")
    assert old.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["nothing.css", "..%2fpages.py", "%2e%2e"])
async def test_no_other_file_is_served(browser: AsyncClient, name: str) -> None:
    assert (await browser.get(f"/static/{name}")).status_code == 404


async def test_a_language_is_kept_and_leads_back(browser: AsyncClient) -> None:
    answer = await browser.get("/language/en?next=/orders?view=all")
    assert answer.headers["location"] == "/orders?view=all"
    assert browser.cookies["language"] == "en"
    assert (await browser.get("/language/fr")).status_code == 422


@given(st.text())
def test_no_address_leads_to_another_site(text: str) -> None:
    path = own_path(text)
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))


def test_a_day_is_short_this_year_and_full_in_others() -> None:
    assert "11-26" in ZH.day(date(2026, 11, 26))
    assert "周四" in ZH.day(date(2026, 11, 26))
    assert "Thu" in EN.day(date(2026, 11, 26))
    assert ">2015-01-02<" in ZH.day(date(2015, 1, 2))
    assert "—" in ZH.day(None)


def test_a_moment_is_written_in_the_zone() -> None:
    assert "11-23 00:30" in ZH.moment(NOW)
    assert date(2026, 11, 23) == ZH.today


@pytest.mark.parametrize(
    ("value", "words"),
    [("12000", "12,000"), ("0.5", "0.5"), ("-3", "−3"), ("1234567.890000", "1,234,567.89")],
)
def test_numbers_are_grouped_and_exact(value: str, words: str) -> None:
    assert ZH.number(Decimal(value)) == words


def test_headlines_count_as_readers_do() -> None:
    large = Money(amount=Decimal("139860000.00"), currency="CNY")
    assert ZH.large(large) == ("1.40", "亿元")
    assert EN.large(large) == ("139.9", "M CNY")
    assert ZH.large(Money(amount=Decimal("19340000.00"), currency="CNY")) == ("1,934", "万元")
    assert ZH.full_money(Money(amount=Decimal(12), currency="JPY")) == "12 日元"


@given(secret=st.text(min_size=1), other=st.text(min_size=1))
def test_a_token_is_good_for_its_own_session_alone(secret: str, other: str) -> None:
    token = csrf_token(secret)
    assert is_csrf_token(secret, token)
    assert is_csrf_token(other, token) == (secret == other)


@given(st.text() | st.none())
def test_whatever_is_sent_as_a_token_nothing_breaks(text: str | None) -> None:
    assert not is_csrf_token("secret", text)


def test_no_front_end_package_is_in_the_repository() -> None:
    ignored = Path(".gitignore").read_text()
    assert "/shared/web/assets/" in ignored
