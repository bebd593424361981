"""One's own profile over HTTP, and the national codes that it is written with."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import StringConstraints, WithJsonSchema

from services.onboarding.api.callers import Reader, Writer
from services.onboarding.commands import profiles as commands
from services.onboarding.queries import joining as queries
from services.onboarding.schemas.joining import (
    CodeOut,
    Named,
    NamedList,
    ProfileIn,
    ProfileOut,
)
from shared import uscc
from shared.classifications import (
    INDUSTRIES_EDITION,
    REGIONS_EDITION,
    Entry,
    found,
    industries,
    regions,
)
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.types import Search
from shared.uscc import EXAMPLE, TYPED_MAX, WrongUscc

router = APIRouter(route_class=Route, tags=["Profile"])

FOUND_MAX = 200
Typed = Annotated[
    str,
    StringConstraints(min_length=1, max_length=TYPED_MAX),
    WithJsonSchema({"type": "string", "maxLength": TYPED_MAX, "examples": [EXAMPLE]}),
]
Limit = Annotated[int, Query(ge=1, le=FOUND_MAX)]


@router.get("/profile")
async def read_profile(caller: Reader, session: Transaction) -> ProfileOut:
    """Read what one's own organization says of itself, and what it lacks for an application."""
    values = await queries.profile_values(session, organization_id=caller.organization_id)
    return queries.profile_out(values, name=values["name"])


@router.put("/profile")
async def keep_profile(
    body: ProfileIn, caller: Writer, session: Transaction, now: Now
) -> ProfileOut:
    """Keep what is given; what is left out stays as it was, and null takes it away."""
    given = body.model_dump(exclude_unset=True)
    await commands.keep(session, caller=caller, values=_columns(given), at=now)
    return await read_profile(caller, session)


def _columns(given: Mapping[str, Any]) -> dict[str, str | None]:
    """Name the columns of what is given; of a group that is null, all of them."""
    groups = {"contact": ("name", "phone", "email"), "bank": ("name", "account", "holder")}
    columns: dict[str, str | None] = {}
    for name, value in given.items():
        if name not in groups:
            columns[name] = value
            continue
        inner = dict.fromkeys(groups[name]) if value is None else value
        columns |= {f"{name}_{key}": text for key, text in inner.items()}
    return columns


@router.get("/codes")
async def read_code(caller: Reader, uscc: Annotated[Typed, Query()]) -> CodeOut:
    """Read a unified social credit code (GB 32100-2015), and say what is odd about it."""
    assert caller
    return code_out(uscc)


def code_out(typed: str) -> CodeOut:
    """Say what a code is, or why it is none."""
    try:
        read = uscc.read(typed)
    except WrongUscc as wrong:
        normalized = uscc.normalized(typed)
        return CodeOut(uscc=normalized, valid=False, problem=wrong.detail, warnings=[])
    region = regions().get(read.region)
    return CodeOut(
        uscc=read.code,
        valid=True,
        warnings=list(read.warnings),
        region=_named(region) if region else None,
    )


@router.get("/regions")
async def find_regions(caller: Reader, q: Search | None = None, limit: Limit = 50) -> NamedList:
    """Find regions by GB/T 2260 code or name; without a word, the provinces."""
    assert caller
    return _list(REGIONS_EDITION, regions(), q, limit)


@router.get("/industries")
async def find_industries(caller: Reader, q: Search | None = None, limit: Limit = 50) -> NamedList:
    """Find industries by GB/T 4754-2017 code or name; without a word, the sections."""
    assert caller
    return _list(INDUSTRIES_EDITION, industries(), q, limit)


def _list(edition: str, table: Mapping[str, Entry], q: str | None, limit: int) -> NamedList:
    entries = found(table, q or "", limit=limit)
    return NamedList(edition=edition, items=[_named(entry) for entry in entries])


def _named(entry: Entry) -> Named:
    return Named(code=entry.code, name=entry.name, full_name=entry.full_name, english=entry.english)
