"""Who read what of an organization."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Date, Select, Text, and_, cast, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from services.insights.models import Contributor, Look, Relationship, Release, ReleaseLook, Waiver
from shared.auth import Caller
from shared.paging import Paging, Rows, keyset
from shared.settings import settings

RELEASE = "release"


async def looks(
    session: AsyncSession, *, caller: Caller, at: datetime, days: int, paging: Paging
) -> Rows[Any]:
    """Return a page of who read the caller's figures: by day, reader and kind, the latest first.

    Of releases that the caller's figures are in the sums of, it says who read them.
    """
    since = at - timedelta(days=days)
    every = union_all(
        _by_buyers(caller, since), _by_suppliers(caller, since), _of_releases(caller, since)
    ).subquery()
    day = cast(func.timezone(settings().zone, every.c.at), Date)
    what = every.c.reader_id, every.c.reader, every.c.kind, every.c.month
    grouped = (
        select(
            *what,
            func.count().label("count"),
            func.min(every.c.at).label("first_at"),
            func.max(every.c.at).label("at"),
            func.concat(every.c.reader_id, every.c.kind, every.c.month).label("key"),
        )
        .group_by(day, *what)
        .subquery()
    )
    order = grouped.c.at, grouped.c.key
    return await keyset(session, select(grouped), order=order, paging=paging, descending=True)


async def waivers(session: AsyncSession, *, caller: Caller, paging: Paging) -> Rows[Waiver]:
    """Return a page of what the caller said about its own sums, the latest first."""
    mine = select(Waiver).where(Waiver.organization_id == caller.organization_id)
    return await keyset(session, mine, order=(Waiver.id,), paging=paging, descending=True)


def _by_buyers(caller: Caller, since: datetime) -> Select[Any]:
    mine = Look.supplier_id == caller.organization_id, Look.reader == "buyer"
    return _of_scorecards(Look.buyer_id, Relationship.buyer_name).where(
        *mine, Look.created_at >= since
    )


def _by_suppliers(caller: Caller, since: datetime) -> Select[Any]:
    mine = Look.buyer_id == caller.organization_id, Look.reader == "supplier"
    return _of_scorecards(Look.supplier_id, Relationship.supplier_name).where(
        *mine, Look.created_at >= since
    )


def _of_scorecards(reader: Any, name: Any) -> Select[Any]:  # noqa: ANN401
    same = and_(
        Relationship.buyer_id == Look.buyer_id, Relationship.supplier_id == Look.supplier_id
    )
    columns = (
        reader.label("reader_id"),
        name.label("reader"),
        Look.kind.label("kind"),
        literal(None, type_=Release.month.type).label("month"),
        Look.created_at.label("at"),
    )
    return select(*columns).join(Relationship, same)


def _of_releases(caller: Caller, since: datetime) -> Any:  # noqa: ANN401
    columns = (
        ReleaseLook.reader_id,
        ReleaseLook.reader_name.label("reader"),
        cast(literal(RELEASE), Text),
        Release.month,
        ReleaseLook.created_at,
    )
    return (
        select(*columns)
        .join(Contributor, Contributor.release_id == ReleaseLook.release_id)
        .join(Release, Release.id == ReleaseLook.release_id)
        .where(
            Contributor.organization_id == caller.organization_id, ReleaseLook.created_at >= since
        )
    )
