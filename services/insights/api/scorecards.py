"""Scorecards over HTTP. Whoever reads figures of another is written down for that other to see."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from contracts.orders import Side
from contracts.scopes import Scope
from services.insights.commands import looks
from services.insights.domain.figures import MONTHS_MAX, Figure, Figured, major
from services.insights.domain.problems import ScorecardNotFound
from services.insights.models import Relationship
from services.insights.queries import evidence as evidence_query
from services.insights.queries import scorecards as queries
from services.insights.queries.scorecards import Period, Scorecard
from services.insights.schemas.scorecards import (
    EvidenceOut,
    FigureOut,
    MonthOut,
    ScorecardOut,
    ScorecardWithMonthsOut,
)
from shared.auth import Caller, requires
from shared.database import Now, Transaction
from shared.idempotency import Route
from shared.paging import PAGE_MAX, Page, PageAsked
from shared.problem import problems
from shared.settings import settings

router = APIRouter(prefix="/scorecards", tags=["Scorecards"], route_class=Route)

Reader = Annotated[Caller, requires(Scope.INSIGHTS_READ)]
Months = Annotated[
    int, Query(ge=1, le=MONTHS_MAX, description="So many months, up to and with the current one.")
]


class Asked(NamedTuple):
    """Of which months, seen from which side, at what time."""

    period: Period
    side: Side | None
    at: datetime


async def _asked(now: Now, side: Side | None = None, months: Months = 12) -> Asked:
    today = now.astimezone(settings().calendar).date()
    return Asked(Period.up_to(today, months=months), side, now)


Of = Annotated[Asked, Depends(_asked)]


@router.get("")
async def list_scorecards(
    caller: Reader,
    session: Transaction,
    asked: Of,
    paging: PageAsked,
    counterparty_id: Annotated[
        list[UUID] | None, Query(max_length=PAGE_MAX, description="These alone.")
    ] = None,
) -> Page[ScorecardOut]:
    """List how one's suppliers deliver or, with `side=supplier`, how one's buyers are served."""
    side = asked.side or Side.BUYER
    rows = await queries.scorecards(
        session,
        caller=caller,
        side=side,
        period=asked.period,
        paging=paging,
        among=counterparty_id or (),
    )
    read = [card.relationship for card in rows.items]
    await looks.note_looks(session, read, kind="list", by=caller, at=asked.at)
    shown = [ScorecardOut(**_shown(card, asked.period, caller)) for card in rows.items]
    return Page(items=shown, next=rows.next)


@router.get("/{counterparty_id}", responses=problems(ScorecardNotFound))
async def show_scorecard(
    counterparty_id: UUID, caller: Reader, session: Transaction, asked: Of
) -> ScorecardWithMonthsOut:
    """Show one scorecard with its months: of a supplier or, to a buyer of one's own, of oneself."""
    found = await queries.relationship(session, counterparty_id, caller=caller, side=asked.side)
    card = await queries.scorecard(session, found, asked.period)
    await looks.note_looks(session, [found], kind="scorecard", by=caller, at=asked.at)
    by_month = [
        MonthOut(month=month, figures=_figures(figures, found, asked.period, caller))
        for month, figures in card.months
    ]
    shown = ScorecardWithMonthsOut(**_shown(card, asked.period, caller), months=by_month)
    _with_trends(shown.figures, by_month)
    return shown


@router.get("/{counterparty_id}/events", responses=problems(ScorecardNotFound))
async def list_events(  # noqa: PLR0913, PLR0917  which page of what of whom
    counterparty_id: UUID,
    figure: Figure,
    caller: Reader,
    session: Transaction,
    asked: Of,
    paging: PageAsked,
) -> Page[EvidenceOut]:
    """List what a figure counts, the latest first; it adds up to both of the figure's sums."""
    found = await queries.relationship(session, counterparty_id, caller=caller, side=asked.side)
    rows = await evidence_query.evidence(session, figure, found, asked.period, paging)
    await looks.note_looks(session, [found], kind="events", by=caller, at=asked.at)
    return Page(items=[_evidence(row, figure) for row in rows.items], next=rows.next)


def _shown(card: Scorecard, period: Period, caller: Caller) -> dict[str, Any]:
    row = card.relationship
    buys = row.buyer_id == caller.organization_id
    return {
        "counterparty_id": row.supplier_id if buys else row.buyer_id,
        "counterparty_name": row.supplier_name if buys else row.buyer_name,
        "buyer_id": row.buyer_id,
        "buyer_name": row.buyer_name,
        "supplier_id": row.supplier_id,
        "supplier_name": row.supplier_name,
        "state": row.state,
        "since": row.since,
        "first_month": period.first,
        "last_month": period.last,
        "figures": _figures(card.figures, row, period, caller),
    }


def _figures(
    figures: list[Figured], row: Relationship, period: Period, caller: Caller
) -> list[FigureOut]:
    buys = row.buyer_id == caller.organization_id
    other, side = (row.supplier_id, Side.BUYER) if buys else (row.buyer_id, Side.SUPPLIER)
    months = (period.last.year - period.first.year) * 12 + period.last.month - period.first.month
    address = f"/api/insights/v1/scorecards/{other}/events?"
    asked = {"side": side.value, "months": months + 1}
    return [
        FigureOut(
            **{name: getattr(one, name) for name in SAID},
            name=one.figure,
            events=address + urlencode({"figure": one.figure.value, **asked}),
        )
        for one in figures
    ]


def _with_trends(shown: list[FigureOut], months: Sequence[MonthOut]) -> None:
    """Say of every figure what it was in each month."""
    for one in shown:
        of = one.name, one.currency
        one.trend = [
            next((f.value for f in month.figures if (f.name, f.currency) == of), None)
            for month in months
        ]


def _evidence(row: evidence_query.Evidence, figure: Figure) -> EvidenceOut:
    def shown(number: int) -> Any:  # noqa: ANN401
        return major(number, row.currency) if row.currency and figure in OF_MONEY else number

    no_quotient = figure in {Figure.ORDERED, Figure.OVERDUE}
    return EvidenceOut(
        **row._asdict()
        | {
            "numerator": shown(row.numerator),
            "denominator": None if no_quotient else shown(row.denominator),
            "counted": bool(row.numerator) if figure in OF_PROMISES else None,
        }
    )


OF_TWO_SUMS = "numerator", "numerator_unit", "denominator", "denominator_unit"
SAID = "kind", "currency", "value", "unit", *OF_TWO_SUMS
OF_PROMISES = {Figure.ON_TIME_FIRST, Figure.ON_TIME}
OF_MONEY = {Figure.ORDERED, Figure.OVERDUE, Figure.WITHIN_LEGAL_TERM}
