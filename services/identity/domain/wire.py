"""What comes over the wire at the OAuth endpoints, read strictly (RFC 6749, RFC 9700)."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, unquote

BODY_BYTES_MAX = 16 * 1024
FIELDS_MAX = 32
FORM_TYPE = "application/x-www-form-urlencoded"
_ASCII = re.compile(r"[\x20-\x7e]*")
_TEXT = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]*")
_CREDENTIAL = re.compile(r"[A-Za-z0-9_-]{1,200}")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class Malformed(ValueError):  # noqa: N818  it says what the request is
    """The request cannot be read; the message, in plain ASCII, says why."""


def parameters(encoded: bytes, *, ascii_only: bool = True) -> dict[str, str]:
    """Read form-encoded pairs: each name once, printable, empty values as if not sent.

    People's names are not ASCII: pages pass `ascii_only=False`.
    """
    if len(encoded) > BODY_BYTES_MAX:
        raise Malformed("The request is too long.")
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(encoded),
            errors="strict",
            max_num_fields=FIELDS_MAX,
        )
    except (ValueError, UnicodeError) as error:
        raise Malformed("The parameters are not form-encoded UTF-8, or too many.") from error
    sound = _ASCII if ascii_only else _TEXT
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise Malformed("A parameter is repeated.")
    if not all(_ASCII.fullmatch(name) and sound.fullmatch(value) for name, value in pairs):
        raise Malformed("A parameter holds a character that is not allowed.")
    return {name: value for name, value in pairs if value}


def basic_credentials(header: str) -> tuple[str, str] | None:
    """Read `Authorization: Basic …` strictly; our ids and secrets are of [A-Za-z0-9_-].

    Some clients form-encode even those, as RFC 6749, section 2.3.1, allows.
    """
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = b64decode(encoded, validate=True).decode("ascii").partition(":")
        name, secret = unquote(name, errors="strict"), unquote(secret, errors="strict")
    except (NotBase64, ValueError):
        return None
    sound = colon and _CREDENTIAL.fullmatch(name) and _CREDENTIAL.fullmatch(secret)
    return (name, secret) if sound else None


def is_challenge(text: str) -> bool:
    """Tell whether a text can be an S256 code challenge (RFC 7636, section 4.2)."""
    return bool(_CHALLENGE.fullmatch(text))


def with_parameters(uri: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Add parameters to a URI and leave what it has as it is."""
    added = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    return f"{uri}{'&' if '?' in uri else '?'}{added}"


def encoded(pairs: Mapping[str, str]) -> str:
    """Write pairs as a query."""
    return "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in pairs.items())


def local_path(text: str | None, *, otherwise: str) -> str:
    """Return where to go on within this site; an address elsewhere is not followed."""
    if text and re.fullmatch(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*", text):
        return text
    return otherwise
