"""People at the portal: sessions as a sign-in would leave them, and pages as a browser asks."""

import json
from collections.abc import Sequence
from datetime import timedelta
from secrets import token_urlsafe
from uuid import UUID

from benchmarks.stage import Stage
from contracts.scopes import ROLES, Role
from services.portal.api.page import COOKIE
from services.portal.domain.secrets import COOKIE_BYTES, digest, sealed
from shared.database import utc_now

SIGNED_IN = """
    INSERT INTO portal.sessions (digest, organization_id, user_id, person, tokens,
        token_expires_at, started_at, expires_at)
    VALUES (%(digest)s, %(organization_id)s, %(user_id)s, %(person)s, %(tokens)s, %(expires_at)s,
        %(at)s, %(expires_at)s)
"""
LIFE = timedelta(hours=3)  # shorter than the tokens'


def signed_in(here: Stage, organization_id: UUID, roles: Sequence[Role]) -> str:
    """Sign a person of an organization in, and return the cookie that their browser has."""
    scopes = sorted({scope for role in roles for scope in ROLES[role]})
    user_id = UUID(int=organization_id.int ^ 2)
    cookie, at = token_urlsafe(COOKIE_BYTES), utc_now()
    person = {
        "user": {"id": str(user_id), "email": "lin@example.com", "name": "林敏"},
        "organization": {"id": str(organization_id), "name": "比邻汽车"},
        "roles": list(roles),
        "scopes": scopes,
    }
    tokens = {"access_token": here.token(organization_id, *scopes), "refresh_token": None}
    with here.connect() as connection:
        connection.execute(
            SIGNED_IN,
            {
                "digest": digest(cookie),
                "organization_id": organization_id,
                "user_id": user_id,
                "person": json.dumps(person),
                "tokens": sealed(cookie, json.dumps(tokens)),
                "expires_at": at + LIFE,
                "at": at,
            },
        )
    return f"{COOKIE}={cookie}"
