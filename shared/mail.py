"""Letters: written in the transaction that calls for them, sent after it has committed.

A service that writes letters has a table of them (`class Mail(MailRow, Model)`, by the migration's
`create_mails()`), one `Post` over it, and `post.deliver` among its jobs.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import make_msgid, parseaddr
from typing import NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTPException, send
from sqlalchemy import Index, Text, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from shared.database import UNAVAILABLE, Identified, Sessions, transaction, utc_now
from shared.settings import settings
from shared.web.languages import Catalog, Language

logger = logging.getLogger(__name__)

ATTEMPTS_MAX = 8  # over some four hours
IDLE_S, TIMEOUT_S = 1.0, 20.0
STALE_AFTER = timedelta(days=1)
KEPT = timedelta(days=30)
TIDY_S = 3600.0


class MailRow(Identified):
    """A letter to a person, sent after the commit; its text is wiped once it has left."""

    __tablename__ = "mails"

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Index, ...]:  # noqa: N805  SQLAlchemy calls it on the class
        return (Index("ix_mails_next_at", "next_at"),)

    recipient: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None]  # None: it has left, or was given up
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)


class Letter(NamedTuple):
    """What a letter says, in English; the catalog has it in Chinese."""

    subject: str
    text: str


class Recipient(Protocol):
    """Whom a letter goes to."""

    @property
    def email(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def language(self) -> str: ...


@dataclass(frozen=True)
class Post:
    """The letters of one service."""

    table: type[MailRow]
    catalog: Catalog

    def write(
        self,
        session: AsyncSession,
        to: Recipient,
        letter: Letter,
        *,
        at: datetime,
        path: str,
        **words: str,
    ) -> None:
        """Write a letter in the recipient's language; it leaves once this transaction commits."""
        subject, text = (self._translated(part, to.language) for part in letter)
        said = words | {"name": to.name, "link": f"{settings().issuer}{path}"}
        row = self.table()
        row.recipient, row.next_at = to.email, at
        row.subject, row.text = subject.format(**said), text.format(**said)
        session.add(row)

    def _translated(self, message: str, language: str) -> str:
        return self.catalog.gettext(message) if language == Language.ZH else message

    async def deliver(self, sessions: Sessions, stop: asyncio.Event) -> None:
        """Send letters as they come until told to stop; with no SMTP server they stay."""
        while settings().smtp_url and not stop.is_set():
            try:
                sent = await self.deliver_one(sessions, at=utc_now())
            except UNAVAILABLE:
                sent = False
            if not sent:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), IDLE_S)

    async def deliver_one(self, sessions: Sessions, *, at: datetime) -> bool:
        """Send the letter that has waited longest, at least once; tell whether there was one.

        One that the server does not take is tried again, later each time, and given up at last.
        """
        mail = self.table
        due = select(mail).where(mail.next_at <= at).order_by(mail.next_at).limit(1)
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

    async def tidy(self, sessions: Sessions, stop: asyncio.Event) -> None:
        """Forget old letters, now and every hour, until told to stop."""
        while not stop.is_set():
            with suppress(*UNAVAILABLE):
                async with transaction(sessions) as session:
                    await self.forget(session, at=utc_now())
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), TIDY_S)

    async def forget(self, session: AsyncSession, *, at: datetime) -> None:
        """Delete the letters that are older than a month."""
        await session.execute(delete(self.table).where(self.table.created_at < at - KEPT))

    async def newest(self, session: AsyncSession, *, limit: int) -> list[MailRow]:
        """Return the letters that were written last, for the mailbox page of a local platform."""
        newest = select(self.table).order_by(self.table.id.desc()).limit(limit)
        return list(await session.scalars(newest))

    async def waiting(self, session: AsyncSession) -> int:
        """Return how many letters have not left yet."""
        unsent = select(func.count()).select_from(self.table)
        return await session.scalar(unsent.where(self.table.next_at.is_not(None))) or 0


async def _send(letter: MailRow) -> None:
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
