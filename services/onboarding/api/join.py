"""The pages behind a link: who invites, and the one thing that is asked first."""

from collections.abc import Mapping
from urllib.parse import parse_qs, quote, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from services.onboarding.api.profiles import code_out
from services.onboarding.commands import invitations as commands
from services.onboarding.commands.invitations import Door
from services.onboarding.commands.letters import post
from services.onboarding.domain.joining import OPEN, InvitationIsOver, InvitationState
from services.onboarding.queries import joining as queries
from shared.database import Now, SystemTransaction
from shared.uscc import TYPED_MAX, normalized
from shared.web.languages import language_of
from shared.web.mailbox import mailbox
from shared.web.pages import Pages

SEE_OTHER = 303
FORM_BYTES_MAX = 4_000
FORM = "application/x-www-form-urlencoded"

pages = Pages.of("services.onboarding")
router = APIRouter(include_in_schema=False)
router.routes += mailbox(
    post, pages, path="/join/mailbox", others={"/mailbox": "Letters to people on the platform"}
).routes


@router.get("/join/{secret}")
async def show_door(
    request: Request, secret: str, session: SystemTransaction, now: Now
) -> Response:
    """Say who invites, and ask for the company's code."""
    try:
        found, state = await commands.look(session, secret=secret, at=now)
    except InvitationIsOver:
        return _over(request, None)
    if state not in OPEN:
        return _over(request, state, secret)
    return await _page(request, session, found, secret, typed="")


@router.post("/join/{secret}")
async def enter(request: Request, secret: str, session: SystemTransaction, now: Now) -> Response:
    """Go on to register the company or, where it is here already, to its own sign-in.

    Nothing changes by this, so that the form needs no proof of where it comes from; and nothing of
    an organization opens: its administrator signs in and accepts.
    """
    try:
        found, state = await commands.look(session, secret=secret, at=now)
    except InvitationIsOver:
        return _over(request, None)
    if state not in OPEN:
        return _over(request, state, secret)
    form = await _form(request)
    typed = form.get("uscc", "")[:TYPED_MAX]
    code = code_out(typed)
    if not code.valid:
        return await _page(request, session, found, secret, typed=typed, error=code.problem)
    if code.warnings and form.get("confirmed") != code.uscc:
        return await _page(request, session, found, secret, typed=code.uscc, warnings=code.warnings)
    onward = _application(secret)
    if await queries.is_known(session, code=code.uscc):
        return RedirectResponse(_begun(onward), SEE_OTHER)
    invited = found.invitation
    asked = {
        "uscc": code.uscc,
        "organization": invited.name if invited else "",
        "email": (invited.email or "") if invited else "",
        "next": onward,
    }
    return RedirectResponse(f"/register?{urlencode(asked)}", SEE_OTHER)


async def _page(  # noqa: PLR0913  what the page says
    request: Request,
    session: AsyncSession,
    found: Door,
    secret: str,
    *,
    typed: str,
    error: str | None = None,
    warnings: list[str] | None = None,
) -> Response:
    language = language_of(request)
    invited = found.invitation
    context = {
        "buyer": await queries.organization_named(session, found.buyer_id),
        "inviter": invited.invited_by if invited else "",
        "name": invited.name if invited else "",
        "note": invited.note if invited else None,
        "typed": typed,
        "confirmed": normalized(typed) if warnings else "",
        "errors": {"uscc": pages.words(language, error)} if error else {},
        "warnings": [pages.words(language, warning) for warning in warnings or ()],
        "begin": _begun(_application(secret)),
    }
    status = 422 if error else 200
    return pages.render(request, "join.html", context, status=status, form_action=None)


def _over(request: Request, state: InvitationState | None, secret: str | None = None) -> Response:
    """Say why a link opens nothing; whoever used it finds the application behind the sign-in."""
    used = state is InvitationState.USED and secret
    context = {
        "state": state.value if state else "",
        "begin": _begun(_application(secret)) if used and secret else None,
    }
    return pages.render(request, "join_over.html", context, status=404)


def _application(secret: str) -> str:
    return f"/application?invitation={quote(secret, safe='')}"


def _begun(onward: str) -> str:
    return f"/session/begin?next={quote(onward, safe='')}"


async def _form(request: Request) -> Mapping[str, str]:
    """Read the fields of a small form; of what is sent twice, the first counts."""
    if not request.headers.get("content-type", "").lower().startswith(FORM):
        return {}
    sent = b""
    async for chunk in request.stream():
        sent += chunk
        if len(sent) > FORM_BYTES_MAX:
            return {}
    text = sent.decode(errors="replace")
    return {name: values[0] for name, values in parse_qs(text, max_num_fields=10).items()}
