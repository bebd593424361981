"""A company comes by itself, once for each credit code, with the person who administers it."""

import asyncio
from urllib.parse import urlencode

import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from sqlalchemy import func, text

from services.identity.commands.registration import FIRST_ROLES
from services.identity.models import Identifier, Membership, Throttle
from tests.identity.factories import PASSWORD, Browser, World, fields
from tests.identity.test_pages import sent
from tests.onboarding.factories import a_code

NEW = "copper kettle sings at dawn"
ONWARD = "/application?invitation=abc"
FILLED = {"organization": "宏远精密", "name": "赵强", "email": "zhao@example.com", "password": NEW}


async def registered(browser: Browser, code: str, **changed: str) -> Response:
    asked = urlencode({"uscc": code, "next": ONWARD})
    return await sent(browser, f"/register?{asked}", **(FILLED | changed))


async def test_one_screen_makes_a_company_and_signs_its_administrator_in(world: World) -> None:
    browser = world.browser()
    answer = await registered(browser, a_code(1).lower())
    assert answer.status_code == 303
    place = answer.headers["location"]
    assert place == "/session/begin?next=%2Fapplication%3Finvitation%3Dabc"
    named = text("name, value FROM organizations o JOIN identifiers ON organization_id = o.id")
    assert await world.rows(named) == [("宏远精密", a_code(1))]
    zhao = text(
        "roles FROM memberships JOIN users ON id = user_id WHERE email = 'zhao@example.com'"
    )
    [(roles,)] = await world.rows(zhao)
    assert set(roles) == {str(role) for role in FIRST_ROLES}
    [(letter,)] = await world.rows(text("subject FROM mails WHERE recipient = 'zhao@example.com'"))
    assert "宏远精密" in letter
    asked = await browser.authorize("portal", scope="openid orders:confirm")
    assert "code=" in asked.headers["location"], "signed in, with a role that confirms"


async def test_a_company_that_is_here_signs_in_instead(world: World) -> None:
    await registered(world.browser(), a_code(1))
    asked = urlencode({"uscc": a_code(1), "next": ONWARD})
    page = await world.browser().http.get(f"/register?{asked}")
    assert "Your company is here already" in page.text
    assert "/session/begin?next=%2Fapplication%3Finvitation%3Dabc" in page.text
    assert "宏远精密" not in page.text


async def test_fifty_at_once_make_one_company(world: World) -> None:
    code = a_code(7)

    async def one(number: int) -> int:
        transport = ASGITransport(world.app, client=(f"192.0.2.{number}", 5000))
        base = str(world.browser().http.base_url)
        async with AsyncClient(transport=transport, base_url=base) as http:
            page = await http.get("/register", params={"uscc": code})
            if "csrf" not in page.text:
                return 409
            filled = fields(page.text) | FILLED | {"email": f"person{number}@example.com"}
            return (await http.post("/register", data=filled)).status_code

    answers = await asyncio.gather(*(one(number) for number in range(1, 51)))
    assert set(answers) <= {303, 409, 503}, "one came, the others are told so or to try again"
    assert answers.count(303) == 1
    assert await world.rows(text("count(*) FROM identifiers WHERE scheme = 'uscc'")) == [(1,)]
    made = await world.rows(text("count(*) FROM organizations WHERE name = '宏远精密'"))
    assert made == [(1,)]
    assert await world.rows(text("count(*) FROM users WHERE email LIKE 'person%'")) == [(1,)]


async def test_somebody_who_is_known_proves_it(world: World) -> None:
    wrong = await registered(world.browser(), a_code(2), email="li@example.com")
    assert wrong.status_code == 401
    assert "type its password" in wrong.text
    assert "宏远精密" in wrong.text, "what was typed is not lost"
    right = await registered(world.browser(), a_code(2), email="li@example.com", password=PASSWORD)
    assert right.status_code == 303
    mine = Membership.user_id == world.ids["li"]
    [(count,)] = await world.rows(func.count(Membership.user_id).filter(mine))
    assert count == 2
    assert await world.rows(text("count(*) FROM users WHERE email = 'li@example.com'")) == [(1,)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("uscc", a_code(3)[:-1] + "!"),
        ("uscc", ""),
        ("organization", " "),
        ("name", "\ufffe"),
        ("email", "nobody"),
        ("password", "short"),
        ("password", "宏远精密宏远精密宏远精密宏远"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(world: World, name: str, value: str) -> None:
    browser = world.browser()
    answer = await registered(browser, a_code(3), **{name: value})
    assert answer.status_code == 422
    if name != "uscc":
        assert f'id="{name}-error"' in answer.text
    [(count,)] = await world.rows(func.count(Identifier.id))
    assert count == 0


async def test_an_address_that_registers_again_and_again_waits(world: World) -> None:
    await registered(world.browser(), a_code(4))
    await world.change(Throttle, failures=100)
    asked = [
        (await registered(world.browser(), a_code(number), email=f"p{number}@example.com"))
        for number in (5, 6)
    ]
    assert [answer.status_code for answer in asked] == [303, 429]
    assert "Wait a while" in asked[1].text


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "/\\evil"])
async def test_nobody_is_led_elsewhere(world: World, onward: str) -> None:
    asked = urlencode({"uscc": a_code(8), "next": onward})
    answer = await sent(world.browser(), f"/register?{asked}", **FILLED)
    assert answer.headers["location"] == "/session/begin?next=%2F"


async def test_a_form_from_elsewhere_is_not_taken(world: World) -> None:
    data = FILLED | {"uscc": a_code(9), "csrf": "x"}
    assert (await world.browser().http.post("/register", data=data)).status_code == 400
    assert await world.rows(func.count(Identifier.id)) == [(0,)]
