"""The authorization endpoint asks the person, and answers nobody but the client's own page."""

from urllib.parse import urlencode

import pytest

from contracts.scopes import Role
from services.identity.commands import people
from services.identity.models import Authorization, Client, Membership, Organization, User
from shared.database import transaction
from shared.settings import settings
from tests.identity.factories import (
    CALLBACK,
    CHALLENGE,
    Browser,
    World,
    consent,
    fields,
    raw,
    sent_back,
)

STATE = 'x "<>&% y'


class TestConsent:
    async def test_shows_who_wants_what_and_allows_it(self, li: Browser) -> None:
        page = await li.authorize()
        assert page.status_code == 200
        assert "Confirm orders and agree to changes" in page.text
        assert "form-action" not in page.headers["content-security-policy"]

        answer = await li.http.post("/oauth/authorize", data=consent(page.text))

        assert answer.status_code == 303
        sent = sent_back(answer)
        assert (sent["state"], sent["iss"]) == (STATE, settings().issuer)
        assert len(sent["code"]) == 43

    async def test_a_refusal_is_told(self, li: Browser) -> None:
        page = await li.authorize()
        answer = await li.http.post("/oauth/authorize", data=consent(page.text, "deny"))
        sent = sent_back(answer)
        assert sent["error"] == "access_denied"
        assert (sent["state"], sent["iss"]) == (STATE, settings().issuer)

    async def test_a_trusted_client_asks_nobody(self, li: Browser) -> None:
        answer = await li.authorize("portal")
        assert answer.status_code == 303
        assert "code" in sent_back(answer)

    async def test_rights_are_cut_to_the_person(self, world: World) -> None:
        wang = await world.signed_in("wang")
        asked = "openid orders:read orders:confirm orders:place"
        tokens = await wang.tokens("portal", scope=asked)
        assert tokens["scope"] == "openid orders:read orders:place"

    @pytest.mark.parametrize("forged", ["seal", "scope", "redirect_uri", "state", "nonce"])
    async def test_the_form_is_ours_and_unchanged(self, li: Browser, forged: str) -> None:
        sent = consent((await li.authorize()).text)
        answer = await li.http.post("/oauth/authorize", data=sent | {forged: "orders:read"})
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert await li.world.rows(Authorization.id) == []

    async def test_without_our_form_there_is_no_consent(self, li: Browser) -> None:
        sent = li.asked() | {"decision": "allow"}
        assert (await li.http.post("/oauth/authorize", data=sent)).status_code == 400

    async def test_another_person_cannot_send_it(self, li: Browser, world: World) -> None:
        sent = consent((await li.authorize()).text)
        wang = await world.signed_in("wang")
        assert (await wang.http.post("/oauth/authorize", data=sent)).status_code == 400

    async def test_a_client_of_one_organization_serves_its_own_people(self, world: World) -> None:
        wang = await world.signed_in("wang")
        assert sent_back(await wang.authorize())["error"] == "access_denied"


