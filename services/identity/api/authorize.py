"""The authorization endpoint: who is it, for which organization, and may the program do it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749.errors import InvalidRequestError
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.scopes import Scope
from services.identity import queries
from services.identity.api.browser import (
    ANY_ORIGIN,
    SESSION_COOKIE,
    Parameters,
    address_of,
    pages,
    stale_form,
    trouble,
    whoever,
)
from services.identity.commands.oauth import Answer, Asked, Server, back_to_client
from services.identity.domain import access, tokens, wire
from services.identity.models import Client, Session, User
from services.identity.queries import Actor
from shared.database import Now, SystemTransaction

router = APIRouter(include_in_schema=False)

PATH = "/oauth/authorize"
DECISION, SEAL = "decision", "seal"
SEE_OTHER = 303


class LoginRequiredError(OAuth2Error):  # type: ignore[misc]  # Authlib has no types
    error = "login_required"


class ConsentRequiredError(OAuth2Error):  # type: ignore[misc]
    error = "consent_required"


class AccountSelectionRequiredError(OAuth2Error):  # type: ignore[misc]
    error = "account_selection_required"


class NoOrganizationError(OAuth2Error):  # type: ignore[misc]
    error = "access_denied"


class Visit(NamedTuple):
    """One request for authorization: what is asked, by whom, and when."""

    request: Request
    session: AsyncSession
    at: datetime
    pairs: dict[str, str]
    asked: Asked
    grant: Any  # Authlib's, valid

    @property
    def client(self) -> Client:
        client: Client = self.asked.client
        return client

    @property
    def prompts(self) -> set[str]:
        return set(self.pairs.get("prompt", "").split())


@router.get(PATH)
async def ask(request: Request, session: SystemTransaction, now: Now) -> Response:
    """Lead the person to a code: sign in, choose an organization, consent."""
    try:
        pairs = wire.parameters(request.scope["query_string"])
    except wire.Malformed as malformed:
        return _page(request, InvalidRequestError(str(malformed)))
    return await _visited(request, session, now, pairs, decision=None)


@router.post(PATH)
async def decide(
    request: Request, pairs: Parameters, session: SystemTransaction, now: Now
) -> Response:
    """Take the answer of the consent page, and validate all of the request again."""
    if isinstance(pairs, wire.Malformed):
        return _page(request, InvalidRequestError(str(pairs)))
    decision, sealed = pairs.pop(DECISION, ""), pairs.pop(SEAL, "")
    if not tokens.same(_seal(request, pairs).encode(), sealed.encode()):
        return stale_form(request)
    return await _visited(request, session, now, pairs, decision=decision)


def _seal(request: Request, pairs: Mapping[str, str]) -> str:
    """Bind the form to this browser's session and to every parameter that was shown."""
    secret = request.cookies.get(SESSION_COOKIE, "")
    parts = (part for pair in sorted(pairs.items()) for part in pair)
    return tokens.seal(secret, "consent", *parts)


async def _visited(
    request: Request,
    session: AsyncSession,
    now: datetime,
    pairs: dict[str, str],
    *,
    decision: str | None,
) -> Response:
    signed_in = await whoever(request, session, now)
    asked = Asked(request.method, PATH, pairs)

    def considered(sync: Any) -> Any:  # noqa: ANN401
        server = Server(sync, at=now, address=address_of(request))
        try:
            return server.get_consent_grant(asked, signed_in)
        except OAuth2Error as error:
            return error

    grant = await session.run_sync(considered)
    if isinstance(grant, OAuth2Error):
        return _refused(request, grant)
    visit = Visit(request, session, now, pairs, asked, grant)
    try:
        return await _led(visit, signed_in, decision)
    except OAuth2Error as error:
        error.redirect_uri, error.state = pairs["redirect_uri"], pairs.get("state")
        return _refused(request, error)


async def _led(
    visit: Visit, signed_in: tuple[Session, User] | None, decision: str | None
) -> Response:
    """Take the next step: sign in, choose, consent, or answer. Raises OAuth2Error."""
    silent = "none" in visit.prompts
    if silent and len(visit.prompts) > 1:
        raise InvalidRequestError("prompt none goes with no other.")
    if signed_in is None or _is_too_old(visit, signed_in[0]):
        if silent:
            raise LoginRequiredError("Nobody is signed in.")
        return _sign_in(visit)
    actors = await _actors(visit, signed_in[1])
    chosen = _chosen(visit, signed_in[0], actors)
    if chosen is None:
        if silent:
            raise AccountSelectionRequiredError("The person acts for several organizations.")
        return _chooser(visit, actors)
    if visit.client.trusted or decision == "allow":
        return await _answered(visit, chosen, signed_in[0])
    if decision == "deny":
        return await _answered(visit, None, signed_in[0])
    if silent:
        raise ConsentRequiredError("The person has to consent.")
    return _consent(visit, chosen)


