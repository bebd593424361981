"""A request to the authorization server, and its answer, apart from any web framework."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from shared.settings import settings


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