class TestSteps:
    async def test_nobody_signed_in_leads_to_the_sign_in_page(self, nobody: Browser) -> None:
        answer = await nobody.authorize(login_hint="li@example.com")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?continue=%2Foauth%2Fauthorize%3F")
        assert answer.headers["location"].endswith("&email=li%40example.com")

    @pytest.mark.parametrize(
        ("signed_in", "prompt", "client", "error"),
        [
            (False, "none", "web", "login_required"),
            (True, "none", "web", "consent_required"),
            (True, "none login", "web", "invalid_request"),
        ],
    )
    async def test_prompt_none_never_shows_a_page(
        self, world: World, signed_in: bool, prompt: str, client: str, error: str
    ) -> None:
        browser = await world.signed_in("li") if signed_in else world.browser()
        assert sent_back(await browser.authorize(client, prompt=prompt))["error"] == error

    async def test_prompt_login_asks_again_and_only_once(self, li: Browser) -> None:
        answer = await li.authorize(prompt="login")
        assert answer.headers["location"].startswith("/sign-in?")
        assert "prompt" not in answer.headers["location"]

    async def test_an_old_sign_in_is_renewed(self, li: Browser) -> None:
        assert (await li.authorize(max_age="60")).status_code == 200
        li.world.clock.pass_(seconds=61)
        assert (await li.authorize(max_age="60")).headers["location"].startswith("/sign-in?")

    async def test_several_organizations_are_chosen_from(self, world: World) -> None:
        await two_organizations(world)
        li = await world.signed_in("li")

        page = await li.authorize("portal")
        assert page.status_code == 200
        assert "For whom do you act?" in page.text
        silent = await li.authorize("portal", prompt="none")
        assert sent_back(silent)["error"] == "account_selection_required"

        tokens = await li.tokens("portal", organization_id=world["buyer"])
        assert tokens["scope"] == "openid orders:read"  # a role in the one, not in the other
        again = await li.authorize("portal")
        assert again.status_code == 303, "the last one stays chosen"
        switched = await li.authorize("portal", prompt="select_account")
        assert switched.status_code == 200

    async def test_a_stranger_organization_cannot_be_chosen(self, li: Browser) -> None:
        answer = await li.authorize("portal", organization_id=li.world["buyer"])
        assert sent_back(answer)["error"] == "access_denied"

    @pytest.mark.parametrize(
        ("model", "changed"),
        [(Membership, "removed_at"), (Membership, "suspended_at"), (Organization, "suspended_at")],
    )
    async def test_who_may_no_longer_act_gets_no_code(
        self, li: Browser, model: type, changed: str
    ) -> None:
        await li.world.change(model, **{changed: li.world.clock.at})
        answer = await li.authorize("portal")
        assert answer.status_code == 400 or sent_back(answer)["error"] == "access_denied"
        assert await li.world.rows(Authorization.id) == []


async def two_organizations(world: World) -> None:
    async with transaction(world.store.system) as session:
        li = await session.get_one(User, world.ids["li"])
        roles = [Role.BUYER_QUALITY]
        await people.become(session, world.ids["buyer"], li, roles, at=world.clock.at)


class TestRefusals:
    @pytest.mark.parametrize(
        ("changed", "error"),
        [
            ({"code_challenge": None}, "invalid_request"),
            ({"code_challenge_method": None}, "invalid_request"),
            ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"code_challenge_method": "s256"}, "invalid_request"),
            ({"code_challenge": CHALLENGE[:42]}, "invalid_request"),
            ({"code_challenge": CHALLENGE + "A"}, "invalid_request"),
            ({"code_challenge": CHALLENGE[:42] + "."}, "invalid_request"),
            ({"scope": None}, "invalid_scope"),
            ({"scope": ""}, "invalid_scope"),
            ({"scope": " "}, "invalid_scope"),
            ({"scope": "no:such"}, "invalid_scope"),
            ({"scope": "production:read"}, "invalid_scope"),
            ({"scope": "orders:read production:read"}, "invalid_scope"),
            ({"scope": 'orders:read" \\'}, "invalid_scope"),
            ({"response_type": None}, "invalid_request"),
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"response_type": "code token"}, "unsupported_response_type"),
            ({"response_type": "id_token"}, "unsupported_response_type"),
            ({"response_type": 'a"b'}, "unsupported_response_type"),
            ({"response_type": "a\\b"}, "unsupported_response_type"),
            ({"response_type": "100%"}, "unsupported_response_type"),
            ({"response_mode": "fragment"}, "invalid_request"),
            ({"response_mode": "form_post"}, "invalid_request"),
            ({"request": "eyJ"}, "request_not_supported"),
            ({"request_uri": "https://client.example/r"}, "request_not_supported"),
        ],
    )
    async def test_go_to_the_client(
        self, li: Browser, changed: dict[str, str | None], error: str
    ) -> None:
        sent = sent_back(await li.authorize(**changed))
        assert (sent["error"], sent["state"]) == (error, STATE)
        assert sent["iss"] == settings().issuer
        assert await li.world.rows(Authorization.id) == []

    async def test_a_client_without_the_grant(self, li: Browser) -> None:
        await li.world.change_one(Client, "web", grant_types=["client_credentials"])
        assert sent_back(await li.authorize())["error"] == "unauthorized_client"

    @pytest.mark.parametrize("client_id", [None, "", "x" * 3000, "' OR 1=1 --", "web", "\u7ebf"])
    async def test_an_unknown_client_is_told_here(self, li: Browser, client_id: str | None) -> None:
        assert_no_redirect(await li.authorize(client_id=client_id))

    async def test_an_id_is_written_in_one_way(self, li: Browser) -> None:
        for other in (li.world["web"].upper(), li.world["web"].replace("-", "")):
            assert_no_redirect(await li.authorize(client_id=other))

    @pytest.mark.parametrize(
        "name",
        [
            "client_id",
            "redirect_uri",
            "state",
            "scope",
            "response_type",
            "code_challenge",
            "code_challenge_method",
            "nonce",
        ],
    )
    async def test_a_repeated_parameter(self, li: Browser, name: str) -> None:
        asked = li.asked(nonce="n")
        query = raw([*asked.items(), (name, asked[name])]).decode()
        assert_no_redirect(await li.http.get(f"/oauth/authorize?{query}"))

    @pytest.mark.parametrize(
        "query", ["%ff", "a=%00", "a=%ed%a0%80", "a", "&".join(f"a{n}=1" for n in range(100))]
    )
    async def test_a_malformed_query(self, li: Browser, query: str) -> None:
        asked = urlencode(li.asked())
        assert_no_redirect(await li.http.get(f"/oauth/authorize?{asked}&{query}"))

    async def test_unknown_parameters_pass(self, li: Browser) -> None:
        assert (await li.authorize(utm_source="mail")).status_code == 200


