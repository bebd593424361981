"""For which side of a row somebody may act: a token is granted what its holder does at work."""

from contracts.orders import Side
from contracts.scopes import Scope
from services.settlement.domain.problems import NotAParty
from shared.auth import Caller

NEEDS = {Side.BUYER: Scope.SETTLEMENT_MATCH, Side.SUPPLIER: Scope.SETTLEMENT_INVOICE}


def acting(caller: Caller, side: Side) -> Side:
    """Return the side for which a caller acts; refused where the token is for the other alone."""
    if not caller.may(NEEDS[side]):
        raise NotAParty(f"To act as the {side}, the token needs {NEEDS[side]}.")
    return side
