"""The payment clock agrees with what was worked out by hand, line by line."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from contracts.onboarding import Size, TermFrom, Terms
from contracts.orders import Side
from services.settlement.domain.clock import (
    Agreement,
    Buyer,
    Dates,
    Deadline,
    Delivery,
    reckon,
)
from services.settlement.domain.interest import Paid, interest
from services.settlement.domain.rules import law_at
from services.settlement.domain.timeline import Course, Dispute, consumed, timeline
from shared.workdays import add_workdays

TABLES = Path(__file__).with_name("clock_examples.md")
Row = dict[str, str]


def rows(heading: str) -> Iterator[Row]:
    """Read the table below a heading."""
    text = TABLES.read_text("utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    head, _, *body = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    for cells in body:
        assert len(cells) == len(head), cells
        yield dict(zip(head, cells, strict=True))


def examples(heading: str) -> list[object]:
    """Give each line of a table a test of its own."""
    return [pytest.param(row, id=f"{row['#']}: {row['what it shows']}") for row in rows(heading)]


def day(text: str) -> date | None:
    return None if text in {"", "-"} else date.fromisoformat(text)


def parties(text: str) -> tuple[Buyer, bool | None]:
    """Read `large → small`; a question mark is a size that was never told."""
    buyer, supplier = text.split(" → ")
    sme = None if supplier == "?" else Size(supplier) is not Size.LARGE
    known = {"large": Buyer.LARGE, "public": Buyer.PUBLIC, "?": Buyer.UNKNOWN}
    return known.get(buyer, Buyer.SMALLER), sme


class Written(NamedTuple):
    """Terms as the tables write them: `60 acceptance 3 +`."""

    terms: Terms
    agreed: bool


def written(text: str) -> Written:
    if text == "none":
        return Written(Terms(), agreed=False)
    days, runs_from, *rest = text.removesuffix("+").split()
    terms = Terms(
        payment_days=int(days),
        payment_from=TermFrom(runs_from),
        acceptance_working_days=int(rest[0]) if rest else 3,
        pledged_60_days=text.endswith("+"),
    )
    return Written(terms, agreed=True)


def agreement(row: Row) -> Agreement:
    buyer, sme = parties(row["buyer → supplier"])
    terms, agreed = written(row["terms"])
    return Agreement(
        signed_on=date.fromisoformat(row["signed"]),
        agreed=agreed,
        terms=terms,
        buyer=buyer,
        supplier_is_sme=sme,
    )


def agreed_by(text: str) -> tuple[date | None, date | None]:
    """Read when the buyer and the supplier agreed to the statement."""
    buyer, supplier = text.split(" / ") if text else ("", "")
    return day(buyer), day(supplier)


def confirmed(text: str) -> date | None:
    both = agreed_by(text)
    known = [each for each in both if each]
    return max(known) if len(known) == len(both) else None


def shown(deadline: Deadline | None) -> str:
    if deadline is None:
        return ""
    return f"{deadline.due_on}{' ?' if deadline.provisional else ''}"


@pytest.mark.parametrize("row", examples("Dates"))
def test_dates_are_as_worked_out_by_hand(row: Row) -> None:
    found = reckon(
        agreement(row),
        Delivery(
            delivered_on=date.fromisoformat(row["delivered"]),
            accepted_on=day(row["accepted"]),
            confirmed_on=confirmed(row["statement"]),
        ),
    )
    starts = f"{found.started_on} {found.start}{' ~' if found.expected else ''}"
    legal = shown(found.legal) or (found.no_legal.name if found.no_legal else "?")
    assert {
        "starts": starts,
        "contract": shown(found.contract),
        "legal latest": legal,
        "pledge": shown(found.pledge),
    } == {name: row[name] for name in ("starts", "contract", "legal latest", "pledge")}


@pytest.mark.parametrize("row", examples("Dates"))
def test_the_set_of_rules_follows_from_the_day_of_signing(row: Row) -> None:
    version = law_at(date.fromisoformat(row["signed"])).version
    expected = "CN-2020-09-01" if "D728" in row["article"] else "CN-2025-06-01"
    assert version == ("CN-2000-01-01" if row["signed"] < "2020-09-01" else expected)


@pytest.mark.parametrize("row", examples("Interest"))
def test_interest_is_as_worked_out_by_hand(row: Row) -> None:
    buyer, sme = parties(row["parties"])
    percent = {name: None if row[name] == "-" else Decimal(row[name]) for name in ("agreed", "LPR")}
    late_from = min(each for each in (day(row["contract"]), day(row["legal latest"])) if each)
    found = interest(
        Agreement(
            signed_on=date(2023, 5, 1) if "D728" in row["article"] else date(2025, 7, 1),
            terms=Terms(late_interest_percent=percent["agreed"], lpr_percent=percent["LPR"]),
            buyer=buyer,
            supplier_is_sme=sme,
        ),
        late_from=late_from,
        owed_minor=minor(row["owed"]),
        disputed_minor=minor(row["disputed"]),
        paid=[_paid(each) for each in row["payments"].split(", ") if each],
        until=date.fromisoformat(row["until"]),
    )
    assert found.amount_minor == (None if row["interest"] == "none" else minor(row["interest"]))
    assert found.rule.article in {"-", "17", "15"}
    assert found.floor_unknown == (row["agreed"] != "-" and row["LPR"] == "-")


def minor(yuan: str) -> int:
    return int(Decimal(yuan) * 100)


def _paid(text: str) -> Paid:
    on, amount = text.split()
    return Paid(date.fromisoformat(on), minor(amount))


@pytest.mark.parametrize("row", examples("Whose days"))
def test_each_day_is_whose_it_was(row: Row) -> None:
    course = _course(row)
    terms = written(row["terms"]).terms
    agreed = Agreement(
        signed_on=date(2025, 7, 1), terms=terms, buyer=Buyer.LARGE, supplier_is_sme=True
    )
    until = date.fromisoformat(row["until"])
    segments = timeline(course, _dates(agreed, course, row), until=until)
    assert ", ".join(f"{s.who[0].upper()}{s.days} {s.reason}" for s in segments) == row["days"]
    passed = (min(course.settled_on or until, until) - course.delivered_on).days
    assert sum(consumed(segments).values()) == passed


def _dates(agreed: Agreement, course: Course, row: Row) -> Dates:
    delivery = Delivery(
        delivered_on=course.delivered_on,
        accepted_on=course.accepted_on,
        confirmed_on=confirmed(row["statement"]),
    )
    return reckon(agreed, delivery)


def _course(row: Row) -> Course:
    delivered = date.fromisoformat(row["delivered"])
    inspection = written(row["terms"]).terms.acceptance_working_days
    opened, _, by = row["opened"].partition(" ")
    buyer, supplier = agreed_by(row["statement"])
    return Course(
        delivered_on=delivered,
        accepted_on=day(row["accepted"]),
        inspection_ends_on=add_workdays(delivered, inspection).day,
        opened_on=day(opened),
        opened_by=Side(by) if by else None,
        buyer_agreed_on=buyer,
        supplier_agreed_on=supplier,
        invoiced_on=day(row["invoiced"]),
        disputes=[_dispute(row["disputed"])] if row["disputed"] else [],
        settled_on=day(row["paid"]),
    )


def _dispute(text: str) -> Dispute:
    since, until, who = text.split()
    return Dispute(date.fromisoformat(since), date.fromisoformat(until), Side(who))
