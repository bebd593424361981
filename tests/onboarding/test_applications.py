"""A supplier comes in step by step, each the right side's, and both know on what they agreed."""

import asyncio
from hashlib import sha256
from typing import Any

import pytest

from contracts.onboarding import (
    ApplicationChanged,
    RelationshipChanged,
    Signatory,
    Size,
    SupplierActivated,
    TermFrom,
)
from contracts.scopes import Scope
from tests.conftest import SignIn
from tests.onboarding.factories import (
    ALL,
    PROFILE,
    TERMS,
    Company,
    Door,
    agreed,
    begun,
    invited,
    secret_of,
    submitted,
)


async def state_of(company: Company, path: str) -> str:
    return str((await company.do("GET", path))["state"])


class TestProfile:
    async def test_is_kept_step_by_step(self, supplier: Company) -> None:
        empty = await supplier.do("GET", "profile")
        assert empty["region_name"] == "安徽省 淮北市 相山区", "from the code"
        assert empty["missing"] == [
            *("industry", "size", "contact.name", "contact.phone"),
            *("bank.holder", "bank.name", "bank.account"),
        ]
        await supplier.do("PUT", "profile", {"industry": "3670"})
        await supplier.do("PUT", "profile", {"size": "small", "contact": {"name": "赵强"}})
        await supplier.do("PUT", "profile", {"contact": {"phone": "+86 138 0000 1234"}})
        await supplier.do("PUT", "profile", {"bank": PROFILE["bank"]})
        kept = await supplier.do("PUT", "profile", {"bank": {"name": "建设银行"}})
        assert kept["missing"] == []
        assert (kept["industry"], kept["industry_name"]) == ("C3670", "汽车零部件及配件制造")
        assert kept["contact"] == {"name": "赵强", "phone": "+8613800001234", "email": None}
        assert kept["bank"] == {"name": "建设银行", "account": "••••2222", "holder": "宏远精密"}
        taken_away = await supplier.do("PUT", "profile", {"contact": None})
        assert taken_away["contact"]["name"] is None

    @pytest.mark.parametrize(
        "wrong",
        [
            {"region": "999999"},
            {"industry": "C"},
            {"industry": "9999"},
            {"size": "tiny"},
            {"parent_uscc": "91440300MA5EX0MP3E"},
            {"bank": {"account": "••••2222"}},
            {"contact": {"phone": "call me"}},
            {"contact": {"email": "nobody"}},
            {"name": "another"},
        ],
    )
    async def test_what_is_no_such_thing_is_refused(
        self, supplier: Company, wrong: dict[str, Any]
    ) -> None:
        answer = await supplier.api.put("profile", json=wrong)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"]

    async def test_is_shown_to_nobody_else(
        self, door: Door, buyer: Company, supplier: Company
    ) -> None:
        path = await begun(buyer, supplier)
        await supplier.do("PUT", "profile", PROFILE)
        seen = await buyer.do("GET", path)
        assert (seen["profile"]["contact"]["name"], seen["profile"]["size"]) == (None, None)
        assert (await supplier.do("GET", path))["profile"]["contact"]["name"] == "赵强"
        await supplier.do("POST", f"{path}/submission")
        assert (await buyer.do("GET", path))["profile"]["bank"]["account"] == "••••2222"
        [(kept,)] = await door.rows("SELECT to_json(a)::text FROM applications AS a")
        assert "6222000011112222" not in kept

    async def test_codes_are_read_for_whoever_types_them(self, supplier: Company) -> None:
        found = await supplier.do("GET", f"codes?uscc={supplier.uscc.lower()}")
        assert (found["uscc"], found["valid"]) == (supplier.uscc, True)
        assert found["region"]["full_name"] == "安徽省 淮北市 相山区"
        wrong = await supplier.do("GET", "codes?uscc=12345")
        assert (wrong["valid"], wrong["problem"]) == (False, "The code has 18 characters.")
        regions = await supplier.do("GET", "regions?q=芜湖&limit=5")
        assert regions["items"][0]["code"] == "340200"
        industries = await supplier.do("GET", "industries?q=汽车零部件")
        assert "C3670" in {item["code"] for item in industries["items"]}
        assert len((await supplier.do("GET", "industries"))["items"]) == 20


