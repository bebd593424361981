"""The mailbox of a platform on one machine: what would leave by mail, were there a mail server."""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from shared.database import SystemTransaction
from shared.mail import Post
from shared.problem import NotFound
from shared.settings import settings
from shared.web.pages import Pages

LETTERS_MAX = 50


def mailbox(post: Post, pages: Pages, *, path: str, others: Mapping[str, str]) -> APIRouter:
    """Make the page of one service's letters; others lead to those of other services, by path."""
    router = APIRouter(include_in_schema=False)

    @router.get(path)
    async def show_mailbox(request: Request, session: SystemTransaction) -> Response:
        """Show the newest letters to whoever sits at this machine, and to nobody else."""
        if settings().smtp_url or not _is_here(request):
            raise NotFound("There is nothing at this address.")
        letters = await post.newest(session, limit=LETTERS_MAX)
        shown = [(letter, _parts(letter.text)) for letter in letters]
        context = {"letters": shown, "others": others}
        return pages.render(request, "shared/mailbox.html", context)

    return router


def _is_here(request: Request) -> bool:
    """Tell whether the request comes from this machine, through no proxy and under its own name.

    The name guards against a page elsewhere whose own name was made to lead here.
    """
    forwarded = {"forwarded", "x-forwarded-for", "x-real-ip", "via"}.intersection(request.headers)
    try:
        name = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    address = request.client.host if request.client else ""
    return not forwarded and _is_loopback(address) and _is_loopback(name)


def _is_loopback(name: str) -> bool:
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def _parts(text: str) -> list[tuple[bool, str]]:
    """Split a letter into lines, telling which of them are links into this platform."""
    issuer = settings().issuer
    return [(line.startswith(f"{issuer}/"), line) for line in text.splitlines()]
