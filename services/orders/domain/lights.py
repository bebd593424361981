"""When a schedule line's light turns: two dates kept on its row, so that a list only compares."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from contracts.orders import Light

START_BEFORE = timedelta(days=3)  # who has not started by then is at risk
DAY = timedelta(days=1)


class State(StrEnum):
    """What the two sides have said to each other about a schedule line."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Outlook:
    """What production tells about the end: the early 50 % edge and the late 90 % edge."""

    early_50_on: date
    late_90_on: date
    known_on: date


@dataclass(frozen=True, slots=True)
class Turns:
    """From which day on a line is at risk or late if nothing else happens; None: never before."""

    at_risk_from: date | None
    late_from: date


def turns(promised_on: date, *, started: bool, outlook: Outlook | None) -> Turns:
    """Say when a promise turns amber and red.

    Late: its day has passed, or the early 50 % edge lies after it. At risk: the late 90 % edge
    lies after it, or nothing was made three days before it.
    """
    late_from = promised_on + DAY
    at_risk_from = None if started else promised_on - START_BEFORE
    if outlook and outlook.early_50_on > promised_on:
        late_from = min(late_from, outlook.known_on)
    if outlook and outlook.late_90_on > promised_on:
        at_risk_from = min(at_risk_from or outlook.known_on, outlook.known_on)
    return Turns(at_risk_from, late_from)


def light(
    state: State, *, quantity: Decimal, good: Decimal, turning: Turns | None, today: date
) -> Light:
    """Tell how a schedule line stands on a day; the order book says the same in SQL."""
    if state is State.CANCELLED:
        return Light.CANCELLED
    if state is State.UNCONFIRMED or turning is None:
        return Light.UNCONFIRMED
    if good >= quantity:
        return Light.COMPLETED
    if turning.late_from <= today:
        return Light.LATE
    if turning.at_risk_from and turning.at_risk_from <= today:
        return Light.AT_RISK
    return Light.ON_TIME
