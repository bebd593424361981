"""The identity service: who acts on the platform, for whom, and with which rights."""

from collections.abc import Sequence
from functools import partial

from fastapi import FastAPI

from services.identity.api import edge, router
from services.identity.commands import mail, upkeep
from shared.app import Service
from shared.run import Job


def jobs(app: FastAPI) -> Sequence[Job]:
    """Send mail and keep keys fresh beside the API."""
    system = app.state.store.system
    return partial(mail.deliver, system), partial(upkeep.keep_up, system)


CHECKS = {
    "A family has one refresh token that can be used": """
        SELECT authorization_id FROM refresh_tokens WHERE used_at IS NULL
        GROUP BY authorization_id HAVING count(*) > 1""",
    "Tokens come of codes that were redeemed": """
        SELECT a.id FROM authorizations AS a JOIN refresh_tokens ON authorization_id = a.id
        WHERE a.redeemed_at IS NULL""",
    "An access token and its family name the same client": """
        SELECT t.jti FROM access_tokens AS t JOIN authorizations AS a ON a.id = t.authorization_id
        WHERE t.client_id <> a.client_id""",
    "One key signs from each moment on": """
        SELECT signs_from FROM signing_keys GROUP BY signs_from HAVING count(*) > 1""",
    "Who accepted an invitation is or was a member": """
        SELECT i.id FROM invitations AS i LEFT JOIN users AS u USING (email)
        LEFT JOIN memberships AS m ON m.user_id = u.id AND m.organization_id = i.organization_id
        WHERE i.accepted_at IS NOT NULL AND m.user_id IS NULL""",
}

service = Service(name="identity", router=router, edge=edge, jobs=jobs, checks=CHECKS)
