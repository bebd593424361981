"""A form's proof that our own page sent it."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from secrets import token_bytes

FIELD = "csrf"
HEADER = "x-csrf"
_SIZE = 32


def csrf_token(secret: str) -> str:
    """Return a token for a session's secret; another each time, against BREACH."""
    mask = token_bytes(_SIZE)
    return urlsafe_b64encode(mask + _mixed(mask, _proof(secret))).decode()


def is_csrf_token(secret: str, token: str | None) -> bool:
    """Tell whether a token was made for this session's secret."""
    try:
        raw = urlsafe_b64decode((token or "").encode("ascii"))
    except ValueError:
        return False
    if len(raw) != 2 * _SIZE:
        return False
    return hmac.compare_digest(_mixed(raw[:_SIZE], raw[_SIZE:]), _proof(secret))


def _proof(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"csrf", sha256)


def _mixed(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
