"""Pages work for people: without JavaScript, in two languages, and for nobody else's forms."""

import re
from pathlib import Path

import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from sqlalchemy import func, text

from contracts.scopes import Role, Scope
from services.identity.api.browser import FORM_COOKIE, SESSION_COOKIE, pages
from services.identity.api.wording import ROLES, SCOPES
from services.identity.commands import mail
from services.identity.domain import passwords as rules
from services.identity.models import Mail, Password, Session, Throttle
from shared.settings import settings
from tests.identity.factories import PASSWORD, Browser, World, fields, sent_back

NEW = "an entirely new sentence"
ROOT = Path("services/identity")


async def sent(browser: Browser, path: str, **filled: str) -> Response:
    """Open a page and send its form, as a browser does."""
    page = await browser.http.get(path)
    assert page.status_code == 200, page.text
    return await browser.http.post(path.partition("?")[0], data=fields(page.text) | filled)


async def sign_in(browser: Browser, password: str = PASSWORD, **more: str) -> Response:
    return await sent(
        browser, "/sign-in", **{"email": "li@example.com", "password": password} | more
    )


class TestSignIn:
    async def test_leads_from_a_client_and_back(self, nobody: Browser) -> None:
        asked = await nobody.authorize("portal")
        page = await nobody.http.get(asked.headers["location"])
        filled = {"email": " LI@example.com ", "password": PASSWORD}
        signed_in = await nobody.http.post("/sign-in", data=fields(page.text) | filled)
        assert signed_in.status_code == 303
        answer = await nobody.http.get(signed_in.headers["location"])
        assert "code" in sent_back(answer)

    async def test_its_cookies_are_out_of_reach(self, nobody: Browser) -> None:
        answer = await sign_in(nobody)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"{SESSION_COOKIE}=")
        for part in "HttpOnly", "Secure", "SameSite=lax", "Path=/":
            assert part in cookie
        assert "Domain" not in cookie

    @pytest.mark.parametrize(
        ("email", "password"),
        [
            ("li@example.com", "wrong"),
            ("li@example.com", ""),
            ("li@example.com", PASSWORD + " "),
            ("nobody@example.com", PASSWORD),
            ("no address", PASSWORD),
            ("", PASSWORD),
            ("线@example.com", PASSWORD),
            ("' OR 1=1 --@x", PASSWORD),
        ],
    )
    async def test_says_the_same_whatever_is_wrong(
        self, nobody: Browser, email: str, password: str
    ) -> None:
        answer = await sign_in(nobody, password, email=email)
        assert answer.status_code == 401
        assert "The e-mail address or the password is wrong." in answer.text
        assert await nobody.world.rows(Session.id) == []

    @pytest.mark.parametrize(
        "onward", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"]
    )
    async def test_stays_on_this_site(self, nobody: Browser, onward: str) -> None:
        answer = await sign_in(nobody, **{"continue": onward})
        assert answer.headers["location"] == "/"

    @pytest.mark.parametrize("broken", ["cookie", "csrf", "no csrf", "type"])
    async def test_takes_no_strange_form(self, nobody: Browser, broken: str) -> None:
        page = await nobody.http.get("/sign-in")
        form = fields(page.text) | {"email": "li@example.com", "password": PASSWORD}
        if broken == "cookie":
            nobody.http.cookies.delete(FORM_COOKIE)
        elif broken == "type":
            assert (await nobody.http.post("/sign-in", json=form)).status_code == 400
            return
        elif broken == "csrf":
            form["csrf"] = "x" * len(form["csrf"])
        else:
            del form["csrf"]
        assert (await nobody.http.post("/sign-in", data=form)).status_code == 400

    async def test_each_failure_doubles_the_wait(self, world: World) -> None:
        browser = world.browser()
        for _ in range(rules.PER_ACCOUNT.free + 1):
            assert (await sign_in(browser, "wrong")).status_code == 401
        for wait_s in 1, 2, 4, 8:
            refused = await sign_in(browser)
            assert (refused.status_code, refused.headers["retry-after"]) == (429, str(wait_s))
            world.clock.pass_(seconds=wait_s)
            assert (await sign_in(browser, "wrong")).status_code == 401
        other = await sign_in(browser, email="wang@example.com")
        assert other.status_code == 303, "another account does not wait"
        world.clock.pass_(minutes=15)
        assert (await sign_in(browser)).status_code == 303
        [(left,)] = await world.rows(func.count(Throttle.key))
        assert left == 1, "the account is forgiven, the address not all of it"

    async def test_one_address_cannot_try_many_accounts(self, world: World) -> None:
        browser = world.browser()
        for n in range(rules.PER_ADDRESS.free + 1):
            answer = await sign_in(browser, email=f"somebody-{n}@example.com")
            assert answer.status_code == 401
        assert (await sign_in(browser)).status_code == 429

    async def test_a_session_ends_after_half_a_day(self, li: Browser) -> None:
        li.world.clock.pass_(hours=12)
        assert (await li.authorize()).headers["location"].startswith("/sign-in?")


