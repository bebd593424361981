"""Who buys from whom: propose, accept, suspend, resume, end."""

from uuid import UUID

from fastapi import Request, Response

from contracts.onboarding import RelationshipState
from contracts.scopes import Scope
from services.portal.api.page import Posted, Visitor, go, needs, page_router, show, told
from services.portal.commands.sessions import Visit
from services.portal.queries import relationships as asked
from services.portal.queries.api import Refused
from shared.problem import InvalidInput
from shared.web.languages import language_of

ACTS = "acceptance", "suspension", "resumption", "end"
ORDER = [
    RelationshipState.PROPOSED,
    RelationshipState.ACTIVE,
    RelationshipState.SUSPENDED,
    RelationshipState.ENDED,
]
MENDABLE = {404, 409, 422}

router = page_router()


@router.get("/relationships")
async def relationships(request: Request, visitor: Visitor) -> Response:
    """List those with whom this organization works, what waits for an answer first."""
    needs(visitor, Scope.ONBOARDING_READ)
    return await _page(request, visitor, {}, None)


@router.post("/relationships")
async def propose(request: Request, visitor: Visitor, form: Posted) -> Response:
    """Propose to an organization to be this one's supplier."""
    given = {name: form.text(name) for name in ("supplier_id", "vendor_number")}
    try:
        UUID(given["supplier_id"])
        body = {name: value for name, value in given.items() if value}
        await visitor.api.send("POST", "onboarding", "/relationships", body, key=form.key)
    except ValueError:
        return await _page(request, visitor, given, InvalidInput("supplier"))
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _page(request, visitor, given, refused)
    return go("/relationships", said="relationship")


@router.post("/relationships/{relationship_id}/terms")
async def accept_terms(relationship_id: UUID, visitor: Visitor, form: Posted) -> Response:
    """Agree, as the supplier, to the terms that the buyer proposed."""
    path = f"/relationships/{relationship_id}/terms/acceptance"
    await visitor.api.send("POST", "onboarding", path, {}, key=form.key)
    return go("/relationships", said="terms-agreed")


@router.post("/relationships/{relationship_id}/{act}")
async def change(relationship_id: UUID, act: str, visitor: Visitor, form: Posted) -> Response:
    """Accept, suspend, resume or end a relationship."""
    if act not in ACTS:
        raise InvalidInput("Choose what to do.")
    reason = form.optional("reason")
    await visitor.api.send(
        "POST",
        "onboarding",
        f"/relationships/{relationship_id}/{act}",
        {"reason": reason} if reason else {},
        key=form.key,
    )
    return go("/relationships", said="relationship")


async def _page(
    request: Request, visitor: Visit, given: dict[str, str], problem: Refused | InvalidInput | None
) -> Response:
    own = visitor.me.organization.id
    found = await asked.all_relationships(visitor.api)
    found.sort(key=lambda one: (ORDER.index(one.state), one.supplier_name, one.buyer_name))
    trouble = told(language_of(request), problem) if problem else None
    context = {
        "suppliers": [one for one in found if one.buyer_id == own],
        "customers": [one for one in found if one.supplier_id == own],
        "own_id": own,
        "given": given,
        "is_wrong": problem is not None,
        "trouble_words": trouble[0] if isinstance(problem, Refused) and trouble else None,
    }
    status = 422 if problem else 200
    return show(
        request, visitor, "relationships.html", context, here="relationships", status=status
    )