def _is_too_old(visit: Visit, session: Session) -> bool:
    """Tell whether the request asks for a fresher proof of who it is than the session has."""
    age_max = visit.pairs.get("max_age", "")
    over = age_max.isdecimal() and session.authenticated_at < visit.at - timedelta(
        seconds=min(int(age_max[:9]), 10**9)
    )
    return over or "login" in visit.prompts


def _without(visit: Visit, *prompts: str) -> dict[str, str]:
    """Return the request as it goes on once these prompts were followed."""
    left = visit.prompts - set(prompts)
    pairs = {name: value for name, value in visit.pairs.items() if name != "prompt"}
    return pairs | ({"prompt": " ".join(sorted(left))} if left else {})


def _sign_in(visit: Visit) -> Response:
    pairs = _without(visit, "login")
    pairs.pop("max_age", None)
    on = {"continue": f"{PATH}?{wire.encoded(pairs)}"}
    if "login_hint" in visit.pairs:
        on["email"] = visit.pairs["login_hint"]
    return _see(f"/sign-in?{wire.encoded(on)}")


async def _actors(visit: Visit, user: User) -> list[Actor]:
    """Return for whom the person may act here: a program of one organization serves its own."""
    actors = await queries.all_actors(visit.session, user_id=user.id)
    own = visit.client.organization_id
    return [a for a in actors if visit.client.trusted or a.organization.id == own]


def _chosen(visit: Visit, session: Session, actors: list[Actor]) -> Actor | None:
    """Return for which organization it is: the one named, the only one, or the last one."""
    if not actors:
        raise NoOrganizationError("The person acts for no organization that may use this client.")
    by_id = {str(actor.organization.id): actor for actor in actors}
    named = visit.pairs.get("organization_id")
    if named:
        if named not in by_id:
            raise NoOrganizationError("The person may not act for this organization.")
        return by_id[named]
    if "select_account" in visit.prompts and len(actors) > 1:
        return None
    return actors[0] if len(actors) == 1 else by_id.get(str(session.organization_id))


def _chooser(visit: Visit, actors: list[Actor]) -> Response:
    pairs = _without(visit, "select_account")
    choices = [
        (actor, f"{PATH}?{wire.encoded(pairs | {'organization_id': str(actor.organization.id)})}")
        for actor in actors
    ]
    context = {"choices": choices, "person": actors[0].user}
    return pages.render(visit.request, "choose.html", context, form_action=ANY_ORIGIN)


def _consent(visit: Visit, actor: Actor) -> Response:
    pairs = visit.pairs | {"organization_id": str(actor.organization.id)}
    granted = access.cut(visit.asked.scope, actor.roles).split()
    context = {
        "client": visit.client,
        "actor": actor,
        "scopes": [Scope(scope) for scope in granted if scope != access.OPENID],
        "pairs": pairs,
        "seal": _seal(visit.request, pairs),
    }
    return pages.render(visit.request, "consent.html", context, form_action=ANY_ORIGIN)


async def _answered(visit: Visit, actor: Actor | None, session: Session) -> Response:
    """Send the code, or the refusal, back to the client."""

    def respond(_: object) -> Answer:
        person = (actor, session) if actor else None
        answer: Answer = visit.grant.server.create_authorization_response(
            visit.asked, person, visit.grant
        )
        return answer

    answer = await visit.session.run_sync(respond)
    return Response(answer.body, answer.status, answer.headers)


def _refused(request: Request, error: OAuth2Error) -> Response:
    """Send an error to the client's page where that is safe, else show one of our own."""
    if not error.redirect_uri:
        return _page(request, error)
    answer = back_to_client(error.redirect_uri, error.get_body())
    return Response(answer.body, answer.status, answer.headers)


def _page(request: Request, error: OAuth2Error) -> Response:
    return trouble(
        request,
        "The program sent you here with a faulty request",
        "Go back and try again; if it happens again, tell whoever runs the program.",
        status=400,
        code=f"{error.error}: {error.description}" if error.description else error.error,
    )


def _see(location: str) -> Response:
    return RedirectResponse(location, status_code=SEE_OTHER, headers={"Cache-Control": "no-store"})
