"""A relationship goes from state to state as both sides were told it would."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from contracts.onboarding import RelationshipState
from contracts.orders import Side
from services.onboarding.domain.relationships import (
    PROPOSED,
    Act,
    Standing,
    after,
    imported,
    proposed,
)
from shared.problem import Problem

TODAY = date(2026, 11, 22)
acts = st.lists(st.tuples(st.sampled_from(Act), st.sampled_from(Side)), max_size=12)


def lived(steps: list[tuple[Act, Side]]) -> list[Standing]:
    """Return all states that a relationship goes through; refused steps change nothing."""
    states = [PROPOSED]
    for act, side in steps:
        try:
            states.append(after(states[-1], act, by=side, on=TODAY))
        except Problem:
            continue
    return states


@given(steps=acts)
def test_nothing_is_active_that_the_supplier_did_not_accept(steps: list[tuple[Act, Side]]) -> None:
    states = lived(steps)
    if any(standing.state is RelationshipState.ACTIVE for standing in states):
        assert (Act.ACCEPT, Side.SUPPLIER) in steps


@given(steps=acts)
def test_what_has_ended_stays_ended(steps: list[tuple[Act, Side]]) -> None:
    states = [standing.state for standing in lived(steps)]
    assert RelationshipState.ENDED not in states[:-1]


@given(steps=acts)
def test_only_who_suspended_resumes(steps: list[tuple[Act, Side]]) -> None:
    for standing in lived(steps):
        assert (standing.suspended_by is not None) == (
            standing.state is RelationshipState.SUSPENDED
        )
        if standing.suspended_by:
            [other] = set(Side) - {standing.suspended_by}
            try:
                after(standing, Act.RESUME, by=other, on=TODAY)
            except Problem:
                continue
            raise AssertionError(standing)


@given(steps=acts)
def test_only_after_an_end_is_there_a_new_beginning(steps: list[tuple[Act, Side]]) -> None:
    last = lived(steps)[-1]
    try:
        assert proposed(last) == PROPOSED
    except Problem:
        assert last.state is not RelationshipState.ENDED
    else:
        assert last.state is RelationshipState.ENDED


@given(steps=acts)
def test_an_import_repeats_to_nothing(steps: list[tuple[Act, Side]]) -> None:
    try:
        once = imported(lived(steps)[-1], TODAY)
    except Problem:
        return
    assert once.state is RelationshipState.ACTIVE
    assert imported(once, date(2030, 1, 1)) == once
