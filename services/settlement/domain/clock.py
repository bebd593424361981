"""The payment clock: when a delivery's payment is due by contract, by law and by pledge, and why.

The first day is not counted and an end on a holiday moves to the next workday (Civil Code, Art. 201
and 203). Where the buyer inspects, the term runs from acceptance, at the latest from the end of the
agreed inspection (Decree 802, Art. 10); where both settle by the month, from the day both confirmed
the amount (Art. 9). The figures come from `rule_sets/`; each carries its article and source.
"""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from contracts.onboarding import Signatory, Size, TermFrom, Terms
from services.settlement.domain.rules import Rule, RuleSet, law_at, pledge_at
from shared.workdays import add_workdays, next_workday

PUBLIC_BODIES = ("11", "12")  # how the USCC of state organs and public institutions begins
DAY = timedelta(days=1)


class Buyer(StrEnum):
    """What a buyer was when the contract was signed, as far as the Decree asks."""

    PUBLIC = "public"
    LARGE = "large"
    SMALLER = "smaller"
    UNKNOWN = "unknown"


class Start(StrEnum):
    """Why a term runs from the day it does; the rule of the same name says it in words."""

    DELIVERY = "delivery"
    ACCEPTANCE = "acceptance"
    INSPECTION_ENDED = "inspection_ended"
    STATEMENT = "statement"
    STATEMENT_EXPECTED = "statement_expected"


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What two sides agreed on, and what they were on that day."""

    signed_on: date
    agreed: bool = True  # False: nothing was agreed, the terms are the platform's defaults
    terms: Terms = field(default_factory=Terms)
    buyer: Buyer = Buyer.UNKNOWN
    supplier_is_sme: bool | None = None  # None: it never told

    @property
    def law(self) -> RuleSet:
        """The rules in force when it was signed."""
        return law_at(self.signed_on)

    @property
    def protected(self) -> bool:
        """Whether the Decree protects the supplier, its rule on late interest included."""
        owes = self.buyer in {Buyer.PUBLIC, Buyer.LARGE}
        return owes and bool(self.supplier_is_sme) and "interest_default" in self.law


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What happened to one delivered line up to its acceptance, and to its month's statement."""

    delivered_on: date
    accepted_on: date | None = None  # None: the buyer said nothing; it is deemed accepted
    inspection_ends_on: date | None = None  # as logistics found it; None: found from the terms
    confirmed_on: date | None = None  # when the second side agreed to the statement


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the reckoning: a rule, applied to a day, gives another."""

    rule: Rule
    from_on: date
    until_on: date
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day to pay by contract, law or pledge."""

    from_on: date
    ends_on: date  # before it moved from a holiday
    due_on: date
    provisional: bool
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Dates:
    """All dates of one delivered line, and how each was found."""

    rules: str
    started_on: date
    start: Start
    expected: bool  # the start itself has not happened yet
    contract: Deadline
    legal: Deadline | None
    no_legal: Rule | None  # why there is no statutory date
    pledge: Deadline | None

    @property
    def earliest(self) -> Deadline:
        """The deadline that comes first."""
        every = (self.contract, self.legal, self.pledge)
        return min((each for each in every if each), key=lambda each: each.due_on)

    @property
    def late_from(self) -> date:
        """The last day in time; from the next on interest runs. A pledge bears none (Art. 17)."""
        return min(self.contract.due_on, self.legal.due_on if self.legal else date.max)

    @property
    def provisional(self) -> bool:
        """Whether a holiday notice that is not published yet may move one of the dates."""
        return any(each.provisional for each in (self.contract, self.legal, self.pledge) if each)


@dataclass(frozen=True, slots=True)
class _Begin:
    """A term's first day (which is not counted), found by steps."""

    on: date
    start: Start
    steps: tuple[Step, ...]
    provisional: bool = False


def agreement(
    terms: Terms | None,
    *,
    signed_on: date,
    buyer: Signatory | None = None,
    supplier: Signatory | None = None,
) -> Agreement:
    """Say what two sides agreed on, from what they told when they signed (Decree 802, Art. 3)."""
    return Agreement(
        signed_on=signed_on,
        agreed=terms is not None,
        terms=terms or Terms(),
        buyer=_class_of(buyer or Signatory()),
        supplier_is_sme=supplier.size is not Size.LARGE if supplier and supplier.size else None,
    )


def reckon(agreed: Agreement, delivery: Delivery) -> Dates:
    """Find all dates of a delivered line by the rules in force when the contract was signed."""
    law, terms = agreed.law, agreed.terms
    begin = _begin(law, terms.payment_from, terms.acceptance_working_days, delivery)
    term = law["contract_term" if agreed.agreed else "default_term"]
    limit, none = _limit(agreed)
    by_law = begin
    if not agreed.agreed:  # only an agreement lets the term run from acceptance or a statement
        by_law = _begin(law, TermFrom.DELIVERY, 0, delivery)
    legal = _deadline(law, by_law, none, limit) if limit is not None else None
    return Dates(
        rules=law.version,
        started_on=begin.on,
        start=begin.start,
        expected=begin.start is Start.STATEMENT_EXPECTED,
        contract=_deadline(law, begin, term, terms.payment_days),
        legal=legal,
        no_legal=None if legal else none,
        pledge=_pledged(agreed, delivery) if terms.pledged_60_days else None,
    )


