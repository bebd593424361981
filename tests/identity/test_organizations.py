"""The operator registers organizations and programs in bulk, and suspends them."""

import time
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import AsyncClient
from joserfc import jwk
from sqlalchemy import func

from contracts.event import Envelope
from contracts.identity import OrganizationRegistered
from contracts.scopes import Scope
from services.identity import commands
from services.identity.models import Client, Identifier, Organization
from shared.database import transaction
from tests.conftest import SignIn
from tests.identity.factories import KEY, Browser, World, basic
from tests.identity.test_pages import NEW, letter, sent
from tests.network import relayed

CLIENT = {"name": "erp", "scopes": ["orders:read"]}


@pytest.fixture
def operator(world: World, sign_in: SignIn) -> AsyncClient:
    scopes = Scope.IDENTITY_OPERATE, Scope.IDENTITY_ADMINISTER
    return sign_in("identity", world.ids["operator"], *scopes, name="Operator")


@pytest.fixture
def admin(world: World, sign_in: SignIn) -> AsyncClient:
    return sign_in("identity", world.ids["supplier"], Scope.IDENTITY_ADMINISTER)


async def register(operator: AsyncClient, *organizations: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await operator.post("organizations/bulk", json={"organizations": organizations})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


class TestOrganizations:
    async def test_a_hundred_with_programs_take_seconds(
        self, world: World, operator: AsyncClient
    ) -> None:
        began = time.perf_counter()
        named = [{"name": f"Supplier {n}", "identifiers": {"vendor": f"V{n}"}} for n in range(100)]
        results = await register(operator, *named)
        body = [
            CLIENT | {"organization_id": r["id"], "scopes": ["orders:import", "orders:read"]}
            for r in results
        ]
        made = (await operator.post("clients/bulk", json={"clients": body})).json()["results"]
        assert time.perf_counter() - began < 10

        assert {r["status"] for r in results + made} == {"registered"}
        events = [Envelope.model_validate_json(m.body).open() for m in await relayed(world.store)]
        told = [e for e in events if isinstance(e, OrganizationRegistered)]
        assert {"V7", "V99"} <= {e.identifiers.get("vendor") for e in told}
        one = made[42]
        answer = await world.browser().http.post(
            "/oauth/token",
            data={"grant_type": "client_credentials", "scope": "orders:import"},
            headers={"authorization": basic(one["client_id"], one["client_secret"])},
        )
        assert answer.status_code == 200, answer.text

        again = await register(operator, *named)
        assert {r["status"] for r in again} == {"unchanged"}
        assert [r["id"] for r in again] == [r["id"] for r in results]
        kept = (await operator.post("clients/bulk", json={"clients": body})).json()["results"]
        assert {(r["status"], r["client_secret"]) for r in kept} == {("unchanged", None)}
        assert [r["client_id"] for r in kept] == [r["client_id"] for r in made]
        renewed = {"clients": body[:1], "renew": True}
        [new] = (await operator.post("clients/bulk", json=renewed)).json()["results"]
        assert new["status"] == "renewed"
        assert new["client_secret"] not in (None, made[0]["client_secret"])

    async def test_found_by_id_or_by_any_identifier(
        self, world: World, operator: AsyncClient
    ) -> None:
        id_ = str(uuid4())
        first = {"id": id_, "name": "A", "identifiers": {"lei": "1", "duns": "2"}}
        same = {"name": "B", "identifiers": {"duns": "2", "vendor": "3"}}
        stranger = {"id": str(uuid4()), "name": "C", "identifiers": {"lei": "1"}}
        none = {"name": "D"}
        results = await register(operator, first, first, same, stranger, none, none)
        assert [r["status"] for r in results] == [
            "registered",
            "unchanged",
            "updated",
            "refused",
            "registered",
            "registered",
        ]
        assert results[2]["id"] == id_
        assert results[3]["problem"]["type"] == "/problems/identifier-taken"
        assert await world.rows(func.count(Identifier.id)) == [(3,)]

    async def test_its_administrator_is_invited(self, world: World, operator: AsyncClient) -> None:
        who = {"email": "boss@example.com", "name": "Boss", "language": "en"}
        await register(operator, {"name": "New", "administrator": who})
        browser = world.browser()
        assert (await sent(browser, await letter(world), name="Boss", password=NEW)).is_redirect
        await world.change_one(Client, "portal", scopes=["identity:administer"])
        tokens = await browser.tokens("portal", scope="identity:administer")
        assert tokens["scope"] == "identity:administer"

    async def test_a_list_by_name(self, operator: AsyncClient) -> None:
        await register(operator, {"name": "甲 60% A_"}, {"name": "Zeta"})
        page = (await operator.get("organizations", params={"limit": 2})).json()
        assert len(page["items"]) == 2
        assert page["next"]
        for asked, wanted in (("zet", ["Zeta"]), ("60%", ["甲 60% A_"]), ("_", ["甲 60% A_"])):
            found = (await operator.get("organizations", params={"q": asked})).json()["items"]
            assert [row["name"] for row in found] == wanted

    async def test_a_suspension_stops_everybody(self, world: World, operator: AsyncClient) -> None:
        li = await world.signed_in("li")
        token = (await li.tokens("portal"))["refresh_token"]
        path, why = f"organizations/{world['supplier']}", {"reason": "unpaid"}
        answer = await operator.post(f"{path}/suspension", json=why)
        assert answer.json()["suspended_at"]

        assert (await li.refresh(token, "portal")).status_code == 400
        asked = {"grant_type": "client_credentials", "scope": "orders:read"}
        assert (await li.token("machine", **asked)).status_code == 401
        assert (await li.authorize("portal")).headers["location"].find("access_denied") > 0

        await operator.post(f"{path}/resumption", json=why)
        assert (await li.token("machine", **asked)).status_code == 200
        assert (await li.refresh(token, "portal")).status_code == 400, "what ended stays ended"

    async def test_the_operator_cannot_suspend_itself(
        self, world: World, operator: AsyncClient
    ) -> None:
        path = f"organizations/{world['operator']}/suspension"
        assert (await operator.post(path, json={"reason": "x"})).status_code == 409
        missing = await operator.post(f"organizations/{uuid4()}/suspension", json={"reason": "x"})
        assert missing.status_code == 404

    async def test_nobody_else_may(self, world: World, admin: AsyncClient) -> None:
        path = f"organizations/{world['buyer']}"
        for answer in (
            await admin.get("organizations"),
            await admin.post("organizations/bulk", json={"organizations": [{"name": "x"}]}),
            await admin.post(f"{path}/suspension", json={"reason": "x"}),
            await admin.post(f"{path}/resumption", json={"reason": "x"}),
            await admin.post("clients/bulk", json={"clients": []}),
        ):
            assert answer.status_code == 403


def public(key: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"keys": [key.as_dict(private=False)]}


class TestClients:
    async def test_a_secret_is_shown_once_and_replaced(
        self, world: World, admin: AsyncClient
    ) -> None:
        made = (await admin.post("clients", json=CLIENT)).json()
        assert len(made["client_secret"]) == 43
        assert made["client_secret"] not in str((await admin.get("clients")).json())
        drawn = (await admin.post(f"clients/{made['id']}/secret")).json()
        browser = world.browser()
        for secret, status in ((made["client_secret"], 401), (drawn["client_secret"], 200)):
            headers = {"authorization": basic(made["id"], secret)}
            sent = {"grant_type": "client_credentials", "scope": "orders:read"}
            answer = await browser.http.post("/oauth/token", data=sent, headers=headers)
            assert answer.status_code == status

    async def test_keys_are_replaced(self, admin: AsyncClient) -> None:
        described = CLIENT | {"auth_method": "private_key_jwt", "jwks": public(KEY)}
        made = (await admin.post("clients", json=described)).json()
        assert made["client_secret"] is None
        other = jwk.OKPKey.generate_key("Ed25519")
        answer = await admin.put(f"clients/{made['id']}/keys", json=public(other))
        [kept] = answer.json()["jwks"]["keys"]
        assert kept["kid"] == other.thumbprint()
        assert (await admin.post(f"clients/{made['id']}/secret")).status_code == 422

    async def test_roles_stand_for_their_scopes(self, admin: AsyncClient) -> None:
        made = await admin.post("clients", json={"name": "mes", "roles": ["supplier.production"]})
        assert "production:write" in made.json()["scopes"]

    async def test_an_ended_client_is_gone(self, world: World, admin: AsyncClient) -> None:
        li = await world.signed_in("li")
        token = (await li.tokens())["refresh_token"]
        assert (await admin.delete(f"clients/{world['web']}")).status_code == 204
        assert (await li.refresh(token)).status_code == 401
        assert (await admin.delete(f"clients/{world['web']}")).status_code == 404
        assert (await admin.post("clients", json=CLIENT | {"name": "web"})).status_code == 201

    @pytest.mark.parametrize(
        "scope", ["identity:operate", "orders:import", "platform:read", "platform:operate"]
    )
    async def test_the_operators_rights_are_the_operators_to_give(
        self, world: World, admin: AsyncClient, operator: AsyncClient, scope: str
    ) -> None:
        refused = await admin.post("clients", json=CLIENT | {"scopes": [scope]})
        assert refused.status_code == 403
        body = [CLIENT | {"scopes": [scope], "organization_id": world["supplier"]}]
        [made] = (await operator.post("clients/bulk", json={"clients": body})).json()["results"]
        assert made["status"] == "registered"

    @pytest.mark.parametrize(
        "changed",
        [
            {"name": "machine"},
            {"scopes": []},
            {"scopes": ["no:such"]},
            {"grant_types": []},
            {"grant_types": ["password"]},
            {"grant_types": ["authorization_code"]},
            {"grant_types": ["refresh_token"]},
            {"auth_method": "none"},
            {"auth_method": "client_secret_post"},
            {"auth_method": "private_key_jwt"},
            {"jwks": public(KEY)},
            {"redirect_uris": ["javascript:alert(1)"]},
            {"redirect_uris": ["http://client.example/cb"]},
            {"redirect_uris": ["https://client.example/*"]},
            {"redirect_uris": ["https://client.example/cb#f"]},
            {"redirect_uris": ["https://u@client.example/cb"]},
            {"redirect_uris": ["https:///cb"]},
            {"redirect_uris": ["https://client.example:x/cb"]},
            {"redirect_uris": ["https://[::1/cb"]},
            {"redirect_uris": ["https://client.example/cb%0d%0a", "https://线.example"]},
            {"redirect_uris": ['https://client.example/"']},
        ],
    )
    async def test_an_unsound_client(self, admin: AsyncClient, changed: dict[str, Any]) -> None:
        answer = await admin.post("clients", json=CLIENT | changed)
        assert answer.status_code in (409, 422), answer.text

    @pytest.mark.parametrize(
        "key",
        [
            jwk.OctKey.generate_key(256).as_dict(private=True),
            KEY.as_dict(private=True),
            jwk.ECKey.generate_key("P-384").as_dict(private=False),
            jwk.OKPKey.generate_key("X25519").as_dict(private=False),
            KEY.as_dict(private=False) | {"use": "enc"},
            KEY.as_dict(private=False) | {"kid": 'a"b'},
            KEY.as_dict(private=False) | {"x": "!"},
            KEY.as_dict(private=False) | {"x": KEY.as_dict(private=False)["y"]},
            {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
            {"kty": "other"},
            {"kty": None},
            {},
        ],
    )
    async def test_an_unsound_key(self, admin: AsyncClient, key: dict[str, Any]) -> None:
        described = CLIENT | {"auth_method": "private_key_jwt", "jwks": {"keys": [key]}}
        answer = await admin.post("clients", json=described)
        assert answer.status_code == 422, answer.text


class TestAtTheStart:
    async def test_it_may_run_at_every_start(self, world: World) -> None:
        for secret in "a" * 43, "b" * 43:
            async with transaction(world.store.system) as session:
                at = world.clock.at
                await commands.ensure_operator(session, name="Lianqiao", at=at)
                await commands.ensure_operator_client(session, name="cli", secret=secret, at=at)
                await commands.ensure_portal_client(
                    session, redirect_uris=["http://localhost/cb"], secret=secret, at=at
                )
        names = [row[0] for row in await world.rows(Client.name)]
        assert sorted(name for name in names if name in ("cli", "portal")) == ["cli", "portal"]
        assert await world.rows(func.count(Organization.id)) == [(3,)]

    async def test_the_operators_program_may_import(self, world: World) -> None:
        async with transaction(world.store.system) as session:
            made = await commands.ensure_operator_client(
                session, name="cli", secret="c" * 43, at=world.clock.at
            )
        assert made.secret
        browser: Browser = world.browser()
        answer = await browser.http.post(
            "/oauth/token",
            data={
                "grant_type": "client_credentials",
                "scope": "identity:operate orders:import production:import",
            },
            headers={"authorization": basic(made.client_id, made.secret)},
        )
        assert answer.status_code == 200, answer.text
