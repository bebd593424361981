"""Rule sets kept as data: what each says, since when, in which article, and by which source.

A set of law is chosen by the day on which the contract was signed, a pledge by the day of delivery.
Each figure that follows from a rule carries it, so that a page can name the article beside it. This
is information for both sides, not legal advice.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict


class Kind(StrEnum):
    """Whether a set binds everybody or only those who signed it."""

    LAW = "law"
    PLEDGE = "pledge"


class Source(BaseModel):
    """A text that rules come from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    url: str | None = None
    secondary: bool = False  # read from mirrors or the press, not from its publisher


class Rule(BaseModel):
    """One rule as it is cited beside a figure: in Chinese and English, with article and source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    article: str  # 9(2) is the second paragraph of Article 9; - where there is none
    source: str
    url: str | None
    secondary: bool
    zh: str
    en: str
    days: int | None = None
    days_max: int | None = None
    percent_per_day: Decimal | None = None


class RuleSet(BaseModel):
    """All rules that hold for what was signed (or, for a pledge, delivered) since a day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    version: str
    effective_from: date
    title: str
    rules: Mapping[str, Rule]

    def __contains__(self, name: str) -> bool:
        """Return whether the set has a rule of this name."""
        return name in self.rules

    def __getitem__(self, name: str) -> Rule:
        """Return the rule of this name."""
        return self.rules[name]

    def days(self, name: str) -> int:
        """Return the number of days that a rule names."""
        days = self.rules[name].days
        assert days is not None, f"{self.version} names no days for {name}"
        return days


@cache
def rule_sets(kind: Kind = Kind.LAW) -> tuple[RuleSet, ...]:
    """Return all sets of a kind, the newest first."""
    found = [_rule_set(tomllib.loads(text)) for text in _texts()]
    kept = [each for each in found if each.kind is kind]
    return tuple(sorted(kept, key=lambda each: each.effective_from, reverse=True))


@cache
def digest() -> str:
    """Name the rule sets as they are: dates found by others are to be found anew."""
    return hashlib.sha256("".join(_texts()).encode()).hexdigest()[:12]


def law_at(signed_on: date) -> RuleSet:
    """Return the rules for a contract by the day it was signed (立法法, Art. 104)."""
    return _since(rule_sets(Kind.LAW), signed_on) or rule_sets(Kind.LAW)[-1]


def pledge_at(delivered_on: date) -> RuleSet | None:
    """Return the pledge that binds those who signed it for this delivery, if there was one."""
    return _since(rule_sets(Kind.PLEDGE), delivered_on)


def law_of(version: str) -> RuleSet:
    """Return the set by which a stored date was found."""
    return next(each for each in rule_sets(Kind.LAW) if each.version == version)


def _texts() -> list[str]:
    folder = files("services.settlement.domain").joinpath("rule_sets")
    kept = [each for each in folder.iterdir() if each.name.endswith(".toml")]
    return [each.read_text("utf-8") for each in sorted(kept, key=lambda each: each.name)]


def _since(sets: tuple[RuleSet, ...], day: date) -> RuleSet | None:
    return next((each for each in sets if each.effective_from <= day), None)


def _rule_set(kept: dict[str, Any]) -> RuleSet:
    sources = {name: Source(**each) for name, each in kept.pop("sources").items()}
    rules = {name: _rule(name, each, sources) for name, each in kept.pop("rules").items()}
    return RuleSet(**kept, rules=rules)


def _rule(name: str, kept: dict[str, Any], sources: dict[str, Source]) -> Rule:
    source = sources[kept.pop("source")]
    secondary = kept.pop("secondary", source.secondary)
    return Rule(name=name, source=source.name, url=source.url, secondary=secondary, **kept)