class TestSignOut:
    async def test_asks_first_and_then_ends_everything(self, li: Browser) -> None:
        token = (await li.tokens())["refresh_token"]
        answer = await sent(li, "/sign-out")
        assert "Signed out" in answer.text
        assert (await li.refresh(token)).status_code == 400
        assert (await li.authorize()).headers["location"].startswith("/sign-in?")

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"origin": "http://localhost:8000", "sec-fetch-site": "same-origin"}, 200),
            ({"origin": "http://localhost:8000", "sec-fetch-site": "same-site"}, 400),
            ({"origin": "https://evil.example", "sec-fetch-site": "cross-site"}, 400),
            ({}, 400),
        ],
    )
    async def test_takes_a_form_of_its_own_site_alone(
        self, li: Browser, headers: dict[str, str], status: int
    ) -> None:
        answer = await li.http.post("/sign-out", data={"a": "b"}, headers=headers)
        assert answer.status_code == status
        [(ended,)] = await li.world.rows(Session.ended_at)
        assert bool(ended) is (status == 200)


class TestChangePassword:
    async def test_signs_other_browsers_out(self, li: Browser) -> None:
        other = await li.world.signed_in("li")
        here, there = await li.tokens(), await other.tokens()

        answer = await sent(li, "/password", current=PASSWORD, password=NEW)

        assert "Your password was changed" in answer.text
        assert (await li.refresh(here["refresh_token"])).status_code == 200
        assert (await li.authorize()).status_code == 200
        assert (await other.refresh(there["refresh_token"])).status_code == 400
        assert (await other.authorize()).headers["location"].startswith("/sign-in?")
        assert (await sign_in(li.world.browser())).status_code == 401
        assert (await sign_in(li.world.browser(), NEW)).status_code == 303

    @pytest.mark.parametrize(
        ("current", "password", "status", "said"),
        [
            ("wrong", NEW, 401, "This is not your password."),
            (PASSWORD, "short", 422, "Choose 12 to 128 characters"),
            (PASSWORD, "aaaaaaaaaaaaaaaa", 422, "different characters"),
            (PASSWORD, "li@example.com1", 422, "your name, address or common words"),
            (PASSWORD, "Password12345678", 422, "your name, address or common words"),
        ],
    )
    async def test_says_what_is_wrong_beside_the_field(
        self, li: Browser, current: str, password: str, status: int, said: str
    ) -> None:
        answer = await sent(li, "/password", current=current, password=password)
        assert answer.status_code == status
        assert said in answer.text
        assert (await sign_in(li.world.browser())).status_code == 303

    async def test_needs_somebody(self, nobody: Browser) -> None:
        answer = await nobody.http.get("/password")
        assert answer.headers["location"] == "/sign-in?continue=%2Fpassword"


async def letter(world: World) -> str:
    """Return the link in the letter that was written last."""
    rows = await world.rows(text("text FROM mails ORDER BY id DESC LIMIT 1"))
    found = re.search(r"^http\S+$", rows[0][0], re.MULTILINE)
    assert found, rows
    return found[0].removeprefix(settings().issuer)


