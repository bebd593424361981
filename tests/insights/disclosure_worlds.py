"""Random platforms, small enough to be attacked by everybody on them."""

import random
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from services.insights.domain.disclosure import Axis, Measure, Row

MONTHS = (date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1))


class World(NamedTuple):
    rows: list[Row]
    regions: Axis
    industries: Axis
    percent: int
    periods: list[list[tuple[date, ...]]]  # of each release


def world(seed: int) -> World:
    """Make a platform of few buyers and suppliers, some of them both, over two or three months."""
    chance = random.Random(seed)
    months = MONTHS[: chance.choice((2, 2, 3))]
    provinces = [f"{n}00000" for n in range(1, chance.randint(2, 3) + 1)]
    codes = [f"{p[:2]}{k}000" for p in provinces for k in (1, 2)] if seed % 5 == 0 else provinces
    industries = [f"C{n}" for n in range(1, chance.randint(2, 3) + 1)]
    suppliers = [f"s{n}" for n in range(chance.randint(10, 30))]
    buyers = [f"b{n}" for n in range(chance.randint(3, 6))] + suppliers[:1]
    places = {
        supplier: [
            (chance.choice(codes), chance.choice(industries))
            for _ in range(chance.choice((1, 1, 1, 2)))
        ]
        for supplier in suppliers
    }
    deals = {
        (buyer, supplier, place): chance.lognormvariate(8, 1.2)
        for supplier in suppliers
        for place in places[supplier]
        for buyer in chance.sample(buyers, chance.choice((1, 1, 2, 3)))
        if buyer != supplier
    }
    measures = chance.sample(range(6), chance.choice((1, 2)))
    rows: list[Row] = []
    for month in months:
        for (buyer, supplier, place), size in deals.items():
            if chance.random() < 0.85:
                steady = chance.random() < 0.5
                size_now = size if steady else size * chance.lognormvariate(0, 0.6)
                rows += _deal(chance, measures, (month, *place), (buyer, supplier), size_now)
    if 0 in measures:
        rows += _active(deals, months)
    regions = Axis.regions(codes)
    periods: list[list[tuple[date, ...]]] = [[(month,)] for month in months]
    if seed % 4 == 0:
        periods[-1].append(tuple(months))  # the months until now, together
    if seed % 7 == 0:
        periods.append([(months[0],)])  # once more
    return World(rows, regions, Axis.flat(industries), chance.randint(10, 20), periods)


def _deal(
    chance: random.Random,
    measures: Sequence[int],
    cell: tuple[date, str, str],
    parties: tuple[str, str],
    size: float,
) -> list[Row]:
    """Draw what one buyer and one supplier have to do with each other in a month."""
    amount, lines = max(1, round(size)), max(1, round(size / 300))
    late = chance.choice((0, 0, 1, chance.randint(0, lines)))
    drawn = {
        1: {Measure.ORDERED: amount},
        2: {Measure.DUE: lines, Measure.ON_TIME: lines - min(late, lines)},
        3: {Measure.PAID: lines, Measure.PAYMENT_DAYS: lines * chance.randint(10, 90)},
        4: {
            Measure.SETTLED: amount,
            Measure.WITHIN_TERM: chance.choice((amount, amount, amount // 2, 0)),
        },
        5: {Measure.OVERDUE: chance.choice((0, amount // 3, amount))},
    }
    buyer, supplier = parties
    return [
        Row((buyer,), supplier, *cell, measure, value)
        for index in measures
        for measure, value in drawn.get(index, {}).items()
    ]


def _active(
    deals: dict[tuple[str, str, tuple[str, str]], float], months: Sequence[date]
) -> list[Row]:
    """Count every supplier once per place and month, with all its buyers there."""
    buyers: dict[tuple[str, tuple[str, str]], set[str]] = {}
    for buyer, supplier, place in deals:
        buyers.setdefault((supplier, place), set()).add(buyer)
    return [
        Row(tuple(sorted(names)), supplier, month, *place, Measure.ACTIVE, 1)
        for month in months
        for (supplier, place), names in buyers.items()
        if (sum(map(ord, supplier)) + month.month) % 5
    ]
