"""The OAuth 2.1 authorization server on Authlib's framework-free core.

Everything here is synchronous and runs inside `AsyncSession.run_sync`. Errors are answers, never
exceptions that leave it: a detected reuse answers 400 *and* commits the revocation.
"""

from services.identity.commands.oauth.requests import Answer, Asked, back_to_client
from services.identity.commands.oauth.server import Server

__all__ = ["Answer", "Asked", "Server", "back_to_client"]
