"""A request to the authorization server, and its answer, apart from any web framework."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from services.identity.domain import wire
from shared.settings import settings

SEE_OTHER = 303
NO_STORE = {"Cache-Control": "no-store"}


class Asked(OAuth2Request):  # type: ignore[misc]  # Authlib has no types
    """A request whose parameters were read strictly: each name once, printable ASCII.

    Its address is the public one, whatever proxy stands before us.
    """

    def __init__(
        self, method: str, path: str, pairs: Mapping[str, str], authorization: Sequence[str] = ()
    ) -> None:
        super().__init__(method, settings().issuer + path)
        self.payload = BasicOAuth2Payload(dict(pairs))
        self.authorization = authorization

    @property
    def form(self) -> dict[str, str]:
        """The parameters, as Authlib's token endpoints ask for them."""
        pairs: dict[str, str] = self.payload.data
        return pairs


class Answer(NamedTuple):
    """What to send back."""

    status: int
    body: str
    headers: dict[str, str]


def back_to_client(uri: str, pairs: Iterable[tuple[str, str]]) -> Answer:
    """Send the browser back to the client, saying who answers (RFC 9207)."""
    location = wire.with_parameters(uri, [*pairs, ("iss", settings().issuer)])
    return Answer(SEE_OTHER, "", NO_STORE | {"Location": location})
