"""Lights in SQL: the same as `domain.lights` says of one line, of any number of rows."""

from datetime import date

from sqlalchemy import ColumnElement, Integer, and_, case, func, literal, type_coerce

from contracts.orders import Light
from services.orders.domain.lights import State
from services.orders.models import ScheduleLine
from shared.database import spelled
from shared.settings import settings

CONFIRMED = spelled(State.CONFIRMED)


def is_late(today: date) -> ColumnElement[bool]:
    """Say which open lines are red, as `domain.lights` has it."""
    return and_(ScheduleLine.state == CONFIRMED, ScheduleLine.late_from <= today)


def is_at_risk(today: date) -> ColumnElement[bool]:
    """Say which open lines are amber, as `domain.lights` has it."""
    return and_(
        ScheduleLine.state == CONFIRMED,
        ScheduleLine.at_risk_from <= today,
        ScheduleLine.late_from > today,
    )


def open_light(today: date) -> ColumnElement[str]:
    """Tell how an open line stands."""
    return case(
        (ScheduleLine.state == State.UNCONFIRMED, Light.UNCONFIRMED.value),
        (is_late(today), Light.LATE.value),
        (is_at_risk(today), Light.AT_RISK.value),
        else_=Light.ON_TIME.value,
    )


def light(today: date) -> ColumnElement[str]:
    """Tell how any line stands, as `domain.lights` does."""
    return case(
        (ScheduleLine.state == State.CANCELLED, Light.CANCELLED.value),
        (~ScheduleLine.open, Light.COMPLETED.value),
        else_=open_light(today),
    )


def days_late(today: date) -> ColumnElement[int]:
    """Tell by how many days a line was, is or will be late; 0 where it is not."""
    day = literal(today)
    promised = func.coalesce(ScheduleLine.promised_on, ScheduleLine.due_on)
    completed_on = func.date(func.timezone(settings().zone, ScheduleLine.completed_at))
    ends = case(
        (ScheduleLine.open, func.greatest(ScheduleLine.predicted_on, day)), else_=completed_on
    )
    late = func.greatest(type_coerce(ends - promised, Integer), 0)
    return type_coerce(
        case((ScheduleLine.state == State.CANCELLED, 0), else_=func.coalesce(late, 0)), Integer
    )
