"""A session's cookie is the only key to its tokens: what the database holds opens nothing."""

from base64 import urlsafe_b64encode
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken

COOKIE_BYTES = 32


def digest(cookie: str) -> bytes:
    """Return what the database knows a cookie by."""
    return sha256(cookie.encode()).digest()


def challenge(verifier: str) -> str:
    """Return the S256 challenge of a PKCE verifier (RFC 7636, section 4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")


def sealed(cookie: str, text: str) -> bytes:
    """Lock a text away with the cookie."""
    return _lock(cookie).encrypt(text.encode())


def opened(cookie: str, secret: bytes) -> str | None:
    """Return what was locked away with this cookie; None for another's."""
    try:
        return _lock(cookie).decrypt(secret).decode()
    except InvalidToken:
        return None


def _lock(cookie: str) -> Fernet:
    return Fernet(urlsafe_b64encode(sha256(b"tokens\0" + cookie.encode()).digest()))
