"""Letters: written in the transaction that calls for them, sent after it has committed."""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import make_msgid, parseaddr
from importlib.resources import files
from typing import NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTPException, send
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.identity.models import Mail
from shared.database import UNAVAILABLE, Sessions, transaction, utc_now
from shared.settings import settings
from shared.web.languages import Catalog, Language

logger = logging.getLogger(__name__)

ATTEMPTS_MAX = 8  # over some four hours
IDLE_S, TIMEOUT_S = 1.0, 20.0
STALE_AFTER = timedelta(days=1)

_catalog = Catalog([files("services.identity").joinpath("locale")])


class Letter(NamedTuple):
    """What a letter says, in English; the catalog has it in Chinese."""

    subject: str
    text: str


INVITATION = Letter(
    "{inviter} invites you to {organization} on Lianqiao",
    "Hello {name},\n\n{inviter} invites you to work for {organization} on Lianqiao. "
    "Open this link within 7 days to choose a password:\n\n{link}\n\n"
    "If you do not know who this is, do nothing.\n",
)
PASSWORD_FORGOTTEN = Letter(
    "Set a new password for Lianqiao",
    "Hello {name},\n\nsomebody, probably you, asked for a new password. "
    "Open this link within one hour to set it:\n\n{link}\n\n"
    "If it was not you, do nothing: your password stays as it is.\n",
)
PASSWORD_CHANGED = Letter(
    "Your password for Lianqiao was changed",
    "Hello {name},\n\nyour password was changed just now, and other browsers were signed out. "
    "If it was not you, set a new one at once:\n\n{link}\n",
)


class Recipient(Protocol):
    """Whom a letter goes to."""

    email: str
    name: str
    language: str


def write(
    session: AsyncSession,
    to: Recipient,
    letter: Letter,
    *,
    at: datetime,
    path: str = "/password/forgotten",
    **words: str,
) -> None:
    """Write a letter in the recipient's language; it leaves once this transaction commits."""
    subject, text = (_translated(part, to.language) for part in letter)
    said = words | {"name": to.name, "link": f"{settings().issuer}{path}"}
    session.add(
        Mail(
            recipient=to.email,
            subject=subject.format(**said),
            text=text.format(**said),
            next_at=at,
        )
    )


def _translated(message: str, language: str) -> str:
    return _catalog.gettext(message) if language == Language.ZH else message


async def deliver(sessions: Sessions, stop: asyncio.Event) -> None:
    """Send letters as they come until told to stop; without an SMTP server they stay to be read."""
    while settings().smtp_url and not stop.is_set():
        try:
            sent = await deliver_one(sessions, at=utc_now())
        except UNAVAILABLE:
            sent = False
        if not sent:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), IDLE_S)


async def deliver_one(sessions: Sessions, *, at: datetime) -> bool:
    """Send the letter that has waited longest, at least once; tell whether there was one.

    One that the server does not take is tried again, later each time, and given up at last.
    """
    due = select(Mail).where(Mail.next_at <= at).order_by(Mail.next_at).limit(1)
    async with transaction(sessions) as session:
        letter = await session.scalar(due.with_for_update(skip_locked=True))
        if letter is None:
            return False
        letter.attempts += 1
        try:
            await _send(letter)
        except (SMTPException, OSError, ValueError) as error:
            wait = timedelta(minutes=2 ** (letter.attempts - 1))
            over = letter.attempts >= ATTEMPTS_MAX or letter.created_at < at - STALE_AFTER
            letter.error, letter.next_at = repr(error)[:500], None if over else at + wait
            logger.warning("a letter was not taken (attempt %s): %r", letter.attempts, error)
        else:
            letter.sent_at, letter.next_at, letter.error = at, None, None
            letter.text = ""  # it may hold a link that opens an account
    return True


async def _send(letter: Mail) -> None:
    url, (name, sender) = urlsplit(settings().smtp_url), parseaddr(settings().mail_from)
    message = EmailMessage()
    message["From"] = Address(name, addr_spec=sender)
    message["To"] = Address(addr_spec=letter.recipient)
    message["Subject"] = letter.subject
    message["Message-ID"] = make_msgid(str(letter.id), domain=sender.rpartition("@")[2])
    message.set_content(letter.text)
    await send(
        message,
        hostname=url.hostname,
        port=url.port,
        username=unquote(url.username) if url.username else None,
        password=unquote(url.password) if url.password else None,
        use_tls=url.scheme == "smtps",
        timeout=TIMEOUT_S,
    )


async def newest(session: AsyncSession, *, limit: int) -> list[Mail]:
    """Return the letters that were written last, for the mailbox page of a local platform."""
    return list(await session.scalars(select(Mail).order_by(Mail.id.desc()).limit(limit)))


async def waiting(session: AsyncSession) -> int:
    """Return how many letters have not left yet."""
    unsent = select(func.count()).select_from(Mail).where(Mail.next_at.is_not(None))
    return await session.scalar(unsent) or 0
