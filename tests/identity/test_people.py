"""An administrator invites, gives roles and takes them back; sessions follow."""

import asyncio
from uuid import UUID

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select

from contracts.event import Envelope
from contracts.identity import UserInvited
from contracts.scopes import Role, Scope
from services.identity.commands import people
from services.identity.models import AuditEntry, Membership, Organization, Session, User
from shared.database import transaction
from tests.conftest import SignIn
from tests.identity.factories import PASSWORD, Browser, World, fields
from tests.identity.test_pages import NEW, letter, sent, sign_in
from tests.network import relayed

INVITED = {
    "email": "Zhao@example.com",
    "name": "Zhao",
    "language": "en",
    "roles": ["supplier.production"],
}


@pytest.fixture
def admin(world: World, sign_in: SignIn) -> AsyncClient:
    return sign_in(
        "identity",
        world.ids["supplier"],
        Scope.IDENTITY_ADMINISTER,
        user_id=world.ids["li"],
        name="Li",
    )


async def actions(world: World) -> list[str]:
    rows = await world.rows(AuditEntry.action)
    return [row[0] for row in rows if row[0] != "client_registered"]


class TestInvitation:
    async def test_a_new_colleague_joins_by_the_link(
        self, world: World, admin: AsyncClient
    ) -> None:
        answer = await admin.post("invitations", json=INVITED)
        assert answer.status_code == 201, answer.text
        assert answer.json()["email"] == "zhao@example.com"
        [message] = [m for m in await relayed(world.store) if b"user_invited" in m.body]
        event = Envelope.model_validate_json(message.body).open()
        assert isinstance(event, UserInvited)
        assert event.roles == ["supplier.production"]

        browser = world.browser()
        joined = await sent(browser, await letter(world), name="Zhao Min", password=NEW)
        assert (joined.status_code, joined.headers["location"]) == (303, "/")

        tokens = await browser.tokens("portal")
        assert tokens["scope"] == "openid orders:read"
        listed = (await admin.get("users")).json()["items"]
        assert [(user["name"], user["roles"]) for user in listed] == [
            ("Li", ["supplier.sales", "organization.admin"]),
            ("Zhao Min", ["supplier.production"]),
        ]
        assert (await browser.http.get(await letter(world))).status_code == 404, "once"

    async def test_somebody_known_proves_the_password(
        self, world: World, admin: AsyncClient
    ) -> None:
        await admin.post("invitations", json=INVITED | {"email": "wang@example.com"})
        browser = world.browser()
        link = await letter(world)
        assert (await sent(browser, link, password="not that one")).status_code == 401  # noqa: S106
        assert (await sent(browser, link, password=PASSWORD)).status_code == 303
        page = await browser.authorize("portal")
        assert "For whom do you act?" in page.text

    async def test_somebody_signed_in_joins_with_one_button(
        self, world: World, admin: AsyncClient
    ) -> None:
        await admin.post("invitations", json=INVITED | {"email": "wang@example.com"})
        wang, li = await world.signed_in("wang"), await world.signed_in("li")
        link = await letter(world)
        assert (await sent(li, link)).status_code == 404, "it is not addressed to Li"
        assert (await sent(wang, link)).status_code == 303
        assert len((await admin.get("users")).json()["items"]) == 2

    async def test_of_twenty_acceptances_at_once_one_succeeds(
        self, world: World, admin: AsyncClient
    ) -> None:
        await admin.post("invitations", json=INVITED)
        link = await letter(world)
        browser = world.browser()
        form = fields((await browser.http.get(link)).text) | {"name": "Z", "password": NEW}
        answers = await asyncio.gather(*(browser.http.post(link, data=form) for _ in range(20)))
        assert sorted(a.status_code for a in answers) == [303] + [404] * 19

    async def test_a_weak_password_is_typed_again(self, world: World, admin: AsyncClient) -> None:
        await admin.post("invitations", json=INVITED)
        answer = await sent(world.browser(), await letter(world), name="Z", password="short")  # noqa: S106
        assert answer.status_code == 422
        assert "Choose 12 to 128 characters" in answer.text

    @pytest.mark.parametrize("over", ["withdrawn", "expired", "replaced", "suspended"])
    async def test_it_can_be_over(self, world: World, admin: AsyncClient, over: str) -> None:
        id_ = (await admin.post("invitations", json=INVITED)).json()["id"]
        link = await letter(world)
        if over == "withdrawn":
            answer = await admin.post(f"invitations/{id_}/withdrawal")
            assert answer.json()["withdrawn_at"]
            again = await admin.post(f"invitations/{id_}/withdrawal")
            assert again.status_code == 404
        elif over == "expired":
            world.clock.pass_(days=8)
        elif over == "replaced":
            await admin.post("invitations", json=INVITED)
        else:
            at = world.clock.at
            await world.change_one(Organization, "supplier", suspended_at=at)
        assert (await world.browser().http.get(link)).status_code == 404

    @pytest.mark.parametrize(
        ("changed", "status"),
        [
            ({"roles": ["platform.operator"]}, 403),
            ({"roles": ["regulator.viewer"]}, 403),
            ({"roles": ["no.such"]}, 422),
            ({"roles": []}, 422),
            ({"email": "li@example.com"}, 409),
            ({"email": "no address"}, 422),
            ({"email": "a@b\r\nBcc: x@y.example"}, 422),
            ({"name": "x" * 201}, 422),
            ({"surprise": 1}, 422),
        ],
    )
    async def test_what_is_refused(
        self, admin: AsyncClient, changed: dict[str, object], status: int
    ) -> None:
        assert (await admin.post("invitations", json=INVITED | changed)).status_code == status


