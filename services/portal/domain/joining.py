"""The application on a phone: which thing comes on which screen, and what is still missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

_ = str  # marks what the catalog translates


class Step(StrEnum):
    """One screen of the application."""

    COMPANY = "company"
    SIZE = "size"
    CONTACT = "contact"
    BANK = "bank"


FIELDS: Mapping[Step, tuple[str, ...]] = {
    Step.COMPANY: ("region", "industry"),
    Step.SIZE: ("size", "parent_uscc"),
    Step.CONTACT: ("contact.name", "contact.phone", "contact.email"),
    Step.BANK: ("bank.holder", "bank.name", "bank.account"),
}
OPTIONAL = frozenset({"parent_uscc", "contact.email"})
FIELD_WORDS: Mapping[str, str] = {
    "region": _("Region"),
    "industry": _("Industry"),
    "size": _("Size"),
    "parent_uscc": _("Code of the parent company"),
    "contact.name": _("Contact"),
    "contact.phone": _("Telephone"),
    "contact.email": _("E-mail"),
    "bank.holder": _("Account holder"),
    "bank.name": _("Bank and branch"),
    "bank.account": _("Account number"),
}
GROUP_WORDS: Mapping[str, str] = {
    "uscc": _("Code"),
    "contact": _("Contact"),
    "bank": _("Bank account"),
}
TROUBLE_WORDS: Mapping[str, str] = {
    "region": _("Choose the region from the list."),
    "industry": _("Choose the industry from the list."),
    "size": _("Choose one."),
    "parent_uscc": _("This is not a valid code: 18 characters, without I, O, S, V and Z."),
    "contact.name": _("Write whom the buyer should call."),
    "contact.phone": _("Write a telephone number such as 138 1234 5678."),
    "contact.email": _("Write an e-mail address such as lin@example.com."),
    "bank.holder": _("Write who holds the account, as at the bank."),
    "bank.name": _("Write the bank with its branch."),
    "bank.account": _("Write the account number: 8 to 30 digits."),
}


@dataclass(frozen=True)
class Way:
    """How far somebody has come through the screens."""

    missing: frozenset[str]

    def is_done(self, step: Step) -> bool:
        return not self.missing.intersection(FIELDS[step])

    @property
    def next(self) -> Step | None:
        """The first screen that is not complete; None when all can be sent."""
        return next((step for step in Step if not self.is_done(step)), None)

    @property
    def is_complete(self) -> bool:
        return self.next is None


def way_through(values: Mapping[str, str | None]) -> Way:
    """Say what is missing of an application, by the names of its fields."""
    wanted = (name for names in FIELDS.values() for name in names if name not in OPTIONAL)
    return Way(frozenset(name for name in wanted if not values.get(name)))


def following(step: Step) -> Step | None:
    """Return the screen after this one; None leads to the review."""
    steps = list(Step)
    after = steps.index(step) + 1
    return steps[after] if after < len(steps) else None


def before(step: Step) -> Step | None:
    """Return the screen before this one."""
    steps = list(Step)
    index = steps.index(step)
    return steps[index - 1] if index else None


def step_of(field: str) -> Step | None:
    """Return the screen on which a field stands; a note may name a group, such as `bank`."""
    if field == "uscc":
        return Step.COMPANY
    for step, names in FIELDS.items():
        if field in names or any(name.startswith(f"{field}.") for name in names):
            return step
    return None


def nested(values: Mapping[str, str], names: Sequence[str]) -> dict[str, object]:
    """Turn `contact.name` and its like into the profile's form; what is empty is left out."""
    body: dict[str, object] = {}
    for name in names:
        value = values.get(name, "")
        if not value:
            continue
        group, _dot, field = name.partition(".")
        if not field:
            body[group] = value
            continue
        inner = body.setdefault(group, {})
        assert isinstance(inner, dict)
        inner[field] = value
    return body
