"""Roles and scopes: what a role allows, and who may give it."""

from collections.abc import Collection, Iterable

from contracts.scopes import OPERATORS, ROLES, Role, Scope
from shared.problem import Problem

OPENID = "openid"  # asks for an ID token beside the access token; it allows nothing
KNOWN = frozenset[str](ROLES)
GRANTABLE = frozenset[str](
    scope for role, scopes in ROLES.items() if role not in OPERATORS for scope in scopes
)
"""Scopes that an organization's administrator may give to its clients."""


class NotYoursToGive(Problem):
    """Only the platform's operator grants this role or scope."""

    status = 403


class LastAdministrator(Problem):
    """An organization keeps at least one administrator."""

    status = 409


def scopes_of(roles: Iterable[str]) -> frozenset[str]:
    """Return what the roles allow together; a role that is no longer known allows nothing."""
    known = [ROLES[Role(role)] for role in roles if role in KNOWN]
    return frozenset(scope.value for scopes in known for scope in scopes)


def cut(scope: str, roles: Iterable[str]) -> str:
    """Return those of the space-separated scopes that the roles allow, in the same order."""
    allowed = scopes_of(roles) | {OPENID}
    return " ".join(word for word in scope.split() if word in allowed)


def check_roles(roles: Collection[Role], *, by_operator: bool) -> None:
    """Refuse roles that an organization's administrator cannot give."""
    reserved = OPERATORS.intersection(roles)
    if reserved and not by_operator:
        raise NotYoursToGive(f"Ask the platform's operator for {', '.join(sorted(reserved))}.")


def check_scopes(scopes: Collection[str], *, by_operator: bool) -> None:
    """Refuse scopes that an organization's administrator cannot give to a client."""
    reserved = frozenset(scopes) - GRANTABLE
    if reserved and not by_operator:
        raise NotYoursToGive(f"Ask the platform's operator for {', '.join(sorted(reserved))}.")


def is_administrator(roles: Collection[str]) -> bool:
    """Tell whether the roles let somebody administer the organization."""
    return Scope.IDENTITY_ADMINISTER.value in scopes_of(roles)


def check_somebody_administers(
    others: int, *, before: Collection[str], after: Collection[str]
) -> None:
    """Refuse to take away the roles of the only one who could give them back."""
    if is_administrator(before) and not is_administrator(after) and not others:
        raise LastAdministrator("Make somebody else an administrator first.")