class TestMembers:
    async def test_roles_are_given_and_taken(self, world: World, admin: AsyncClient) -> None:
        answer = await admin.put(
            f"users/{world['li']}/roles", json={"roles": ["organization.admin"]}
        )
        assert answer.status_code == 204, answer.text
        [(details,)] = await world.rows(
            select(AuditEntry.details).where(AuditEntry.action == "roles_changed").scalar_subquery()
        )
        assert details["after"] == ["organization.admin"]

    async def test_the_last_administrator_stays(self, world: World, admin: AsyncClient) -> None:
        me = f"users/{world['li']}"
        for answer in (
            await admin.put(f"{me}/roles", json={"roles": ["supplier.sales"]}),
            await admin.delete(me),
            await admin.post(f"{me}/suspension"),
        ):
            assert answer.status_code == 409, answer.text
            assert answer.json()["type"] == "/problems/last-administrator"

    @pytest.mark.parametrize("role", ["platform.operator", "regulator.viewer"])
    async def test_only_the_operator_gives_the_operators_roles(
        self, world: World, admin: AsyncClient, sign_in: SignIn, role: str
    ) -> None:
        path, roles = f"users/{world['li']}/roles", {"roles": ["organization.admin", role]}
        assert (await admin.put(path, json=roles)).status_code == 403
        scopes = Scope.IDENTITY_ADMINISTER, Scope.IDENTITY_OPERATE
        operator = sign_in("identity", world.ids["supplier"], *scopes)
        assert (await operator.put(path, json=roles)).status_code == 204
        only = {"roles": ["organization.admin"]}
        assert (await admin.put(path, json=only)).status_code == 403, "nor takes them"

    @pytest.mark.parametrize("how", ["removal", "suspension"])
    async def test_who_goes_is_signed_out(self, world: World, admin: AsyncClient, how: str) -> None:
        await joined(world, "wang", Role.SUPPLIER_SALES)
        wang = await world.signed_in("wang")
        here = await wang.tokens("portal", organization_id=world["supplier"])
        elsewhere = await wang.tokens("portal", organization_id=world["buyer"])

        path = f"users/{world['wang']}"
        answer = await (
            admin.delete(path) if how == "removal" else admin.post(f"{path}/suspension")
        )

        assert answer.status_code == 204
        assert (await wang.refresh(here["refresh_token"], "portal")).status_code == 400
        assert (await wang.refresh(elsewhere["refresh_token"], "portal")).status_code == 200
        if how == "suspension":
            assert (await admin.post(f"{path}/resumption")).status_code == 204
            again = await wang.tokens("portal", organization_id=world["supplier"])
            assert again["scope"]

    async def test_who_left_can_be_invited_again(self, world: World, admin: AsyncClient) -> None:
        await joined(world, "wang", Role.SUPPLIER_SALES)
        await admin.delete(f"users/{world['wang']}")
        answer = await admin.post("invitations", json=INVITED | {"email": "wang@example.com"})
        assert answer.status_code == 201
        assert (await sent(world.browser(), await letter(world), password=PASSWORD)).is_redirect
        assert len((await admin.get("users")).json()["items"]) == 2

    async def test_two_administrators_cannot_remove_each_other_at_once(
        self, world: World, admin: AsyncClient
    ) -> None:
        await joined(world, "wang", Role.ORGANIZATION_ADMIN)
        answers = await asyncio.gather(
            admin.delete(f"users/{world['li']}"), admin.delete(f"users/{world['wang']}")
        )
        assert sorted(answer.status_code for answer in answers) == [204, 409]


async def joined(world: World, name: str, role: Role) -> None:
    async with transaction(world.store.system) as session:
        user = await session.get_one(User, world.ids[name])
        await people.become(session, world.ids["supplier"], user, [role], at=world.clock.at)


