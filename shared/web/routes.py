"""What every page needs beside itself: static files and the choice of a language."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from shared.web import statics
from shared.web.languages import COOKIE, Language

YEAR_S = 365 * 24 * 3600

router = APIRouter(include_in_schema=False)
router.include_router(statics.router)


@router.get("/language/{language}")
async def choose_language(
    language: Language, back_to: Annotated[str, Query(alias="next", max_length=2000)] = "/"
) -> Response:
    """Keep the reader's choice for a year and go back to the page."""
    response = RedirectResponse(own_path(back_to), status_code=303)
    response.set_cookie(COOKIE, language, max_age=YEAR_S, samesite="lax", path="/")
    return response


def own_path(path: str) -> str:
    """Return a path of our own site, or the first page for anything that leads elsewhere."""
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_own and "\\" not in path else "/"
