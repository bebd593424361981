"""What the demo's history tells a regulator: enough groups everywhere that something is shown."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

import pytest

from lianqiao.simulation.chain import MAKER, OTHER_MAKERS, Company
from lianqiao.simulation.demo import LINE_COUNT, MONTHS, SEED, SUPPLIER_COUNT
from lianqiao.simulation.history import TERMS
from lianqiao.simulation.plan import Plan, draw_plan
from services.insights.commands.protecting import Task, Verdict, decide
from services.insights.domain.contributions import Did, Firm, Sum, division, province, sums

TABLES = "ordered_amount", "on_time_in_full", "payment_days", "within_legal_term"


@pytest.mark.parametrize("percent", ["10", "20"])
@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2027, 1, 1), date(2027, 3, 31)])
def test_the_last_month_is_published_for_several_provinces(day: date, percent: str) -> None:
    found = published(plan_of(day), Decimal(percent))

    for table in TABLES:
        shown = found.shown[table]
        assert sum(industry == "*" != region for region, industry in shown) >= 3, table
        assert any("*" not in place for place in shown), table
        assert found.withheld[table], "a chain without gaps is none"
    provinces = {region for table in TABLES for region, _ in found.shown[table]}
    assert len(provinces - {"*"}) >= 3


def plan_of(day: date) -> Plan:
    return draw_plan(
        Random(SEED),
        now=datetime(day.year, day.month, day.day, 6, 30, tzinfo=UTC),
        zone=ZoneInfo("Asia/Shanghai"),
        supplier_count=SUPPLIER_COUNT,
        line_count=LINE_COUNT,
        months=MONTHS,
    )


def published(plan: Plan, percent: Decimal) -> Verdict:
    """Let disclosure control judge the last month of a plan's deals."""
    known = {
        _id(one): Firm(one.uscc, province(one.region), division(one.industry))
        for one in plan.companies
    }
    month = (plan.now.date().replace(day=1) - timedelta(days=1)).replace(day=1)
    waived = frozenset(maker.uscc for maker in (MAKER, *OTHER_MAKERS))
    return decide(Task(month, _sums(plan, month, known), [], percent, waived))


def _sums(plan: Plan, month: date, known: dict[UUID, Firm]) -> list[Sum]:
    pairs: defaultdict[tuple[UUID, UUID], Counter[str]] = defaultdict(Counter)
    for deal in plan.deals:
        did, minor = pairs[_id(deal.buyer), _id(deal.supplier)], int(deal.amount * 100)
        if _within(deal.placed_at.date(), month):
            did.update(active=1, ordered=minor)
        if _within(deal.promised_on, month):
            did.update(promised=1, kept=int(deal.delivered_on <= deal.promised_on))
        if deal.paid_on and _within(deal.paid_on, month):
            days = (deal.paid_on - deal.delivered_on).days
            did.update(active=1, payments=1, payment_days=days)
        last = deal.delivered_on + timedelta(days=TERMS.payment_days)
        if deal.paid_on and _within(last, month):
            did.update(legal=minor, legal_kept=minor if deal.paid_on <= last else 0)
    names = "ordered", "promised", "kept", "payments", "payment_days", "legal", "legal_kept"
    told = [
        Did(*pair, did["active"] > 0, *(did[name] for name in names))
        for pair, did in sorted(pairs.items())
    ]
    return sums(month, told, known)


def _id(company: Company) -> UUID:
    return uuid5(NAMESPACE_URL, company.uscc)


def _within(day: date, month: date) -> bool:
    return day.replace(day=1) == month
