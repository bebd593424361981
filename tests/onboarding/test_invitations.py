"""A link opens a door once, for whom it was meant, while it holds; and no organization ever."""

import asyncio
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import text

from services.onboarding.domain.joining import (
    INVITATION_LIFE,
    InvitationState,
    Moments,
    invitation_state,
)
from shared.database import transaction, utc_now
from shared.sheet import MEDIA_TYPE
from tests.onboarding.factories import Company, Door, a_code, begun, invited, secret_of


async def aged(door: Door, **moments: Any) -> None:  # noqa: ANN401
    """Let time pass over all invitations."""
    columns = ", ".join(f"{name} = {name} - interval '{ago}'" for name, ago in moments.items())
    async with transaction(door.stores["onboarding"].system) as session:
        await session.execute(text(f"UPDATE invitations SET {columns}"))  # noqa: S608


async def states(buyer: Company) -> list[str]:
    return [row["state"] for row in (await buyer.do("GET", "invitations"))["items"]]


async def test_an_invitation_goes_out_by_mail_and_its_link_is_kept_by_nobody(
    door: Door, buyer: Company
) -> None:
    note = "期待合作"
    sent = await invited(buyer, email="Zhao@Example.com", note=note, vendor_number="V-7")
    assert (sent["state"], sent["email"]) == ("sent", "zhao@example.com")
    [(recipient, said, subject)] = await door.rows("SELECT recipient, text, subject FROM mails")
    assert (recipient, subject) == ("zhao@example.com", "比邻汽车邀请宏远精密加入链桥")
    assert sent["link"] in said
    assert note in said
    secret = sent["link"].rpartition("/")[2]
    stored = await door.rows("SELECT to_json(i)::text FROM invitations AS i")
    assert secret not in stored[0][0]
    assert (await buyer.do("GET", "invitations"))["items"][0]["link"] is None


async def test_who_has_a_telephone_alone_gets_no_letter(door: Door, buyer: Company) -> None:
    sent = await invited(buyer, email=None, phone="138 0000-1234")
    assert sent["phone"] == "13800001234"
    assert await door.rows("SELECT 1 FROM mails") == []
    assert await buyer.refused("POST", "invitations", {"name": "x"}) == "invalid-input"


async def test_the_same_contact_is_invited_once(buyer: Company) -> None:
    one = {"name": "甲", "email": "one@example.com"}
    two = {"name": "乙", "phone": "13800001234"}
    bulk = {"invitations": [one, two, {"name": "甲 again", "email": "ONE@example.com"}]}
    first = (await buyer.do("POST", "invitations/bulk", bulk))["results"]
    assert [r["status"] for r in first] == ["sent", "sent", "unchanged"]
    assert first[0]["invitation_id"] == first[2]["invitation_id"]
    again = (await buyer.do("POST", "invitations/bulk", bulk))["results"]
    assert [(r["status"], r["link"]) for r in again] == [("unchanged", None)] * 3
    assert await buyer.refused("POST", "invitations", one) == "invitation-exists"
    assert len(await states(buyer)) == 2


async def test_five_thousand_are_invited_at_once(door: Door, buyer: Company) -> None:
    names = [{"name": f"公司 {n}", "email": f"{n}@example.com"} for n in range(5_000)]
    results = (await buyer.do("POST", "invitations/bulk", {"invitations": names}))["results"]
    assert {r["status"] for r in results} == {"sent"}
    assert await door.rows("SELECT count(*) FROM mails") == [(5_000,)]


async def test_a_link_is_good_for_one_company_also_at_the_same_moment(
    door: Door, buyer: Company
) -> None:
    companies = [await door.company(f"公司 {n}") for n in range(8)]
    body = secret_of((await invited(buyer))["link"])
    answers = await asyncio.gather(
        *(c.api.post("invitations/acceptance", json=body) for c in companies for _ in range(3))
    )
    taken = [a for a in answers if a.status_code == 200]
    assert len(taken) == 3, "one company, whose browser sent it three times"
    assert len({a.json()["id"] for a in taken}) == 1
    assert {a.json()["type"] for a in answers if a.status_code != 200} == {
        "/problems/invitation-is-over"
    }
    assert await door.rows("SELECT count(*) FROM applications") == [(1,)]
    assert await states(buyer) == ["used"]
    assert await door.violations() == []


