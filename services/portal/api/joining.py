"""Join on a phone: one thing per screen, the code first, kept at every step."""

from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from contracts.onboarding import ApplicationState, Size
from contracts.orders import Side
from contracts.scopes import Scope
from services.portal.api.page import Posted, Visitor, go, needs, page_router, show
from services.portal.api.trouble import trouble_of
from services.portal.commands import joining as acts
from services.portal.commands.sessions import Visit
from services.portal.domain.joining import (
    FIELD_WORDS,
    FIELDS,
    GROUP_WORDS,
    TROUBLE_WORDS,
    Step,
    Way,
    before,
    following,
    nested,
    step_of,
    way_through,
)
from services.portal.queries import joining, orders
from services.portal.queries.api import Away, Refused
from services.portal.schemas.joining import Application, Profile
from shared.types import Search
from shared.web.languages import language_of

MENDABLE = {404, 409, 410, 422}
CHOICES_MAX = 8
PROMISED_HERE_MAX = 3
FIRST_SEARCH = "汽车"  # what is offered before anything is typed

router = page_router()

Secret = Annotated[str, Query(max_length=200)]


@router.get("/application")
async def begin(request: Request, visitor: Visitor, invitation: Secret = "") -> Response:
    """Ask the administrator to accept an invitation, or show what was begun before."""
    _needs_an_administrator(visitor)
    if invitation:
        preview = await joining.preview(visitor.api, invitation)
        if preview and preview.application_id:
            return go(f"/application/{preview.application_id}")
        context = {"invitation": invitation, "preview": preview, "trouble_words": None}
        status = 200 if preview else 404
        return show(request, visitor, "joining_accept.html", context, status=status)
    found = await joining.applications(visitor.api)
    if len(found) == 1:
        return go(f"/application/{found[0].id}")
    return show(request, visitor, "joining_list.html", {"applications": found})


@router.post("/application/acceptance")
async def accept(request: Request, visitor: Visitor, form: Posted) -> Response:
    """Accept the invitation; who has filled in everything before goes straight to the review."""
    secret = form.text("invitation")
    try:
        application = await acts.accept(visitor.api, secret, key=form.key)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        words = trouble_of(request, refused)
        context = {"invitation": "", "preview": None, "trouble_words": words}
        return show(request, visitor, "joining_accept.html", context, status=422)
    profile = await joining.profile(visitor.api)
    step = way_through(_values(profile)).next
    return go(f"/application/{application.id}/{step}" if step else f"/application/{application.id}")


def _needs_an_administrator(visitor: Visit) -> None:
    """Refuse all but an administrator: joining binds the organization."""
    needs(visitor, Scope.ONBOARDING_WRITE)
    needs(visitor, Scope.IDENTITY_ADMINISTER)


@router.get("/application/industries")
async def industries(request: Request, visitor: Visitor, industry_q: Search = "") -> Response:
    """Offer industries whose name or code fits what is typed."""
    return await _choices(request, visitor, "industries", industry_q)


@router.get("/application/regions")
async def regions(request: Request, visitor: Visitor, region_q: Search = "") -> Response:
    """Offer regions whose name or code fits what is typed."""
    return await _choices(request, visitor, "regions", region_q)


@router.get("/application/{application_id}")
async def overview(request: Request, visitor: Visitor, application_id: UUID) -> Response:
    """Tell how the application stands, whose turn it is, and offer the next step."""
    needs(visitor, Scope.ONBOARDING_READ)
    return await _overview(request, visitor, application_id, None)


@router.post("/application/{application_id}/submission")
async def submit(
    request: Request, visitor: Visitor, application_id: UUID, form: Posted
) -> Response:
    """Send it to the buyer."""
    try:
        await acts.submit(visitor.api, application_id, key=form.key)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _overview(request, visitor, application_id, refused)
    return go(f"/application/{application_id}", said="submitted")


@router.get("/application/{application_id}/agreement")
async def agreement(request: Request, visitor: Visitor, application_id: UUID) -> Response:
    """Show the exact text and the terms that are to be agreed."""
    needs(visitor, Scope.ONBOARDING_WRITE)
    return await _agreement(request, visitor, application_id, None)