class TestSessions:
    async def test_an_administrator_ends_one(self, world: World, admin: AsyncClient) -> None:
        li = await world.signed_in("li")
        token = (await li.tokens())["refresh_token"]
        [listed] = (await admin.get("sessions")).json()["items"]
        assert (listed["user_name"], listed["client_id"]) == ("Li", world["web"])

        assert (await admin.post(f"sessions/{listed['id']}/end")).status_code == 204

        assert (await li.refresh(token)).status_code == 400
        assert (await li.authorize()).headers["location"].startswith("/sign-in?")
        [(ended,)] = await world.rows(Session.ended_at)
        assert ended
        assert (await admin.get("sessions")).json()["items"] == []
        assert "session_ended" in await actions(world)


class TestBorders:
    """An administrator of one organization reaches nothing of another."""

    @pytest.fixture
    def stranger(self, world: World, sign_in: SignIn) -> AsyncClient:
        return sign_in("identity", world.ids["buyer"], Scope.IDENTITY_ADMINISTER)

    async def test_sees_its_own_alone(
        self, world: World, admin: AsyncClient, stranger: AsyncClient
    ) -> None:
        await admin.post("invitations", json=INVITED)
        await (await world.signed_in("li")).tokens()
        for path in "invitations", "clients", "sessions":
            assert (await stranger.get(path)).json()["items"] == []
            assert (await admin.get(path)).json()["items"]
        [user] = (await stranger.get("users")).json()["items"]
        assert user["email"] == "wang@example.com"
        entries = (await stranger.get("audit")).json()["items"]
        assert {entry["action"] for entry in entries} <= {"registered"}
        assert (await stranger.get("organization")).json()["name"] == "buyer"

    async def test_changes_nothing_of_another(
        self, world: World, admin: AsyncClient, stranger: AsyncClient
    ) -> None:
        invitation = (await admin.post("invitations", json=INVITED)).json()["id"]
        await (await world.signed_in("li")).tokens()
        [session] = (await admin.get("sessions")).json()["items"]
        li, machine = world["li"], world["machine"]
        for answer in (
            await stranger.put(f"users/{li}/roles", json={"roles": []}),
            await stranger.delete(f"users/{li}"),
            await stranger.post(f"users/{li}/suspension"),
            await stranger.post(f"users/{li}/resumption"),
            await stranger.post(f"invitations/{invitation}/withdrawal"),
            await stranger.post(f"clients/{machine}/secret"),
            await stranger.put(f"clients/{machine}/keys", json={"keys": [{"kty": "EC"}]}),
            await stranger.delete(f"clients/{machine}"),
            await stranger.post(f"sessions/{session['id']}/end"),
        ):
            assert answer.status_code == 404, answer.text

    @pytest.mark.parametrize("scopes", [(), (Scope.ORDERS_READ, Scope.IDENTITY_OPERATE)])
    async def test_needs_the_right(
        self, world: World, sign_in: SignIn, scopes: tuple[Scope, ...]
    ) -> None:
        client = sign_in("identity", world.ids["supplier"], *scopes)
        for path in "users", "invitations", "clients", "sessions", "audit":
            assert (await client.get(path)).status_code == 403


class TestMe:
    async def test_a_person_with_two_organizations(self, world: World, admin: AsyncClient) -> None:
        await joined(world, "wang", Role.SUPPLIER_SALES)
        me = (await admin.get("me")).json()
        assert me["user"]["email"] == "li@example.com"
        assert me["organization"]["name"] == "supplier"
        assert me["roles"] == ["supplier.sales", "organization.admin"]
        assert [m["name"] for m in me["memberships"]] == ["supplier"]

    async def test_a_program(self, world: World, sign_in: SignIn) -> None:
        program = sign_in("identity", world.ids["buyer"], user_id=UUID(int=0))
        me = (await program.get("me")).json()
        assert (me["user"], me["organization"]["name"], me["memberships"]) == (None, "buyer", [])


async def test_history_stays(world: World, admin: AsyncClient) -> None:
    """Who did what is shown with names as they were, the newest first."""
    await admin.post("invitations", json=INVITED)
    newest = (await admin.get("audit", params={"action": "invited"})).json()["items"][0]
    assert (newest["actor_name"], newest["subject"]) == ("Li", "zhao@example.com")
    assert (await world.rows(Membership.removed_at))[0] == (None,)


async def test_a_real_sign_in_is_recorded(world: World) -> None:
    browser: Browser = world.browser()
    await sign_in(browser)
    await browser.tokens()
    assert "signed_in" in await actions(world)