async def test_a_renewed_link_makes_the_one_before_useless(
    buyer: Company, supplier: Company
) -> None:
    sent = await invited(buyer)
    renewed = await buyer.do("POST", f"invitations/{sent['id']}/renewal")
    assert renewed["link"] != sent["link"]
    accept = "POST", "invitations/acceptance"
    assert await supplier.refused(*accept, secret_of(sent["link"])) == "invitation-is-over"
    assert (await supplier.do(*accept, secret_of(renewed["link"])))["state"] == "draft"
    path = f"invitations/{sent['id']}"
    assert await buyer.refused("POST", f"{path}/renewal") == "invitation-is-over"
    assert await buyer.refused("POST", f"{path}/withdrawal") == "invitation-is-over"


async def test_a_link_ends_by_time_and_by_withdrawal(
    door: Door, buyer: Company, supplier: Company
) -> None:
    old, taken_back = await invited(buyer), await invited(buyer)
    await aged(door, expires_at="15 days")
    await buyer.do("POST", f"invitations/{taken_back['id']}/withdrawal")
    assert await states(buyer) == ["withdrawn", "expired"]
    for sent in old, taken_back:
        refused = await supplier.refused("POST", "invitations/acceptance", secret_of(sent["link"]))
        assert refused == "invitation-is-over"
        again = await buyer.do("POST", f"invitations/{sent['id']}/renewal")
        assert again["state"] == "sent"
    for state in ("sent", "opened", "used", "expired", "withdrawn"):
        found = (await buyer.do("GET", f"invitations?state={state}"))["items"]
        assert {row["state"] for row in found} <= {state}
        assert len(found) == (2 if state == "sent" else 0)


async def test_who_let_an_invitation_expire_can_be_invited_anew(door: Door, buyer: Company) -> None:
    await invited(buyer, email="a@example.com")
    await aged(door, expires_at="15 days")
    await invited(buyer, email="a@example.com")
    assert await states(buyer) == ["sent", "withdrawn"]


async def test_an_open_link_lets_many_apply_until_it_is_withdrawn(
    door: Door, buyer: Company
) -> None:
    made = await buyer.do("POST", "open-links", {"name": "展会"}, expect=201)
    for n in range(3):
        company = await door.company(f"公司 {n}")
        for _ in range(2):
            found = await company.do("POST", "invitations/acceptance", secret_of(made["link"]))
            assert found["state"] == "draft", "nobody is let in unseen"
    [listed] = (await buyer.do("GET", "open-links"))["items"]
    assert (listed["uses"], listed["link"]) == (3, None)
    await buyer.do("POST", f"open-links/{made['id']}/withdrawal")
    late = await door.company("late")
    refused = await late.refused("POST", "invitations/acceptance", secret_of(made["link"]))
    assert refused == "invitation-is-over"


async def test_nobody_supplies_itself(buyer: Company) -> None:
    link = (await invited(buyer))["link"]
    assert await buyer.refused("POST", "invitations/acceptance", secret_of(link)) == "with-itself"


async def test_a_company_can_apply_before_its_name_is_heard(door: Door, buyer: Company) -> None:
    early = await door.company("早到公司", heard=False)
    path = await begun(buyer, early)
    assert (await early.do("GET", path))["supplier_name"] == ""
    await door.hear(early)
    found = await early.do("GET", path)
    assert (found["supplier_name"], found["profile"]["uscc"]) == ("早到公司", early.uscc)
    assert found["profile"]["region_name"] == "安徽省 淮北市 相山区"