def _class_of(buyer: Signatory) -> Buyer:
    if buyer.uscc and buyer.uscc.startswith(PUBLIC_BODIES):
        return Buyer.PUBLIC
    if buyer.size is None:
        return Buyer.UNKNOWN
    return Buyer.LARGE if buyer.size is Size.LARGE else Buyer.SMALLER


def _limit(agreed: Agreement) -> tuple[int | None, Rule]:
    """Return how many days the law gives and by which rule, or None and the rule why it has none.

    What a public body agreed on holds up to the Decree's most; for a large enterprise the 60 days
    of the Decree are shown, also where a longer term was agreed.
    """
    law = agreed.law
    absent = _absent(agreed)
    if absent:
        return None, law[absent]
    if agreed.buyer is Buyer.PUBLIC:
        rule = law["public_body"]
        most = rule.days_max or 0
        return (min(agreed.terms.payment_days, most) if agreed.agreed else rule.days), rule
    return law.days("large_to_sme"), law["large_to_sme"]


def _absent(agreed: Agreement) -> str | None:
    """Name the rule by which there is no statutory date, if one says so."""
    large = agreed.buyer is Buyer.LARGE
    reasons = {
        "no_decree_yet": "no_decree_yet" in agreed.law,
        "buyer_not_large": agreed.buyer is Buyer.SMALLER,
        "supplier_not_sme": agreed.supplier_is_sme is False,
        "size_not_told": agreed.buyer is Buyer.UNKNOWN or agreed.supplier_is_sme is None,
        "no_days_in_decree": large and "large_to_sme" not in agreed.law,
    }
    return next((name for name, holds in reasons.items() if holds), None)


def _begin(law: RuleSet, runs_from: TermFrom, inspection: int, delivery: Delivery) -> _Begin:
    """Find the day from which a term runs, as agreed."""
    if runs_from is TermFrom.DELIVERY:
        return _reason(law, Start.DELIVERY, delivery.delivered_on, delivery.delivered_on)
    accepted = _accepted(law, inspection, delivery)
    if runs_from is TermFrom.ACCEPTANCE:
        return accepted
    if delivery.confirmed_on:
        return _reason(law, Start.STATEMENT, delivery.delivered_on, delivery.confirmed_on)
    expected, provisional = next_workday(month_end(delivery.accepted_on or accepted.on))
    begin = _reason(law, Start.STATEMENT_EXPECTED, delivery.delivered_on, expected)
    return _Begin(begin.on, begin.start, begin.steps, provisional)


def _accepted(law: RuleSet, inspection: int, delivery: Delivery) -> _Begin:
    """Find the day of acceptance: the buyer's, or the last of inspection where it came later."""
    ended, provisional = add_workdays(delivery.delivered_on, inspection)
    if delivery.inspection_ends_on and not provisional:
        ended = delivery.inspection_ends_on
    if delivery.accepted_on and delivery.accepted_on <= ended:
        return _reason(law, Start.ACCEPTANCE, delivery.delivered_on, delivery.accepted_on)
    begin = _reason(law, Start.INSPECTION_ENDED, delivery.delivered_on, ended, inspection)
    return _Begin(begin.on, begin.start, begin.steps, provisional)


def _reason(law: RuleSet, start: Start, from_on: date, on: date, days: int | None = None) -> _Begin:
    return _Begin(on, start, (Step(law[start.value], from_on, on, days),))


def _deadline(law: RuleSet, begin: _Begin, term: Rule, days: int) -> Deadline:
    """Count a term's days from the morrow of its start, and move its end off a holiday."""
    ends_on = begin.on + days * DAY
    due_on, provisional = next_workday(ends_on)
    steps = [*begin.steps, Step(term, begin.on, ends_on, days)]
    if days:
        steps.insert(-1, Step(law["first_day"], begin.on, begin.on + DAY))
    if due_on != ends_on:
        steps.append(Step(law["holiday"], ends_on, due_on))
    return Deadline(begin.on, ends_on, due_on, provisional or begin.provisional, tuple(steps))


def _pledged(agreed: Agreement, delivery: Delivery) -> Deadline | None:
    """Find the date of a buyer that signed the pledge; a statement counts for no SME."""
    pledge = pledge_at(delivery.delivered_on)
    if pledge is None:
        return None
    inspection = pledge["pledge_inspection"]
    ended, provisional = add_workdays(delivery.delivered_on, pledge.days(inspection.name))
    on = min(delivery.accepted_on or ended, ended)
    by_statement = agreed.terms.payment_from is TermFrom.STATEMENT
    if by_statement and delivery.confirmed_on and agreed.supplier_is_sme is False:
        term, on, provisional = pledge["pledge_statement"], delivery.confirmed_on, False
        steps = (Step(term, delivery.delivered_on, on),)
    else:
        term = pledge["pledge_term"]
        steps = (Step(inspection, delivery.delivered_on, on, inspection.days),)
    begin = _Begin(on, Start.ACCEPTANCE, steps, provisional and on == ended)
    return _deadline(agreed.law, begin, term, pledge.days(term.name))


def month_end(day: date) -> date:
    """Return the last day of a day's month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def percent_per_year(terms: Terms, *, floor: bool) -> Decimal | None:
    """Return the agreed rate of late interest, where a floor holds not below the LPR at signing."""
    agreed = terms.late_interest_percent
    if agreed is None or not floor or terms.lpr_percent is None:
        return agreed
    return max(agreed, terms.lpr_percent)
