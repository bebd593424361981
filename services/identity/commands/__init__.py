"""What may be done in identity, by noun; and what the program may do at its start."""

from services.identity.commands.keys import ensure_signing_key, jwks
from services.identity.commands.setup import (
    OPERATOR_ID,
    PORTAL_ID,
    Credentials,
    ensure_client,
    ensure_operator,
    ensure_operator_client,
    ensure_organization,
    ensure_person,
    ensure_portal_client,
)

__all__ = [
    "OPERATOR_ID",
    "PORTAL_ID",
    "Credentials",
    "ensure_client",
    "ensure_operator",
    "ensure_operator_client",
    "ensure_organization",
    "ensure_person",
    "ensure_portal_client",
    "ensure_signing_key",
    "jwks",
]