class TestPage:
    async def test_says_who_invites_and_leads_to_registration(
        self, door: Door, buyer: Company
    ) -> None:
        link = (await invited(buyer, email="zhao@example.com", note="见面聊过"))["link"]
        path = f"/join/{link.rpartition('/')[2]}"
        page = await door.page("GET", path)
        assert page.status_code == 200
        assert "Supply 比邻汽车" in page.text
        assert "见面聊过" in page.text
        assert await states(buyer) == ["opened"]
        code = a_code(900)
        wide = "".join(chr(ord(c) + 0xFEE0) for c in code.lower())
        onward = await door.page("POST", path, data={"uscc": wide})
        assert onward.status_code == 303
        place = onward.headers["location"]
        assert place.startswith(f"/register?uscc={code}&organization=")
        assert "email=zhao%40example.com" in place
        assert f"next=%2Fapplication%3Finvitation%3D{path.rpartition('/')[2]}" in place

    async def test_a_known_company_is_sent_to_its_own_sign_in(
        self, door: Door, buyer: Company, supplier: Company
    ) -> None:
        path = f"/join/{(await invited(buyer))['link'].rpartition('/')[2]}"
        onward = await door.page("POST", path, data={"uscc": supplier.uscc})
        assert onward.status_code == 303
        assert onward.headers["location"].startswith("/session/begin?next=%2Fapplication%3F")
        assert await door.rows("SELECT count(*) FROM applications") == [(0,)]

    @pytest.mark.parametrize("typed", ["", "9134", a_code(1)[:-1] + "0", "é" * 18, "1" * 3_000])
    async def test_a_wrong_code_stays_and_is_explained(
        self, door: Door, buyer: Company, typed: str
    ) -> None:
        path = f"/join/{(await invited(buyer))['link'].rpartition('/')[2]}"
        answer = await door.page("POST", path, data={"uscc": typed})
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text

    async def test_an_odd_inner_code_is_asked_about_once(self, door: Door, buyer: Company) -> None:
        path = f"/join/{(await invited(buyer))['link'].rpartition('/')[2]}"
        odd = a_code(5, inner_holds=False)
        asked = await door.page("POST", path, data={"uscc": odd})
        assert asked.status_code == 200
        assert "GB 11714" in asked.text
        sure = await door.page("POST", path, data={"uscc": odd, "confirmed": odd})
        assert sure.status_code == 303

    async def test_a_link_that_is_over_says_so(self, door: Door, buyer: Company) -> None:
        sent = await invited(buyer)
        await buyer.do("POST", f"invitations/{sent['id']}/withdrawal")
        for secret in (sent["link"].rpartition("/")[2], "nobodys", "%00", "%ed%a0%80"):
            for method in ("GET", "POST"):
                answer = await door.page(method, f"/join/{secret}", data={"uscc": a_code(1)})
                assert answer.status_code in (400, 404, 422), answer.text

    async def test_letters_are_read_on_this_machine(self, door: Door, buyer: Company) -> None:
        link = (await invited(buyer))["link"]
        assert f'<a href="{link}">' in (await door.page("GET", "/join/mailbox")).text
        elsewhere = {"x-forwarded-for": "192.0.2.1"}
        assert (await door.page("GET", "/join/mailbox", headers=elsewhere)).status_code == 404


class TestSheet:
    async def upload(self, buyer: Company, book: Any, *, dry_run: bool) -> Any:  # noqa: ANN401
        file = BytesIO()
        book.save(file)
        answer = await buyer.api.post(
            f"invitations/sheet?dry_run={str(dry_run).lower()}",
            content=file.getvalue(),
            headers={"Content-Type": MEDIA_TYPE},
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def filled(self, buyer: Company) -> Any:  # noqa: ANN401
        book = load_workbook(BytesIO((await buyer.api.get("invitations/sheet")).content))
        sheet = book.worksheets[0]
        for row in (
            ["甲公司", "a@example.com", None, "zh", "V-1", "您好"],
            ["乙公司", None, 13800001234, "English", None, None],
            [None, None, None, None, None, None],
            ["丙公司", "not an address", None, None, None, None],
            ["丁公司", None, None, None, None, None],
            ["甲公司 again", "A@example.com", None, None, None, None],
            ["戊公司", "e@example.com", None, "fr", None, None],
        ):
            sheet.append(row)
        return book

    async def test_is_previewed_row_by_row_and_done_once(self, door: Door, buyer: Company) -> None:
        book = await self.filled(buyer)
        seen = await self.upload(buyer, book, dry_run=True)
        wanted = ["invited", "invited", "refused", "refused", "unchanged", "refused"]
        assert [row["status"] for row in seen["rows"]] == wanted
        assert [row["row"] for row in seen["rows"]] == [2, 3, 5, 6, 7, 8]
        assert [row["cell"] for row in seen["rows"] if row["problem"]] == ["B5", "B6", "D8"]
        assert await door.rows("SELECT count(*) FROM invitations") == [(0,)]
        done = await self.upload(buyer, book, dry_run=False)
        assert [row["status"] for row in done["rows"]] == wanted
        assert (done["invited"], done["unchanged"], done["refused"]) == (2, 1, 3)
        assert all(row["link"] for row in done["rows"][:2])
        again = await self.upload(buyer, book, dry_run=False)
        assert (again["invited"], again["unchanged"]) == (0, 3)
        kept = (await buyer.do("GET", "invitations"))["items"]
        assert {(row["phone"], row["language"]) for row in kept} == {
            ("13800001234", "en"),
            (None, "zh"),
        }

    async def test_another_file_is_refused(self, buyer: Company) -> None:
        file = BytesIO()
        Workbook().save(file)
        for content in (file.getvalue(), b"no spreadsheet", b""):
            answer = await buyer.api.post("invitations/sheet?dry_run=true", content=content)
            assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unusable-sheet")


def test_what_was_used_stays_used() -> None:
    now = utc_now()
    later = now + INVITATION_LIFE + timedelta(days=1)
    moments = Moments(expires_at=now + INVITATION_LIFE, used_at=now, withdrawn_at=now)
    assert invitation_state(moments, at=later) is InvitationState.USED
