"""The tables of the identity schema."""

from services.identity.models.model import Model
from services.identity.models.oauth import (
    AccessToken,
    Authorization,
    Client,
    RefreshToken,
    SigningKeyRow,
    UsedAssertion,
)
from services.identity.models.organizations import Identifier, Organization
from services.identity.models.people import (
    Invitation,
    Membership,
    Password,
    PasswordReset,
    Session,
    Throttle,
    User,
)
from services.identity.models.records import AuditEntry, Mail

__all__ = [
    "AccessToken",
    "AuditEntry",
    "Authorization",
    "Client",
    "Identifier",
    "Invitation",
    "Mail",
    "Membership",
    "Model",
    "Organization",
    "Password",
    "PasswordReset",
    "RefreshToken",
    "Session",
    "SigningKeyRow",
    "Throttle",
    "UsedAssertion",
    "User",
]