REDIRECTS = {
    "absent": None,
    "another port": CALLBACK.replace(".example", ".example:8443"),
    "a trailing slash": CALLBACK.replace("callback", "callback/"),
    "an extra path": CALLBACK.replace("callback", "callback/more"),
    "a prefix": "https://client.example/call",
    "no query": "https://client.example/callback",
    "the case of the path": CALLBACK.replace("callback", "Callback"),
    "the case of the scheme": CALLBACK.replace("https", "HTTPS"),
    "the case of the host": CALLBACK.replace("client", "Client"),
    "http for https": CALLBACK.replace("https", "http"),
    "an added query": f"{CALLBACK}&a=b",
    "another encoding": CALLBACK.replace("%20", "+"),
    "a fragment": f"{CALLBACK}#f",
    "an encoded way up": CALLBACK.replace("callback", "callback%2f..%2fevil"),
    "userinfo": CALLBACK.replace("client.example", "client.example@evil.example"),
    "a host suffix": CALLBACK.replace("client.example", "client.example.evil.example"),
    "localhost for 127.0.0.1": "http://localhost:9999/callback",
    "javascript": "javascript:alert(1)",
    "no scheme": CALLBACK.removeprefix("https:"),
    "a quote and a tag": f'{CALLBACK}"><script>',
    "not ASCII": f"{CALLBACK}\u7ebf",
    "a backslash": CALLBACK.replace("/callback", "\\callback"),
    "a trailing space": f"{CALLBACK} ",
    "another client's": "http://127.0.0.1:9999/callback",
}


@pytest.mark.parametrize("wrong", [{}, {"response_type": "token"}, {"scope": "no:such"}])
@pytest.mark.parametrize("uri", REDIRECTS.values(), ids=REDIRECTS)
async def test_only_a_registered_redirect_uri_is_followed(
    li: Browser, uri: str | None, wrong: dict[str, str]
) -> None:
    await li.world.change_one(Client, "other", redirect_uris=["http://127.0.0.1:9999/callback"])
    assert_no_redirect(await li.authorize(redirect_uri=uri, **wrong))


async def test_a_registered_query_comes_back_as_it_is(li: Browser) -> None:
    odd = "https://client.example/cb?x=a%20b&flag"
    await li.world.change_one(Client, "web", redirect_uris=[odd])
    page = await li.authorize(redirect_uri=odd)
    answer = await li.http.post("/oauth/authorize", data=consent(page.text))
    assert answer.headers["location"].startswith(f"{odd}&code=")


async def test_what_was_asked_is_shown_and_not_run(li: Browser) -> None:
    page = await li.authorize(state='"><script>alert(1)</script>')
    assert "<script>alert" not in page.text
    assert fields(page.text)["state"] == '"><script>alert(1)</script>'


def assert_no_redirect(answer: object) -> None:
    assert 400 <= answer.status_code < 500  # type: ignore[attr-defined]
    assert "location" not in answer.headers  # type: ignore[attr-defined]