class TestForgottenPassword:
    async def test_a_link_sets_another_once(self, world: World) -> None:
        before = await world.signed_in("li")
        browser = world.browser()
        answer = await sent(browser, "/password/forgotten", email="li@example.com")
        assert "a letter is on its way" in answer.text
        link = await letter(world)

        done = await sent(browser, link, password=NEW)

        assert done.status_code == 303
        assert (await sign_in(browser, NEW)).status_code == 303
        assert (await before.authorize()).headers["location"].startswith("/sign-in?")
        assert (await browser.http.get(link)).status_code == 404

    async def test_says_the_same_to_strangers_and_writes_nothing(self, world: World) -> None:
        answer = await sent(world.browser(), "/password/forgotten", email="who@example.com")
        assert "a letter is on its way" in answer.text
        assert await mail_count(world) == 0

    async def test_sends_no_flood_of_letters(self, world: World) -> None:
        statuses = [
            (await sent(world.browser(), "/password/forgotten", email="li@example.com")).status_code
            for _ in range(5)
        ]
        assert statuses == [200, 200, 200, 200, 429]
        assert await mail_count(world) == 4

    async def test_a_link_expires(self, world: World) -> None:
        browser = world.browser()
        await sent(browser, "/password/forgotten", email="li@example.com")
        link = await letter(world)
        form = fields((await browser.http.get(link)).text)
        world.clock.pass_(hours=1)
        late = await browser.http.post(link, data=form | {"password": NEW})
        assert late.status_code == 404
        assert (await sign_in(browser)).status_code == 303

    async def test_a_weak_password_can_be_typed_again(self, world: World) -> None:
        browser = world.browser()
        await sent(browser, "/password/forgotten", email="li@example.com")
        link = await letter(world)
        assert (await sent(browser, link, password="short")).status_code == 422  # noqa: S106
        assert (await sent(browser, link, password=NEW)).status_code == 303


async def mail_count(world: World) -> int:
    [(count,)] = await world.rows(func.count(Mail.id))
    return int(count)


class TestMailbox:
    async def test_shows_letters_on_this_machine(self, world: World) -> None:
        browser = world.browser()
        await sent(browser, "/password/forgotten", email="li@example.com")
        page = await browser.http.get("/mailbox")
        assert page.status_code == 200
        assert f'<a href="{settings().issuer}{await letter(world)}">' in page.text

    @pytest.mark.parametrize(
        "headers",
        [
            {"host": "evil.example"},
            {"host": "192.168.1.2:8000"},
            {"host": "[::2]:8000"},
            {"x-forwarded-for": "192.0.2.1"},
            {"forwarded": "for=192.0.2.1"},
        ],
    )
    async def test_and_nowhere_else(self, nobody: Browser, headers: dict[str, str]) -> None:
        assert (await nobody.http.get("/mailbox", headers=headers)).status_code == 404

    async def test_not_to_other_machines(self, world: World) -> None:
        elsewhere = ASGITransport(world.app, client=("192.0.2.1", 5000))
        async with AsyncClient(transport=elsewhere, base_url="https://localhost") as client:
            assert (await client.get("/mailbox")).status_code == 404


LETTERS = mail.INVITATION, mail.PASSWORD_FORGOTTEN, mail.PASSWORD_CHANGED, mail.REGISTERED


class TestWords:
    async def test_chinese_comes_first(self, nobody: Browser) -> None:
        page = await nobody.http.get("/sign-in", headers={"accept-language": "fr"})
        assert 'lang="zh-CN"' in page.text
        assert "忘记密码？" in page.text
        english = await nobody.http.get("/sign-in", headers={"accept-language": "en"})
        assert "Password forgotten?" in english.text

    def test_every_message_is_translated(self) -> None:
        said = set(SCOPES.values()) | set(ROLES.values())
        for letter_ in LETTERS:
            said |= set(letter_)
        for template in (ROOT / "templates").glob("*.html"):
            text = template.read_text()
            said |= set(re.findall(r'_\("([^"]+)"', text))
            blocks = re.findall(r"{% trans[^%]*%}(.*?){% endtrans %}", text)
            said |= {re.sub(r"{{ (\w+) }}", r"%(\1)s", block) for block in blocks}
        for source in (ROOT / "api").glob("*.py"):
            said |= set(re.findall(r'words\(\s*request, "([^"]+)"', source.read_text()))
        missing = {message for message in said if message not in pages.catalog}
        assert not missing

    def test_every_role_and_right_has_words(self) -> None:
        assert set(SCOPES) == set(Scope)
        assert set(ROLES) == set(Role)


async def test_passwords_are_kept_as_argon2id(world: World) -> None:
    rows = await world.rows(Password.hash)
    assert all(row[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$") for row in rows)


async def test_pages_are_strict(nobody: Browser) -> None:
    page = await nobody.http.get("/password/forgotten")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["cache-control"] == "no-store"
