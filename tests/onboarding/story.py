"""What happens at the door: suppliers are asked, apply, are reviewed, and agree."""

from typing import Any

from tests.story import WHISPERED, Cast
from tests.world import Party, World

PARENT = "91440300MA5EX0MP3D"  # nobody's, as all codes here
PROFILE = {
    "region": "340603",
    "industry": "C3670",
    "size": "small",
    "parent_uscc": PARENT,
    "contact": {"name": "Lin", "phone": "138 0000 1234", "email": "lin@example.com"},
    "bank": {"name": "Bank", "account": "6222 0000 1111 2222", "holder": "Lin"},
}
TERMS = {"payment_days": 60, "quantity_tolerance_percent": "5", "price_tolerance_percent": "1"}


def _changes(word: str) -> dict[str, Any]:
    return {"fields": [{"field": "bank.account", "note": f"{word}: the last digits"}]}


async def tell(world: World, cast: Cast) -> None:
    """Leave applications in every state between the pairs, and invitations in most."""
    newcomers = [Party(organization.id, organization.name) for organization in await _come(world)]
    for party in (cast.supplier, cast.other_supplier, *newcomers):
        await world.act(party, "PUT", "onboarding/profile", _profile(party))
    for buyer, word in ((cast.buyer, WHISPERED), (cast.other_buyer, "Gamma")):
        for place in range(3):
            await invite(world, buyer, f"{buyer.name} {place}", word)
        links = {"name": f"{buyer.name} fair"}
        for _ in range(2):
            await world.act(buyer, "POST", "onboarding/open-links", links)
    await sign(world, cast.buyer, cast.supplier, WHISPERED)
    await sign(world, cast.other_buyer, cast.other_supplier, "Delta")
    for place, newcomer in enumerate(newcomers):
        await _advance(world, cast.buyer, newcomer, place)
    await _propose_terms(world, cast)


async def _come(world: World) -> list[Party]:
    """Let further companies come, which nobody else in the story meets."""
    from services.identity import commands as identity  # noqa: PLC0415
    from shared.database import transaction, utc_now  # noqa: PLC0415

    found = []
    for name in ("Epsilon Castings", "Zeta Springs", "Eta Seals", "Theta Wires", "Iota Molds"):
        async with transaction(world.stores["identity"].system) as session:
            id_ = await identity.ensure_organization(session, name=name, at=utc_now())
        found.append(Party(id_, name))
    await world.settle()
    return found


def _profile(party: Party) -> dict[str, Any]:
    contact = PROFILE["contact"] | {"name": f"{party.name}'s Lin"}  # type: ignore[operator]
    return PROFILE | {"contact": contact}


async def invite(world: World, buyer: Party, name: str, said: str) -> dict[str, Any]:
    """Invite a company, by an address of its own."""
    address = name.replace(" ", ".").lower()
    asked = {"name": name, "email": f"{address}@example.com", "note": f"{said}, welcome"}
    invited: dict[str, Any] = await world.act(buyer, "POST", "onboarding/invitations", asked)
    return invited


async def apply(world: World, buyer: Party, supplier: Party, said: str) -> str:
    """Let a supplier accept an invitation; return the application's id."""
    invited = await invite(world, buyer, f"{buyer.name} {supplier.name}", said)
    secret = {"secret": invited["link"].rpartition("/")[2]}
    found = await world.act(supplier, "POST", "onboarding/invitations/acceptance", secret)
    return str(found["id"])


async def sign(world: World, buyer: Party, supplier: Party, said: str) -> dict[str, Any]:
    """Go all the way from an invitation to an active relationship, with one correction."""
    id_ = await apply(world, buyer, supplier, said)
    path = f"onboarding/applications/{id_}"
    await world.act(supplier, "POST", f"{path}/submission")
    await world.act(buyer, "POST", f"{path}/changes", _changes(said))
    await world.act(supplier, "POST", f"{path}/submission")
    await world.act(buyer, "POST", f"{path}/approval", {"terms": TERMS})
    text = await world.act(supplier, "GET", f"{path}/agreement")
    accepted = {"sha256": text["sha256"]}
    done: dict[str, Any] = await world.act(
        supplier, "POST", f"{path}/agreement/acceptance", accepted
    )
    return done


async def _advance(world: World, buyer: Party, supplier: Party, steps: int) -> None:
    """Take an application so far: begun, submitted, sent back, approved, declined."""
    path = f"onboarding/applications/{await apply(world, buyer, supplier, WHISPERED)}"
    if steps:
        await world.act(supplier, "POST", f"{path}/submission")
    acts = {
        2: ("changes", _changes(WHISPERED)),
        3: ("approval", {"terms": TERMS}),
        4: ("decline", {"reason": f"{WHISPERED}: no need"}),
    }
    if steps in acts:
        act, body = acts[steps]
        await world.act(buyer, "POST", f"{path}/{act}", body)


async def _propose_terms(world: World, cast: Cast) -> None:
    """Let both buyers ask the supplier for other terms."""
    for buyer in (cast.buyer, cast.other_buyer):
        found = await world.act(cast.supplier, "GET", "onboarding/relationships")
        [met] = [
            row
            for row in found["items"]
            if row["buyer_id"] == str(buyer.id) and row["supplier_id"] == str(cast.supplier.id)
        ]
        path = f"onboarding/relationships/{met['id']}/terms"
        await world.act(buyer, "POST", path, {"terms": TERMS | {"payment_days": 45}})
