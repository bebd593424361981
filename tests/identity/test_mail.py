"""Letters leave by a real mail server, once it takes them, and their links are then forgotten."""

import asyncio
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from aiosmtpd.smtp import Envelope as Received

from services.identity.commands import mail
from services.identity.models import Mail, User
from shared.database import transaction
from shared.ports import free_port
from shared.settings import Settings, settings
from tests.identity.factories import World
from tests.identity.test_pages import sent


class Postbox:
    """A mail server that keeps what it takes, and refuses as often as it is told."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refusals = 0
        self.names: list[bytes] = []

    async def handle_DATA(self, _: Any, __: Any, envelope: Received) -> str:  # noqa: ANN401, N802
        if self.refusals:
            self.refusals -= 1
            return "451 Try again later"
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.letters.append(message)
        return "250 Taken"

    def login(self, *given: Any) -> AuthResult:  # noqa: ANN401
        proof = given[-1]
        assert isinstance(proof, LoginPassword)
        self.names.append(proof.login)
        return AuthResult(success=proof.password == b"se cret")


@pytest.fixture
def postbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    box = Postbox()
    port = free_port()
    server = Controller(
        box,
        hostname="127.0.0.1",
        port=port,
        authenticator=box.login,
        auth_required=False,  # it is checked below that names come
        auth_require_tls=False,
    )
    server.start()
    changed = settings().model_copy(
        update={
            "smtp_url": f"smtp://us%40example.com:se%20cret@127.0.0.1:{port}",
            "mail_from": "链桥 <no-reply@example.com>",
        }
    )
    monkeypatch.setattr("shared.mail.settings", lambda: changed)
    yield box
    server.stop()


async def written(world: World, *, language: str = "zh") -> None:
    async with transaction(world.store.system) as session:
        li = await session.get_one(User, world.ids["li"])
        li.language = language
        path = "/password/reset/abc"
        mail.write(session, li, mail.PASSWORD_FORGOTTEN, at=world.clock.at, path=path)


async def test_a_letter_leaves_and_is_forgotten(world: World, postbox: Postbox) -> None:
    await written(world)
    assert await mail.deliver_one(world.store.system, at=world.clock.at)
    assert not await mail.deliver_one(world.store.system, at=world.clock.at)

    [letter] = postbox.letters
    assert letter["to"] == "li@example.com"
    assert letter["from"] == "链桥 <no-reply@example.com>"
    assert letter["subject"] == "设置链桥新密码"
    assert f"{settings().issuer}/password/reset/abc" in letter.get_content()
    assert postbox.names == [b"us@example.com"]
    [row] = await world.rows(Mail.text, Mail.sent_at, Mail.next_at)
    assert tuple(row) == ("", world.clock.at, None)


async def test_it_is_written_in_the_readers_language(world: World, postbox: Postbox) -> None:
    await written(world, language="en")
    await mail.deliver_one(world.store.system, at=world.clock.at)
    assert "Open this link within one hour" in postbox.letters[0].get_content()


async def test_a_refused_letter_is_tried_again_ever_later(world: World, postbox: Postbox) -> None:
    postbox.refusals = 2
    await written(world)
    for minutes in 1, 2:
        assert await mail.deliver_one(world.store.system, at=world.clock.at)
        world.clock.pass_(minutes=minutes, seconds=-1)
        assert not await mail.deliver_one(world.store.system, at=world.clock.at)
        world.clock.pass_(seconds=1)
    await mail.deliver_one(world.store.system, at=world.clock.at)
    assert len(postbox.letters) == 1


async def test_a_letter_nobody_takes_is_given_up(world: World, postbox: Postbox) -> None:
    postbox.refusals = mail.ATTEMPTS_MAX
    await written(world)
    for _ in range(mail.ATTEMPTS_MAX):
        await mail.deliver_one(world.store.system, at=world.clock.at)
        world.clock.pass_(hours=3)
    [(next_at, error)] = await world.rows(Mail.next_at, Mail.error)
    assert next_at is None
    assert "Try again later" in error


async def test_two_senders_send_each_letter_once(world: World, postbox: Postbox) -> None:
    for _ in range(10):
        await written(world)
    at = world.clock.at
    while any(
        await asyncio.gather(*(mail.deliver_one(world.store.system, at=at) for _ in range(3)))
    ):
        pass
    assert len(postbox.letters) == 10


async def test_the_job_sends_what_a_page_has_written(world: World, postbox: Postbox) -> None:
    stop = asyncio.Event()
    job = asyncio.create_task(mail.deliver(world.store.system, stop))
    await sent(world.browser(), "/password/forgotten", email="li@example.com")
    for _ in range(100):
        if postbox.letters:
            break
        await asyncio.sleep(0.1)
    stop.set()
    await job
    assert len(postbox.letters) == 1


async def test_without_a_server_letters_stay(world: World) -> None:
    await written(world)
    assert settings() == Settings()
    await mail.deliver(world.store.system, asyncio.Event())
    [(text,)] = await world.rows(Mail.text)
    assert "/password/reset/abc" in text