class TestSteps:
    async def test_from_the_link_to_an_active_relationship(
        self, door: Door, buyer: Company, supplier: Company
    ) -> None:
        await buyer.do("PUT", "profile", {"size": "large", "industry": "C3612"})
        path = await begun(buyer, supplier)
        assert await supplier.refused("POST", f"{path}/submission") == "incomplete"
        await supplier.do("PUT", "profile", PROFILE)
        await supplier.do("POST", f"{path}/submission")
        notes = [{"field": "bank.account", "note": "少一位"}, {"field": "region", "note": "总部"}]
        await buyer.do("POST", f"{path}/changes", {"fields": notes})
        asked = await supplier.do("GET", path)
        assert (asked["state"], asked["notes"]) == ("changes_requested", notes)
        await supplier.do("PUT", "profile", {"region": "340200"})
        await supplier.do("POST", f"{path}/submission")
        review = await buyer.do("GET", path)
        assert (review["notes"], len(review["warnings"])) == ([], 1)
        approval = {"terms": TERMS, "vendor_number": "V-7"}
        await buyer.do("POST", f"{path}/approval", approval)
        text = await supplier.do("GET", f"{path}/agreement?language=zh")
        body = {"sha256": text["sha256"]}
        done = await supplier.do("POST", f"{path}/agreement/acceptance", body)

        assert done["state"] == "agreed"
        assert [step["kind"] for step in done["history"]] == [
            *("begun", "submitted", "changes_requested", "submitted", "approved", "agreed")
        ]
        await self.is_announced(door, buyer, supplier, text["sha256"])

    async def is_announced(
        self, door: Door, buyer: Company, supplier: Company, sha256: str
    ) -> None:
        events = await door.announced()
        steps = [event.state.value for event in events if isinstance(event, ApplicationChanged)]
        assert steps[:1] + steps[-1:] == ["draft", "agreed"]
        [active] = [event for event in events if isinstance(event, SupplierActivated)]
        assert active.agreement_sha256 == sha256
        [told] = [event for event in events if isinstance(event, RelationshipChanged)]
        assert (told.state.value, told.vendor_number) == ("active", "V-7")
        assert told.signed_on == told.since
        assert told.terms
        assert (told.terms.payment_days, told.terms.payment_from) == (45, TermFrom.DELIVERY)
        assert told.buyer == Signatory(
            uscc=buyer.uscc, size=Size.LARGE, region="340603", industry="C3612", group=buyer.uscc
        )
        assert told.supplier == Signatory(
            uscc=supplier.uscc,
            size=Size.SMALL,
            region="340200",
            industry="C3670",
            group=supplier.uscc,
        )
        assert await door.violations() == []

    async def test_nobody_takes_the_other_sides_step(
        self, door: Door, buyer: Company, supplier: Company
    ) -> None:
        path = await submitted(buyer, supplier)
        changes: Any = {"fields": [{"field": "size", "note": "?"}]}
        taken: list[tuple[str, Any]] = [
            ("changes", changes),
            ("approval", {"terms": TERMS}),
            ("decline", {"reason": "?"}),
        ]
        for step, body in taken:
            assert await supplier.refused("POST", f"{path}/{step}", body) == "other-sides-turn"
        assert await buyer.refused("POST", f"{path}/submission") == "other-sides-turn"
        assert await supplier.refused("POST", f"{path}/submission") == "not-now"
        assert await buyer.refused("GET", f"{path}/agreement") == "not-now"
        digest = {"sha256": "0" * 64}
        assert await buyer.refused("POST", f"{path}/agreement/acceptance", digest) == (
            "other-sides-turn"
        )
        outsider = await door.company("路人")
        for method, rest, body in (
            ("GET", "", None),
            ("POST", "/submission", None),
            ("POST", "/changes", changes),
            ("GET", "/agreement", None),
            ("POST", "/agreement/acceptance", digest),
        ):
            assert await outsider.refused(method, f"{path}{rest}", body) == "application-not-found"

    async def test_a_declined_company_is_told_why_and_may_come_again(
        self, door: Door, buyer: Company, supplier: Company
    ) -> None:
        path = await submitted(buyer, supplier)
        await buyer.do("POST", f"{path}/decline", {"reason": "产能不足"})
        seen = await supplier.do("GET", path)
        assert (seen["state"], seen["reason"]) == ("declined", "产能不足")
        letters = await door.rows("SELECT text FROM mails WHERE recipient = 'zhao@example.com'")
        assert any("产能不足" in row[0] for row in letters)
        assert await begun(buyer, supplier) != path
        both = await supplier.do("GET", "applications?side=supplier")
        assert [row["state"] for row in both["items"]] == ["draft", "declined"]

    async def test_only_an_administrator_binds_the_company(
        self, sign_in: SignIn, buyer: Company, supplier: Company
    ) -> None:
        seller = sign_in("onboarding", supplier.id, *ALL)
        link = (await invited(buyer))["link"]
        assert (
            await seller.post("invitations/acceptance", json=secret_of(link))
        ).status_code == 403
        path = f"{await begun(buyer, supplier)}/agreement/acceptance"
        assert (await seller.post(path, json={"sha256": "0" * 64})).status_code == 403

    async def test_two_at_once_agree_once(
        self, door: Door, buyer: Company, supplier: Company
    ) -> None:
        path = await submitted(buyer, supplier)
        approvals = await asyncio.gather(
            *(buyer.api.post(f"{path}/approval", json={"terms": TERMS}) for _ in range(6))
        )
        assert sorted(answer.status_code for answer in approvals) == [200] + [409] * 5
        body = {"sha256": (await supplier.do("GET", f"{path}/agreement"))["sha256"]}
        answers = await asyncio.gather(
            *(supplier.api.post(f"{path}/agreement/acceptance", json=body) for _ in range(6))
        )
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
        events = await door.announced()
        assert sum(isinstance(event, SupplierActivated) for event in events) == 1
        assert await door.rows("SELECT count(*) FROM agreements") == [(1,)]