@router.post("/application/{application_id}/agreement")
async def agree(request: Request, visitor: Visitor, application_id: UUID, form: Posted) -> Response:
    """Accept the text that was read: the relationship is active from now on."""
    try:
        await acts.agree(visitor.api, application_id, form.text("sha256"), key=form.key)
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return await _agreement(request, visitor, application_id, refused)
    return go(f"/application/{application_id}", said="joined")


@router.get("/application/{application_id}/{step}")
async def screen(request: Request, visitor: Visitor, application_id: UUID, step: Step) -> Response:
    """Ask one thing."""
    needs(visitor, Scope.ONBOARDING_WRITE)
    profile = await joining.profile(visitor.api)
    application = await joining.application(visitor.api, application_id)
    values = await _prefilled(visitor, profile, step)
    return await _screen(request, visitor, application, step, values, {})


@router.post("/application/{application_id}/{step}")
async def keep(
    request: Request, visitor: Visitor, application_id: UUID, step: Step, form: Posted
) -> Response:
    """Keep what this screen asked, and go on to the next or leave it for later."""
    names = FIELDS[step]
    given = {name: form.text(name) for name in names}
    later = form.text("act") == "later"
    wrong = {} if later else _left_out(step, given, await joining.profile(visitor.api))
    if not wrong:
        wrong = await _kept(visitor, given, names)
    if wrong:
        application = await joining.application(visitor.api, application_id)
        typed = {f"{name}_q": form.text(f"{name}_q") for name in ("region", "industry")}
        return await _screen(request, visitor, application, step, {**given, **typed}, wrong)
    if later:
        return go(f"/application/{application_id}", said="kept")
    after = following(step)
    to_review = form.text("back") == "review" or after is None
    return go(f"/application/{application_id}" + ("" if to_review else f"/{after}"))


