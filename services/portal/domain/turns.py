"""Whose turn it is on an order, and for what."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from contracts.orders import Light, Side


class Wanted(StrEnum):
    """What is waited for, the most pressing first."""

    ANSWER_CHANGE = "answer_change"
    CONFIRM = "confirm"
    ANSWER_REMINDER = "answer_reminder"
    CATCH_UP = "catch_up"
    REPORT = "report"


@dataclass(frozen=True)
class Turn:
    """A side is waited for; `count` lines or proposals are concerned."""

    side: Side
    wanted: Wanted
    count: int = 1


def other(side: Side) -> Side:
    return Side.SUPPLIER if side is Side.BUYER else Side.BUYER


def turns(
    lights: Sequence[Light],
    changes_by: Sequence[Side],
    reminded_by: Side | None,
) -> list[Turn]:
    """Return who is waited for, the most pressing first; nothing when all is done.

    `reminded_by` is the side whose reminder is the last word of the story.
    """
    found = [
        Turn(other(side), Wanted.ANSWER_CHANGE, changes_by.count(side))
        for side in Side
        if side in changes_by
    ]
    if unconfirmed := lights.count(Light.UNCONFIRMED):
        found.append(Turn(Side.SUPPLIER, Wanted.CONFIRM, unconfirmed))
    if reminded_by:
        found.append(Turn(other(reminded_by), Wanted.ANSWER_REMINDER))
    if late := lights.count(Light.LATE) + lights.count(Light.AT_RISK):
        found.append(Turn(Side.SUPPLIER, Wanted.CATCH_UP, late))
    if running := lights.count(Light.ON_TIME):
        found.append(Turn(Side.SUPPLIER, Wanted.REPORT, running))
    return found