class TestAgreement:
    async def test_is_kept_to_the_letter(
        self, door: Door, buyer: Company, supplier: Company
    ) -> None:
        path = await submitted(buyer, supplier)
        await buyer.do("POST", f"{path}/approval", {"terms": TERMS})
        texts = [
            await supplier.do("GET", f"{path}/agreement?language={language}")
            for language in ("zh", "en")
        ]
        for text in texts:
            assert sha256(text["text"].encode()).hexdigest() == text["sha256"]
            assert buyer.uscc in text["text"]
            assert "45" in text["text"]
            assert "{" not in text["text"]
        assert "交付之日" in texts[0]["text"]
        assert "10 CNY" in texts[1]["text"]
        refused = await supplier.refused(
            "POST", f"{path}/agreement/acceptance", {"sha256": "f" * 64}
        )
        assert refused == "agreement-differs"
        body = {"sha256": texts[1]["sha256"]}
        await supplier.do("POST", f"{path}/agreement/acceptance", body)
        for side in buyer, supplier:
            kept = await side.do("GET", f"{path}/agreement?language=zh")
            assert (kept["text"], kept["language"]) == (texts[1]["text"], "en")
            assert kept["accepted_by"] == "宏远精密的林"
        assert await door.violations() == []

    async def test_says_the_same_for_the_same_facts(
        self, buyer: Company, supplier: Company
    ) -> None:
        path = await submitted(buyer, supplier)
        await buyer.do("POST", f"{path}/approval", {})
        one, two = [await side.do("GET", f"{path}/agreement") for side in (buyer, supplier)]
        assert one == two