async def _kept(visitor: Visit, given: dict[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """Keep the fields; returns what is wrong with which of them."""
    try:
        await acts.keep(visitor.api, nested(given, names))
    except Refused as refused:
        if refused.status not in MENDABLE:
            raise
        return {name: TROUBLE_WORDS[name] for name in names if refused.of(name)} or {
            names[0]: refused.detail
        }
    return {}


def _left_out(step: Step, given: dict[str, str], profile: Profile) -> dict[str, str]:
    """Name what must still be filled in; an account on record need not be typed again."""
    kept = _values(profile) if step is Step.BANK else {}
    missing = way_through({**kept, **{name: text for name, text in given.items() if text}}).missing
    return {name: TROUBLE_WORDS[name] for name in FIELDS[step] if name in missing}


def _values(profile: Profile) -> dict[str, str | None]:
    """Flatten a profile to its fields' names."""
    flat: dict[str, str | None] = {}
    for name in (name for names in FIELDS.values() for name in names):
        part: Any = profile
        for piece in name.split("."):
            part = getattr(part, piece)
        flat[name] = str(part) if part else None
    return flat


async def _prefilled(visitor: Visit, profile: Profile, step: Step) -> dict[str, str]:
    """Fill in what is known already: from the code, from who is signed in, from the name."""
    me = visitor.me
    values = {name: text or "" for name, text in _values(profile).items()}
    own_code = profile.uscc or me.organization.identifiers.get("uscc", "")
    if step is Step.COMPANY and own_code and not values["region"]:
        told_by_code = await joining.code(visitor.api, own_code)
        if told_by_code and told_by_code.region:
            values["region"] = told_by_code.region.code
    known = {
        "contact.name": me.user.name,
        "contact.email": me.user.email,
        "bank.holder": me.organization.name,
    }
    return values | {name: text for name, text in known.items() if not values[name]}


async def _screen(  # noqa: PLR0913, PLR0917
    request: Request,
    visitor: Visit,
    application: Application,
    step: Step,
    values: dict[str, str],
    wrong: dict[str, str],
) -> Response:
    steps = list(Step)
    context: dict[str, Any] = {
        "application": application,
        "step": step,
        "number": steps.index(step) + 1,
        "count": len(steps) + 1,
        "back_to": before(step),
        "to_review": request.query_params.get("back") == "review",
        "values": values,
        "wrong": wrong,
        "notes": {note.field: note.note for note in application.notes},
        "general": [note.note for note in application.notes if _is_general(note.field, step)],
        "sizes": [size.value for size in Size],
        "uscc": visitor.me.organization.identifiers.get("uscc"),
    }
    if step is Step.COMPANY:
        for what, field in (("regions", "region"), ("industries", "industry")):
            q = values.get(f"{field}_q") or values[field]
            found = await joining.named(visitor.api, what, q, limit=CHOICES_MAX) if q else []
            context[what] = found
            context[f"{field}_chosen"] = next((n for n in found if n.code == values[field]), None)
        if not values["industry"] and not values.get("industry_q"):
            context["industries"] = await joining.named(
                visitor.api, "industries", FIRST_SEARCH, limit=CHOICES_MAX
            )
    template = f"joining_{step}.html"
    return show(request, visitor, template, context, status=422 if wrong else 200)


def _is_general(field: str, step: Step) -> bool:
    """Tell whether a note is about a screen as a whole."""
    if field in FIELD_WORDS:
        return False
    return step_of(field) is step or (field == "uscc" and step is Step.COMPANY)


async def _choices(request: Request, visitor: Visit, what: str, q: str) -> Response:
    needs(visitor, Scope.ONBOARDING_READ)
    found = await joining.named(visitor.api, what, q, limit=CHOICES_MAX) if q else []
    name = "industry" if what == "industries" else "region"
    context = {"found": found, "name": name, "chosen": "", "q": q}
    return show(request, visitor, "fragments/code_choices.html", context)


async def _overview(
    request: Request, visitor: Visit, application_id: UUID, refused: Refused | None
) -> Response:
    application = await joining.application(visitor.api, application_id)
    if application.state is ApplicationState.APPROVED and visitor.me.may(Scope.ONBOARDING_WRITE):
        return await _agreement(request, visitor, application_id, refused)
    profile = await joining.profile(visitor.api)
    way = way_through(_values(profile))
    context = {
        "application": application,
        "profile": profile,
        "way": way,
        "named": {profile.region: profile.region_name, profile.industry: profile.industry_name},
        "field_words": {**FIELD_WORDS, **GROUP_WORDS},
        "fields": FIELDS,
        "values": _values(profile),
        "step_of": step_of,
        "notes": application.notes if application.is_open_to_change else [],
        **await _wanted(visitor, application),
        "may_write": visitor.me.may(Scope.ONBOARDING_WRITE),
        "trouble_words": trouble_of(request, refused),
    }
    status = 422 if refused else 200
    return show(request, visitor, _page_for(application, way), context, status=status)


def _page_for(application: Application, way: Way) -> str:
    reviews = application.is_open_to_change and way.is_complete
    return "joining_review.html" if reviews else "joining.html"


async def _wanted(visitor: Visit, application: Application) -> dict[str, Any]:
    """Count the lines that wait to be confirmed, once somebody is in; the first can be, at once."""
    count, first = 0, []
    if application.state is ApplicationState.AGREED and visitor.me.may(Scope.ORDERS_READ):
        with suppress(Away, Refused):
            count = (await orders.summary(visitor.api, Side.SUPPLIER)).count("unconfirmed")
            if count and visitor.me.may(Scope.ORDERS_CONFIRM):
                asked = {"view": "unconfirmed", "sort": "due", "limit": PROMISED_HERE_MAX}
                first = (await orders.book(visitor.api, Side.SUPPLIER, **asked)).items
    return {"to_confirm": count, "to_promise": first}


async def _agreement(
    request: Request, visitor: Visit, application_id: UUID, refused: Refused | None
) -> Response:
    application = await joining.application(visitor.api, application_id)
    context = {
        "application": application,
        "agreement": await joining.agreement(
            visitor.api, application_id, language_of(request).value
        ),
        "trouble_words": trouble_of(request, refused),
    }
    status = 422 if refused else 200
    return show(request, visitor, "joining_agreement.html", context, status=status)
