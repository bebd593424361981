"""Say above a form why it was not taken."""

from fastapi import Request

from services.portal.api.page import pages
from services.portal.api.parts import in_words
from services.portal.queries.api import Refused
from shared.problem import InvalidInput
from shared.web.languages import language_of

_ = str  # marks what the catalog translates


def trouble_of(request: Request, refused: Refused | InvalidInput | None) -> str | None:
    """Return one sentence in the reader's language; what the portal found itself says it all."""
    if refused is None:
        return None
    language = language_of(request)
    if isinstance(refused, InvalidInput):
        return pages.words(language, refused.detail)
    if refused.kind == "number-taken":
        return pages.words(language, _("You have another document under this number."))
    return in_words(request, refused)