class TestSecondCustomer:
    async def test_needs_no_second_form(
        self, door: Door, buyer: Company, supplier: Company
    ) -> None:
        await agreed(buyer, supplier)
        other = await door.company("江淮客车")
        path = await begun(other, supplier)
        assert (await supplier.do("GET", path))["profile"]["missing"] == []
        await supplier.do("POST", f"{path}/submission")
        assert await state_of(other, path) == "submitted"

    async def test_is_not_opened_by_a_link_or_a_code(
        self, door: Door, buyer: Company, supplier: Company
    ) -> None:
        link = (await invited(buyer))["link"]
        page = f"/join/{link.rpartition('/')[2]}"
        await door.page("POST", page, data={"uscc": supplier.uscc})
        assert await door.rows("SELECT count(*) FROM applications") == [(0,)]

    async def test_who_supplies_already_is_told(self, buyer: Company, supplier: Company) -> None:
        await agreed(buyer, supplier)
        link = (await invited(buyer))["link"]
        refused = await supplier.refused("POST", "invitations/acceptance", secret_of(link))
        assert refused == "relationship-exists"


class TestTerms:
    async def relationship(self, company: Company) -> Any:  # noqa: ANN401
        [row] = (await company.do("GET", "relationships"))["items"]
        return row

    async def test_change_when_both_agree_and_sizes_stay_as_signed(
        self, door: Door, buyer: Company, supplier: Company
    ) -> None:
        await agreed(buyer, supplier)
        await supplier.do("PUT", "profile", {"size": "medium"})
        path = f"relationships/{(await self.relationship(buyer))['id']}/terms"
        body = {"terms": TERMS | {"payment_days": 30}}
        assert await supplier.refused("POST", path, body) == "other-sides-turn"
        assert await supplier.refused("POST", f"{path}/acceptance") == "not-now"
        proposed = await buyer.do("POST", path, body)
        assert (proposed["terms"]["payment_days"], proposed["proposed_terms"]["payment_days"]) == (
            45,
            30,
        )
        assert await buyer.refused("POST", f"{path}/acceptance") == "other-sides-turn"
        now = await supplier.do("POST", f"{path}/acceptance")
        assert (now["terms"]["payment_days"], now["proposed_terms"]) == (30, None)
        assert now["supplier"]["size"] == "small"
        told = [e for e in await door.announced() if isinstance(e, RelationshipChanged)]
        assert told[-1].terms
        assert told[-1].terms.payment_days == 30
        assert await door.violations() == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {"payment_days": -1},
            {"payment_days": 366},
            {"payment_days": True},
            {"payment_days": "60"},
            {"quantity_tolerance_percent": "101"},
            {"quantity_tolerance_percent": "NaN"},
            {"quantity_tolerance_percent": 1.5},
            {"amount_tolerance": {"amount": "0.001", "currency": "CNY"}},
            {"amount_tolerance": {"amount": "1", "currency": "cny"}},
            {"payment_from": "mood"},
            {"other": 1},
        ],
    )
    async def test_that_make_no_sense_are_refused(
        self, buyer: Company, supplier: Company, wrong: dict[str, Any]
    ) -> None:
        path = await submitted(buyer, supplier)
        answer = await buyer.api.post(f"{path}/approval", json={"terms": wrong})
        assert answer.status_code == 422, answer.text
        assert await state_of(buyer, path) == "submitted"

    async def test_are_told_with_what_is_imported(
        self, door: Door, sign_in: SignIn, buyer: Company, supplier: Company
    ) -> None:
        operator = sign_in("onboarding", buyer.id, Scope.ONBOARDING_IMPORT)
        item = {
            "buyer_id": str(buyer.id),
            "supplier_id": str(supplier.id),
            "since": "2023-01-01",
            "terms": {"payment_days": 60},
            "signed_on": "2023-01-02",
            "buyer": {"uscc": buyer.uscc, "size": "large"},
            "supplier": {"uscc": supplier.uscc, "size": "micro", "region": "340603"},
        }
        for status in ("recorded", "unchanged"):
            answer = await operator.post("relationships/import", json={"relationships": [item]})
            assert answer.json()["results"][0]["status"] == status, answer.text
        [told] = [e for e in await door.announced() if isinstance(e, RelationshipChanged)]
        assert (str(told.signed_on), told.supplier and told.supplier.size) == (
            "2023-01-02",
            Size.MICRO,
        )
